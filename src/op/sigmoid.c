/* sigmoid' = s (1 - s), from the stored result s */
#include "op/unary.inc.h"

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const weir_var s = weir_node_var(t, y);
  gx[0] = weir_mul(t, gy, weir_sub(t, s, weir_square(t, s)));
}

WEIRI_DEFINE_UNARY(sigmoid, -4, 4)
