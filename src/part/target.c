/* Using a target: its slots with their checks, the map of its supports, one call at a
 * time where it asks for that. A point at which the density cannot be had is a point of
 * density 0, and is counted. */
#include "part/target.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

/* Step of the differences that stand in for a Hessian. */
#define DIFFERENCE 1e-5

/* ---- making ---- */

static weir_status check_support(weir_target *t) {
  for (int64_t j = 0; j < t->dim; j++) {
    const weir_support s = t->support[j];
    char text[64];
    if (s.kind != WEIR_REAL && s.kind != WEIR_POSITIVE && s.kind != WEIR_INTERVAL) {
      return weiri_fail(WEIR_E_SUPPORT,
          "target %s: %s lives on %s; expected real, positive or interval",
          t->cls->is.name, t->name[j], weir_support_text(s, text));
    }
    if (s.kind == WEIR_INTERVAL && !(s.lo < s.hi)) {
      return weiri_fail(WEIR_E_SUPPORT, "target %s: %s: the interval (%g, %g) is empty",
          t->cls->is.name, t->name[j], s.lo, s.hi);
    }
    t->mapped = t->mapped || s.kind != WEIR_REAL;
  }
  return WEIR_OK;
}

static weir_status check_names(const weir_target *t) {
  for (int64_t i = 0; i < t->outputs; i++) {
    for (int64_t j = 0; j < i; j++) {
      if (strcmp(t->name[i], t->name[j]) == 0) {
        return weiri_fail(WEIR_E_DATA,
            "target %s: outputs %" PRId64 " and %" PRId64 " have the same name '%s'",
            t->cls->is.name, j + 1, i + 1, t->name[i]);
      }
    }
  }
  return WEIR_OK;
}

static weir_status finish(weir_target *t) {
  if (t->dim < 1) {
    return weiri_fail(
        WEIR_E_ARGUMENT, "target %s: it has no coordinates", t->cls->is.name);
  }
  WEIR_TRY(check_support(t));
  WEIR_TRY(check_names(t));
  if (t->serial) {
    pthread_mutex_t *lock = weiri_alloc(t->ctx, sizeof *lock);
    if (lock == NULL) {
      return WEIR_E_MEMORY;
    }
    pthread_mutex_init(lock, NULL);
    t->lock = lock;
  }
  return WEIR_OK;
}

weir_status weiri_target_set_up(weir_target **out, weir_ctx *ctx,
    const weir_target_class *cls, void *instance, const char *data) {
  weir_target *t = instance;
  t->cls = cls;
  t->ctx = ctx;
  t->data = data;
  weir_status status = cls->setup(t);
  if (status == WEIR_OK) {
    status = finish(t);
  }
  t->data = NULL;
  if (status != WEIR_OK) {
    weir_target_destroy(&t);
    return status;
  }
  *out = t;
  return WEIR_OK;
}

void weir_target_destroy(weir_target **target) {
  weir_target *t = *target;
  if (t == NULL) {
    return;
  }
  if (t->cls->teardown != NULL) {
    t->cls->teardown(t);
  }
  if (t->lock != NULL) {
    pthread_mutex_destroy(t->lock);
    weiri_free(t->ctx, t->lock);
  }
  for (int64_t i = 0; t->name != NULL && i < t->outputs; i++) {
    weiri_free(t->ctx, t->name[i]);
  }
  weiri_free(t->ctx, t->name);
  weiri_free(t->ctx, t->support);
  if (t->cls->is.opts != NULL) {
    weiri_opts_free(t->ctx, t->cls->is.opts, t);
  }
  weiri_free(t->ctx, t);
  *target = NULL;
}

/* ---- calling ---- */

static void enter(const weir_target *t) {
  if (t->lock != NULL) {
    pthread_mutex_lock(t->lock);
  }
}

static void leave(const weir_target *t) {
  if (t->lock != NULL) {
    pthread_mutex_unlock(t->lock);
  }
}

static weir_status call(const weir_target *t, int64_t n, const double *x,
    double *log_density, double *grad) {
  enter(t);
  const weir_status status = t->cls->log_density(t, n, x, log_density, grad);
  leave(t);
  return status;
}

