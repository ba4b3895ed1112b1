/* Whole-numbered columns 0 .. K_j - 1, each with its own probabilities: with logits l
 *     log p(x) = sum_j l[j, x_j] - log sum_k exp l[j, k].
 * Columns with fewer categories than the widest have the others shut out. With a
 * context the logits are functions of it. */
#include "dist/mixture.h"
#include "part/theta.h"

#define SHUT (-1e30)

typedef struct categorical {
  weir_dist base;
  weiri_theta_opts theta_opts;
  weiri_theta theta; /* [d k] */
  weir_slot logits;  /* [d k] */
  int64_t k;         /* of the widest column */
  double *number;    /* [k]: 0, 1, ... */
  double *open;      /* [d, k]: 0, or SHUT beyond a column's categories */
} categorical;

static const weir_opt opts[] = {WEIRI_OPT_CONDITIONAL(categorical, "the logits"),
    WEIRI_OPT_CONTEXT_NET(categorical), WEIRI_OPT_HEAD_SCALE(categorical), {0}};

static weir_status widest(const weir_dist *d, int64_t *k) {
  *k = 2;
  for (int64_t j = 0; j < d->event.features; j++) {
    const weir_support s = d->event.support[j];
    if (s.kind != WEIR_INTEGERS || s.lo != 0.0 || !(s.hi >= 1.0) || s.hi > 65535.0) {
      char text[64];
      return weiri_fail(WEIR_E_SUPPORT,
          "%s: column %lld lives on %s, but the whole numbers from 0 to a known end "
          "are "
          "needed here",
          d->path, (long long)j + 1, weir_support_text(s, text));
    }
    *k = (int64_t)s.hi + 1 > *k ? (int64_t)s.hi + 1 : *k;
  }
  return WEIR_OK;
}

static weir_status setup(weir_dist *d, weir_build *b) {
  categorical *c = (categorical *)d;
  const int64_t n = d->event.features;
  WEIR_TRY(widest(d, &c->k));
  c->number = weiri_calloc(b->ctx, (size_t)c->k, sizeof *c->number);
  c->open = weiri_calloc(b->ctx, (size_t)(n * c->k), sizeof *c->open);
  if (c->number == NULL || c->open == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < n * c->k; i++) {
    const int64_t k = i % c->k;
    c->number[k] = (double)k;
    c->open[i] = (double)k > d->event.support[i / c->k].hi ? SHUT : 0.0;
  }
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0};
  WEIR_TRY(
      weir_build_param(b, &c->logits, "logits", weir_shape_1(n * c->k), zero, NULL));
  return weiri_theta_setup(&c->theta, b, &c->theta_opts, n * c->k);
}

static void teardown(weir_dist *d) {
  categorical *c = (categorical *)d;
  weiri_theta_teardown(&c->theta);
  weiri_free(d->ctx, c->number);
  weiri_free(d->ctx, c->open);
}

/* log p of every category, [m, d, k], from logits [m, d k], m is 1 or n. */
static weir_var normalised(const categorical *c, weir_tape *t, weir_var logits) {
  const int64_t n = c->base.event.features;
  const weir_var each =
      weir_reshape(t, logits, weir_shape_3(weir_var_dim(t, logits, 0), n, c->k));
  return weiri_log_weights(
      t, weir_add(t, each, weir_leaf_f64(t, weir_shape_2(n, c->k), c->open)));
}

static weir_var log_weights(const weir_dist *d, weir_run *run, weir_var context) {
  const categorical *c = (const categorical *)d;
  const weir_var theta = weiri_theta_apply(&c->theta, run, context);
  return normalised(c, run->tape,
      weiri_theta_part(run, c->logits, theta, 0, d->event.features * c->k));
}

/* 1 where category k is x's, which may have been rounded, [n, d, k]. */
static weir_var one_hot(const categorical *c, weir_tape *t, weir_var x) {
  const weir_var k = weir_leaf_f64(t, weir_shape_1(c->k), c->number);
  const weir_var apart = weir_abs(t, weir_sub(t, weiri_unsqueeze(t, x, 2), k));
  return weir_less(t, apart, weir_fill(t, weir_shape_0(), 0.5));
}

/* d log p / dl = one-hot - p, information diag(p) - p p' of each column. */
static bool local(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context, weir_local *out) {
  const categorical *c = (const categorical *)d;
  weir_tape *t = run->tape;
  const int64_t m = d->event.features * c->k;
  const weir_shape flat = weir_shape_2(weir_var_dim(t, x, 0), m);
  const weir_var theta =
      weiri_theta_pieces(&c->theta, run, context, 0, m, &out->pieces);
  out->eta = weir_broadcast(t, weiri_theta_part(run, c->logits, theta, 0, m), flat);
  const weir_var p = weir_exp(t, normalised(c, t, out->eta));
  out->slope = weir_reshape(t, weir_sub(t, one_hot(c, t, x), p), flat);
  out->metric.weight = out->metric.share = weir_reshape(t, p, flat);
  out->metric.block = c->k;
  return true;
}

static void push(
    const weir_dist *d, weir_run *run, weir_var log_w, weir_var pick, bool scored) {
  weir_tape *t = run->tape;
  const weir_var columns = weir_sum_last(t, weir_mul(t, pick, log_w));
  const weir_var rows = weir_sum_last(t, columns);
  weir_run_part(run, WEIR_PART_BASE, d->path, run->wants.groups ? columns : rows,
      scored ? rows : weir_var_none());
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  push(d, run, log_weights(d, run, context),
      one_hot((const categorical *)d, run->tape, x), false);
}

static weir_var expectation(const categorical *c, weir_tape *t, weir_var weight) {
  return weir_sum_last(
      t, weir_mul(t, weight, weir_leaf_f64(t, weir_shape_1(c->k), c->number)));
}

static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  const categorical *c = (const categorical *)d;
  weir_tape *t = run->tape;
  const weir_shape shape = weir_shape_3(n, d->event.features, c->k);
  const weir_var log_w = weir_broadcast(t, log_weights(d, run, context), shape);
  const weir_var u = weir_run_uniform(run, d->path, n, d->event.features);
  const weir_var pick = weiri_choose(t, log_w, u);
  push(d, run, log_w, pick, true);
  return expectation(c, t, pick);
}

/* The expected number: of use where the categories are levels. */
static weir_var mean(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  const categorical *c = (const categorical *)d;
  const weir_var p = weir_exp(run->tape, log_weights(d, run, context));
  return weir_broadcast(
      run->tape, expectation(c, run->tape, p), weir_shape_2(n, d->event.features));
}

const weir_dist_class weir_dist_categorical = {
    .is = {"categorical", "independent columns of categories", NULL,
        sizeof(categorical), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
    .mean = mean,
    .local = local,
};
