/* z = (x - shift) exp(s), both learned, set once from the training data so that z
 * starts with mean 0 and variance 1 (Kingma & Dhariwal 2018, section 3.1) */
#include <math.h>

#include "layer/diagonal.h"

#define LEAST 1e-6

typedef struct actnorm {
  weir_layer base;
  weiri_real real;
  weir_slot shift, log_scale;
} actnorm;

static weir_status setup(weir_layer *l, weir_build *b) {
  actnorm *a = (actnorm *)l;
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0};
  WEIR_TRY(weiri_real_setup(&a->real, l));
  const weir_shape row = weir_shape_1(a->real.n);
  WEIR_TRY(weir_build_param(b, &a->shift, "shift", row, zero, NULL));
  return weir_build_param(b, &a->log_scale, "log_scale", row, zero, NULL);
}

static void teardown(weir_layer *l) {
  weiri_real_teardown(&((actnorm *)l)->real, l->ctx);
}

static weir_status observe(weir_layer *l, weir_params *params, const weir_moments *m) {
  const actnorm *a = (const actnorm *)l;
  double *mean = weiri_alloc(l->ctx, (size_t)(2 * a->real.n + 1) * sizeof *mean);
  if (mean == NULL) {
    return WEIR_E_MEMORY;
  }
  double *scale = mean + a->real.n;
  const weir_status status = weiri_real_moments(&a->real, l, m, mean, scale);
  if (status == WEIR_OK) {
    for (int64_t i = 0; i < a->real.n; i++) {
      scale[i] = -log(sqrt(scale[i]) + LEAST);
    }
    weiri_params_set(params, a->shift.index, mean);
    weiri_params_set(params, a->log_scale.index, scale);
  }
  weiri_free(l->ctx, mean);
  return status;
}

static weiri_diagonal diagonal(const actnorm *a, weir_run *run) {
  const weiri_diagonal d = {
      weir_run_param(run, a->shift), weir_run_param(run, a->log_scale)};
  return d;
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  const actnorm *a = (const actnorm *)l;
  return weiri_diagonal_to_latent(l, &a->real, run, x, diagonal(a, run));
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  const actnorm *a = (const actnorm *)l;
  return weiri_diagonal_to_data(l, &a->real, run, z, diagonal(a, run));
}

const weir_layer_class weir_layer_actnorm = {
    .is = {"actnorm", "learned shift and scale, starting from the data's moments",
        "Kingma & Dhariwal 2018", sizeof(actnorm), NULL},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
    .observe = observe,
};
