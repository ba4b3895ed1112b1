/* Closed forms with their log-derivatives, shared by the maps and their inverses. */
#include "elem/elem.h"

#include <math.h>

weir_var weiri_theta(weir_tape *t, weir_var theta, int64_t k) {
  const weir_shape s = weir_var_shape(t, theta);
  return weir_reshape(
      t, weir_slice(t, theta, 2, k, 1), weir_shape_2(s.dim[0], s.dim[1]));
}

weir_var weiri_zeros_like(weir_tape *t, weir_var x) {
  return weir_fill(t, weir_var_shape(t, x), 0.0);
}

weir_status weiri_interval_check(const weiri_interval *i, const char *path) {
  if (!(i->lo < i->hi)) {
    return weiri_fail(WEIR_E_CONFIG, "%s: lo is %g and hi is %g; lo must be smaller",
        path, i->lo, i->hi);
  }
  return WEIR_OK;
}

weir_var weiri_logit(
    weir_tape *t, const weiri_interval *i, weir_var x, weir_var *log_det) {
  /* u and 1 - u each from its own end, so that neither loses digits near it. */
  const double slope = (1.0 - 2.0 * i->eps) / (i->hi - i->lo);
  const weir_var from_lo = weir_shift(t, x, -i->lo);
  const weir_var from_hi = weir_affine(t, x, -1.0, i->hi);
  const weir_var u = weir_log(t, weir_affine(t, from_lo, slope, i->eps));
  const weir_var v = weir_log(t, weir_affine(t, from_hi, slope, i->eps));
  *log_det = weir_affine(t, weir_add(t, u, v), -1.0, log(slope));
  return weir_sub(t, u, v);
}

weir_var weiri_expit(
    weir_tape *t, const weiri_interval *i, weir_var y, weir_var *log_det) {
  const double slope = (i->hi - i->lo) / (1.0 - 2.0 * i->eps);
  const weir_var u = weir_logsigmoid(t, y), v = weir_logsigmoid(t, weir_neg(t, y));
  *log_det = weir_shift(t, weir_add(t, u, v), log(slope));
  return weir_affine(t, weir_sigmoid(t, y), slope, i->lo - slope * i->eps);
}

weir_var weiri_exp_from(weir_tape *t, double lo, weir_var x, weir_var *log_det) {
  *log_det = x;
  return weir_shift(t, weir_exp(t, x), lo);
}

weir_var weiri_log_from(weir_tape *t, double lo, weir_var y, weir_var *log_det) {
  const weir_var x = weir_log(t, weir_shift(t, y, -lo));
  *log_det = weir_neg(t, x);
  return x;
}

weir_var weiri_softplus_from(weir_tape *t, double lo, weir_var x, weir_var *log_det) {
  *log_det = weir_logsigmoid(t, x);
  return weir_shift(t, weir_softplus(t, x), lo);
}

weir_var weiri_unsoftplus_from(weir_tape *t, double lo, weir_var y, weir_var *log_det) {
  /* x = y + log(1 - exp(-y)), with 1 - exp(-y) = 2 h / (1 + h), h = tanh(y / 2). */
  const weir_var s = weir_shift(t, y, -lo);
  const weir_var h = weir_tanh(t, weir_scale(t, s, 0.5));
  const weir_var rest =
      weir_sub(t, weir_log(t, weir_scale(t, h, 2.0)), weir_log1p(t, h));
  *log_det = weir_neg(t, rest);
  return weir_add(t, s, rest);
}
