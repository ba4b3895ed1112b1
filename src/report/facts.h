/* What a report is about: the model, its rows, as many draws, and what was measured on
 * them. */
#ifndef WEIRI_FACTS_H
#define WEIRI_FACTS_H

#include <jansson.h>

#include "model/model.h"
#include "report/stats.h"
#include "weir/report.h"

typedef struct weiri_facts {
  const weir_model *model;
  const weir_report_opts *opts;
  weir_ctx *ctx;
  weir_row_set train, test;
  int64_t d, c, z;         /* event columns, context width, latents */
  json_t *record, *config; /* parsed; objects */
  const json_t *dist;      /* the model's tree, borrowed */
  /* all test rows */
  double *log_prob; /* [test.n] */
  int64_t *order;   /* [test.n] least likely first */
  weir_score score, train_score;
  weir_baselines baselines;
  bool has_baselines;
  char *no_baselines; /* why there are none of these rows; or NULL */
  char digest[65];    /* of the test frame */
  /* n rows drawn from them, and n draws of the model given the same contexts */
  int64_t n;
  int64_t *row;         /* [n] rows of the frame */
  double *data, *draws; /* [n, d] */
  double *compared;     /* [n, d] data as draws compare with it: without grey levels of
                           a model that binarises */
  double *context;      /* [n, c] or NULL */
  double *latent;       /* [n, z] of the data: categories first */
  weiri_effect *marginal; /* [d] distance between data and draws */
  weiri_effect *pit;      /* [d] distance of the integral transform to uniform */
  int64_t n_pit;          /* rows of the integral transform */
  double *transform;      /* [d, n_pit] sorted */
  double *deviation;      /* [d] what ranks columns: marginal and correlations */
  weiri_energy energy;
} weiri_facts;

/* Measures everything; what it holds is freed by weiri_facts_close in any case. */
weir_status weiri_facts_open(weiri_facts *f, const weir_model *model,
    weir_row_set train, weir_row_set test, const weir_report_opts *opts);
void weiri_facts_close(weiri_facts *f);

/* Column of the file behind event column i, and its type. */
const char *weiri_facts_name(const weiri_facts *f, int64_t i);
weir_column_type weiri_facts_type(const weiri_facts *f, int64_t i);
/* The k event columns that deviate most, in the file's order, into out [k]. */
void weiri_facts_worst(const weiri_facts *f, int64_t k, int64_t *out);
/* Measures on the rows drawn: marginals, integral transform, deviation, energy. */
weir_status weiri_facts_compare(weiri_facts *f);
/* Whether event column i has categories; whether latent i is standard normal under the
 * model (a standard base, and no category). */
bool weiri_facts_categorical(const weiri_facts *f, int64_t i);
bool weiri_facts_normal(const weiri_facts *f, int64_t i);
/* A sentence for where data and draws are compared, on what was done to the data: "" or
 * that it was binarised. */
const char *weiri_facts_likeness(const weiri_facts *f);
/* Column j of x [n, d], sorted or in the rows' order, into out [n]. */
void weiri_facts_column(
    const double *x, int64_t n, int64_t d, int64_t j, bool sorted, double *out);

#endif
