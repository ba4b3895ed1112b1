/* log1p' = 1 / (1 + x) */
#include "op/unary.inc.h"

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  gx[0] = weir_div(t, gy, weir_shift(t, weir_node_var(t, y->in[0]), 1.0));
}

WEIRI_DEFINE_UNARY(log1p, -0.8, 5)
