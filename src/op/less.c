/* 1 where a < b, else 0, broadcast; flat almost everywhere */
#include "op/op.h"

static void eval(weir_tape *t, const weir_node *y) {
  weiri_eval_binary(t, y, weiri_tape_kern(t)->bin_less);
}

const weir_op_class weir_op_less = {"less", eval, NULL, NULL, NULL};

weir_var weir_less(weir_tape *t, weir_var a, weir_var b) {
  return weiri_apply_binary(t, &weir_op_less, a, b);
}
