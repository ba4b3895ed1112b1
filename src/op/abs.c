/* |x|' = sign x */
#include "op/unary.inc.h"

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  gx[0] = weir_mul(t, gy, weir_sign(t, weir_node_var(t, y->in[0])));
}

WEIRI_DEFINE_UNARY(abs, 0.2, 3)
