/* Whole-numbered columns lo .. hi under mixtures of logistics, cut into bins (Kingma et
 * al. 2016, appendix; mixtures: Salimans et al. 2017, eq. 1 and 2). With y = (x - lo) /
 * (hi - lo), half a bin h and components of weight w_k, location m_k and scale s_k,
 *     P(x) = sum_k w_k [F((y + h - m_k) / s_k) - F((y - h - m_k) / s_k)],
 * F the logistic distribution function, the outer bins open. By
 *     F(a) - F(b) = F(a) F(-b) (1 - exp(-(a - b)))
 * every term is a sum of log sigmoids: exact far in the tails, no constant inside a
 * logarithm. */
#include <math.h>

#include "dist/mixture.h"
#include "part/theta.h"

typedef struct discretized {
  weir_dist base;
  int64_t components;
  double floor;
  weiri_theta_opts theta_opts;
  weiri_theta theta; /* [3 d k]: logits, loc, log_scale */
  weir_slot logits, loc, log_scale;
  double *lo, *range, *half; /* [d] */
  char *pick_path;
} discretized;

static const weir_opt opts[] = {
    {"components", WEIR_OPT_INT, offsetof(discretized, components), "1", 1, 1000, NULL,
        "logistics per column"},
    {"scale_floor", WEIR_OPT_REAL, offsetof(discretized, floor), "0.001", 1e-6, 1, NULL,
        "least scale, in units of the range of a column"},
    WEIRI_OPT_CONDITIONAL(discretized, "weights, locations and scales"),
    WEIRI_OPT_CONTEXT_NET(discretized), WEIRI_OPT_HEAD_SCALE(discretized), {0}};

static weir_status take_ends(discretized *p, const weir_event *event) {
  for (int64_t j = 0; j < event->features; j++) {
    const weir_support s = event->support[j];
    if (s.kind != WEIR_INTEGERS || !(s.hi > s.lo)) {
      char text[64];
      return weiri_fail(WEIR_E_SUPPORT,
          "%s: column %lld lives on %s, but whole numbers between two ends are needed "
          "here, as of ordinal(1,0,256)",
          p->base.path, (long long)j + 1, weir_support_text(s, text));
    }
    p->lo[j] = s.lo;
    p->range[j] = s.hi - s.lo;
    p->half[j] = 0.5 / (s.hi - s.lo);
  }
  return WEIR_OK;
}

static weir_status setup(weir_dist *d, weir_build *b) {
  discretized *p = (discretized *)d;
  const int64_t n = d->event.features, k = p->components;
  p->lo = weiri_calloc(b->ctx, (size_t)n + 1, sizeof *p->lo);
  p->range = weiri_calloc(b->ctx, (size_t)n + 1, sizeof *p->range);
  p->half = weiri_calloc(b->ctx, (size_t)n + 1, sizeof *p->half);
  p->pick_path = weiri_format(b->ctx, "%s.component", d->path);
  if (p->lo == NULL || p->range == NULL || p->half == NULL || p->pick_path == NULL) {
    return WEIR_E_MEMORY;
  }
  WEIR_TRY(take_ends(p, &d->event));
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0}, wide = {WEIR_INIT_CONSTANT, -1.5};
  const weir_init spread = {WEIR_INIT_NORMAL, k > 1 ? 0.3 : 0.0};
  const weir_shape table = weir_shape_1(n * k);
  WEIR_TRY(weir_build_param(b, &p->logits, "logits", table, zero, NULL));
  WEIR_TRY(weir_build_param(b, &p->loc, "loc", table, spread, NULL));
  WEIR_TRY(weir_build_param(b, &p->log_scale, "log_scale", table, wide, NULL));
  return weiri_theta_setup(&p->theta, b, &p->theta_opts, 3 * n * k);
}

static void teardown(weir_dist *d) {
  discretized *p = (discretized *)d;
  weiri_theta_teardown(&p->theta);
  weiri_free(d->ctx, p->lo);
  weiri_free(d->ctx, p->range);
  weiri_free(d->ctx, p->half);
  weiri_free(d->ctx, p->pick_path);
}

/* [m, d, k] each, m is 1 or n: log weights, locations in units of the range (1/2 where
 * the parameters are 0), scales. */
typedef struct logistics {
  weir_var log_w, loc, scale;
} logistics;

static weir_var table(const discretized *p, weir_run *run, weir_slot slot,
    weir_var theta, int64_t which) {
  const int64_t d = p->base.event.features, k = p->components;
  const weir_var flat = weiri_theta_part(run, slot, theta, which * d * k, d * k);
  return weir_reshape(
      run->tape, flat, weir_shape_3(weir_var_dim(run->tape, flat, 0), d, k));
}

