/* z = (x - shift) exp(s), log |det| = sum s */
#include "layer/diagonal.h"

weir_var weiri_diagonal_to_latent(const weir_layer *l, const weiri_real *r,
    weir_run *run, weir_var x, weiri_diagonal d) {
  weir_tape *t = run->tape;
  weir_var y = weiri_real_take(r, t, x);
  y = weir_var_ok(d.shift) ? weir_sub(t, y, d.shift) : y;
  weiri_push_log_det(l, run, x, weir_sum_last(t, d.log_scale), false);
  return weiri_real_put(r, t, x, weir_mul(t, y, weir_exp(t, d.log_scale)));
}

weir_var weiri_diagonal_to_data(const weir_layer *l, const weiri_real *r, weir_run *run,
    weir_var z, weiri_diagonal d) {
  weir_tape *t = run->tape;
  weir_var y = weiri_real_take(r, t, z);
  y = weir_mul(t, y, weir_exp(t, weir_neg(t, d.log_scale)));
  y = weir_var_ok(d.shift) ? weir_add(t, y, d.shift) : y;
  weiri_push_log_det(l, run, z, weir_sum_last(t, d.log_scale), true);
  return weiri_real_put(r, t, z, y);
}