/* Whether the point's numbers can be used; else says why. */
static bool usable(const weir_target *t, double value, const double *grad) {
  if (isnan(value) || value == INFINITY) {
    (void)weiri_fail(
        WEIR_E_NUMERIC, "the log density is %s", isnan(value) ? "NaN" : "infinite");
    return false;
  }
  for (int64_t j = 0; grad != NULL && value > -INFINITY && j < t->dim; j++) {
    if (!isfinite(grad[j])) {
      (void)weiri_fail(WEIR_E_NUMERIC,
          "the log density is finite, but its derivative by %s is not", t->name[j]);
      return false;
    }
  }
  return true;
}

/* Makes a point of density 0 of what cannot be used. */
static void settle(
    const weir_target *t, bool good, double *value, double *grad, int64_t *failed) {
  if (good && *value > -INFINITY) {
    return;
  }
  *value = -INFINITY;
  if (grad != NULL) {
    memset(grad, 0, (size_t)t->dim * sizeof *grad);
  }
  if (!good && failed != NULL) {
    ++*failed;
  }
}

/* In the space where the coordinates live. After a call that failed as a whole the
 * points are tried one by one. */
static void evaluate(const weir_target *t, int64_t n, const double *x, double *value,
    double *grad, int64_t *failed) {
  const bool all = call(t, n, x, value, grad) == WEIR_OK;
  for (int64_t i = 0; i < n; i++) {
    double *g = grad == NULL ? NULL : grad + i * t->dim;
    const bool good =
        all || (n > 1 && call(t, 1, x + i * t->dim, value + i, g) == WEIR_OK);
    settle(t, good && usable(t, value[i], g), value + i, g, failed);
  }
}

weir_status weir_target_log_density(const weir_target *t, int64_t n,
    const double *theta, double *log_density, double *grad, int64_t *failed) {
  if (!t->mapped) {
    evaluate(t, n, theta, log_density, grad, failed);
    return WEIR_OK;
  }
  double *x = weiri_alloc(t->ctx, (size_t)(n * t->dim + n) * sizeof *x);
  if (x == NULL) {
    return WEIR_E_MEMORY;
  }
  double *log_jacobian = x + n * t->dim;
  weiri_target_map(t, n, theta, x, log_jacobian);
  evaluate(t, n, x, log_density, grad, failed);
  if (grad != NULL) {
    weiri_target_map_grad(t, n, theta, grad);
  }
  for (int64_t i = 0; i < n; i++) {
    double *g = grad == NULL ? NULL : grad + i * t->dim;
    log_density[i] += log_jacobian[i];
    settle(t, usable(t, log_density[i], g), log_density + i, g, failed);
  }
  weiri_free(t->ctx, x);
  return WEIR_OK;
}

/* ---- Hessians ---- */

static weir_status hessian_exact(const weir_target *t, int64_t n, const double *theta,
    const double *v, double *out) {
  if (!t->mapped) {
    enter(t);
    const weir_status status = t->cls->hessian_vector(t, n, theta, v, out);
    leave(t);
    return status;
  }
  const int64_t m = n * t->dim;
  double *x = weiri_alloc(t->ctx, (size_t)(3 * m + n) * sizeof *x);
  if (x == NULL) {
    return WEIR_E_MEMORY;
  }
  double *jv = x + m, *grad = jv + m, *value = grad + m;
  weiri_target_map(t, n, theta, x, NULL);
  weiri_target_map_vector(t, n, theta, v, jv);
  weir_status status = call(t, n, x, value, grad);
  if (status == WEIR_OK) {
    enter(t);
    status = t->cls->hessian_vector(t, n, x, jv, out);
    leave(t);
  }
  if (status == WEIR_OK) {
    weiri_target_map_hessian(t, n, theta, v, grad, out);
  }
  weiri_free(t->ctx, x);
  return status;
}

/* (g(theta + h v) - g(theta - h v)) / 2h, h v of length about DIFFERENCE. */
static weir_status hessian_difference(const weir_target *t, int64_t n,
    const double *theta, const double *v, double *out) {
  const int64_t d = t->dim;
  double *at = weiri_alloc(t->ctx, (size_t)(3 * d) * sizeof *at);
  if (at == NULL) {
    return WEIR_E_MEMORY;
  }
  double *up = at + d, *down = up + d, value;
  weir_status status = WEIR_OK;
  for (int64_t i = 0; i < n && status == WEIR_OK; i++) {
    double norm = 0.0;
    for (int64_t j = 0; j < d; j++) {
      norm = fmax(norm, fabs(v[i * d + j]));
    }
    const double h = norm > 0.0 ? DIFFERENCE / norm : DIFFERENCE;
    for (int side = 0; side < 2 && status == WEIR_OK; side++) {
      for (int64_t j = 0; j < d; j++) {
        at[j] = theta[i * d + j] + (side == 0 ? h : -h) * v[i * d + j];
      }
      status = weir_target_log_density(t, 1, at, &value, side == 0 ? up : down, NULL);
    }
    for (int64_t j = 0; j < d; j++) {
      out[i * d + j] = (up[j] - down[j]) / (2.0 * h);
    }
  }
  weiri_free(t->ctx, at);
  return status;
}

