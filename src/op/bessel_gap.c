/* 1 - A, A = I_{nu+1}(x) / I_nu(x), and its derivative -A' with
 *     A' = 1 - A^2 - (2 nu + 1) A / x,  A'' = -2 A A' - (2 nu + 1) (A' - A / x) / x. */
#include "op/bessel.h"

static void slope_eval(weir_tape *t, const weir_node *y) {
  weiri_bessel_eval(t, y, WEIRI_BESSEL_SLOPE);
}

static void slope_vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const double nu = *(const double *)y->attr;
  const weir_var x = weir_node_var(t, y->in[0]), slope = weir_node_var(t, y);
  const weir_var a = weir_affine(t, weir_bessel_gap(t, x, nu), -1.0, 1.0);
  const weir_var rest = weir_div(t, weir_sub(t, slope, weir_div(t, a, x)), x);
  const weir_var second = weir_add(t, weir_scale(t, weir_mul(t, a, slope), -2.0),
      weir_scale(t, rest, -(2.0 * nu + 1.0)));
  gx[0] = weir_mul(t, gy, second);
}
static const weir_op_class slope_class = {
    "bessel_slope", slope_eval, slope_vjp, NULL, NULL};

static void eval(weir_tape *t, const weir_node *y) {
  weiri_bessel_eval(t, y, WEIRI_BESSEL_GAP);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const weir_var x = weir_node_var(t, y->in[0]);
  const weir_var slope =
      weir_op_apply(t, &slope_class, y->shape, 1, &x, y->attr, sizeof(double));
  gx[0] = weir_neg(t, weir_mul(t, gy, slope));
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_bessel_gap(t, in[0], 2.0);
}
static const weir_probe probe = {1, {{2, {3, 7}}}, 0.3, 9, build};
const weir_op_class weir_op_bessel_gap = {"bessel_gap", eval, vjp, NULL, &probe};

weir_var weir_bessel_gap(weir_tape *t, weir_var x, double nu) {
  return weir_var_ok(x) ? weir_op_apply(t, &weir_op_bessel_gap, weir_var_shape(t, x), 1,
                              &x, &nu, sizeof nu)
                        : x;
}
