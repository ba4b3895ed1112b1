/* (1/x)' = -(1/x)^2 */
#include "op/unary.inc.h"

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  gx[0] = weir_neg(t, weir_mul(t, gy, weir_square(t, weir_node_var(t, y))));
}

WEIRI_DEFINE_UNARY(recip, 0.3, 4)
