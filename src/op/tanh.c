/* tanh' = 1 - tanh^2, from the stored result */
#include "op/unary.inc.h"

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  gx[0] =
      weir_mul(t, gy, weir_affine(t, weir_square(t, weir_node_var(t, y)), -1.0, 1.0));
}

WEIRI_DEFINE_UNARY(tanh, -3, 3)
