/* -x */
#include "op/unary.inc.h"

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  (void)y;
  gx[0] = weir_neg(t, gy);
}

WEIRI_DEFINE_UNARY(neg, -4, 4)
