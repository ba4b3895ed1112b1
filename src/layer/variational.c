/* A variational autoencoder as a layer (Kingma & Welling 2014): z is drawn from the
 * posterior q(z | x), and
 *     log p(x) >= log p(z) + log p(x | z) - log q(z | x)          (eq. 2, estimator A)
 * in expectation. Where KL(q || p) has a closed form and the caller wants the bound
 * alone, not importance weights, the terms of z are its negative instead (eq. 10,
 * estimator B). Posterior and likelihood are distributions conditional on x and on z:
 * Gaussians, flows over them, behind a network (`encoded`) or not. The prior p(z) is
 * the distribution that this layer's latent meets: the base of the flow it stands in.
 */
#include <math.h>

#include "part/kl.h"
#include "part/theta.h"
#include "part/view.h"
#include "weir/sys/op.h"

typedef struct variational {
  weir_layer base;
  int64_t latent_dim;
  const weir_spec *posterior_spec, *likelihood_spec;
  int kl, support;
  weiri_view view; /* of x, by the encoder */
} variational;

enum { KL_AUTO, KL_SAMPLED };
enum { REAL, SPHERE };

static const weir_opt opts[] = {
    {"latent_dim", WEIR_OPT_INT, offsetof(variational, latent_dim), NULL, 1, 1e6, NULL,
        "columns of the latent"},
    {"support", WEIR_OPT_CHOICE, offsetof(variational, support), "\"real\"", 0, 0,
        "real|sphere", "where the latent lives; sphere: it is one unit vector"},
    {"posterior", WEIR_OPT_SPEC, offsetof(variational, posterior_spec),
        "{\"name\": \"normal\", \"kind\": \"diagonal\", \"net\": \"mlp\"}", 0, 0, NULL,
        "distribution of the latent given the data (the encoder)"},
    {"likelihood", WEIR_OPT_SPEC, offsetof(variational, likelihood_spec),
        "{\"name\": \"normal\", \"kind\": \"diagonal\", \"net\": \"mlp\"}", 0, 0, NULL,
        "distribution of the data given the latent (the decoder)"},
    {"kl", WEIR_OPT_CHOICE, offsetof(variational, kl), "\"auto\"", 0, 0, "auto|sampled",
        "KL to the prior in training: closed form where there is one, or by the draw"},
    {0}};

static weir_status make_latent(variational *v, weir_build *b) {
  weir_layer *l = &v->base;
  const int64_t d = v->latent_dim, lives = v->support == SPHERE ? d - 1 : d;
  WEIR_TRY(weir_event_create(b->ctx, &l->latent, d));
  for (int64_t j = 0; v->support == SPHERE && j < d; j++) {
    l->latent.support[j] = (weir_support){WEIR_SPHERE, 0.0, 0.0};
  }
  if (lives > l->data.features) {
    weiri_log(b->ctx, WEIR_LOG_WARN,
        "%s.latent_dim: the latent has %lld dimensions, more than the data's %lld "
        "columns; some of them can only copy noise",
        l->path, (long long)lives, (long long)l->data.features);
  }
  return WEIR_OK;
}

static weir_var seen(const weir_layer *l, weir_run *run, weir_var x) {
  return weiri_view_apply(&((const variational *)l)->view, run->tape, x);
}

static weir_status setup(weir_layer *l, weir_build *b) {
  variational *v = (variational *)l;
  WEIR_TRY(weiri_view_of(b->ctx, &l->data, &v->view));
  WEIR_TRY(make_latent(v, b));
  weir_build given_x = *b, given_z = *b;
  given_z.likelihood = NULL;
  given_x.given = l->data.features;
  given_x.context = given_x.given + b->context;
  given_z.given = v->latent_dim;
  given_z.context = given_z.given + b->context;
  WEIR_TRY(weir_dist_make(
      &l->likelihood, &given_z, "likelihood", v->likelihood_spec, &l->data));
  given_x.likelihood = l->likelihood; /* which a Laplace posterior looks into */
  WEIR_TRY(weir_dist_make(
      &l->posterior, &given_x, "posterior", v->posterior_spec, &l->latent));
  if (l->posterior->sample_how == WEIR_ABSENT) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s.posterior: '%s' cannot be drawn from, as a posterior must be", l->path,
        l->posterior->cls->is.name);
  }
  l->latent_how = l->posterior->sample_how > l->likelihood->log_prob_how
                      ? l->posterior->sample_how
                      : l->likelihood->log_prob_how;
  l->data_how = l->likelihood->sample_how;
  return WEIR_OK;
}

static void teardown(weir_layer *l) {
  weiri_view_destroy(l->ctx, &((variational *)l)->view);
  weir_dist_destroy(&l->posterior);
  weir_dist_destroy(&l->likelihood);
}

/* The posterior of these rows, its network run: one row of parameters per row of x. */
typedef struct given {
  const weir_dist *q;
  weir_var context; /* of q, each row as often as the run draws */
  weir_var x, c;    /* the same of the data and of the layer's context */
  int64_t n;        /* rows of all of them */
} given;

