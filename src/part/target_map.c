/* From the real line to where the coordinates of a target live, and what that does to
 * densities, gradients and Hessians.
 *
 *     x = lo + e^u                  dx/du = e^u = d2x/du2        log |dx/du| = u
 *     x = lo + (hi - lo) s(u)       dx/du = (hi - lo) s (1 - s)
 *                                   log |dx/du| = log(hi - lo) + log s(u) + log s(-u)
 *
 * s the logistic function (Stan reference manual, "Constraint transforms"). */
#include <math.h>

#include "part/target.h"

static double sigmoid(double u) {
  return u >= 0.0 ? 1.0 / (1.0 + exp(-u)) : exp(u) / (1.0 + exp(u));
}

static double log_sigmoid(double u) {
  return u >= 0.0 ? -log1p(exp(-u)) : u - log1p(exp(u));
}

/* One coordinate: value and first two derivatives of x, log-Jacobian and its first two.
 */
typedef struct bend {
  double x, dx, ddx, log, dlog, ddlog;
} bend;

static bend bend_of(weir_support s, double u) {
  if (s.kind == WEIR_POSITIVE) {
    const double e = exp(u);
    return (bend){s.lo + e, e, e, u, 1.0, 0.0};
  }
  if (s.kind == WEIR_INTERVAL) {
    const double width = s.hi - s.lo, p = sigmoid(u), q = sigmoid(-u);
    const double near = u < 0.0 ? s.lo + width * p : s.hi - width * q;
    return (bend){near, width * p * q, width * p * q * (q - p),
        log(width) + log_sigmoid(u) + log_sigmoid(-u), q - p, -2.0 * p * q};
  }
  return (bend){u, 1.0, 0.0, 0.0, 0.0, 0.0};
}

void weiri_target_map(const weir_target *t, int64_t n, const double *theta, double *x,
    double *log_jacobian) {
  for (int64_t i = 0; i < n; i++) {
    double sum = 0.0;
    for (int64_t j = 0; j < t->dim; j++) {
      const bend b = bend_of(t->support[j], theta[i * t->dim + j]);
      x[i * t->dim + j] = b.x;
      sum += b.log;
    }
    if (log_jacobian != NULL) {
      log_jacobian[i] = sum;
    }
  }
}

void weiri_target_unmap(
    const weir_target *t, int64_t n, const double *x, double *theta) {
  for (int64_t i = 0; i < n * t->dim; i++) {
    const weir_support s = t->support[i % t->dim];
    theta[i] = s.kind == WEIR_POSITIVE   ? log(x[i] - s.lo)
               : s.kind == WEIR_INTERVAL ? log(x[i] - s.lo) - log(s.hi - x[i])
                                         : x[i];
  }
}

void weiri_target_map_grad(
    const weir_target *t, int64_t n, const double *theta, double *grad) {
  for (int64_t i = 0; i < n * t->dim; i++) {
    const bend b = bend_of(t->support[i % t->dim], theta[i]);
    grad[i] = grad[i] * b.dx + b.dlog;
  }
}

void weiri_target_map_vector(
    const weir_target *t, int64_t n, const double *theta, const double *v, double *jv) {
  for (int64_t i = 0; i < n * t->dim; i++) {
    jv[i] = bend_of(t->support[i % t->dim], theta[i]).dx * v[i];
  }
}

void weiri_target_map_hessian(const weir_target *t, int64_t n, const double *theta,
    const double *v, const double *grad, double *hv) {
  for (int64_t i = 0; i < n * t->dim; i++) {
    const bend b = bend_of(t->support[i % t->dim], theta[i]);
    hv[i] = b.dx * hv[i] + (b.ddx * grad[i] + b.ddlog) * v[i];
  }
}
