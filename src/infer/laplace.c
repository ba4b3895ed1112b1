/* Laplace's approximation: the mode by L-BFGS from the best of some starts, the
 * curvature there by Hessian-vector products with the unit vectors, and
 *     log integral ~ log p(mode) + d/2 log 2 pi + log |root|,  root root' = -H^-1.
 * Where -H is not positive definite its eigenvalues' signs are not looked into: the
 * diagonal's absolute values, kept away from 0, stand in. */
#include <math.h>
#include <string.h>

#include "base/chol.h"
#include "infer/fit.h"
#include "optim/lbfgs.h"

#define STARTS 16
#define TRIES 100 /* points looked at for each start */
#define LOG_2PI 1.8378770664093454836

typedef struct search {
  const weir_target *target;
  uint64_t seed;
  double radius;
  const double *given; /* [n, d] points to begin at, or NULL */
  int64_t n, failed;
} search;

static weir_status negative(void *user, const double *x, double *f, double *grad) {
  search *s = user;
  const weir_status status =
      weir_target_log_density(s->target, 1, x, f, grad, &s->failed);
  *f = -*f;
  for (int64_t j = 0; j < s->target->dim; j++) {
    grad[j] = -grad[j];
  }
  return status;
}

/* Point i to look at: of those given, or around the origin. */
static void candidate(const search *s, int64_t i, double *x) {
  const int64_t d = s->target->dim;
  weiri_chance c = weiri_chance_of(s->seed, "laplace", 0, (uint64_t)i);
  for (int64_t j = 0; j < d; j++) {
    x[j] = s->given != NULL ? s->given[i * d + j]
           : i == 0         ? 0.0
                            : s->radius * (2.0 * weiri_chance_uniform(&c) - 1.0);
  }
}

/* The best of the points given, or of STARTS points around the origin at which the
 * density is finite. */
static weir_status find_start(search *s, double *best, int64_t *evaluations) {
  const int64_t d = s->target->dim, tries = s->given == NULL ? STARTS * TRIES : s->n;
  double *x = weiri_alloc(s->target->ctx, (size_t)d * sizeof *x), most = -INFINITY;
  weir_status status = x == NULL ? WEIR_E_MEMORY : WEIR_OK;
  int64_t found = 0;
  for (int64_t i = 0; status == WEIR_OK && found < STARTS && i < tries; i++) {
    double value;
    candidate(s, i, x);
    status = weir_target_log_density(s->target, 1, x, &value, NULL, &s->failed);
    ++*evaluations;
    found += value > -INFINITY;
    if (status == WEIR_OK && value > most) {
      most = value;
      memcpy(best, x, (size_t)d * sizeof *x);
    }
  }
  weiri_free(s->target->ctx, x);
  if (status != WEIR_OK || found > 0) {
    return status;
  }
  return s->given != NULL
             ? weiri_fail(WEIR_E_DATA, "the log density is not finite where the fit is "
                                       "told to begin")
             : weiri_fail(WEIR_E_DATA,
                   "the log density is not finite at any of %d points within %g of 0",
                   STARTS * TRIES, s->radius);
}

/* h = -H, symmetric. */
static weir_status curvature(
    const weir_target *t, const double *theta, double *h, bool *exact) {
  const int64_t d = t->dim;
  double *unit = weiri_calloc(t->ctx, (size_t)d, sizeof *unit);
  weir_status status = unit == NULL ? WEIR_E_MEMORY : WEIR_OK;
  for (int64_t j = 0; status == WEIR_OK && j < d; j++) {
    unit[j] = 1.0;
    status = weir_target_hessian_vector(t, 1, theta, unit, h + j * d, exact);
    unit[j] = 0.0;
  }
  weiri_free(t->ctx, unit);
  for (int64_t i = 0; status == WEIR_OK && i < d; i++) {
    for (int64_t j = 0; j <= i; j++) {
      h[i * d + j] = h[j * d + i] = -0.5 * (h[i * d + j] + h[j * d + i]);
    }
  }
  return status;
}

/* root, lower, with root root' = h^-1, for h = L L' of finite numbers: the inverse is
 * solved for and factored. False when h is not positive definite. */
static bool invert(int64_t d, double *h, double *root) {
  for (int64_t i = 0; i < d * d; i++) {
    if (!isfinite(h[i])) {
      return false;
    }
    root[i] = i % (d + 1) == 0 ? 1.0 : 0.0;
  }
  if (!weiri_chol(d, h)) {
    return false;
  }
  weiri_chol_solve(d, h, d, root);
  if (!weiri_chol(d, root)) {
    return false;
  }
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = i + 1; j < d; j++) {
      root[i * d + j] = 0.0;
    }
  }
  return true;
}

static void diagonal(int64_t d, const double *diag, double *root) {
  memset(root, 0, (size_t)(d * d) * sizeof *root);
  for (int64_t j = 0; j < d; j++) {
    const double h = fabs(diag[j]);
    root[j * d + j] = isfinite(h) && h > 1e-4 ? 1.0 / sqrt(h) : 1.0;
  }
}

static weir_status spread(
    const weir_target *t, const double *theta, double *root, weiri_mode *out) {
  const int64_t d = t->dim;
  double *h = weiri_alloc(t->ctx, (size_t)(d * d + d) * sizeof *h);
  if (h == NULL) {
    return WEIR_E_MEMORY;
  }
  double *diag = h + d * d;
  const weir_status status = curvature(t, theta, h, &out->exact);
  out->gradients += out->exact ? d : 2 * d;
  for (int64_t j = 0; j < d; j++) {
    diag[j] = h[j * d + j];
  }
  out->curved = status == WEIR_OK && invert(d, h, root);
  if (!out->curved) {
    diagonal(d, diag, root);
  }
  out->evidence = out->log_density + 0.5 * (double)d * LOG_2PI;
  for (int64_t j = 0; j < d; j++) {
    out->evidence += log(root[j * d + j]);
  }
  weiri_free(t->ctx, h);
  return status;
}

weir_status weiri_laplace(const weir_target *t, uint64_t seed, double radius, int64_t n,
    const double *given, double *theta, double *root, weiri_mode *out) {
  const weiri_lbfgs_opts opts = {
      .memory = 10, .iterations = 2000, .gradient = 1e-6, .decrease = 1e-12};
  weiri_lbfgs_result result;
  search s = {t, seed, radius, given, n, 0};
  *out = (weiri_mode){0};
  WEIR_TRY(find_start(&s, theta, &out->gradients));
  WEIR_TRY(weiri_lbfgs(t->ctx, t->dim, theta, negative, &s, &opts, &result));
  out->gradients += result.evaluations;
  out->failed = s.failed;
  out->log_density = -result.value;
  out->converged = result.converged;
  return spread(t, theta, root, out);
}
