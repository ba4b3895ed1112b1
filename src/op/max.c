/* The larger of a and b, broadcast; on ties the gradient goes to a */
#include "op/binary.inc.h"

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const weir_var a = weir_node_var(t, y->in[0]), b = weir_node_var(t, y->in[1]);
  const weir_var first = weir_lesseq(t, b, a);
  if (want[0]) {
    gx[0] = weiri_sum_like(t, weir_mul(t, gy, first), y->in[0]);
  }
  if (want[1]) {
    gx[1] =
        weiri_sum_like(t, weir_mul(t, gy, weir_affine(t, first, -1.0, 1.0)), y->in[1]);
  }
}

WEIRI_DEFINE_BINARY(max, -3, 3)
