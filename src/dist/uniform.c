/* Uniform on a box: log p = -sum log(hi - lo) inside, -inf outside. The box is where
 * the columns live: intervals and circles. */
#include <math.h>

#include "part/part.h"

typedef struct uniform {
  weir_dist base;
  double *lo, *hi; /* [features] */
  double log_volume;
} uniform;

static weir_status setup(weir_dist *d, weir_build *b) {
  uniform *u = (uniform *)d;
  const int64_t n = d->event.features;
  d->context = 0;
  u->lo = weiri_alloc(b->ctx, (size_t)(n + 1) * sizeof *u->lo);
  u->hi = weiri_alloc(b->ctx, (size_t)(n + 1) * sizeof *u->hi);
  if (u->lo == NULL || u->hi == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < n; j++) {
    const weir_support s = d->event.support[j];
    if (s.kind != WEIR_INTERVAL && s.kind != WEIR_CIRCLE) {
      char text[64];
      return weiri_fail(WEIR_E_SUPPORT,
          "%s: column %lld lives on %s, but a uniform distribution needs an interval",
          d->path, (long long)j + 1, weir_support_text(s, text));
    }
    u->lo[j] = s.lo;
    u->hi[j] = s.hi;
    u->log_volume += log(s.hi - s.lo);
  }
  return WEIR_OK;
}

static void teardown(weir_dist *d) {
  weiri_free(d->ctx, ((uniform *)d)->lo);
  weiri_free(d->ctx, ((uniform *)d)->hi);
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  const uniform *u = (const uniform *)d;
  weir_tape *t = run->tape;
  const weir_shape row = weir_shape_1(d->event.features);
  const weir_var below = weir_less(t, x, weir_leaf_f64(t, row, u->lo));
  const weir_var above = weir_less(t, weir_leaf_f64(t, row, u->hi), x);
  const weir_var outside = weir_sum_last(t, weir_add(t, below, above));
  const weir_var value = weir_where(t, outside, weir_fill(t, weir_shape_0(), -INFINITY),
      weir_fill(t, weir_shape_0(), -u->log_volume));
  weir_run_part(run, WEIR_PART_BASE, d->path, value, weir_var_none());
}

static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  (void)context;
  const uniform *u = (const uniform *)d;
  weir_tape *t = run->tape;
  const weir_shape row = weir_shape_1(d->event.features);
  const weir_var lo = weir_leaf_f64(t, row, u->lo), hi = weir_leaf_f64(t, row, u->hi);
  const weir_var v = weir_run_uniform(run, d->path, n, d->event.features);
  weir_run_part(run, WEIR_PART_BASE, d->path,
      weir_fill(t, weir_shape_1(n), -u->log_volume), weir_var_none());
  return weir_add(t, lo, weir_mul(t, v, weir_sub(t, hi, lo)));
}

const weir_dist_class weir_dist_uniform = {
    .is = {"uniform", "uniform on the intervals and circles where the columns live",
        NULL, sizeof(uniform), NULL},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
};
