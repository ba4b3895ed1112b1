/* Gaussian. With residuals u = (I + N)(x - loc), N strictly lower triangular (zero
 * unless full), and e = exp(-log_scale) u:
 *     log p(x) = log N(e; 0, I) - sum log_scale.
 * The precision matrix is (I + N)' diag(exp(-2 log_scale)) (I + N): row j of N
 * regresses column j on the ones before it. With a context loc and log_scale are
 * functions of it.
 */
#include "dist/normal.h"

#include "dist/gauss.h"
#include "dist/located.h"

enum { STANDARD, DIAGONAL, FULL };

typedef struct normal {
  weir_dist base;
  int kind;
  weiri_located at;
  weir_slot lower;
  int64_t *prefix;
  double *eye; /* [d, d] */
} normal;

static const weir_opt opts[] = {
    {"kind", WEIR_OPT_CHOICE, offsetof(normal, kind), "\"standard\"", 0, 0,
        "standard|diagonal|full",
        "N(0, I), or a learned mean with a diagonal or full covariance"},
    WEIRI_OPT_LOCATED(normal, at), {0}};

static weir_status setup_lower(normal *g, weir_build *b, int64_t d) {
  unsigned char *keep = weiri_strictly_lower(b->ctx, 1, d);
  g->prefix = weiri_prefix_strict(b->ctx, d);
  g->eye = weiri_eye(b->ctx, d);
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0};
  const weir_status status =
      keep == NULL || g->prefix == NULL || g->eye == NULL
          ? WEIR_E_MEMORY
          : weir_build_param(b, &g->lower, "lower", weir_shape_2(d, d), zero, keep);
  weiri_free(b->ctx, keep);
  return status;
}

static weir_status setup(weir_dist *dist, weir_build *b) {
  normal *g = (normal *)dist;
  const int64_t d = dist->event.features;
  WEIR_TRY(weir_event_require_real(&dist->event, dist->path));
  if (g->kind == STANDARD) {
    return WEIR_OK;
  }
  WEIR_TRY(weiri_located_setup(&g->at, b, d));
  return g->kind == FULL ? setup_lower(g, b, d) : WEIR_OK;
}

static void teardown(weir_dist *dist) {
  normal *g = (normal *)dist;
  weiri_located_teardown(&g->at);
  weiri_free(dist->ctx, g->prefix);
  weiri_free(dist->ctx, g->eye);
}

static void push(const weir_dist *dist, weir_run *run, weir_var e, weir_var log_scale) {
  weir_tape *t = run->tape;
  const bool columns = run->wants.groups;
  weir_var value = columns ? weiri_gauss_log_columns(t, e) : weiri_gauss_log(t, e);
  if (weir_var_ok(log_scale)) {
    const double repeats = (double)dist->event.features /
                           (double)weir_var_dim(t, log_scale, 1); /* one for all */
    const weir_var sum = weir_scale(t, weir_sum_last(t, log_scale), repeats);
    value = weir_sub(t, value, columns ? log_scale : sum);
  }
  weir_run_part(run, WEIR_PART_BASE, dist->path, value, weir_var_none());
}

/* Whether every number of x has a mean and a scale of its own. */
static bool one_each(weir_tape *t, weir_var x, weir_var loc, weir_var log_scale) {
  const weir_shape s = weir_var_shape(t, x), a = weir_var_shape(t, loc);
  const weir_shape b = weir_var_shape(t, log_scale);
  return weir_shape_equal(&s, &a) && weir_shape_equal(&s, &b);
}

static void log_prob(
    const weir_dist *dist, weir_run *run, weir_var x, weir_var context) {
  const normal *g = (const normal *)dist;
  weir_tape *t = run->tape;
  if (g->kind == STANDARD) {
    push(dist, run, x, weir_var_none());
    return;
  }
  weir_var loc, log_scale;
  weiri_located_bind(&g->at, run, context, &loc, &log_scale);
  if (g->kind == DIAGONAL && !run->wants.groups && one_each(t, x, loc, log_scale)) {
    weir_run_part(run, WEIR_PART_BASE, dist->path, weir_gauss(t, x, loc, log_scale),
        weir_var_none());
    return;
  }
  weir_var u = weir_sub(t, x, loc);
  if (g->kind == FULL) {
    const weir_linear_opts lower = {WEIR_ACT_NONE, g->prefix};
    u = weir_add(
        t, u, weir_linear(t, u, weir_run_param(run, g->lower), weir_var_none(), lower));
  }
  push(dist, run, weir_mul(t, u, weir_exp(t, weir_neg(t, log_scale))), log_scale);
}