static logistics bind(const discretized *p, weir_run *run, weir_var theta) {
  weir_tape *t = run->tape;
  const logistics l = {weiri_log_weights(t, table(p, run, p->logits, theta, 0)),
      weir_shift(t, table(p, run, p->loc, theta, 1), 0.5),
      weir_shift(t, weir_exp(t, table(p, run, p->log_scale, theta, 2)), p->floor)};
  return l;
}

/* x [n, d] in units of the range, [n, d, 1]. */
static weir_var unit(const discretized *p, weir_tape *t, weir_var x) {
  const weir_shape row = weir_shape_1(p->base.event.features);
  const weir_var y = weir_div(
      t, weir_sub(t, x, weir_leaf_f64(t, row, p->lo)), weir_leaf_f64(t, row, p->range));
  return weiri_unsqueeze(t, y, 2);
}

/* The bin of every column of rows x, and its two ends under each logistic. */
typedef struct bins {
  weir_var a, b;        /* [n, d, k] (y + h - m) / s and (y - h - m) / s */
  weir_var inverse;     /* 1 / s */
  weir_var first, last; /* [n, d, 1]: 1 where the lower or the upper end is open */
  weir_var h;           /* [d, 1] */
} bins;

static bins cut(const discretized *p, weir_tape *t, const logistics *l, weir_var x) {
  const weir_var y = unit(p, t, x);
  bins c = {.h = weir_leaf_f64(t, weir_shape_2(p->base.event.features, 1), p->half)};
  const weir_var u = weir_sub(t, y, l->loc);
  c.inverse = weir_recip(t, l->scale);
  c.a = weir_mul(t, weir_add(t, u, c.h), c.inverse);
  c.b = weir_mul(t, weir_sub(t, u, c.h), c.inverse);
  c.first = weir_less(t, y, c.h);
  c.last = weir_less(t, weir_affine(t, c.h, -1.0, 1.0), y);
  return c;
}

/* log of w_k times the probability of the bin under logistic k, [n, d, k]. */
static weir_var joint(weir_tape *t, const logistics *l, const bins *c) {
  const weir_var above = weir_logsigmoid(t, c->a);
  const weir_var below = weir_logsigmoid(t, weir_neg(t, c->b));
  const weir_var width = weir_mul(t, weir_scale(t, c->h, 2.0), c->inverse);
  const weir_var rest = weir_log1p(t, weir_neg(t, weir_exp(t, weir_neg(t, width))));
  /* At the ends the bin is open: one distribution function is 1 or 0. */
  const weir_var inside = weir_add(t, weir_add(t, above, below), rest);
  const weir_var each =
      weir_where(t, c->first, above, weir_where(t, c->last, below, inside));
  return weir_add(t, each, l->log_w);
}

/* log P(x) of rows [n, d], per column. */
static weir_var density(
    const discretized *p, weir_run *run, const logistics *l, weir_var x) {
  const bins c = cut(p, run->tape, l, x);
  return weir_logsumexp(run->tape, joint(run->tape, l, &c));
}

static void push(const weir_dist *d, weir_run *run, weir_var columns, bool scored) {
  const weir_var rows = weir_sum_last(run->tape, columns);
  weir_run_part(run, WEIR_PART_BASE, d->path, run->wants.groups ? columns : rows,
      scored ? rows : weir_var_none());
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  const discretized *p = (const discretized *)d;
  const logistics l = bind(p, run, weiri_theta_apply(&p->theta, run, context));
  push(d, run, density(p, run, &l, x), false);
}

/* Rounding has no gradient: values are read off the tape and put back. */
static weir_var to_levels(const discretized *p, weir_tape *t, weir_var y) {
  const int64_t n = weir_var_dim(t, y, 0), d = p->base.event.features;
  double *v = weiri_alloc(p->base.ctx, (size_t)(n * d + 1) * sizeof *v);
  if (v == NULL || weir_var_read(t, y, v) != WEIR_OK) {
    weiri_free(p->base.ctx, v);
    return weir_var_none();
  }
  for (int64_t i = 0; i < n * d; i++) {
    const double at = fmin(fmax(v[i], 0.0), 1.0) * p->range[i % d];
    v[i] = p->lo[i % d] + floor(at + 0.5);
  }
  const weir_var x = weir_leaf_f64(t, weir_shape_2(n, d), v);
  weiri_free(p->base.ctx, v);
  return x;
}

static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  const discretized *p = (const discretized *)d;
  weir_tape *t = run->tape;
  const int64_t m = d->event.features;
  const logistics l = bind(p, run, weiri_theta_apply(&p->theta, run, context));
  const weir_shape shape = weir_shape_3(n, m, p->components);
  const weir_var pick = weiri_choose(
      t, weir_broadcast(t, l.log_w, shape), weir_run_uniform(run, p->pick_path, n, m));
  const weir_var loc = weir_sum_last(t, weir_mul(t, pick, l.loc));
  const weir_var scale = weir_sum_last(t, weir_mul(t, pick, l.scale));
  const weir_var u = weir_run_uniform(run, d->path, n, m);
  const weir_var noise = weir_sub(t, weir_log(t, u), weir_log1p(t, weir_neg(t, u)));
  const weir_var x = to_levels(p, t, weir_add(t, loc, weir_mul(t, scale, noise)));
  push(d, run, density(p, run, &l, x), true);
  return x;
}