static given condition(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  given g = {.context = context};
  g.q = weiri_posterior_of(l, run, x, &g.context);
  g.context = weir_run_replicate(run, g.context);
  g.x = weir_run_replicate(run, x);
  g.c = weir_var_ok(context) ? weir_run_replicate(run, context) : context;
  g.n = weir_var_dim(run->tape, g.x, 0);
  return g;
}

/* log q(z) through the draw alone: parameters and context stopped (Roeder et al. 2017).
 */
static weir_var log_q_of_path(weir_run *run, const given *g, weir_var z) {
  run->frozen = true;
  const weir_var log_q =
      weiri_dist_grouped(g->q, run, z, weir_stop(run->tape, g->context));
  run->frozen = false;
  return log_q;
}

/* The draw that the rest of the model sees, and its log density. */
static weir_var draw(weir_run *run, const given *g, weir_var *log_q) {
  const weir_var z = weir_dist_sample(g->q, run, g->n, g->context, log_q);
  if (!run->wants.path && !run->wants.cut) {
    return z;
  }
  run->drawn = z;
  run->after = run->wants.cut ? weir_stop(run->tape, z) : z;
  if (g->q->log_prob_how == WEIR_ABSENT) {
    weir_op_fail(run->tape, WEIR_E_UNSUPPORTED,
        "%s: the objective needs the posterior's density at a point, but '%s' knows "
        "that of its own draws only; take gradient: plain",
        g->q->path, g->q->cls->is.name);
    return z;
  }
  *log_q = log_q_of_path(run, g, run->after);
  return run->after;
}

/* The first part of the layer carries the score of the draw, so that all that follows
 * from it is in the sum that the score is multiplied by. */
static void push_likelihood(
    const weir_layer *l, weir_run *run, const given *g, weir_var z, weir_var score) {
  weir_run_part(run, WEIR_PART_LIKELIHOOD, l->likelihood->path,
      weir_dist_log_prob(l->likelihood, run, g->x, weiri_beside(run, z, g->c)), score);
}

static void push_posterior(const weir_layer *l, weir_run *run, weir_var log_q) {
  weir_run_part(run, WEIR_PART_POSTERIOR, l->posterior->path,
      weir_neg(run->tape, log_q), weir_var_none());
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  const given g = condition(l, run, x, context);
  if (run->wants.means && g.q->cls->mean != NULL) {
    return weir_dist_mean(g.q, run, g.n, g.context);
  }
  weir_var log_q;
  const weir_var z = draw(run, &g, &log_q), score = run->score;
  push_likelihood(l, run, &g, z, score);
  push_posterior(l, run, log_q);
  return z;
}

static void to_base(const weir_layer *l, weir_run *run, weir_var x, weir_var context,
    const weir_dist *base) {
  const variational *v = (const variational *)l;
  const given g = condition(l, run, x, context);
  const weir_var base_context = base->context > 0 ? g.c : weir_var_none();
  weir_var log_q, kl = weir_var_none();
  const weir_var z = draw(run, &g, &log_q), score = run->score;
  push_likelihood(l, run, &g, z, score);
  if (run->wants.closed_kl && v->kl == KL_AUTO) {
    kl = weiri_kl(g.q, base, run, g.n, g.context, base_context);
  }
  if (weir_var_ok(kl)) {
    weir_run_part(
        run, WEIR_PART_KL, base->path, weir_neg(run->tape, kl), weir_var_none());
    return;
  }
  push_posterior(l, run, log_q);
  weir_run_part(run, WEIR_PART_BASE, base->path,
      weiri_dist_grouped(base, run, z, base_context), weir_var_none());
}

/* The density of the path: x from the likelihood, and z as the posterior would draw it.
 * A posterior that knows its own draws only leaves the path's density unknown: NaN. */
static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  weir_tape *t = run->tape;
  weir_var log_p;
  const int64_t n = weir_var_dim(t, z, 0);
  const weir_var given_z = weiri_beside(run, z, context);
  if (run->wants.means) {
    return weir_dist_mean(l->likelihood, run, n, given_z);
  }
  const weir_var x = weir_dist_sample(l->likelihood, run, n, given_z, &log_p);
  const weir_var log_q = l->posterior->log_prob_how == WEIR_ABSENT
                             ? weir_fill(t, weir_shape_1(n), NAN)
                             : weir_dist_log_prob(l->posterior, run, z,
                                   weiri_beside(run, seen(l, run, x), context));
  weir_run_part(run, WEIR_PART_LIKELIHOOD, l->likelihood->path, weir_neg(t, log_p),
      weir_var_none());
  weir_run_part(run, WEIR_PART_POSTERIOR, l->posterior->path, log_q, weir_var_none());
  return x;
}

const weir_layer_class weir_layer_variational = {
    .is = {"variational", "variational autoencoder: a posterior and a likelihood",
        "Kingma & Welling 2014", sizeof(variational), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
    .to_base = to_base,
    .seen = seen,
    .exactness = WEIR_LOWER_BOUND,
};
