/* Linear layers act on the real columns of an event; circular ones pass through. */
#ifndef WEIRI_LAYER_REAL_H
#define WEIRI_LAYER_REAL_H

#include "part/part.h"

typedef struct weiri_real {
  int64_t n, rest_n;
  int64_t *real, *rest; /* columns */
} weiri_real;

/* Sorts the columns of l->data, refuses those neither real nor circular, and makes
 * l->latent the same event. */
weir_status weiri_real_setup(weiri_real *r, weir_layer *l);
void weiri_real_teardown(weiri_real *r, weir_ctx *ctx);
/* The real columns of x [n, d]. */
weir_var weiri_real_take(const weiri_real *r, weir_tape *t, weir_var x);
/* x with its real columns replaced by y. */
weir_var weiri_real_put(const weiri_real *r, weir_tape *t, weir_var x, weir_var y);
/* Pushes a log-determinant that is the same number (scalar or [1]) for all rows of x,
 * negated on the way to the data. */
void weiri_push_log_det(
    const weir_layer *l, weir_run *run, weir_var x, weir_var log_det, bool to_data);
/* Mean and variance (divided by the weight) of the real columns: [r->n] each. Errors:
 * E_DATA when no row was seen. */
weir_status weiri_real_moments(const weiri_real *r, const weir_layer *l,
    const weir_moments *m, double *mean, double *variance);
/* Standard deviations in place of variances. Errors: E_DATA, naming the column, where
 * one is not positive and finite. */
weir_status weiri_real_deviations(
    const weiri_real *r, const weir_layer *l, const double *mean, double *variance);

#endif