weir_status weir_target_hessian_vector(const weir_target *t, int64_t n,
    const double *theta, const double *v, double *out, bool *exact) {
  const bool own = t->cls->hessian_vector != NULL;
  if (exact != NULL) {
    *exact = own;
  }
  return own ? hessian_exact(t, n, theta, v, out)
             : hessian_difference(t, n, theta, v, out);
}

/* ---- what else is known ---- */

weir_status weir_target_show(const weir_target *t, uint64_t seed, int64_t first,
    int64_t n, const double *theta, double *out) {
  if (t->cls->outputs == NULL) {
    weiri_target_map(t, n, theta, out, NULL);
    return WEIR_OK;
  }
  double *x = weiri_alloc(t->ctx, (size_t)(n * t->dim) * sizeof *x);
  if (x == NULL) {
    return WEIR_E_MEMORY;
  }
  weiri_target_map(t, n, theta, x, NULL);
  enter(t);
  const weir_status status = t->cls->outputs(t, seed, first, n, x, out);
  leave(t);
  weiri_free(t->ctx, x);
  return status;
}

static weir_status absent(const weir_target *t, const char *what) {
  return weiri_fail(WEIR_E_UNSUPPORTED, "target %s has no %s", t->cls->is.name, what);
}

weir_status weiri_outputs_lead(
    const weir_target *t, int64_t n, const double *outputs, double *x) {
  for (int64_t i = 0; i < n; i++) {
    memcpy(x + i * t->dim, outputs + i * t->outputs, (size_t)t->dim * sizeof *x);
  }
  return WEIR_OK;
}

/* x [n, dim] of outputs. */
static weir_status unshow(
    const weir_target *t, int64_t n, const double *outputs, double *x) {
  if (t->cls->outputs == NULL) { /* all outputs are coordinates */
    memcpy(x, outputs, (size_t)(n * t->dim) * sizeof *x);
    return WEIR_OK;
  }
  if (t->cls->from_outputs == NULL) {
    return absent(t, "way back from what it shows of a point to its coordinates");
  }
  enter(t);
  const weir_status status = t->cls->from_outputs(t, n, outputs, x);
  leave(t);
  return status;
}

weir_status weir_target_place(
    const weir_target *t, int64_t n, const double *outputs, double *theta) {
  WEIR_TRY(unshow(t, n, outputs, theta));
  weiri_target_unmap(t, n, theta, theta);
  for (int64_t i = 0; i < n * t->dim; i++) {
    if (!isfinite(theta[i])) {
      return weiri_fail(WEIR_E_DATA, "the value of %s is not inside of its support",
          t->cls->outputs == NULL ? t->name[i % t->dim] : "a parameter");
    }
  }
  return WEIR_OK;
}

weir_status weir_target_sample(
    const weir_target *t, uint64_t seed, int64_t first, int64_t n, double *theta) {
  if (t->cls->sample == NULL) {
    return absent(t, "exact draws");
  }
  enter(t);
  const weir_status status = t->cls->sample(t, seed, first, n, theta);
  leave(t);
  if (status == WEIR_OK) {
    weiri_target_unmap(t, n, theta, theta);
  }
  return status;
}

weir_status weir_target_moments(const weir_target *t, double *mean, double *sd) {
  return t->cls->moments == NULL ? absent(t, "known moments")
                                 : t->cls->moments(t, mean, sd);
}

weir_status weir_target_simulate(
    const weir_target *t, uint64_t seed, double *theta, weir_target **posterior) {
  if (t->cls->simulate == NULL) {
    return absent(t, "simulator");
  }
  WEIR_TRY(t->cls->simulate(t, seed, theta, posterior));
  weiri_target_unmap(t, 1, theta, theta);
  return WEIR_OK;
}
