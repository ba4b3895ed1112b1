/* Inside of the baselines: rows on the real line, a Gaussian, a mixture. */
#ifndef WEIRI_BASELINE_H
#define WEIRI_BASELINE_H

#include "base/base.h"
#include "base/chol.h"
#include "dev/threads.h"
#include "weir/train.h"

/* Columns of a table on the real line, as learned from the training rows. */
typedef struct weiri_line {
  weir_ctx *ctx;
  const weir_schema *schema;
  int64_t d, m; /* event columns; those that are not categorical */
  int64_t q;    /* regressors: context, and categories one-hot */
  uint64_t seed;
  double *centre, *scale;     /* [m] */
  double *g_centre, *g_scale; /* [q] */
  double *cut;                /* [d] mean direction of a circular column */
  double *log_freq;           /* [all categories] smoothed log frequencies */
  int64_t *first;             /* [d] of a categorical column in log_freq */
  double *slope;              /* [q, m] of the regression */
} weiri_line;

/* Rows of a set under a line: residuals r [n, m], and what to add to a log density of
 * them to have that of the rows: offset [n]. */
typedef struct weiri_flat {
  int64_t n, m;
  double *r, *offset, *weight;
} weiri_flat;

weir_status weiri_line_create(weiri_line **out, weir_ctx *ctx,
    const weir_schema *schema, const weir_row_set *train, uint64_t seed);
void weiri_line_destroy(weiri_line **line);
weir_status weiri_flat_create(
    weiri_flat *out, const weiri_line *line, const weir_row_set *set);
void weiri_flat_destroy(weir_ctx *ctx, weiri_flat *flat);

/* A mixture of k Gaussians over m columns. */
typedef struct weiri_mixture {
  int64_t k, m;
  double *log_weight, *mean, *chol; /* [k], [k, m], [k, m, m] */
} weiri_mixture;

/* One Gaussian with the moments of the rows. */
weir_status weiri_gaussian_fit(
    weiri_mixture *out, weir_ctx *ctx, const weiri_flat *rows);
/* Expectation maximisation from a seeded start. */
weir_status weiri_mixture_fit(weiri_mixture *out, weir_ctx *ctx, weiri_team *team,
    const weiri_flat *rows, int64_t k, uint64_t seed);
void weiri_mixture_destroy(weir_ctx *ctx, weiri_mixture *mix);
/* log p of each row (offset not added); responsibilities [n, k] unless NULL. */
weir_status weiri_mixture_log_prob(const weiri_mixture *mix, weir_ctx *ctx,
    weiri_team *team, const weiri_flat *rows, double *log_prob, double *share);

#endif
