/* Minimising a smooth function by limited-memory BFGS. */
#ifndef WEIRI_LBFGS_H
#define WEIRI_LBFGS_H

#include "base/base.h"

/* f and its gradient [n] at x [n]. f may be +inf where the function is not defined: the
 * step was too long. */
typedef weir_status weiri_minimise_fn(
    void *user, const double *x, double *f, double *grad);

typedef struct weiri_lbfgs_opts {
  int64_t memory;     /* pairs kept */
  int64_t iterations; /* at most */
  double gradient;    /* done when no entry of the gradient is larger */
  double decrease;    /* done when f falls by less than this times max(1, |f|) */
} weiri_lbfgs_opts;

typedef struct weiri_lbfgs_result {
  double value;
  int64_t iterations, evaluations;
  bool converged; /* one of the two tests was met */
} weiri_lbfgs_result;

/* Moves x [n] from a start at which f is finite to a local minimum. Errors: E_NUMERIC
 * (f is not finite at the start), E_MEMORY, what f returns. */
weir_status weiri_lbfgs(const weir_ctx *ctx, int64_t n, double *x, weiri_minimise_fn *f,
    void *user, const weiri_lbfgs_opts *opts, weiri_lbfgs_result *out);

#endif
