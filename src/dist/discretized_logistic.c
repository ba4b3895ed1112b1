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

static logistics bind(const discretized *p, weir_run *run, weir_var context) {
  weir_tape *t = run->tape;
  const weir_var theta = weiri_theta_apply(&p->theta, run, context);
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

/* log P(x) of rows [n, d], per column. */
static weir_var density(
    const discretized *p, weir_run *run, const logistics *l, weir_var x) {
  weir_tape *t = run->tape;
  const int64_t d = p->base.event.features;
  const weir_var h = weir_leaf_f64(t, weir_shape_2(d, 1), p->half), y = unit(p, t, x);
  const weir_var u = weir_sub(t, y, l->loc), inverse = weir_recip(t, l->scale);
  const weir_var above = weir_logsigmoid(t, weir_mul(t, weir_add(t, u, h), inverse));
  const weir_var below =
      weir_logsigmoid(t, weir_neg(t, weir_mul(t, weir_sub(t, u, h), inverse)));
  const weir_var width = weir_mul(t, weir_scale(t, h, 2.0), inverse);
  const weir_var cut = weir_log1p(t, weir_neg(t, weir_exp(t, weir_neg(t, width))));
  /* At the ends the bin is open: one distribution function is 1 or 0. */
  const weir_var zero = weir_fill(t, weir_shape_0(), 0.0);
  const weir_var first = weir_less(t, y, h);
  const weir_var last = weir_less(t, weir_affine(t, h, -1.0, 1.0), y);
  const weir_var inside = weir_add(t, weir_add(t, above, below), cut);
  const weir_var each = weir_where(
      t, first, weir_add(t, above, zero), weir_where(t, last, below, inside));
  return weir_logsumexp(t, weir_add(t, each, l->log_w));
}

static void push(const weir_dist *d, weir_run *run, weir_var columns, bool scored) {
  const weir_var rows = weir_sum_last(run->tape, columns);
  weir_run_part(run, WEIR_PART_BASE, d->path, run->wants.groups ? columns : rows,
      scored ? rows : weir_var_none());
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  const discretized *p = (const discretized *)d;
  const logistics l = bind(p, run, context);
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
  const logistics l = bind(p, run, context);
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
  const logistics l = bind(p, run, context);
  const weir_var centre = weir_clamp(t, l.loc, 0.0, 1.0);
  const weir_var y = weir_sum_last(t, weir_mul(t, weir_exp(t, l.log_w), centre));
  const weir_var x = weir_add(
      t, weir_mul(t, y, weir_leaf_f64(t, row, p->range)), weir_leaf_f64(t, row, p->lo));
  return weir_broadcast(t, x, weir_shape_2(n, d->event.features));
}

const weir_dist_class weir_dist_discretized_logistic = {
    .is = {"discretized_logistic", "whole numbers under binned mixtures of logistics",
        "Kingma et al. 2016; Salimans et al. 2017", sizeof(discretized), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
    .mean = mean,
};
