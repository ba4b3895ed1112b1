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

const weir_opt weiri_half_line_opts[] = {
    {"lo", WEIR_OPT_REAL, offsetof(weiri_half_line, lo), "0", 0, 0, NULL,
        "lower end of the half line"},
    {0}};

static weir_support half_line(const weir_elem *e) {
  return (weir_support){WEIR_POSITIVE, ((const weiri_half_line *)e)->lo, 0.0};
}

weir_status weiri_half_line_latent(weir_elem *e, weir_build *b, int64_t hidden) {
  (void)b;
  (void)hidden;
  e->latent = half_line(e);
  return WEIR_OK;
}

weir_status weiri_half_line_data(weir_elem *e, weir_build *b, int64_t hidden) {
  (void)b;
  (void)hidden;
  e->data = half_line(e);
  return WEIR_OK;
}

weir_var weiri_exp_from(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det) {
  (void)theta;
  *log_det = x;
  return weir_shift(t, weir_exp(t, x), ((const weiri_half_line *)e)->lo);
}

weir_var weiri_log_from(
    const weir_elem *e, weir_tape *t, weir_var y, weir_var theta, weir_var *log_det) {
  (void)theta;
  const weir_var x = weir_log(t, weir_shift(t, y, -((const weiri_half_line *)e)->lo));
  *log_det = weir_neg(t, x);
  return x;
}

weir_var weiri_softplus_from(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det) {
  (void)theta;
  *log_det = weir_logsigmoid(t, x);
  return weir_shift(t, weir_softplus(t, x), ((const weiri_half_line *)e)->lo);
}

weir_var weiri_unsoftplus_from(
    const weir_elem *e, weir_tape *t, weir_var y, weir_var theta, weir_var *log_det) {
  (void)theta;
  /* x = y + log(1 - exp(-y)), with 1 - exp(-y) = 2 h / (1 + h), h = tanh(y / 2). */
  const weir_var s = weir_shift(t, y, -((const weiri_half_line *)e)->lo);
  const weir_var h = weir_tanh(t, weir_scale(t, s, 0.5));
  const weir_var rest =
      weir_sub(t, weir_log(t, weir_scale(t, h, 2.0)), weir_log1p(t, h));
  *log_det = weir_neg(t, rest);
  return weir_add(t, s, rest);
}

const weir_opt weiri_interval_opts[] = {
    {"lo", WEIR_OPT_REAL, offsetof(weiri_interval, lo), "0", 0, 0, NULL,
        "lower end of the open interval"},
    {"hi", WEIR_OPT_REAL, offsetof(weiri_interval, hi), "1", 0, 0, NULL,
        "upper end of the open interval"},
    {"eps", WEIR_OPT_REAL, offsetof(weiri_interval, eps), "0", 0, 0.49, NULL,
        "the interval is squeezed to (eps, 1 - eps) first; above 0 a little mass lies "
        "outside of it"},
    {0}};

static weir_status interval(
    const weir_elem *e, const weir_build *b, weir_support *side) {
  const weiri_interval *i = (const weiri_interval *)e;
  *side = (weir_support){WEIR_INTERVAL, i->lo, i->hi};
  if (!(i->lo < i->hi)) {
    return weiri_fail(WEIR_E_CONFIG, "%s: lo is %g and hi is %g; lo must be smaller",
        b->path, i->lo, i->hi);
  }
  return WEIR_OK;
}

weir_status weiri_interval_latent(weir_elem *e, weir_build *b, int64_t hidden) {
  (void)hidden;
  return interval(e, b, &e->latent);
}

weir_status weiri_interval_data(weir_elem *e, weir_build *b, int64_t hidden) {
  (void)hidden;
  return interval(e, b, &e->data);
}

weir_var weiri_logit(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det) {
  (void)theta;
  const weiri_interval *i = (const weiri_interval *)e;
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
    const weir_elem *e, weir_tape *t, weir_var y, weir_var theta, weir_var *log_det) {
  (void)theta;
  const weiri_interval *i = (const weiri_interval *)e;
  const double slope = (i->hi - i->lo) / (1.0 - 2.0 * i->eps);
  const weir_var u = weir_logsigmoid(t, y), v = weir_logsigmoid(t, weir_neg(t, y));
  *log_det = weir_shift(t, weir_add(t, u, v), log(slope));
  return weir_affine(t, weir_sigmoid(t, y), slope, i->lo - slope * i->eps);
}
