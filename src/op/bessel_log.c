/* log(exp(-x) x^-nu I_nu(x)); its derivative is I_{nu+1} / I_nu - 1 (DLMF 10.29.4). */
#include "op/bessel.h"

static void eval(weir_tape *t, const weir_node *y) {
  weiri_bessel_eval(t, y, WEIRI_BESSEL_LOG);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const weir_var gap =
      weir_bessel_gap(t, weir_node_var(t, y->in[0]), *(const double *)y->attr);
  gx[0] = weir_neg(t, weir_mul(t, gy, gap));
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_bessel_log(t, in[0], 1.5);
}
static const weir_probe probe = {1, {{2, {3, 7}}}, 0.3, 9, build};
const weir_op_class weir_op_bessel_log = {"bessel_log", eval, vjp, NULL, &probe};

weir_var weir_bessel_log(weir_tape *t, weir_var x, double nu) {
  return weir_var_ok(x) ? weir_op_apply(t, &weir_op_bessel_log, weir_var_shape(t, x), 1,
                              &x, &nu, sizeof nu)
                        : x;
}
