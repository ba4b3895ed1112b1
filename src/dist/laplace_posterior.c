/* Posterior at its mode (Park, Kim & Kim 2019): from the mean z_0 of a start
 * distribution, T damped Gauss-Newton steps on log p(x | z) + log N(z; 0, I),
 *     z_{t+1} = z_t + a_t P_t^-1 (J_t' s_t - z_t),  a_t = damping / (t + 1),
 *     P_t = J_t' L_t J_t + I,
 * J_t the exact local Jacobian of the likelihood's parameters eta at z_t, s = d log p /
 * d eta and L how log p curves there: of an exponential family in its natural
 * parameters the Fisher information (Gaussian: 1 / s^2; Bernoulli: y (1 - y);
 * categorical: diag(p) - p p' of each column), of others what they say (weir_local).
 * Then q(z | x) = N(z_T, P_T^-1), full covariance, by the Cholesky factor of P_T in
 * float64.
 * Gradients go through all of it; slopes of ReLUs are constants.
 *
 * J' L J comes tile by tile where the decoder says its layers (dense, ReLU or leaky),
 * else from the tape, differentiated twice: any network, but it holds rows x latents x
 * columns. */
#include "dist/gauss.h"
#include "part/view.h"
#include "weir/sys/op.h"

#define CURVED                                                                         \
  "bernoulli, categorical, discretized_logistic, normal, laplace and student_t do"

enum { AUTO, TAPE };

typedef struct laplace {
  weir_dist base;
  int64_t steps;
  double damping;
  int jacobian;
  const weir_spec *start_spec;
  const weir_dist *likelihood; /* of the layer that this is the posterior of */
  weir_dist *start, *found;
  int64_t given;   /* columns of x at the front of the context */
  weiri_view view; /* how x comes there */
  double *eye;     /* [d, d] */
} laplace;

static const weir_opt opts[] = {
    {"steps", WEIR_OPT_INT, offsetof(laplace, steps), "4", 0, 1000, NULL,
        "Gauss-Newton steps towards the mode"},
    {"damping", WEIR_OPT_REAL, offsetof(laplace, damping), "0.5", 1e-6, 1, NULL,
        "step t takes damping / (t + 1) of the full step, t from 0"},
    {"start", WEIR_OPT_SPEC, offsetof(laplace, start_spec),
        "{\"name\": \"normal\", \"kind\": \"diagonal\", \"net\": \"mlp\"}", 0, 0, NULL,
        "distribution of the latent given the data, whose mean is where the steps "
        "start"},
    {"jacobian", WEIR_OPT_CHOICE, offsetof(laplace, jacobian), "\"auto\"", 0, 0,
        "auto|tape",
        "auto: in tiles where the decoder is dense and piecewise linear; tape: by "
        "differentiating twice, any decoder, much memory"},
    {0}};

static weir_status check(const weir_dist *d, const weir_build *b) {
  WEIR_TRY(weir_event_require_real(&d->event, d->path));
  if (b->likelihood == NULL) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: there is no decoder here; '%s' stands as the posterior of a layer "
        "'variational'",
        d->path, d->cls->is.name);
  }
  if (b->likelihood->cls->local == NULL) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: a likelihood '%s' does not say how it curves in its parameters; " CURVED,
        d->path, b->likelihood->cls->is.name);
  }
  return WEIR_OK;
}

