/* Does the density integrate to 1? Up to three columns that are not categorical:
 *     sum over categories of  integral over [-1, 1]^f of p(x(u(t))) |dx/du| |du/dt| dt,
 * u = centre + scale t / (1 - t^2) on lines, u = (t + 1) / 2 on circles: no range is
 * cut off. */
#include <math.h>
#include <string.h>

#include "report/selftest.h"

enum { DRAWS = 2000, MAX_FREE = 3 };

typedef struct integral {
  weiri_selftest *s;
  weiri_coord coord[MAX_FREE];
  const double *context; /* one row or NULL */
  int64_t bad;           /* points where the density is not a number */
  double bad_at[MAX_FREE];
} integral;

/* Number of combinations of categories; 0 when there are too many to count. */
static int64_t combinations(const weiri_selftest *s) {
  int64_t n = 1;
  for (int64_t i = 0; i < s->d; i++) {
    const weir_column c =
        weir_schema_column(s->schema, weir_schema_event(s->schema, i));
    const weir_column_type type =
        weir_schema_type(s->schema, weir_schema_event(s->schema, i));
    if (type.kind == WEIR_KIND_CATEGORICAL) {
      n = n > INT64_MAX / 65536 / c.categories ? 0 : n * c.categories;
    }
  }
  return n;
}

/* Categories of combination `what` into the categorical columns of x [d]. */
static void set_categories(const weiri_selftest *s, int64_t what, double *x) {
  for (int64_t i = 0; i < s->d; i++) {
    const int64_t column = weir_schema_event(s->schema, i);
    if (weir_schema_type(s->schema, column).kind == WEIR_KIND_CATEGORICAL) {
      const int64_t k = weir_schema_column(s->schema, column).categories;
      x[i] = (double)(what % k);
      what /= k;
    }
  }
}

/* One point t [free] to x [d]; false where the integrand is 0 for want of numbers. */
static bool map_point(const integral *g, const double *t, double *x, double *log_jac) {
  const weiri_selftest *s = g->s;
  bool inside = true;
  *log_jac = 0.0;
  for (int64_t i = 0; i < s->free; i++) {
    const weiri_coord *c = &g->coord[i];
    const double q = 1.0 - t[i] * t[i];
    const bool circle = c->kind == WEIR_KIND_CIRCULAR;
    const double u = circle ? 0.5 * (t[i] + 1.0) : c->centre + c->scale * t[i] / q;
    double jac;
    inside = weiri_coord_x(c, u, &x[s->place[i]], &jac) && inside;
    *log_jac +=
        jac + (circle ? log(0.5) : log(c->scale * (1.0 + t[i] * t[i]) / (q * q)));
  }
  return inside;
}

static weir_status integrand(
    void *user, int64_t n, const double *t, const int64_t *what, double *y) {
  integral *g = user;
  const weiri_selftest *s = g->s;
  double *x = weiri_alloc(s->ctx, (size_t)n * ((size_t)s->d + 2) * sizeof *x);
  if (x == NULL) {
    return WEIR_E_MEMORY;
  }
  double *jac = x + n * s->d, *lp = jac + n;
  for (int64_t i = 0; i < n; i++) {
    double *row = x + i * s->d;
    set_categories(s, what[i], row);
    if (!map_point(g, t + i * s->free, row, &jac[i])) {
      memcpy(row, s->x, (size_t)s->d * sizeof *row); /* any row that is inside */
      jac[i] = -INFINITY;
    }
  }
  const weir_status status = weir_model_log_prob(s->exact, n, x, 1, g->context, lp);
  for (int64_t i = 0; i < n && status == WEIR_OK; i++) {
    y[i] = jac[i] == -INFINITY ? 0.0 : exp(lp[i] + jac[i]);
    if (!isfinite(y[i])) {
      for (int64_t j = 0; j < s->free && g->bad == 0; j++) {
        g->bad_at[j] = x[i * s->d + s->place[j]];
      }
      g->bad++;
      y[i] = 0.0;
    }
  }
  weiri_free(s->ctx, x);
  return status;
}

/* The coordinates follow draws of the model; the rows, where it cannot be drawn from.
 */