/* Of the logistics, cut to the ends. */
static weir_var mean(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  const discretized *p = (const discretized *)d;
  weir_tape *t = run->tape;
  const weir_shape row = weir_shape_1(d->event.features);
  const logistics l = bind(p, run, weiri_theta_apply(&p->theta, run, context));
  const weir_var centre = weir_clamp(t, l.loc, 0.0, 1.0);
  const weir_var y = weir_sum_last(t, weir_mul(t, weir_exp(t, l.log_w), centre));
  const weir_var x = weir_add(
      t, weir_mul(t, y, weir_leaf_f64(t, row, p->range)), weir_leaf_f64(t, row, p->lo));
  return weir_broadcast(t, x, weir_shape_2(n, d->event.features));
}

/* d log P_k / d m = (F(b) - F(-a)) / s and -d2 log P_k / d m2 = (F(a) F(-a) +
 * F(b) F(-b)) / s^2, without the term of an open end: never negative, since logistics
 * are log-concave. Slope and curvature in m, [n, d, k]. */
static void bend_of(weir_tape *t, const bins *c, weir_var *slope, weir_var *curve) {
  const weir_var lower = weir_affine(t, c->first, -1.0, 1.0);
  const weir_var upper = weir_affine(t, c->last, -1.0, 1.0);
  const weir_var over = weir_mul(t, upper, weir_sigmoid(t, weir_neg(t, c->a)));
  const weir_var under = weir_mul(t, lower, weir_sigmoid(t, c->b));
  *slope = weir_mul(t, weir_sub(t, under, over), c->inverse);
  const weir_var sum = weir_add(t, weir_mul(t, over, weir_sigmoid(t, c->a)),
      weir_mul(t, under, weir_sigmoid(t, weir_neg(t, c->b))));
  *curve = weir_mul(t, sum, weir_square(t, c->inverse));
}

/* In the locations, with the scales as they are at the context. Of a mixture in its
 * logits too, by r_k = P(k | x): slopes r - w and r_k times the above, and the
 * curvature of sum_k r_k log(w_k P_k), which bounds that of log P from above. */
static bool local(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context, weir_local *out) {
  const discretized *p = (const discretized *)d;
  weir_tape *t = run->tape;
  const int64_t m = d->event.features * p->components, n = weir_var_dim(t, x, 0);
  const weir_shape flat = weir_shape_2(n, m);
  const bool many = p->components > 1;
  const weir_var theta = weiri_theta_pieces(
      &p->theta, run, context, many ? 0 : m, many ? 2 * m : m, &out->pieces);
  const logistics l = bind(p, run, theta);
  const bins c = cut(p, t, &l, x);
  weir_var slope, curve;
  bend_of(t, &c, &slope, &curve);
  out->eta = weir_broadcast(t, weiri_theta_part(run, p->loc, theta, m, m), flat);
  if (!many) {
    out->slope = weir_reshape(t, slope, flat);
    out->metric.weight = weir_reshape(t, curve, flat);
    return true;
  }
  const weir_var r = weir_softmax(t, joint(t, &l, &c));
  const weir_var w = weir_broadcast(t, weir_exp(t, l.log_w), weir_var_shape(t, r));
  const weir_var flat_w = weir_reshape(t, w, flat);
  const weir_var eta[2] = {
      weir_broadcast(t, weiri_theta_part(run, p->logits, theta, 0, m), flat), out->eta};
  const weir_var slopes[2] = {weir_reshape(t, weir_sub(t, r, w), flat),
      weir_reshape(t, weir_mul(t, r, slope), flat)};
  const weir_var weights[2] = {flat_w, weir_reshape(t, weir_mul(t, r, curve), flat)};
  const weir_var shares[2] = {flat_w, weir_fill(t, flat, 0.0)};
  out->eta = weir_concat(t, 2, eta, 1);
  out->slope = weir_concat(t, 2, slopes, 1);
  out->metric = (weir_metric){
      weir_concat(t, 2, weights, 1), weir_concat(t, 2, shares, 1), p->components};
  return true;
}

const weir_dist_class weir_dist_discretized_logistic = {
    .is = {"discretized_logistic", "whole numbers under binned mixtures of logistics",
        "Kingma et al. 2016; Salimans et al. 2017", sizeof(discretized), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
    .mean = mean,
    .local = local,
};
