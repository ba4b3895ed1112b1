/* MADE with a mixture of Gaussians per column (Papamakarios et al. 2017, section 4):
 *     log p(x) = sum_j log sum_c w_jc N(x_j; loc_jc, exp(log_scale_jc)^2),
 * the parameters of column j from a masked network of the columns before it. */
#include "dist/gauss.h"
#include "dist/mixture.h"

typedef struct made_mog {
  weir_dist base;
  int64_t components;
  const weir_spec *net_spec;
  weir_net *net;   /* [n, d] to [n, d * 3 k]: logits, loc, log_scale of each column */
  weir_slot loc;   /* [d, k] added to the network's, so that components start apart */
  char *pick_path; /* stream of the choices */
} made_mog;

static const weir_opt opts[] = {
    {"components", WEIR_OPT_INT, offsetof(made_mog, components), "10", 1, 100000, NULL,
        "Gaussians per column"},
    {"net", WEIR_OPT_SPEC, offsetof(made_mog, net_spec), "\"mlp\"", 0, 0, NULL,
        "masked network"},
    {0}};

static weir_status setup_net(made_mog *g, weir_build *b) {
  const int64_t d = g->base.event.features, each = 3 * g->components;
  int64_t *degree = weiri_alloc(b->ctx, (size_t)(d + d * each + 1) * sizeof *degree);
  if (degree == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < d; j++) {
    degree[j] = j + 1;
    for (int64_t i = 0; i < each; i++) {
      degree[d + j * each + i] = j + 1;
    }
  }
  const weir_net_io io = {d, d * each, b->context, true, degree, degree + d};
  const weir_status status = weir_net_make(&g->net, b, "net", g->net_spec, &io);
  weiri_free(b->ctx, degree);
  return status;
}

static weir_status setup(weir_dist *dist, weir_build *b) {
  made_mog *g = (made_mog *)dist;
  WEIR_TRY(weir_event_require_real(&dist->event, dist->path));
  g->pick_path = weiri_format(b->ctx, "%s.component", dist->path);
  if (g->pick_path == NULL) {
    return WEIR_E_MEMORY;
  }
  const weir_init spread = {WEIR_INIT_NORMAL, 1.0};
  const weir_shape table = weir_shape_2(dist->event.features, g->components);
  WEIR_TRY(weir_build_param(b, &g->loc, "loc", table, spread, NULL));
  return setup_net(g, b);
}

static void teardown(weir_dist *dist) {
  made_mog *g = (made_mog *)dist;
  weir_net_destroy(&g->net);
  weiri_free(dist->ctx, g->pick_path);
}

/* [n, m, k] each, for m columns */
typedef struct mixture {
  weir_var log_w, loc, log_scale;
} mixture;

/* The mixtures of columns first .. first + count - 1 given x. */
static mixture given(const made_mog *g, weir_run *run, weir_var x, weir_var context,
    int64_t first, int64_t count) {
  weir_tape *t = run->tape;
  const int64_t n = weir_var_dim(t, x, 0), k = g->components;
  const weir_var all = weir_reshape(t, weir_net_apply(g->net, run, x, context),
      weir_shape_3(n, g->base.event.features, 3 * k));
  const weir_var theta = weir_slice(t, all, 1, first, count);
  const weir_var loc = weir_slice(t, weir_run_param(run, g->loc), 0, first, count);
  const mixture m = {weiri_log_weights(t, weir_slice(t, theta, 2, 0, k)),
      weir_add(t, weir_slice(t, theta, 2, k, k), loc),
      weir_slice(t, theta, 2, 2 * k, k)};
  return m;
}

/* log density of each of x [n, m]. */
static weir_var density(weir_tape *t, const mixture *m, weir_var x) {
  const weir_var u = weir_sub(t, weiri_unsqueeze(t, x, 2), m->loc);
  const weir_var e = weir_mul(t, u, weir_exp(t, weir_neg(t, m->log_scale)));
  const weir_var each =
      weir_sub(t, weiri_gauss_log(t, weiri_unsqueeze(t, e, 3)), m->log_scale);
  return weir_logsumexp(t, weir_add(t, each, m->log_w));
}

static void log_prob(
    const weir_dist *dist, weir_run *run, weir_var x, weir_var context) {
  const made_mog *g = (const made_mog *)dist;
  const mixture m = given(g, run, x, context, 0, dist->event.features);
  weir_run_part(run, WEIR_PART_BASE, dist->path,
      weir_sum_last(run->tape, density(run->tape, &m, x)), weir_var_none());
}

/* A draw of one column, its log density and that of the choice: [n, 1] each. */
typedef struct column {
  weir_var x, log_p, score;
} column;

static column draw(weir_tape *t, const mixture *m, weir_var uniform, weir_var e) {
  const weir_var pick = weiri_choose(t, m->log_w, uniform);
  const weir_var loc = weir_sum_last(t, weir_mul(t, pick, m->loc));
  const weir_var log_scale = weir_sum_last(t, weir_mul(t, pick, m->log_scale));
  column c;
  c.x = weir_add(t, loc, weir_mul(t, e, weir_exp(t, log_scale)));
  c.log_p = density(t, m, c.x);
  c.score = weir_sum_last(t, weir_mul(t, pick, m->log_w));
  return c;
}

/* Column after column: d passes through the network. */
static weir_var sample(
    const weir_dist *dist, weir_run *run, int64_t n, weir_var context) {
  const made_mog *g = (const made_mog *)dist;
  weir_tape *t = run->tape;
  const int64_t d = dist->event.features;
  const weir_var uniform = weir_run_uniform(run, g->pick_path, n, d);
  const weir_var e = weiri_gauss_draw(run, dist->path, n, d);
  weir_var x = weir_fill(t, weir_shape_2(n, d), 0.0);
  weir_var log_p = weir_fill(t, weir_shape_2(n, 1), 0.0), score = log_p;
  for (int64_t j = 0; j < d; j++) {
    const mixture m = given(g, run, x, context, j, 1);
    const column c =
        draw(t, &m, weir_slice(t, uniform, 1, j, 1), weir_slice(t, e, 1, j, 1));
    x = weir_add(t, x, weir_embed(t, c.x, 1, j, d));
    log_p = weir_add(t, log_p, c.log_p);
    score = weir_add(t, score, c.score);
  }
  weir_run_part(run, WEIR_PART_BASE, dist->path, weir_sum_last(t, log_p),
      weir_sum_last(t, score));
  return x;
}

const weir_dist_class weir_dist_made_mog = {
    .is = {"made_mog", "autoregressive mixture of Gaussians from a masked network",
        "Papamakarios et al. 2017", sizeof(made_mog), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
};
