/* 1 where x > 0, else 0; flat almost everywhere */
#include "op/op.h"

static void eval(weir_tape *t, const weir_node *y) {
  weiri_eval_unary(t, y, weiri_tape_kern(t)->step, 2.0);
}

const weir_op_class weir_op_step = {"step", eval, NULL, NULL, NULL};

weir_var weir_step(weir_tape *t, weir_var x) {
  return weiri_apply_unary(t, &weir_op_step, x);
}
