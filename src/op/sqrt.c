/* sqrt' = 1 / (2 sqrt) */
#include "op/unary.inc.h"

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  gx[0] = weir_div(t, weir_scale(t, gy, 0.5), weir_node_var(t, y));
}

WEIRI_DEFINE_UNARY(sqrt, 0.1, 5)
