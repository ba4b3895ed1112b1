/* elu'(x) = 1 where x > 0, else elu(x) + 1: step(y) + (1 - step(y)) (y + 1) = 1 +
 * min(y, 0) */
#include "op/unary.inc.h"

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const weir_var zero = weir_fill(t, weir_shape_0(), 0.0);
  const weir_var slope = weir_shift(t, weir_min(t, weir_node_var(t, y), zero), 1.0);
  gx[0] = weir_mul(t, gy, slope);
}

WEIRI_DEFINE_UNARY(elu, -3, -0.2)
