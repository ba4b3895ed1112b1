/* One elementwise operation of two arguments: define vjp, then WEIRI_DEFINE_BINARY. */
#include "op/op.h"

#define WEIRI_DEFINE_BINARY(name_, lo_, hi_)                                           \
  static void eval(weir_tape *t, const weir_node *y) {                                 \
    weiri_eval_binary(t, y, weiri_tape_kern(t)->bin_##name_);                          \
  }                                                                                    \
  static weir_var build(weir_tape *t, const weir_var *in) {                            \
    return weir_##name_(t, in[0], in[1]);                                              \
  }                                                                                    \
  static const weir_probe probe = {2, {{3, {2, 3, 4}}, {2, {3, 1}}}, lo_, hi_, build}; \
  const weir_op_class weir_op_##name_ = {#name_, eval, vjp, NULL, &probe};             \
  weir_var weir_##name_(weir_tape *t, weir_var a, weir_var b) {                        \
    return weiri_apply_binary(t, &weir_op_##name_, a, b);                              \
  }
