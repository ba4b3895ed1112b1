/* A Gaussian against the standard distribution of real columns, N(0, I). */
#include "dist/normal.h"
#include "part/kl.h"

static weir_var kl(const weir_dist *q, const weir_dist *p, weir_run *run, int64_t n,
    weir_var q_context, weir_var p_context) {
  (void)p_context;
  weir_var m, s;
  for (int64_t j = 0; j < p->event.features; j++) {
    if (p->event.support[j].kind != WEIR_REAL) {
      return weir_var_none();
    }
  }
  if (!weiri_normal_bind(q, run, q_context, &m, &s)) {
    return weiri_kl_of_full(q, run, n, q_context, weir_var_none(), weir_var_none());
  }
  if (!weir_var_ok(m)) {
    return weir_var_none();
  }
  return weir_broadcast(run->tape, weiri_kl_to_standard(run->tape, m, s),
      weir_shape_2(n, q->event.features));
}

const weiri_kl_class weiri_kl_normal_standard = {"normal", "standard", kl};
