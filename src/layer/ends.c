/* Columns in units of their range. */
#include "layer/ends.h"

weir_status weiri_ends_setup(weiri_ends *e, weir_layer *l) {
  const int64_t d = l->data.features;
  WEIR_TRY(weir_event_create(l->ctx, &l->latent, d));
  e->lo = weiri_calloc(l->ctx, (size_t)d + 1, sizeof *e->lo);
  e->range = weiri_calloc(l->ctx, (size_t)d + 1, sizeof *e->range);
  if (e->lo == NULL || e->range == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < d; j++) {
    const weir_support s = l->data.support[j];
    const bool ends = s.kind == WEIR_INTEGERS || s.kind == WEIR_INTERVAL;
    if (!ends || !(s.hi > s.lo)) {
      char text[64];
      return weiri_fail(WEIR_E_SUPPORT,
          "%s: column %lld lives on %s, but '%s' needs a range with two ends, as grey "
          "levels have: say so with a type such as ordinal(1,0,256) or interval(0,1)",
          l->path, (long long)j + 1, weir_support_text(s, text), l->cls->is.name);
    }
    e->lo[j] = s.lo;
    e->range[j] = s.hi - s.lo;
  }
  return WEIR_OK;
}

void weiri_ends_teardown(weiri_ends *e, weir_ctx *ctx) {
  weiri_free(ctx, e->lo);
  weiri_free(ctx, e->range);
}

weir_var weiri_ends_to_unit(
    const weiri_ends *e, const weir_layer *l, weir_run *run, weir_var x) {
  weir_tape *t = run->tape;
  const weir_shape row = weir_shape_1(l->data.features);
  return weir_div(
      t, weir_sub(t, x, weir_leaf_f64(t, row, e->lo)), weir_leaf_f64(t, row, e->range));
}

weir_var weiri_ends_from_unit(
    const weiri_ends *e, const weir_layer *l, weir_run *run, weir_var u) {
  weir_tape *t = run->tape;
  const weir_shape row = weir_shape_1(l->data.features);
  return weir_add(
      t, weir_mul(t, u, weir_leaf_f64(t, row, e->range)), weir_leaf_f64(t, row, e->lo));
}