static weir_var sample(
    const weir_dist *dist, weir_run *run, int64_t n, weir_var context) {
  const normal *g = (const normal *)dist;
  weir_tape *t = run->tape;
  const int64_t d = dist->event.features;
  const weir_var e = weiri_gauss_draw(run, dist->path, n, d);
  if (g->kind == STANDARD) {
    push(dist, run, e, weir_var_none());
    return e;
  }
  weir_var loc, log_scale;
  weiri_located_bind(&g->at, run, context, &loc, &log_scale);
  weir_var u = weir_mul(t, e, weir_exp(t, log_scale));
  if (g->kind == FULL) {
    const weir_tri_opts unit = {.lower = true, .unit = true};
    u = weir_solve_tri(t, weir_run_param(run, g->lower), u, unit);
  }
  push(dist, run, e, log_scale);
  return weir_add(t, u, loc);
}

bool weiri_normal_bind(const weir_dist *dist, weir_run *run, weir_var context,
    weir_var *loc, weir_var *log_scale) {
  const normal *g = (const normal *)dist;
  *loc = *log_scale = weir_var_none();
  if (g->kind == DIAGONAL) {
    weiri_located_bind(&g->at, run, context, loc, log_scale);
  }
  return g->kind != FULL;
}

bool weiri_normal_bind_full(const weir_dist *dist, weir_run *run, weir_var context,
    weir_var *loc, weir_var *log_scale, weir_var *square) {
  const normal *g = (const normal *)dist;
  if (g->kind != FULL) {
    return false;
  }
  weir_tape *t = run->tape;
  const int64_t d = dist->event.features;
  const weir_tri_opts unit = {.lower = true, .unit = true};
  const weir_var eye = weir_leaf_f64(t, weir_shape_2(d, d), g->eye);
  weiri_located_bind(&g->at, run, context, loc, log_scale);
  *square = weir_square(t, weir_solve_tri(t, weir_run_param(run, g->lower), eye, unit));
  return true;
}

static weir_var score(
    const weir_dist *d, weir_tape *t, weir_var e, double *information) {
  (void)d;
  (void)t;
  *information = 1.0;
  return e;
}

/* Of a full covariance the residuals (I + N) (x - loc) are independent: one linear map
 * more on the way to eta = (I + N) loc. */
static void local_full(
    const normal *g, weir_run *run, weir_var x, weir_var context, weir_local *out) {
  weir_tape *t = run->tape;
  const weiri_located *at = &g->at;
  const int64_t d = g->base.event.features;
  const weir_shape s = weir_var_shape(t, x);
  const weir_var theta =
      weiri_theta_pieces(&at->theta, run, context, 0, d, &out->pieces);
  weir_var loc;
  if (at->loc_kind == WEIRI_LOC_LINEAR) {
    loc = weiri_theta_part(run, at->loc, theta, 0, d);
  } else {
    loc = weiri_located_loc(at, run, context);
    weir_pieces_give_up(&out->pieces); /* the squash bends it */
  }
  const weir_var unit = weir_add(
      t, weir_leaf_f64(t, weir_shape_2(d, d), g->eye), weir_run_param(run, g->lower));
  if (out->pieces.n > 0) {
    weir_var *last = &out->pieces.weight[out->pieces.n - 1];
    *last = weir_matmul(t, unit, *last, false, false);
  }
  out->eta = weir_broadcast(t, weir_matmul(t, loc, unit, false, true), s);
  const weir_var log_scale = weiri_located_log_scale(at, run, theta);
  out->metric.weight =
      weir_broadcast(t, weir_exp(t, weir_scale(t, log_scale, -2.0)), s);
  const weir_var u = weir_sub(t, weir_matmul(t, x, unit, false, true), out->eta);
  out->slope = weir_mul(t, u, out->metric.weight);
}

static bool local(const weir_dist *dist, weir_run *run, weir_var x, weir_var context,
    weir_local *out) {
  const normal *g = (const normal *)dist;
  if (g->kind == FULL) {
    local_full(g, run, x, context, out);
    return true;
  }
  return g->kind == DIAGONAL &&
         weiri_located_local(&g->at, dist, run, x, context, score, out);
}

static weir_var mean(
    const weir_dist *dist, weir_run *run, int64_t n, weir_var context) {
  const normal *g = (const normal *)dist;
  const int64_t d = dist->event.features;
  if (g->kind == STANDARD) {
    return weir_fill(run->tape, weir_shape_2(n, d), 0.0);
  }
  return weir_broadcast(
      run->tape, weiri_located_loc(&g->at, run, context), weir_shape_2(n, d));
}

const weir_dist_class weir_dist_normal = {
    .is = {"normal", "Gaussian: standard, or learned with diagonal or full covariance",
        NULL, sizeof(normal), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
    .mean = mean,
    .local = local,
};
