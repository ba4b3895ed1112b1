/* Independent 0/1 columns with logits l:
 *     log p(x) = sum_j x_j l_j - log(1 + exp(l_j)),
 * stable for every l; x between 0 and 1 is refused by the support. With a context the
 * logits are functions of it. Draws have no pathwise gradient: their log-probability is
 * handed back as the score. */
#include "part/theta.h"

typedef struct bernoulli {
  weir_dist base;
  weiri_theta_opts theta_opts;
  weiri_theta theta; /* [d] */
  weir_slot logits;
} bernoulli;

static const weir_opt opts[] = {WEIRI_OPT_CONDITIONAL(bernoulli, "the logits"),
    WEIRI_OPT_CONTEXT_NET(bernoulli), WEIRI_OPT_HEAD_SCALE(bernoulli), {0}};

static weir_status require_binary(const weir_dist *d) {
  for (int64_t j = 0; j < d->event.features; j++) {
    const weir_support s = d->event.support[j];
    if (s.kind != WEIR_INTEGERS || s.lo != 0.0 || s.hi != 1.0) {
      char text[64];
      return weiri_fail(WEIR_E_SUPPORT,
          "%s: column %lld lives on %s, but a Bernoulli needs values 0 and 1 "
          "(grey levels: the layer binarize makes them so)",
          d->path, (long long)j + 1, weir_support_text(s, text));
    }
  }
  return WEIR_OK;
}

static weir_status setup(weir_dist *d, weir_build *b) {
  bernoulli *p = (bernoulli *)d;
  const int64_t n = d->event.features;
  WEIR_TRY(require_binary(d));
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0};
  WEIR_TRY(weir_build_param(b, &p->logits, "logits", weir_shape_1(n), zero, NULL));
  return weiri_theta_setup(&p->theta, b, &p->theta_opts, n);
}

static void teardown(weir_dist *d) {
  weiri_theta_teardown(&((bernoulli *)d)->theta);
}

/* [n, d], or [1, d] when they depend on nothing. */
static weir_var logits(const weir_dist *d, weir_run *run, weir_var context) {
  const bernoulli *p = (const bernoulli *)d;
  const weir_var theta = weiri_theta_apply(&p->theta, run, context);
  return weiri_theta_part(run, p->logits, theta, 0, d->event.features);
}

static weir_var log_density(weir_tape *t, weir_var x, weir_var l) {
  return weir_bernoulli(t, x, l);
}

/* d log p / dl = x - sigmoid(l), information sigmoid(l) sigmoid(-l) */
static bool local(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context, weir_local *out) {
  const bernoulli *p = (const bernoulli *)d;
  weir_tape *t = run->tape;
  const int64_t n = d->event.features;
  const weir_var theta =
      weiri_theta_pieces(&p->theta, run, context, 0, n, &out->pieces);
  out->eta = weir_broadcast(
      t, weiri_theta_part(run, p->logits, theta, 0, n), weir_var_shape(t, x));
  const weir_var y = weir_sigmoid(t, out->eta);
  out->slope = weir_sub(t, x, y);
  out->metric.weight = weir_mul(t, y, weir_sigmoid(t, weir_neg(t, out->eta)));
  return true;
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  weir_run_part(run, WEIR_PART_BASE, d->path,
      log_density(run->tape, x, logits(d, run, context)), weir_var_none());
}

static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  weir_tape *t = run->tape;
  const weir_var l = logits(d, run, context);
  const weir_var u = weir_run_uniform(run, d->path, n, d->event.features);
  const weir_var x = weir_stop(t, weir_less(t, u, weir_sigmoid(t, l)));
  const weir_var log_p = log_density(t, x, l);
  weir_run_part(run, WEIR_PART_BASE, d->path, log_p, log_p);
  return x;
}

static weir_var mean(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  const weir_var p = weir_sigmoid(run->tape, logits(d, run, context));
  return weir_broadcast(run->tape, p, weir_shape_2(n, d->event.features));
}

const weir_dist_class weir_dist_bernoulli = {
    .is = {"bernoulli", "independent 0/1 columns", NULL, sizeof(bernoulli), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
    .mean = mean,
    .local = local,
};
