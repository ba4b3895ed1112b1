/* z = x exp(s) (Dinh et al. 2015, section 3.3) */
#include "layer/diagonal.h"

typedef struct scaling {
  weir_layer base;
  weiri_real real;
  weir_slot log_scale;
} scaling;

static weir_status setup(weir_layer *l, weir_build *b) {
  scaling *s = (scaling *)l;
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0};
  WEIR_TRY(weiri_real_setup(&s->real, l));
  return weir_build_param(
      b, &s->log_scale, "log_scale", weir_shape_1(s->real.n), zero, NULL);
}

static void teardown(weir_layer *l) {
  weiri_real_teardown(&((scaling *)l)->real, l->ctx);
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  const scaling *s = (const scaling *)l;
  const weiri_diagonal d = {weir_var_none(), weir_run_param(run, s->log_scale)};
  return weiri_diagonal_to_latent(l, &s->real, run, x, d);
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  const scaling *s = (const scaling *)l;
  const weiri_diagonal d = {weir_var_none(), weir_run_param(run, s->log_scale)};
  return weiri_diagonal_to_data(l, &s->real, run, z, d);
}

const weir_layer_class weir_layer_scaling = {
    .is = {"scaling", "a learned positive factor per column", "Dinh et al. 2015",
        sizeof(scaling), NULL},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
};
