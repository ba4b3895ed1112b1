/* z = W x + b for any invertible W; log |det W| by LU (Kingma & Dhariwal 2018, eq. 9).
 * Starts as the identity. Cost: d^3 a step, beside n d^2. */
#include "layer/real.h"

typedef struct linear {
  weir_layer base;
  weiri_real real;
  weir_slot weight, bias;
} linear;

static weir_status setup(weir_layer *l, weir_build *b) {
  linear *w = (linear *)l;
  WEIR_TRY(weiri_real_setup(&w->real, l));
  const int64_t d = w->real.n;
  const weir_init one = {WEIR_INIT_IDENTITY, 1.0}, zero = {WEIR_INIT_CONSTANT, 0.0};
  WEIR_TRY(weir_build_param(b, &w->weight, "weight", weir_shape_2(d, d), one, NULL));
  return weir_build_param(b, &w->bias, "bias", weir_shape_1(d), zero, NULL);
}

static void teardown(weir_layer *l) {
  weiri_real_teardown(&((linear *)l)->real, l->ctx);
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  const linear *w = (const linear *)l;
  weir_tape *t = run->tape;
  const weir_linear_opts dense = {WEIR_ACT_NONE, NULL};
  const weir_var weight = weir_run_param(run, w->weight);
  weiri_push_log_det(l, run, x, weir_logdet(t, weight), false);
  const weir_var y = weir_linear(
      t, weiri_real_take(&w->real, t, x), weight, weir_run_param(run, w->bias), dense);
  return weiri_real_put(&w->real, t, x, y);
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  const linear *w = (const linear *)l;
  weir_tape *t = run->tape;
  const weir_linear_opts dense = {WEIR_ACT_NONE, NULL};
  const weir_var weight = weir_run_param(run, w->weight);
  weiri_push_log_det(l, run, z, weir_logdet(t, weight), true);
  const weir_var y =
      weir_sub(t, weiri_real_take(&w->real, t, z), weir_run_param(run, w->bias));
  return weiri_real_put(&w->real, t, z,
      weir_linear(t, y, weir_inverse(t, weight), weir_var_none(), dense));
}

const weir_layer_class weir_layer_linear = {
    .is = {"linear", "any invertible linear map", "Kingma & Dhariwal 2018",
        sizeof(linear), NULL},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
};
