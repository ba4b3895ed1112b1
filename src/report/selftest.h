/* Inside of the selftest: what its checks share. */
#ifndef WEIRI_SELFTEST_H
#define WEIRI_SELFTEST_H

#include "model/model.h"
#include "weir/selftest.h"

/* Everything a check needs. Where a model dequantises, rows are in the cells of ordinal
 * columns, not on the grid: the copies have a density there. */
typedef struct weiri_selftest {
  weir_ctx *ctx;
  const weir_model *given;
  weir_model *exact; /* in float64, without dequantisation */
  weir_model
      *own; /* the same in the given model's number type; NULL: that is exact's */
  weir_selftest_opts opts;
  weir_selftest_result *result;
  const weir_schema *schema; /* of the copies */
  int64_t n, d, c;           /* rows, event columns, width of the context */
  double *x, *context; /* [n, d], [n, c]: rows looked at; context NULL when c is 0 */
  int64_t at;          /* row whose context integrals are conditional on */
  int64_t *line;       /* [n] row of the table, from 0 */
  double *mean, *sd;   /* [d] of these rows; an sd of 0 is replaced by 1 */
  int64_t free;        /* columns that are not categorical */
  int64_t *place;      /* [free] which */
  int64_t ordinals;
} weiri_selftest;

/* The context of row s->at, NULL when there is none; and words that name it. */
const double *weiri_selftest_context(const weiri_selftest *s);
const char *weiri_selftest_where(const weiri_selftest *s, char *buf, size_t size);

/* ---- the list: selftest_result.c ---- */

weir_status weiri_selftest_result_create(weir_selftest_result **out, weir_ctx *ctx);
/* Measured: passed when |value - target| <= tolerance. speaks: it is about the density.
 */
weir_status weiri_selftest_measured(weir_selftest_result *r, const char *name,
    bool speaks, weir_check numbers, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
weir_status weiri_selftest_skipped(weir_selftest_result *r, const char *name,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* E_UNSUPPORTED of a step becomes a check not made, with the message as the reason. */
weir_status weiri_selftest_unsupported(
    weir_selftest_result *r, const char *name, weir_status status);

/* ---- setting up: selftest_copy.c ---- */

/* The model with the same parameters in another number type; where it dequantises, with
 * ordinal columns real and that left out: a density over the cells. */
weir_status weiri_selftest_copy(
    weir_model **out, const weir_model *model, weir_dtype dtype);

/* ---- coordinates: selftest_coords.c ---- */

/* u in R (a circle: [0, 1)) for each column that is not categorical. */
typedef struct weiri_coord {
  weir_kind kind; /* real, positive, interval, circular */
  double lo, hi;
  double centre, scale; /* of u, robust: median and spread */
} weiri_coord;

double weiri_coord_u(const weiri_coord *c, double x);
/* x(u); *log_jac = log |dx/du|. False where x leaves the numbers that float64 holds
 * strictly inside of the support. */
bool weiri_coord_x(const weiri_coord *c, double u, double *x, double *log_jac);
/* Coordinates of the free columns, centred on rows x [n, d]. */
weir_status weiri_coords_fit(
    const weiri_selftest *s, int64_t n, const double *x, weiri_coord *out);

/* ---- integration: selftest_cubature.c ---- */

/* f at n points t [n, d] of the cube into y [n]; what: the region's tag, per point. */
typedef weir_status weiri_integrand(
    void *user, int64_t n, const double *t, const int64_t *what, double *y);

typedef struct weiri_cubature {
  double value, error;
  int64_t points;
} weiri_cubature;

/* Integral over [-1, 1]^d, d from 1 to 3, summed over regions 0 .. regions - 1, until
 * error <= tolerance or about max_points were used. */
weir_status weiri_cubature_run(const weir_ctx *ctx, int d, int64_t regions,
    weiri_integrand *f, void *user, double tolerance, int64_t max_points,
    weiri_cubature *out);
/* Points used before any region is halved. */
int64_t weiri_cubature_start(int d, int64_t regions);

/* ---- checks; each adds to the result ---- */

/* *settled: an integral was found. */
weir_status weiri_selftest_integral(weiri_selftest *s, bool *settled);
weir_status weiri_selftest_importance(weiri_selftest *s);
weir_status weiri_selftest_finite(weiri_selftest *s);
weir_status weiri_selftest_trips(weiri_selftest *s);
weir_status weiri_selftest_jacobian(weiri_selftest *s);
weir_status weiri_selftest_draws(weiri_selftest *s);
weir_status weiri_selftest_precision(weiri_selftest *s);

/* log |det| of a [m, m], destroyed; -inf when singular. selftest_jacobian.c */
double weiri_log_abs_det(int64_t m, double *a);

#endif
