/* A layer under test, in float64: both directions, and its log-determinant against that
 * of the Jacobian from the tape. */
#ifndef LAYER_CHECK_H
#define LAYER_CHECK_H

#include "dist_check.h"

enum { N = 4, WIDEST = 8 }; /* rows; columns at most */

/* By elimination with row pivots; a [d, d] is overwritten. */
static inline double log_abs_det(int64_t d, double *a) {
  double sum = 0.0;
  for (int64_t k = 0; k < d; k++) {
    int64_t p = k;
    for (int64_t i = k; i < d; i++) {
      p = fabs(a[i * d + k]) > fabs(a[p * d + k]) ? i : p;
    }
    for (int64_t j = 0; j < d; j++) {
      const double hold = a[k * d + j];
      a[k * d + j] = a[p * d + j];
      a[p * d + j] = hold;
    }
    sum += log(fabs(a[k * d + k]));
    for (int64_t i = k + 1; i < d; i++) {
      const double f = a[i * d + k] / a[k * d + k];
      for (int64_t j = k; j < d; j++) {
        a[i * d + j] -= f * a[k * d + j];
      }
    }
  }
  return sum;
}

/* One direction at x [N, d]: the result, the log-determinants, and the Jacobian
 * [row][output][input] from the tape. */
typedef struct passed {
  double y[N * WIDEST], log_det[N], jacobian[N][WIDEST * WIDEST];
} passed;

/* context [N, c], or NULL. */
static inline void pass(rig *r, int64_t d, const double *x, const double *context,
    bool to_data, passed *out) {
  weir_tape *t = r->run->tape;
  weiri_run_reset(r->run);
  const weir_var v = rows(r, N, d, x), c = rows(r, N, r->build.context, context);
  const weir_var y = to_data ? weir_layer_to_data(r->layer, r->run, v, c)
                             : weir_layer_to_latent(r->layer, r->run, v, c);
  OK(weir_var_read(t, y, out->y));
  OK(weir_var_read(t, weiri_run_total(r->run, 0), out->log_det));
  for (int64_t k = 0; k < d && !r->run->no_grad; k++) {
    double row[N * WIDEST];
    weir_var gx;
    OK(weir_grad(t, weir_slice(t, y, 1, k, 1), weir_var_none(), 1, &v, &gx, false));
    OK(weir_var_read(t, gx, row));
    for (int64_t i = 0; i < N; i++) {
      memcpy(out->jacobian[i] + k * d, row + i * d, (size_t)d * sizeof(double));
    }
  }
}

static inline void check_log_det(
    int64_t d, const passed *p, double tolerance, const char *what) {
  for (int64_t i = 0; i < N; i++) {
    double a[WIDEST * WIDEST];
    memcpy(a, p->jacobian[i], sizeof a);
    near(p->log_det[i], log_abs_det(d, a), tolerance, what);
  }
}

/* From x to the latent and back; scale is the size of the numbers. */
static inline void check_both_ways(rig *r, int64_t d, const double *x,
    const double *context, double scale, double tolerance) {
  passed z, back;
  pass(r, d, x, context, false, &z);
  pass(r, d, z.y, context, true, &back);
  for (int64_t i = 0; i < N * d; i++) {
    near(back.y[i] / scale, x[i] / scale, tolerance, "round trip");
  }
  check_log_det(d, &z, tolerance, "log_det to the latent");
  check_log_det(d, &back, tolerance, "log_det to the data");
  for (int64_t i = 0; i < N; i++) {
    near(z.log_det[i] + back.log_det[i], 0.0, tolerance, "both directions");
  }
}

#endif
