/* Mixture of k Gaussians: log p(x) = log sum_k w_k N(x; loc_k, C_k). With residuals
 * u_k = (I + N_k)(x - loc_k) and e_k = exp(-log_scale_k) u_k (N_k strictly lower, zero
 * unless full) each density is log N(e_k; 0, I) - sum log_scale_k, as in `normal`. With
 * a context weights, means and scales are functions of it. */
#include "dist/gauss.h"
#include "dist/mixture.h"

enum { FULL, DIAGONAL };

typedef struct gmm {
  weir_dist base;
  int64_t components;
  int kind;
  weiri_theta_opts theta_opts;
  weiri_theta theta; /* [k + 2 k d]: logits, loc, log_scale */
  weir_slot logits, loc, log_scale, lower;
  char *pick_path; /* stream of the choice */
} gmm;

static const weir_opt opts[] = {{"components", WEIR_OPT_INT, offsetof(gmm, components),
                                    "10", 1, 100000, NULL, "Gaussians in the mixture"},
    {"kind", WEIR_OPT_CHOICE, offsetof(gmm, kind), "\"full\"", 0, 0, "full|diagonal",
        "covariance of each"},
    WEIRI_OPT_CONDITIONAL(gmm, "weights, means and scales"), WEIRI_OPT_CONTEXT_NET(gmm),
    {0}};

static weir_status setup_lower(gmm *g, weir_build *b, int64_t k, int64_t d) {
  unsigned char *keep = weiri_strictly_lower(b->ctx, k, d);
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0};
  const weir_status status = keep == NULL ? WEIR_E_MEMORY
                                          : weir_build_param(b, &g->lower, "lower",
                                                weir_shape_3(k, d, d), zero, keep);
  weiri_free(b->ctx, keep);
  return status;
}

static weir_status setup(weir_dist *dist, weir_build *b) {
  gmm *g = (gmm *)dist;
  const int64_t k = g->components, d = dist->event.features;
  WEIR_TRY(weir_event_require_real(&dist->event, dist->path));
  g->pick_path = weiri_format(b->ctx, "%s.component", dist->path);
  if (g->pick_path == NULL) {
    return WEIR_E_MEMORY;
  }
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0}, spread = {WEIR_INIT_NORMAL, 1.0};
  const weir_shape table = weir_shape_2(k, d);
  WEIR_TRY(weir_build_param(b, &g->logits, "logits", weir_shape_1(k), zero, NULL));
  WEIR_TRY(weir_build_param(b, &g->loc, "loc", table, spread, NULL));
  WEIR_TRY(weir_build_param(b, &g->log_scale, "log_scale", table, zero, NULL));
  WEIR_TRY(weiri_theta_setup(&g->theta, b, &g->theta_opts, k + 2 * k * d));
  return g->kind == FULL ? setup_lower(g, b, k, d) : WEIR_OK;
}

static void teardown(weir_dist *dist) {
  gmm *g = (gmm *)dist;
  weiri_theta_teardown(&g->theta);
  weiri_free(dist->ctx, g->pick_path);
}

/* m is 1, or n when they depend on the context. */
typedef struct mixture {
  weir_var log_w;          /* [m, k] */
  weir_var loc, log_scale; /* [m, k, d] */
} mixture;

static weir_var table(weir_run *run, weir_slot slot, weir_var theta, int64_t first,
    int64_t k, int64_t d) {
  const weir_var flat = weiri_theta_part(run, slot, theta, first, k * d);
  return weir_reshape(
      run->tape, flat, weir_shape_3(weir_var_dim(run->tape, flat, 0), k, d));
}

static mixture bind(const gmm *g, weir_run *run, weir_var context) {
  const int64_t k = g->components, d = g->base.event.features;
  const weir_var theta = weiri_theta_apply(&g->theta, run, context);
  const weir_var logits = weiri_theta_part(run, g->logits, theta, 0, k);
  const mixture m = {weiri_log_weights(run->tape, logits),
      table(run, g->loc, theta, k, k, d),
      table(run, g->log_scale, theta, k + k * d, k, d)};
  return m;
}

/* u [n, k, d] plus N_k u_k. */
static weir_var regress(const gmm *g, weir_run *run, weir_var u) {
  static const int swap[] = {1, 0, 2};
  weir_tape *t = run->tape;
  const weir_var by_component = weir_transpose(t, u, swap);
  const weir_var below =
      weir_matmul(t, by_component, weir_run_param(run, g->lower), false, true);
  return weir_add(t, u, weir_transpose(t, below, swap));
}

static weir_var density(const gmm *g, weir_run *run, const mixture *m, weir_var x) {
  weir_tape *t = run->tape;
  weir_var u = weir_sub(t, weiri_unsqueeze(t, x, 1), m->loc);
  u = g->kind == FULL ? regress(g, run, u) : u;
  const weir_var e = weir_mul(t, u, weir_exp(t, weir_neg(t, m->log_scale)));
  const weir_var each =
      weir_sub(t, weiri_gauss_log(t, e), weir_sum_last(t, m->log_scale));
  return weir_logsumexp(t, weir_add(t, each, m->log_w));
}

static void log_prob(
    const weir_dist *dist, weir_run *run, weir_var x, weir_var context) {
  const gmm *g = (const gmm *)dist;
  const mixture m = bind(g, run, context);
  weir_run_part(
      run, WEIR_PART_BASE, dist->path, density(g, run, &m, x), weir_var_none());
}

/* The rows of table [m, k, d] that pick [n, k] chooses: [n, d]. */
static weir_var chosen(weir_tape *t, weir_var pick, weir_var values) {
  return weir_sum(t, weir_mul(t, weiri_unsqueeze(t, pick, 2), values), 1);
}

/* v with (I + N) u = v for the chosen N of each row. */
static weir_var unregress(const gmm *g, weir_run *run, weir_var pick, weir_var v) {
  weir_tape *t = run->tape;
  const int64_t n = weir_var_dim(t, v, 0), d = weir_var_dim(t, v, 1);
  const weir_tri_opts unit = {.lower = true, .unit = true};
  const weir_var flat = weir_reshape(
      t, weir_run_param(run, g->lower), weir_shape_2(g->components, d * d));
  const weir_var lower =
      weir_reshape(t, weir_matmul(t, pick, flat, false, false), weir_shape_3(n, d, d));
  const weir_var u = weir_solve_tri(t, lower, weiri_unsqueeze(t, v, 1), unit);
  return weir_reshape(t, u, weir_shape_2(n, d));
}

static weir_var sample(
    const weir_dist *dist, weir_run *run, int64_t n, weir_var context) {
  const gmm *g = (const gmm *)dist;
  weir_tape *t = run->tape;
  const mixture m = bind(g, run, context);
  const weir_var uniform =
      weir_reshape(t, weir_run_uniform(run, g->pick_path, n, 1), weir_shape_1(n));
  const weir_var pick = weiri_choose(t, m.log_w, uniform);
  const weir_var e = weiri_gauss_draw(run, dist->path, n, dist->event.features);
  weir_var u = weir_mul(t, e, weir_exp(t, chosen(t, pick, m.log_scale)));
  u = g->kind == FULL ? unregress(g, run, pick, u) : u;
  const weir_var x = weir_add(t, u, chosen(t, pick, m.loc));
  weir_run_part(run, WEIR_PART_BASE, dist->path, density(g, run, &m, x),
      weir_sum_last(t, weir_mul(t, pick, m.log_w)));
  return x;
}

const weir_dist_class weir_dist_gmm = {
    .is = {"gmm", "mixture of Gaussians", NULL, sizeof(gmm), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
};
