/* The same numbers under another shape; a view */
#include "op/op.h"

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  gx[0] = weir_reshape(t, gy, y->in[0]->shape);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_reshape(t, in[0], weir_shape_3(2, 2, 3));
}
static const weir_probe probe = {1, {{2, {3, 4}}}, -3, 3, build};
const weir_op_class weir_op_reshape = {"reshape", NULL, vjp, NULL, &probe};

weir_var weir_reshape(weir_tape *t, weir_var x, weir_shape shape) {
  const weir_shape s = weir_var_shape(t, x);
  if (!weir_var_ok(x)) {
    return x;
  }
  if (weir_shape_size(&s) != weir_shape_size(&shape)) {
    char a[128], b[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "reshape: %s to %s", weiri_shape_text(&s, a),
        weiri_shape_text(&shape, b));
  }
  return weir_shape_equal(&s, &shape)
             ? x
             : weir_op_view(t, &weir_op_reshape, shape, x, 0, NULL, 0);
}
