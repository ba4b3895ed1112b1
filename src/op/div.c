/* a / b, broadcast; each gradient summed back to its argument's shape */
#include "op/binary.inc.h"

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  if (want[0]) {
    gx[0] = weiri_sum_like(t, weir_div(t, gy, weir_node_var(t, y->in[1])), y->in[0]);
  }
  if (want[1]) {
    gx[1] = weiri_sum_like(t,
        weir_neg(t, weir_div(t, weir_mul(t, gy, weir_node_var(t, y)),
                        weir_node_var(t, y->in[1]))),
        y->in[1]);
  }
}

WEIRI_DEFINE_BINARY(div, 0.5, 3)
