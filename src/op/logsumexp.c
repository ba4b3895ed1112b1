/* log sum exp over the last axis, stable; its gradient is the softmax */
#include "op/rows.h"

static void eval(weir_tape *t, const weir_node *y) {
  weiri_eval_rows(
      t, y, weiri_tape_kern(t)->logsumexp_rows[weir_tape_dtype(t)], 1, 16.0);
}

static weir_var column(weir_tape *t, weir_var x) {
  weir_shape s = weir_var_shape(t, x);
  s.dim[s.rank++] = 1;
  return weir_reshape(t, x, s);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  gx[0] = weir_mul(t, column(t, gy), weir_softmax(t, weir_node_var(t, y->in[0])));
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_logsumexp(t, in[0]);
}
static const weir_probe probe = {1, {{3, {2, 3, 5}}}, -3, 3, build};
const weir_op_class weir_op_logsumexp = {"logsumexp", eval, vjp, NULL, &probe};

weir_var weir_logsumexp(weir_tape *t, weir_var x) {
  weir_shape s = weir_var_shape(t, x);
  if (!weir_var_ok(x)) {
    return x;
  }
  if (s.rank == 0) {
    return weir_op_fail(t, WEIR_E_SHAPE, "logsumexp: a scalar has no last axis");
  }
  s.rank--;
  return weir_op_apply(t, &weir_op_logsumexp, s, 1, &x, NULL, 0);
}