static weir_status fit_coords(integral *g) {
  const weiri_selftest *s = g->s;
  double *x = weiri_alloc(s->ctx, (size_t)(DRAWS * s->d) * sizeof *x);
  if (x == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_sample_opts o = WEIR_SAMPLE_OPTS_INIT;
  o.seed = s->opts.seed;
  weir_status status = weir_model_sample(s->exact, DRAWS, 1, g->context, &o, x, NULL);
  status = status == WEIR_E_UNSUPPORTED ? weiri_coords_fit(s, s->n, s->x, g->coord)
           : status == WEIR_OK          ? weiri_coords_fit(s, DRAWS, x, g->coord)
                                        : status;
  weiri_free(s->ctx, x);
  return status;
}

/* Only categories: their probabilities are added up. */
static weir_status sum_categories(integral *g, int64_t regions, weiri_cubature *out) {
  enum { BLOCK = 1024 };
  int64_t what[BLOCK];
  double y[BLOCK];
  *out = (weiri_cubature){.points = regions};
  for (int64_t at = 0; at < regions; at += BLOCK) {
    const int64_t n = regions - at < BLOCK ? regions - at : BLOCK;
    for (int64_t i = 0; i < n; i++) {
      what[i] = at + i;
    }
    WEIR_TRY(integrand(g, n, NULL, what, y));
    for (int64_t i = 0; i < n; i++) {
      out->value += y[i];
    }
  }
  return WEIR_OK;
}

static weir_status run(integral *g, int64_t regions, weiri_cubature *out) {
  const weiri_selftest *s = g->s;
  if (s->free == 0) {
    return sum_categories(g, regions, out);
  }
  WEIR_TRY(fit_coords(g));
  return weiri_cubature_run(s->ctx, (int)s->free, regions, integrand, g,
      s->free < 3 ? 1e-4 : 1e-3, s->opts.points, out);
}

/* An error estimate larger than what is tolerated says nothing, unless the value is
 * further from 1 than both. */
static weir_status judge(
    const integral *g, const weiri_cubature *q, int64_t regions, bool *settled) {
  weiri_selftest *s = g->s;
  const double tolerance = s->free < 3 ? 2e-3 : 1e-2;
  char text[96];
  const char *where = weiri_selftest_where(s, text, sizeof text);
  if (g->bad == 0 && q->error > tolerance &&
      fabs(q->value - 1.0) <= tolerance + q->error) {
    return weiri_selftest_skipped(s->result, "integral",
        "%lld evaluations give %.4f, known to %.1g only: more are needed (points)",
        (long long)q->points, q->value, q->error);
  }
  *settled = true;
  if (g->bad > 0) {
    const weir_check numbers = {
        .value = NAN, .error = NAN, .target = 1.0, .tolerance = tolerance};
    return weiri_selftest_measured(s->result, "integral", true, numbers,
        "the density is not a finite number at %lld of %lld points, first at %s = %g%s",
        (long long)g->bad, (long long)q->points,
        s->free == 0
            ? "a category"
            : weir_schema_column(s->schema, weir_schema_event(s->schema, s->place[0]))
                  .name,
        g->bad_at[0], where);
  }
  const weir_check numbers = {
      .value = q->value, .error = q->error, .target = 1.0, .tolerance = tolerance};
  return weiri_selftest_measured(s->result, "integral", true, numbers,
      "quadrature over %lld column%s%s%s: %.6f +- %.1g with %lld evaluations%s",
      (long long)s->free, s->free == 1 ? "" : "s",
      regions > 1 ? ", summed over categories" : "",
      s->ordinals > 0 ? ", over the cells of ordinal columns" : "", q->value, q->error,
      (long long)q->points, where);
}

weir_status weiri_selftest_integral(weiri_selftest *s, bool *settled) {
  *settled = false;
  const int64_t regions = combinations(s);
  if (s->free > MAX_FREE) {
    return weiri_selftest_skipped(s->result, "integral",
        "%lld columns: quadrature is for up to %d", (long long)s->free, MAX_FREE);
  }
  if (regions == 0 || regions > s->opts.points ||
      (s->free > 0 &&
          weiri_cubature_start((int)s->free, regions) > s->opts.points / 2)) {
    return weiri_selftest_skipped(s->result, "integral",
        "the categories combine in too many ways for %lld evaluations",
        (long long)s->opts.points);
  }
  integral g = {.s = s, .context = weiri_selftest_context(s)};
  weiri_cubature q;
  WEIR_TRY(run(&g, regions, &q));
  return judge(&g, &q, regions, settled);
}
