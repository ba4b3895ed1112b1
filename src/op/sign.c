/* -1, 0 or 1; flat almost everywhere */
#include "op/op.h"

static void eval(weir_tape *t, const weir_node *y) {
  weiri_eval_unary(t, y, weiri_tape_kern(t)->sign, 2.0);
}

const weir_op_class weir_op_sign = {"sign", eval, NULL, NULL, NULL};

weir_var weir_sign(weir_tape *t, weir_var x) {
  return weiri_apply_unary(t, &weir_op_sign, x);
}
