/* s = exp(x) / sum exp(x) along the last axis; s' g = s (g - sum(s g)) */
#include "op/rows.h"

static void eval(weir_tape *t, const weir_node *y) {
  weiri_eval_rows(t, y, weiri_tape_kern(t)->softmax_rows[weir_tape_dtype(t)],
      y->shape.dim[y->shape.rank - 1], 16.0);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const weir_var s = weir_node_var(t, y);
  weir_shape one = y->shape;
  one.dim[one.rank - 1] = 1;
  const weir_var dot = weir_reshape(t, weir_sum_last(t, weir_mul(t, s, gy)), one);
  gx[0] = weir_mul(t, s, weir_sub(t, gy, dot));
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_softmax(t, in[0]);
}
static const weir_probe probe = {1, {{2, {3, 5}}}, -3, 3, build};
const weir_op_class weir_op_softmax = {"softmax", eval, vjp, NULL, &probe};

weir_var weir_softmax(weir_tape *t, weir_var x) {
  const weir_shape s = weir_var_shape(t, x);
  if (weir_var_ok(x) && s.rank == 0) {
    return weir_op_fail(t, WEIR_E_SHAPE, "softmax: a scalar has no last axis");
  }
  return weir_op_apply(t, &weir_op_softmax, s, 1, &x, NULL, 0);
}
