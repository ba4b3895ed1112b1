/* The table of operations, and the tape that knows how to add. */
#include "op/op.h"

#define WEIR_OP(name, params, doc) extern const weir_op_class weir_op_##name;
#include "weir/ops.def"
#undef WEIR_OP

const weir_op_class *const weiri_op_table[] = {
#define WEIR_OP(name, params, doc) &weir_op_##name,
#include "weir/ops.def"
#undef WEIR_OP
    NULL};

weir_status weir_tape_create(weir_tape **out, weir_ctx *ctx, weir_dtype dtype) {
  static const weiri_tape_hooks hooks = {weir_add, weiri_fuse, weiri_hold,
      weiri_cut_node, weiri_copy_view, weiri_panel_node, weiri_node_work};
  return weiri_tape_create(out, ctx, dtype, &hooks);
}
