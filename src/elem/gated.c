/* z = s x + (1 - s) m, s = sigmoid(u + forget_bias), theta = (u, m); log-derivative
 * log s. The numerically stable step of inverse autoregressive flows (Kingma et al.
 * 2016, eq. 13 and 14): as the map of an inverse_autoregressive layer x is the earlier
 * draw. The bias keeps s near 1 at first, so that many steps do not shrink the draw. */
#include "elem/elem.h"

typedef struct gated {
  weir_elem base;
  double forget_bias;
} gated;

static const weir_opt opts[] = {
    {"forget_bias", WEIR_OPT_REAL, offsetof(gated, forget_bias), "2", -20, 20, NULL,
        "added to the gate's argument"},
    {0}};

static weir_status setup(weir_elem *e, weir_build *b, int64_t hidden) {
  (void)b;
  (void)hidden;
  e->params = 2;
  return WEIR_OK;
}

/* (1 - s) m, and log s. */
static weir_var shift_of(
    const weir_elem *e, weir_tape *t, weir_var theta, weir_var *log_s) {
  const weir_var u =
      weir_shift(t, weiri_theta(t, theta, 0), ((const gated *)e)->forget_bias);
  *log_s = weir_logsigmoid(t, u);
  return weir_mul(t, weir_sigmoid(t, weir_neg(t, u)), weiri_theta(t, theta, 1));
}

static weir_var to_latent(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det) {
  const weir_var shift = shift_of(e, t, theta, log_det);
  return weir_add(t, weir_mul(t, weir_exp(t, *log_det), x), shift);
}

static weir_var to_data(
    const weir_elem *e, weir_tape *t, weir_var z, weir_var theta, weir_var *log_det) {
  weir_var log_s;
  const weir_var shift = shift_of(e, t, theta, &log_s);
  *log_det = weir_neg(t, log_s);
  return weir_mul(t, weir_sub(t, z, shift), weir_exp(t, *log_det));
}

const weir_elem_class weir_elem_gated = {
    .is = {"gated", "a gate between the variable and a proposal",
        "Kingma et al. 2016, eq. 14", sizeof(gated), opts},
    .setup = setup,
    .to_latent = to_latent,
    .to_data = to_data,
};
