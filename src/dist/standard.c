/* The standard distribution of each column's support: N(0, 1) on the real line, uniform
 * on an interval or a circle. What a flow without learned base parameters ends in. */
#include <math.h>

#include "part/part.h"

#define HALF_LOG_2PI 0.91893853320467274178

typedef struct standard {
  weir_dist base;
  int64_t n_real;
  int64_t *real;      /* [n_real] columns */
  double *lo, *width; /* [features]: 0 and 0 on real columns */
  double *is_real;    /* [features] 1 or 0 */
  double log_const;
} standard;

static weir_status setup(weir_dist *d, weir_build *b) {
  standard *s = (standard *)d;
  const int64_t n = d->event.features;
  s->real = weiri_calloc(b->ctx, (size_t)n + 1, sizeof *s->real);
  s->lo = weiri_calloc(b->ctx, (size_t)n + 1, sizeof *s->lo);
  s->width = weiri_calloc(b->ctx, (size_t)n + 1, sizeof *s->width);
  s->is_real = weiri_calloc(b->ctx, (size_t)n + 1, sizeof *s->is_real);
  if (s->real == NULL || s->lo == NULL || s->width == NULL || s->is_real == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < n; j++) {
    const weir_support c = d->event.support[j];
    if (c.kind == WEIR_REAL) {
      s->real[s->n_real++] = j;
      s->is_real[j] = 1.0;
      s->log_const -= HALF_LOG_2PI;
    } else if (c.kind == WEIR_INTERVAL || c.kind == WEIR_CIRCLE) {
      s->lo[j] = c.lo;
      s->width[j] = c.hi - c.lo;
      s->log_const -= log(c.hi - c.lo);
    } else {
      char text[64];
      return weiri_fail(WEIR_E_SUPPORT, "%s: no standard distribution lives on %s",
          d->path, weir_support_text(c, text));
    }
  }
  d->context = 0;
  return WEIR_OK;
}

static void teardown(weir_dist *d) {
  standard *s = (standard *)d;
  weiri_free(d->ctx, s->real);
  weiri_free(d->ctx, s->lo);
  weiri_free(d->ctx, s->width);
  weiri_free(d->ctx, s->is_real);
}

/* -z^2 / 2 over the real columns, and the constants. */
static weir_var density(const standard *s, weir_tape *t, weir_var x) {
  const bool all = s->n_real == s->base.event.features;
  const weir_var z = all ? x : weir_gather(t, x, s->n_real, s->real);
  return weir_affine(t, weir_sum_last(t, weir_square(t, z)), -0.5, s->log_const);
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  weir_run_part(run, WEIR_PART_BASE, d->path,
      density((const standard *)d, weir_run_tape(run), x), weir_var_none());
}

static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  (void)context;
  const standard *s = (const standard *)d;
  weir_tape *t = weir_run_tape(run);
  const int64_t features = d->event.features;
  const weir_shape row = weir_shape_1(features);
  weir_var x = weir_scale(
      t, weir_run_normal(run, d->path, n, features), weir_run_temperature(run));
  if (s->n_real < features) {
    const weir_var u = weir_run_uniform(run, d->path, n, features);
    const weir_var flat = weir_add(t, weir_mul(t, u, weir_leaf_f64(t, row, s->width)),
        weir_leaf_f64(t, row, s->lo));
    x = weir_where(t, weir_leaf_f64(t, row, s->is_real), x, flat);
  }
  weir_run_part(run, WEIR_PART_BASE, d->path, density(s, t, x), weir_var_none());
  return x;
}

const weir_dist_class weir_dist_standard = {
    .is = {"standard", "N(0, 1) on real columns, uniform on intervals and circles",
        NULL, sizeof(standard), NULL},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
};
