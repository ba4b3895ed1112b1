/* One elementwise operation of one argument: define vjp, then WEIRI_DEFINE_UNARY with
 * the kernel of the same name and the domain that the conformance suite draws from. */
#include "op/op.h"

#define WEIRI_DEFINE_UNARY(name_, lo_, hi_)                                            \
  static void eval(weir_tape *t, const weir_node *y) {                                 \
    weiri_eval_unary(t, y, weiri_tape_kern(t)->name_, 12.0);                           \
  }                                                                                    \
  static weir_var build(weir_tape *t, const weir_var *in) {                            \
    return weir_##name_(t, in[0]);                                                     \
  }                                                                                    \
  static const weir_probe probe = {1, {{2, {3, 7}}}, lo_, hi_, build};                 \
  const weir_op_class weir_op_##name_ = {#name_, eval, vjp, NULL, &probe};             \
  weir_var weir_##name_(weir_tape *t, weir_var x) {                                    \
    return weiri_apply_unary(t, &weir_op_##name_, x);                                  \
  }