static weir_status setup(weir_dist *d, weir_build *b) {
  laplace *l = (laplace *)d;
  const int64_t n = d->event.features;
  WEIR_TRY(check(d, b));
  l->likelihood = b->likelihood;
  l->given = b->given > 0 ? b->given : b->context;
  WEIR_TRY(weiri_view_of(b->ctx, &b->likelihood->event, &l->view));
  l->eye = weiri_eye(b->ctx, n);
  if (l->eye == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_build of_start = *b, of_found = *b;
  of_start.likelihood = of_found.likelihood = NULL;
  of_found.context = n + n * n;
  of_found.given = 0;
  of_found.site = NULL; /* no choice of the model's: it stays out of its file */
  WEIR_TRY(weir_dist_make(&l->start, &of_start, "start", l->start_spec, &d->event));
  json_t *spec = json_string("normal_precision");
  const weir_status status =
      spec == NULL ? WEIR_E_MEMORY
                   : weir_dist_make(&l->found, &of_found, "found", spec, &d->event);
  json_decref(spec);
  return status;
}

static void teardown(weir_dist *d) {
  laplace *l = (laplace *)d;
  weir_dist_destroy(&l->start);
  weir_dist_destroy(&l->found);
  weiri_view_destroy(d->ctx, &l->view);
  weiri_free(d->ctx, l->eye);
}

/* ---- curvature at a point ---- */

/* The rows that the search is about. */
typedef struct rows {
  const laplace *l;
  weir_run *run;
  weir_var x, c; /* [n, p]; the context proper or none */
  int64_t n, d;
} rows;

static bool look(const rows *r, weir_var z, weir_var x, weir_var c, weir_local *out) {
  *out = (weir_local){.pieces = {.n = 0}};
  const bool known =
      weir_dist_local(r->l->likelihood, r->run, x, weiri_beside(r->run, z, c), out);
  if (!known) {
    weir_op_fail(r->run->tape, WEIR_E_UNSUPPORTED,
        "the likelihood %s does not say how it curves in its parameters; " CURVED,
        r->l->likelihood->path);
  }
  return known && weir_tape_status(r->run->tape) == WEIR_OK;
}

/* J' L J + I from the layers, and J' s by taking s back through them: [n, d]. */
static weir_var by_layers(const rows *r, const weir_local *at, weir_var *pull) {
  weir_tape *t = r->run->tape;
  weir_pieces p = at->pieces;
  if (weir_var_dim(t, p.weight[0], 1) > r->d) { /* the context proper comes after z */
    p.weight[0] = weir_slice(t, p.weight[0], 1, 0, r->d);
  }
  *pull = at->slope;
  for (int k = p.n - 1; k >= 0; k--) {
    *pull = weir_matmul(t, *pull, p.weight[k], false, false);
    if (k > 0) {
      *pull = weir_mul(t, *pull, p.slope[k - 1]);
    }
  }
  return weir_jacobian_gram(t, at->metric, p.n, p.weight, p.slope);
}

/* Each row d times: [n, m] to [n d, m]. */
static weir_var spread(const rows *r, weir_var x) {
  weir_tape *t = r->run->tape;
  if (!weir_var_ok(x)) {
    return x;
  }
  const int64_t m = weir_var_dim(t, x, 1);
  const weir_var each = weir_broadcast(
      t, weir_reshape(t, x, weir_shape_3(r->n, 1, m)), weir_shape_3(r->n, r->d, m));
  return weir_reshape(t, each, weir_shape_2(r->n * r->d, m));
}

/* J' [n, d, p] from two reverse passes: the first is linear in its seed u, and its
 * gradient to u along the unit vectors is what is wanted. */
static weir_var tape_jacobian(const rows *r, weir_var z) {
  weir_tape *t = r->run->tape;
  const int64_t m = r->n * r->d;
  const weir_var many = spread(r, z);
  weir_local wide;
  if (!look(r, many, spread(r, r->x), spread(r, r->c), &wide)) {
    return weir_var_none();
  }
  const weir_var u = weir_fill(t, weir_var_shape(t, wide.eta), 0.0);
  const weir_var unit =
      weir_broadcast(t, weir_leaf_f64(t, weir_shape_3(1, r->d, r->d), r->l->eye),
          weir_shape_3(r->n, r->d, r->d));
  const weir_var seed = weir_reshape(t, unit, weir_shape_2(m, r->d));
  weir_var back, along;
  if (weir_grad(t, wide.eta, u, 1, &many, &back, true) != WEIR_OK ||
      weir_grad(t, back, seed, 1, &u, &along, true) != WEIR_OK) {
    return weir_var_none();
  }
  return weir_reshape(t, along, weir_shape_3(r->n, r->d, weir_var_dim(t, along, 1)));
}

static weir_var by_tape(
    const rows *r, weir_var z, const weir_local *at, weir_var *pull) {
  weir_tape *t = r->run->tape;
  const weir_var j = tape_jacobian(r, z);
  const int64_t p = weir_var_dim(t, at->eta, 1);
  const weir_shape one = weir_shape_3(r->n, 1, p);
  *pull =
      weir_reshape(t, weir_matmul(t, weir_reshape(t, at->slope, one), j, false, true),
          weir_shape_2(r->n, r->d));
  return weir_gram(t, j, at->metric);
}

/* The Cholesky factor of P [n, d, d], and the gradient J' s - z. */
static weir_var curvature(const rows *r, weir_var z, weir_var *gradient) {
  weir_tape *t = r->run->tape;
  weir_local at;
  weir_var pull = weir_var_none();
  if (!look(r, z, r->x, r->c, &at)) {
    return weir_var_none();
  }
  const weir_var gram = at.pieces.n > 0 && r->l->jacobian == AUTO
                            ? by_layers(r, &at, &pull)
                            : by_tape(r, z, &at, &pull);
  *gradient = weir_sub(t, pull, z);
  const weir_var eye = weir_leaf_f64(t, weir_shape_2(r->d, r->d), r->l->eye);
  return weir_cholesky(t, weir_add(t, gram, eye));
}

/* P^-1 g */
static weir_var solve(const rows *r, weir_var factor, weir_var g) {
  weir_tape *t = r->run->tape;
  const weir_tri_opts lower = {.lower = true};
  const weir_tri_opts transposed = {.lower = true, .transpose = true};
  const weir_var half =
      weir_solve_tri(t, factor, weir_reshape(t, g, weir_shape_3(r->n, 1, r->d)), lower);
  return weir_reshape(
      t, weir_solve_tri(t, factor, half, transposed), weir_shape_2(r->n, r->d));
}

/* ---- the distribution ---- */

/* Mean and factor side by side: [n, d + d^2]. */
static weir_var search(const rows *r, weir_var z) {
  weir_tape *t = r->run->tape;
  weir_var gradient = weir_var_none();
  for (int64_t k = 0; k < r->l->steps && weir_tape_status(t) == WEIR_OK; k++) {
    const weir_var factor = curvature(r, z, &gradient);
    const weir_var step = solve(r, factor, gradient);
    z = weir_add(t, z, weir_scale(t, step, r->l->damping / (double)(k + 1)));
  }
  const weir_var factor = curvature(r, z, &gradient);
  const weir_var both[2] = {
      z, weir_reshape(t, factor, weir_shape_2(r->n, r->d * r->d))};
  return weir_concat(t, 2, both, 1);
}

static const weir_dist *settle(const weir_dist *d, weir_run *run, weir_var *context) {
  const laplace *l = (const laplace *)d;
  weir_tape *t = run->tape;
  weir_var found = weiri_run_recall(run, l, *context);
  if (!weir_var_ok(found)) {
    rows r = {.l = l, .run = run, .n = weir_var_dim(t, *context, 0)};
    r.d = d->event.features;
    r.x = weiri_view_undo(&l->view, t, weir_slice(t, *context, 1, 0, l->given));
    r.c = l->base.context > l->given
              ? weir_slice(t, *context, 1, l->given, l->base.context - l->given)
              : weir_var_none();
    found = search(&r, weir_dist_mean(l->start, run, r.n, *context));
    weiri_run_remember(run, l, *context, found);
  }
  *context = found;
  return l->found;
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  const weir_dist *found = settle(d, run, &context);
  weir_dist_parts(found, run, x, context);
}

static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  const weir_dist *found = settle(d, run, &context);
  return found->cls->sample(found, run, n, context);
}

const weir_dist_class weir_dist_laplace_posterior = {
    .is = {"laplace_posterior", "Gaussian at the mode of a decoder's posterior",
        "Park, Kim & Kim 2019", sizeof(laplace), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
    .settle = settle,
};
