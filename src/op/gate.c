/* y = g where x > 0, else 0 g: what a rectifier does to a gradient, in one sweep. */
#include "op/op.h"

static void eval(weir_tape *t, const weir_node *y) {
  weiri_eval_binary(t, y, weiri_tape_kern(t)->bin_gate);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  if (want[0]) {
    gx[0] = weiri_gate(t, gy, weir_node_var(t, y->in[1]));
  }
}

static weir_var expand(weir_tape *t, const weir_node *y) {
  return weir_mul(
      t, weir_node_var(t, y->in[0]), weir_step(t, weir_node_var(t, y->in[1])));
}

const weir_op_class weiri_op_gate = {"gate", eval, vjp, expand, NULL};

weir_var weiri_gate(weir_tape *t, weir_var g, weir_var y) {
  const weir_shape s = weir_var_shape(t, g), like = weir_var_shape(t, y);
  const weir_var in[2] = {g, y};
  if (!weir_var_ok(g) || !weir_var_ok(y)) {
    return weir_var_none();
  }
  if (!weir_shape_equal(&s, &like)) {
    char a[128], b[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "gate: %s by %s", weiri_shape_text(&s, a),
        weiri_shape_text(&like, b));
  }
  return weir_op_apply(t, &weiri_op_gate, s, 2, in, NULL, 0);
}
