/* (x - lo) / (hi - lo) of columns of whole numbers with two ends. */
#include "part/view.h"

weir_status weiri_view_of(weir_ctx *ctx, const weir_event *data, weiri_view *v) {
  bool wide = false;
  *v = (weiri_view){.features = data->features};
  for (int64_t j = 0; j < data->features; j++) {
    const weir_support s = data->support[j];
    wide = wide || (s.kind == WEIR_INTEGERS && s.hi - s.lo > 1.0);
  }
  if (!wide) {
    return WEIR_OK;
  }
  v->lo = weiri_calloc(ctx, (size_t)data->features, sizeof *v->lo);
  v->scale = weiri_calloc(ctx, (size_t)data->features, sizeof *v->scale);
  if (v->lo == NULL || v->scale == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < data->features; j++) {
    const weir_support s = data->support[j];
    const bool ends = s.kind == WEIR_INTEGERS && s.hi > s.lo;
    v->lo[j] = ends ? s.lo : 0.0;
    v->scale[j] = ends ? 1.0 / (s.hi - s.lo) : 1.0;
  }
  return WEIR_OK;
}

void weiri_view_destroy(weir_ctx *ctx, weiri_view *v) {
  weiri_free(ctx, v->lo);
  weiri_free(ctx, v->scale);
}

weir_var weiri_view_apply(const weiri_view *v, weir_tape *t, weir_var x) {
  const weir_shape row = weir_shape_1(v->features);
  return v->lo == NULL ? x
                       : weir_mul(t, weir_sub(t, x, weir_leaf_f64(t, row, v->lo)),
                             weir_leaf_f64(t, row, v->scale));
}

weir_var weiri_view_undo(const weiri_view *v, weir_tape *t, weir_var seen) {
  const weir_shape row = weir_shape_1(v->features);
  return v->lo == NULL ? seen
                       : weir_add(t, weir_div(t, seen, weir_leaf_f64(t, row, v->scale)),
                             weir_leaf_f64(t, row, v->lo));
}
