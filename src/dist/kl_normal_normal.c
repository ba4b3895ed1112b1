/* KL(N(m, S^2) || N(k, T^2)) = log T - log S + (S^2 + (m - k)^2) / (2 T^2) - 1/2 per
 * column of two diagonal Gaussians (Kingma & Welling 2014, appendix B, for k = 0, T =
 * 1)
 */
#include "dist/normal.h"
#include "part/kl.h"

weir_var weiri_kl_to_standard(weir_tape *t, weir_var m, weir_var s) {
  const weir_var square =
      weir_add(t, weir_exp(t, weir_scale(t, s, 2.0)), weir_square(t, m));
  return weir_sub(t, weir_affine(t, square, 0.5, -0.5), s);
}

static weir_var kl(const weir_dist *q, const weir_dist *p, weir_run *run, int64_t n,
    weir_var q_context, weir_var p_context) {
  weir_tape *t = run->tape;
  const weir_shape shape = weir_shape_2(n, q->event.features);
  weir_var m, s, k, u;
  if (!weiri_normal_bind(q, run, q_context, &m, &s) ||
      !weiri_normal_bind(p, run, p_context, &k, &u)) {
    return weir_var_none();
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
