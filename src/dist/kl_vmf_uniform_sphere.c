/* KL(vMF || uniform) = kappa A(kappa) + log C_m(kappa) + log area (Davidson et al.
 * 2018, eq. 14), with the area of the sphere counted; its derivative is kappa
 * A'(kappa). */
#include "dist/vmf.h"
#include "part/kl.h"

static weir_var kl(const weir_dist *q, const weir_dist *p, weir_run *run, int64_t n,
    weir_var q_context, weir_var p_context) {
  (void)p;
  (void)p_context;
  weir_tape *t = run->tape;
  const int64_t m = q->event.features;
  const weir_var kappa = weiri_vmf_kappa(q, run, q_context);
  const weir_var gap = weir_bessel_gap(t, kappa, 0.5 * (double)m - 1.0);
  const weir_var value =
      weir_sub(t, weiri_vmf_log_norm(t, kappa, m), weir_mul(t, kappa, gap));
  const weir_var rows = weir_broadcast(
      t, weir_shift(t, value, weiri_sphere_log_area(m)), weir_shape_2(n, 1));
  return weir_reshape(t, rows, weir_shape_1(n));
}

const weiri_kl_class weiri_kl_vmf_uniform_sphere = {"vmf", "uniform_sphere", kl};
