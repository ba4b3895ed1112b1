/* Zeros of the given size along an axis, x at first: the adjoint of slice */
#include "op/span.h"

static void eval(weir_tape *t, const weir_node *y) {
  memset(y->data, 0,
      (size_t)weir_shape_size(&y->shape) * weir_dtype_size(weir_tape_dtype(t)));
  weiri_span_copy(t, &y->shape, y->data, &y->in[0]->shape, y->in[0]->data,
      *(const weiri_span *)y->attr, false);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const weiri_span *at = y->attr;
  gx[0] = weir_slice(t, gy, (int)at->axis, at->first, y->in[0]->shape.dim[at->axis]);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_embed(t, in[0], 1, 2, 6);
}
static const weir_probe probe = {1, {{3, {2, 3, 4}}}, -3, 3, build};
const weir_op_class weir_op_embed = {"embed", eval, vjp, NULL, &probe};

weir_var weir_embed(weir_tape *t, weir_var x, int axis, int64_t first, int64_t size) {
  weir_shape s = weir_var_shape(t, x);
  const weiri_span at = {weiri_axis(&s, axis), first};
  if (!weir_var_ok(x)) {
    return x;
  }
  if (at.axis < 0 || first < 0 || first + s.dim[at.axis] > size) {
    char text[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "embed: %s at %lld of %lld along axis %d",
        weiri_shape_text(&s, text), (long long)first, (long long)size, axis);
  }
  s.dim[at.axis] = size;
  return weir_op_apply(t, &weir_op_embed, s, 1, &x, &at, sizeof at);
}
