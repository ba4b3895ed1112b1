/* z = x + theta (NICE, Dinh et al. 2015, section 3.2); log-derivative 0 */
#include "elem/elem.h"

static weir_status setup(weir_elem *e, weir_build *b, int64_t hidden) {
  (void)b;
  (void)hidden;
  e->params = 1;
  return WEIR_OK;
}

static weir_var to_latent(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det) {
  (void)e;
  *log_det = weiri_zeros_like(t, x);
  return weir_add(t, x, weiri_theta(t, theta, 0));
}

static weir_var to_data(
    const weir_elem *e, weir_tape *t, weir_var z, weir_var theta, weir_var *log_det) {
  (void)e;
  *log_det = weiri_zeros_like(t, z);
  return weir_sub(t, z, weiri_theta(t, theta, 0));
}

const weir_elem_class weir_elem_additive = {
    .is = {"additive", "shift", "Dinh et al. 2015, section 3.2", sizeof(weir_elem),
        NULL},
    .setup = setup,
    .to_latent = to_latent,
    .to_data = to_data,
};
