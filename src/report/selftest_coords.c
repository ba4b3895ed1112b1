/* Coordinates in which integrals are taken and proposals fitted:
 *     real      x = u
 *     positive  x = exp(u)
 *     interval  x = lo + (hi - lo) / (1 + exp(-u))
 *     circular  x = lo + (hi - lo) u, u in [0, 1). */
#include <math.h>
#include <stdlib.h>

#include "report/selftest.h"

double weiri_coord_u(const weiri_coord *c, double x) {
  switch (c->kind) {
  case WEIR_KIND_POSITIVE:
    return log(x);
  case WEIR_KIND_INTERVAL:
    return log((x - c->lo) / (c->hi - x));
  case WEIR_KIND_CIRCULAR:
    return (x - c->lo) / (c->hi - c->lo);
  default:
    return x;
  }
}

static double log_sigmoid(double u) {
  return u < 0.0 ? u - log1p(exp(u)) : -log1p(exp(-u));
}

bool weiri_coord_x(const weiri_coord *c, double u, double *x, double *log_jac) {
  const double width = c->hi - c->lo;
  switch (c->kind) {
  case WEIR_KIND_POSITIVE:
    *x = exp(u);
    *log_jac = u;
    return *x > 0.0 && isfinite(*x);
  case WEIR_KIND_INTERVAL:
    *x = c->lo + width * exp(log_sigmoid(u));
    *log_jac = log(width) + log_sigmoid(u) + log_sigmoid(-u);
    return *x > c->lo && *x < c->hi;
  case WEIR_KIND_CIRCULAR:
    *x = c->lo + width * u;
    *log_jac = log(width);
    return *x >= c->lo && *x < c->hi;
  default:
    *x = u;
    *log_jac = 0.0;
    return isfinite(u);
  }
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Median and half the distance of the 16 % and 84 % quantiles; where that is 0 the
 * largest distance, then 1. u is sorted. */
static void centre(weiri_coord *c, int64_t n, double *u) {
  qsort(u, (size_t)n, sizeof *u, by_value);
  c->centre = u[n / 2];
  c->scale = 0.5 * (u[(n - 1) * 84 / 100] - u[(n - 1) * 16 / 100]);
  if (!(c->scale > 0.0)) {
    c->scale = u[n - 1] - u[0];
  }
  if (!(c->scale > 0.0)) {
    c->scale = 1.0;
  }
}

weir_status weiri_coords_fit(
    const weiri_selftest *s, int64_t n, const double *x, weiri_coord *out) {
  double *u = weiri_alloc(s->ctx, (size_t)(n + 1) * sizeof *u);
  if (u == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < s->free; i++) {
    const int64_t column = weir_schema_event(s->schema, s->place[i]);
    const weir_column_type type = weir_schema_type(s->schema, column);
    weiri_coord *c = &out[i];
    *c = (weiri_coord){.kind = type.kind, .lo = type.lo, .hi = type.hi, .scale = 1.0};
    int64_t kept = 0;
    for (int64_t r = 0; r < n; r++) {
      const double value = weiri_coord_u(c, x[r * s->d + s->place[i]]);
      if (isfinite(value)) {
        u[kept++] = value;
      }
    }
    if (kept > 0) {
      centre(c, kept, u);
    }
  }
  weiri_free(s->ctx, u);
  return WEIR_OK;
}
