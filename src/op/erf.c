/* erf'(x) = 2 / sqrt(pi) exp(-x^2) */
#include "op/unary.inc.h"

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  gx[0] = weir_mul(t, gy,
      weir_scale(t,
          weir_exp(t, weir_neg(t, weir_square(t, weir_node_var(t, y->in[0])))),
          1.1283791670955126));
}

WEIRI_DEFINE_UNARY(erf, -2.5, 2.5)
