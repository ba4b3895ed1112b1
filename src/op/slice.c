/* count entries of an axis from first on; a view on the outermost axis */
#include "op/span.h"

static void eval(weir_tape *t, const weir_node *y) {
  weiri_span_copy(t, &y->in[0]->shape, y->in[0]->data, &y->shape, y->data,
      *(const weiri_span *)y->attr, true);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const weiri_span *at = y->attr;
  gx[0] = weir_embed(t, gy, (int)at->axis, at->first, y->in[0]->shape.dim[at->axis]);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_add(t, weir_slice(t, in[0], 1, 1, 2),
      weir_slice(t, weir_slice(t, in[0], 0, 1, 1), 1, 0, 2));
}
static const weir_probe probe = {1, {{3, {2, 3, 4}}}, -3, 3, build};
const weir_op_class weir_op_slice = {"slice", eval, vjp, NULL, &probe};
/* The outermost axis: nothing is computed. */
const weir_op_class weiri_op_slice_view = {"slice", NULL, vjp, NULL, NULL};

weir_var weir_slice(weir_tape *t, weir_var x, int axis, int64_t first, int64_t count) {
  weir_shape s = weir_var_shape(t, x);
  const weiri_span at = {weiri_axis(&s, axis), first};
  if (!weir_var_ok(x)) {
    return x;
  }
  if (at.axis < 0 || first < 0 || count < 0 || first + count > s.dim[at.axis]) {
    char text[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "slice: entries %lld to %lld of axis %d of %s",
        (long long)first, (long long)(first + count), axis, weiri_shape_text(&s, text));
  }
  if (count == s.dim[at.axis]) {
    return x;
  }
  int64_t outer, inner;
  weiri_around(&s, at.axis, &outer, &inner);
  /* A plan keeps all of what is looked at: a small part of it is copied instead. */
  const bool most = 2 * count >= s.dim[at.axis];
  s.dim[at.axis] = count;
  return outer == 1 ? weir_op_view(t, most ? &weiri_op_slice_view : &weir_op_slice, s,
                          x, first * inner, &at, sizeof at)
                    : weir_op_apply(t, &weir_op_slice, s, 1, &x, &at, sizeof at);
}
