/* relu' = step, from the stored result; gradient and step in one sweep */
#include "op/unary.inc.h"

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  gx[0] = weiri_gate(t, gy, weir_node_var(t, y));
}

WEIRI_DEFINE_UNARY(relu, 0.2, 3)
