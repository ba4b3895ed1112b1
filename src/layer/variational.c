/* A variational autoencoder as a layer (Kingma & Welling 2014, eq. 2): z is drawn from
 * the posterior q(z | x), and
 *     log p(x) >= log p(z) + log p(x | z) - log q(z | x).
 * Posterior and likelihood are distributions conditional on x and on z: a Gaussian
 * whose parameters a network computes, or a flow over it. The prior p(z) is the
 * distribution that this layer's latent meets: the base of the flow it stands in. */
#include <math.h>

#include "part/theta.h"

typedef struct variational {
  weir_layer base;
  int64_t latent_dim;
  const weir_spec *posterior_spec, *likelihood_spec;
  weir_dist *posterior, *likelihood;
} variational;

static const weir_opt opts[] = {
    {"latent_dim", WEIR_OPT_INT, offsetof(variational, latent_dim), NULL, 1, 1e6, NULL,
        "columns of the latent"},
    {"posterior", WEIR_OPT_SPEC, offsetof(variational, posterior_spec),
        "{\"name\": \"normal\", \"kind\": \"diagonal\", \"net\": \"mlp\"}", 0, 0, NULL,
        "distribution of the latent given the data (the encoder)"},
    {"likelihood", WEIR_OPT_SPEC, offsetof(variational, likelihood_spec),
        "{\"name\": \"normal\", \"kind\": \"diagonal\", \"net\": \"mlp\"}", 0, 0, NULL,
        "distribution of the data given the latent (the decoder)"},
    {0}};

static weir_status setup(weir_layer *l, weir_build *b) {
  variational *v = (variational *)l;
  WEIR_TRY(weir_event_create(b->ctx, &l->latent, v->latent_dim));
  weir_build given_x = *b, given_z = *b;
  given_x.context = l->data.features + b->context;
  given_z.context = v->latent_dim + b->context;
  WEIR_TRY(weir_dist_make(
      &v->posterior, &given_x, "posterior", v->posterior_spec, &l->latent));
  WEIR_TRY(weir_dist_make(
      &v->likelihood, &given_z, "likelihood", v->likelihood_spec, &l->data));
  if (v->posterior->sample_how == WEIR_ABSENT) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s.posterior: '%s' cannot be drawn from, as a posterior must be", l->path,
        v->posterior->cls->is.name);
  }
  l->latent_how = v->posterior->sample_how > v->likelihood->log_prob_how
                      ? v->posterior->sample_how
                      : v->likelihood->log_prob_how;
  l->data_how = v->likelihood->sample_how;
  return WEIR_OK;
}

static void teardown(weir_layer *l) {
  variational *v = (variational *)l;
  weir_dist_destroy(&v->posterior);
  weir_dist_destroy(&v->likelihood);
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  const variational *v = (const variational *)l;
  weir_tape *t = run->tape;
  weir_var log_q;
  const weir_var z = weir_dist_sample(
      v->posterior, run, weir_var_dim(t, x, 0), weiri_beside(run, x, context), &log_q);
  weir_run_part(run, WEIR_PART_LIKELIHOOD, v->likelihood->path,
      weir_dist_log_prob(v->likelihood, run, x, weiri_beside(run, z, context)),
      weir_var_none());
  weir_run_part(run, WEIR_PART_POSTERIOR, v->posterior->path, weir_neg(t, log_q),
      weir_var_none());
  return z;
}

/* The density of the path: x from the likelihood, and z as the posterior would draw it.
 * A posterior that knows its own draws only leaves the path's density unknown: NaN. */
static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  const variational *v = (const variational *)l;
  weir_tape *t = run->tape;
  weir_var log_p;
  const int64_t n = weir_var_dim(t, z, 0);
  const weir_var x =
      weir_dist_sample(v->likelihood, run, n, weiri_beside(run, z, context), &log_p);
  const weir_var log_q =
      v->posterior->log_prob_how == WEIR_ABSENT
          ? weir_fill(t, weir_shape_1(n), NAN)
          : weir_dist_log_prob(v->posterior, run, z, weiri_beside(run, x, context));
  weir_run_part(run, WEIR_PART_LIKELIHOOD, v->likelihood->path, weir_neg(t, log_p),
      weir_var_none());
  weir_run_part(run, WEIR_PART_POSTERIOR, v->posterior->path, log_q, weir_var_none());
  return x;
}

const weir_layer_class weir_layer_variational = {
    .is = {"variational", "variational autoencoder: a posterior and a likelihood",
        "Kingma & Welling 2014", sizeof(variational), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
    .exactness = WEIR_LOWER_BOUND,
};
