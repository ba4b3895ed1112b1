/* z = exp(gamma) (x - m) / sqrt(v + eps) + beta, log |det| = sum (gamma - log(v + eps)
 * / 2) (Papamakarios et al. 2017, section 3.4). In training m and v are the batch's,
 * and gradients pass through them; otherwise, and on the way to the data always, they
 * are those of the whole training set, which are taken anew before every evaluation. */
#include "layer/diagonal.h"

typedef struct batch_norm {
  weir_layer base;
  weiri_real real;
  double eps;
  weir_slot gamma, beta, mean, variance;
} batch_norm;

static const weir_opt opts[] = {{"eps", WEIR_OPT_REAL, offsetof(batch_norm, eps),
                                    "1e-5", 1e-12, 1, NULL, "added to the variance"},
    {0}};

static weir_status setup(weir_layer *l, weir_build *b) {
  batch_norm *n = (batch_norm *)l;
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0};
  WEIR_TRY(weiri_real_setup(&n->real, l));
  const weir_shape row = weir_shape_1(n->real.n);
  WEIR_TRY(weir_build_param(b, &n->gamma, "gamma", row, zero, NULL));
  WEIR_TRY(weir_build_param(b, &n->beta, "beta", row, zero, NULL));
  WEIR_TRY(weir_build_stat(b, &n->mean, "mean", row, 0.0));
  return weir_build_stat(b, &n->variance, "variance", row, 1.0);
}

static void teardown(weir_layer *l) {
  weiri_real_teardown(&((batch_norm *)l)->real, l->ctx);
}

static weir_status observe(weir_layer *l, weir_params *params, const weir_moments *m) {
  const batch_norm *n = (const batch_norm *)l;
  double *mean = weiri_alloc(l->ctx, (size_t)(2 * n->real.n + 1) * sizeof *mean);
  if (mean == NULL) {
    return WEIR_E_MEMORY;
  }
  double *variance = mean + n->real.n;
  const weir_status status = weiri_real_moments(&n->real, l, m, mean, variance);
  if (status == WEIR_OK) {
    weiri_params_set(params, n->mean.index, mean);
    weiri_params_set(params, n->variance.index, variance);
  }
  weiri_free(l->ctx, mean);
  return status;
}

/* gamma - log(v + eps) / 2 */
static weir_var log_scale(const batch_norm *n, weir_run *run, weir_var variance) {
  weir_tape *t = run->tape;
  const weir_var log_variance = weir_log(t, weir_shift(t, variance, n->eps));
  return weir_sub(t, weir_run_param(run, n->gamma), weir_scale(t, log_variance, 0.5));
}

static weir_var column_means(weir_tape *t, weir_var x) {
  return weir_scale(t, weir_sum(t, x, 0), 1.0 / (double)weir_var_dim(t, x, 0));
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  const batch_norm *n = (const batch_norm *)l;
  weir_tape *t = run->tape;
  const weir_var real = weiri_real_take(&n->real, t, x);
  const bool batch = run->mode == WEIR_TRAIN;
  const weir_var mean = batch ? column_means(t, real) : weir_run_param(run, n->mean);
  const weir_var centred = weir_sub(t, real, mean);
  const weir_var variance = batch ? column_means(t, weir_square(t, centred))
                                  : weir_run_param(run, n->variance);
  const weir_var s = log_scale(n, run, variance);
  weiri_push_log_det(l, run, x, weir_sum_last(t, s), false);
  const weir_var y = weir_mul(t, centred, weir_exp(t, s));
  return weiri_real_put(&n->real, t, x, weir_add(t, y, weir_run_param(run, n->beta)));
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  const batch_norm *n = (const batch_norm *)l;
  weir_tape *t = run->tape;
  const weir_var s = log_scale(n, run, weir_run_param(run, n->variance));
  weiri_push_log_det(l, run, z, weir_sum_last(t, s), true);
  const weir_var centred =
      weir_sub(t, weiri_real_take(&n->real, t, z), weir_run_param(run, n->beta));
  const weir_var y = weir_mul(t, centred, weir_exp(t, weir_neg(t, s)));
  return weiri_real_put(&n->real, t, z, weir_add(t, y, weir_run_param(run, n->mean)));
}

const weir_layer_class weir_layer_batch_norm = {
    .is = {"batch_norm", "batch normalisation as a bijection",
        "Papamakarios et al. 2017", sizeof(batch_norm), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
    .observe = observe,
    .observe_each = true,
};
