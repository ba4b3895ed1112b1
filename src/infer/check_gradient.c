/* A gradient against differences of the density. With D(h) the central difference,
 * (4 D(h/2) - D(h)) / 3 has an error of order h^4 (Richardson), and its distance from
 * D(h/2) bounds what is left of D's own; rounding leaves about 2^-52 |f| / h. */
#include <inttypes.h>
#include <math.h>

#include "move/move.h"

#define STEP 1e-3
#define RELATIVE 1e-5
#define ROUNDING 1e-14

typedef struct probe {
  double value, slack; /* derivative by differences, what it may be off by */
  bool usable;
} probe;

/* Central difference of half-width h along coordinate j; theta is left as it was. */
static weir_status central(
    const weir_target *t, double *theta, int64_t j, double h, double *out) {
  const double x = theta[j];
  double up, down;
  theta[j] = x + h;
  weir_status status = weir_target_log_density(t, 1, theta, &up, NULL, NULL);
  theta[j] = x - h;
  if (status == WEIR_OK) {
    status = weir_target_log_density(t, 1, theta, &down, NULL, NULL);
  }
  theta[j] = x;
  *out = status == WEIR_OK ? (up - down) / (2.0 * h) : NAN;
  return status;
}

static weir_status difference(
    const weir_target *t, double *theta, int64_t j, double f, probe *out) {
  const double h = STEP * fmax(1.0, fabs(theta[j]));
  double wide, narrow;
  WEIR_TRY(central(t, theta, j, h, &wide));
  WEIR_TRY(central(t, theta, j, 0.5 * h, &narrow));
  out->value = (4.0 * narrow - wide) / 3.0;
  out->slack = 2.0 * fabs(out->value - narrow) + ROUNDING * (1.0 + fabs(f)) / h;
  out->usable = isfinite(wide) && isfinite(narrow);
  return WEIR_OK;
}

/* All coordinates at one point; the worst so far stays in out. */
static weir_status check_point(
    const weir_target *t, double *theta, double *grad, weir_gradient_check *out) {
  double f;
  WEIR_TRY(weir_target_log_density(t, 1, theta, &f, grad, NULL));
  if (f == -INFINITY) {
    return WEIR_OK;
  }
  out->points++;
  for (int64_t j = 0; j < t->dim; j++) {
    probe p;
    WEIR_TRY(difference(t, theta, j, f, &p));
    const double scale = fmax(fabs(grad[j]), fabs(p.value));
    const double error =
        fabs(grad[j] - p.value) / (RELATIVE * (scale + 1e-3) + p.slack);
    if (p.usable && !(error <= out->error)) {
      out->parameter = j;
      out->given = grad[j];
      out->difference = p.value;
      out->error = error;
    }
  }
  return WEIR_OK;
}

static weir_status verdict(const weir_target *t, const weir_gradient_check *c) {
  if (c->points == 0) {
    return weiri_fail(WEIR_E_DATA, "gradient check: the log density is -inf or cannot "
                                   "be had at every point tried");
  }
  const bool own =
      c->parameter < t->outputs &&
      (t->cls->outputs == NULL || t->cls->from_outputs == weiri_outputs_lead);
  return c->error <= 1.0
             ? WEIR_OK
             : weiri_fail(WEIR_E_NUMERIC,
                   "gradient check: the derivative by coordinate %" PRId64 "%s%s%s is "
                   "%.9g, by differences of the log density it is %.9g",
                   c->parameter + 1, own ? " (" : "", own ? t->name[c->parameter] : "",
                   own ? ", unconstrained)" : "", c->given, c->difference);
}

weir_status weir_target_check_gradient(const weir_target *t, uint64_t seed,
    int64_t points, double radius, weir_gradient_check *out) {
  weir_gradient_check own;
  out = out == NULL ? &own : out;
  *out = (weir_gradient_check){.error = 0.0};
  double *theta = weiri_alloc(t->ctx, (size_t)(2 * t->dim) * sizeof *theta);
  if (theta == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_status status = WEIR_OK;
  for (int64_t i = 0; status == WEIR_OK && i < points; i++) {
    weiri_chance c = weiri_chance_of(seed, "check", 0, (uint64_t)i);
    for (int64_t j = 0; j < t->dim; j++) {
      theta[j] = radius * (2.0 * weiri_chance_uniform(&c) - 1.0);
    }
    status = check_point(t, theta, theta + t->dim, out);
  }
  weiri_free(t->ctx, theta);
  return status == WEIR_OK ? verdict(t, out) : status;
}
