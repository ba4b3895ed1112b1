/* KL(N(m, S^2) || N(k, T^2)) = log T - log S + (S^2 + (m - k)^2) / (2 T^2) - 1/2 per
 * column of two diagonal Gaussians (Kingma & Welling 2014, appendix B, for k = 0, T =
 * 1). Of q with the full covariance C = U diag(S^2) U', U unit lower triangular,
 * against a diagonal p, all columns together: sum log T - sum log S + (sum_i C_ii /
 * T_i^2 + ((m - k) / T)_i^2 - 1) / 2.
 */
#include "dist/normal.h"
#include "part/kl.h"

weir_var weiri_kl_to_standard(weir_tape *t, weir_var m, weir_var s) {
  const weir_var square =
      weir_add(t, weir_exp(t, weir_scale(t, s, 2.0)), weir_square(t, m));
  return weir_sub(t, weir_affine(t, square, 0.5, -0.5), s);
}

/* k and u: mean and log scales of p; none: p is standard. */
weir_var weiri_kl_of_full(const weir_dist *q, weir_run *run, int64_t n,
    weir_var q_context, weir_var k, weir_var u) {
  weir_tape *t = run->tape;
  const weir_shape shape = weir_shape_2(n, q->event.features);
  weir_var m, s, square;
  if (!weiri_normal_bind_full(q, run, q_context, &m, &s, &square)) {
    return weir_var_none();
  }
  weir_var weight = weir_fill(t, shape, 1.0), logs = weir_neg(t, s);
  if (weir_var_ok(k)) {
    weight = weir_broadcast(t, weir_exp(t, weir_scale(t, u, -2.0)), shape);
    m = weir_sub(t, m, k);
    logs = weir_add(t, logs, u);
  }
  const weir_var variance = weir_mul(t, weir_exp(t, weir_scale(t, s, 2.0)),
      weir_matmul(t, weight, square, false, true));
  const weir_var sum = weir_add(t, variance, weir_mul(t, weir_square(t, m), weight));
  return weir_sum_last(
      t, weir_broadcast(t, weir_add(t, weir_affine(t, sum, 0.5, -0.5), logs), shape));
}

static weir_var kl(const weir_dist *q, const weir_dist *p, weir_run *run, int64_t n,
    weir_var q_context, weir_var p_context) {
  weir_tape *t = run->tape;
  const weir_shape shape = weir_shape_2(n, q->event.features);
  weir_var m, s, k, u;
  if (!weiri_normal_bind(p, run, p_context, &k, &u)) {
    return weir_var_none();
  }
  if (!weiri_normal_bind(q, run, q_context, &m, &s)) {
    return weiri_kl_of_full(q, run, n, q_context, k, u);
  }
  if (!weir_var_ok(m)) { /* a standard posterior: of no use, and not worth a formula */
    return weir_var_none();
  }
  if (weir_var_ok(k)) { /* in units of p, p is standard */
    m = weir_mul(t, weir_sub(t, m, k), weir_exp(t, weir_neg(t, u)));
    s = weir_sub(t, s, u);
  }
  return weir_broadcast(t, weiri_kl_to_standard(t, m, s), shape);
}

const weiri_kl_class weiri_kl_normal_normal = {"normal", "normal", kl};
