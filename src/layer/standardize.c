/* z = (x - mean) / sd with the moments of the training data, taken once and kept */
#include "layer/diagonal.h"

typedef struct standardize {
  weir_layer base;
  weiri_real real;
  weir_slot mean, sd;
} standardize;

static weir_status setup(weir_layer *l, weir_build *b) {
  standardize *s = (standardize *)l;
  WEIR_TRY(weiri_real_setup(&s->real, l));
  const weir_shape row = weir_shape_1(s->real.n);
  WEIR_TRY(weir_build_stat(b, &s->mean, "mean", row, 0.0));
  return weir_build_stat(b, &s->sd, "sd", row, 1.0);
}

static void teardown(weir_layer *l) {
  weiri_real_teardown(&((standardize *)l)->real, l->ctx);
}

static weir_status observe(weir_layer *l, weir_params *params, const weir_moments *m) {
  const standardize *s = (const standardize *)l;
  double *mean = weiri_alloc(l->ctx, (size_t)(2 * s->real.n + 1) * sizeof *mean);
  if (mean == NULL) {
    return WEIR_E_MEMORY;
  }
  double *sd = mean + s->real.n;
  weir_status status = weiri_real_moments(&s->real, l, m, mean, sd);
  if (status == WEIR_OK) {
    status = weiri_real_deviations(&s->real, l, mean, sd);
  }
  if (status == WEIR_OK) {
    weiri_params_set(params, s->mean.index, mean);
    weiri_params_set(params, s->sd.index, sd);
  }
  weiri_free(l->ctx, mean);
  return status;
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  const standardize *s = (const standardize *)l;
  weir_tape *t = run->tape;
  const weir_var sd = weir_run_param(run, s->sd);
  weiri_push_log_det(l, run, x, weir_neg(t, weir_sum_last(t, weir_log(t, sd))), false);
  const weir_var centred =
      weir_sub(t, weiri_real_take(&s->real, t, x), weir_run_param(run, s->mean));
  return weiri_real_put(&s->real, t, x, weir_div(t, centred, sd));
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  const standardize *s = (const standardize *)l;
  weir_tape *t = run->tape;
  const weir_var sd = weir_run_param(run, s->sd);
  weiri_push_log_det(l, run, z, weir_neg(t, weir_sum_last(t, weir_log(t, sd))), true);
  const weir_var scaled = weir_mul(t, weiri_real_take(&s->real, t, z), sd);
  return weiri_real_put(
      &s->real, t, z, weir_add(t, scaled, weir_run_param(run, s->mean)));
}

const weir_layer_class weir_layer_standardize = {
    .is = {"standardize", "mean 0 and standard deviation 1 on the training data", NULL,
        sizeof(standardize), NULL},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
    .observe = observe,
};
