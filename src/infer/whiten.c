/* A target seen through theta = mean + root u, root lower triangular:
 *     log p(u) = log p(theta) + log |root|,   grad_u = root' grad_theta.
 * A posterior that is nearly normal becomes nearly standard normal. */
#include <math.h>
#include <string.h>

#include "infer/fit.h"

typedef struct whitened {
  weir_target base;
  const weir_target *target;
  double *mean, *root, log_det;
} whitened;

static weir_status setup(weir_target *t) {
  const whitened *w = (const whitened *)t;
  return weir_target_shape(t, w->target->dim, w->target->dim);
}

static void teardown(weir_target *t) {
  whitened *w = (whitened *)t;
  weiri_free(t->ctx, w->mean);
  weiri_free(t->ctx, w->root);
}

void weiri_whiten_show(
    const weir_target *t, int64_t n, const double *u, double *theta) {
  const whitened *w = (const whitened *)t;
  const int64_t d = t->dim;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < d; j++) {
      double sum = w->mean[j];
      for (int64_t k = 0; k <= j; k++) {
        sum += w->root[j * d + k] * u[i * d + k];
      }
      theta[i * d + j] = sum;
    }
  }
}

double weiri_whiten_log_det(const weir_target *t) {
  return ((const whitened *)t)->log_det;
}

/* x = root' x, rows, in place: entry k needs entries j >= k only. */
static void turn_back(const whitened *w, int64_t n, double *x) {
  const int64_t d = w->base.dim;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t k = 0; k < d; k++) {
      double sum = 0.0;
      for (int64_t j = k; j < d; j++) {
        sum += w->root[j * d + k] * x[i * d + j];
      }
      x[i * d + k] = sum;
    }
  }
}

/* Points at which the density cannot be had are -inf already and stay so; the count of
 * failures is the caller's, who sees -inf. */
static weir_status log_density(
    const weir_target *t, int64_t n, const double *u, double *value, double *grad) {
  const whitened *w = (const whitened *)t;
  double *theta = weiri_alloc(t->ctx, (size_t)(n * t->dim) * sizeof *theta);
  if (theta == NULL) {
    return WEIR_E_MEMORY;
  }
  int64_t failed = 0;
  weiri_whiten_show(t, n, u, theta);
  weir_status status =
      weir_target_log_density(w->target, n, theta, value, grad, &failed);
  for (int64_t i = 0; i < n; i++) {
    value[i] = failed > 0 && n == 1 ? NAN : value[i] + w->log_det;
  }
  if (grad != NULL) {
    turn_back(w, n, grad);
  }
  weiri_free(t->ctx, theta);
  return status;
}

static weir_status hessian_vector(
    const weir_target *t, int64_t n, const double *u, const double *v, double *out) {
  const whitened *w = (const whitened *)t;
  const int64_t d = t->dim, m = n * d;
  double *theta = weiri_alloc(t->ctx, (size_t)(2 * m) * sizeof *theta);
  if (theta == NULL) {
    return WEIR_E_MEMORY;
  }
  double *along = theta + m;
  weiri_whiten_show(t, n, u, theta);
  weiri_whiten_show(t, n, v, along);
  for (int64_t i = 0; i < m; i++) {
    along[i] -= w->mean[i % d];
  }
  const weir_status status =
      weir_target_hessian_vector(w->target, n, theta, along, out, NULL);
  turn_back(w, n, out);
  weiri_free(t->ctx, theta);
  return status;
}

static const weir_target_class class = {
    .is = {"whitened", "a target whitened by a mode's curvature", NULL,
        sizeof(whitened), NULL},
    .setup = setup,
    .teardown = teardown,
    .log_density = log_density,
    .hessian_vector = hessian_vector};

weir_status weiri_whiten(weir_target **out, const weir_target *target,
    const double *mean, const double *root) {
  const int64_t d = target->dim;
  whitened *w = weiri_calloc(target->ctx, 1, sizeof *w);
  if (w == NULL) {
    return WEIR_E_MEMORY;
  }
  w->target = target;
  w->mean = weiri_alloc(target->ctx, (size_t)d * sizeof *w->mean);
  w->root = weiri_alloc(target->ctx, (size_t)(d * d) * sizeof *w->root);
  if (w->mean == NULL || w->root == NULL) {
    weiri_free(target->ctx, w->mean);
    weiri_free(target->ctx, w->root);
    weiri_free(target->ctx, w);
    return WEIR_E_MEMORY;
  }
  memcpy(w->mean, mean, (size_t)d * sizeof *mean);
  memcpy(w->root, root, (size_t)(d * d) * sizeof *root);
  for (int64_t j = 0; j < d; j++) {
    w->log_det += log(root[j * d + j]);
  }
  return weiri_target_set_up(out, target->ctx, &class, w, NULL);
}
