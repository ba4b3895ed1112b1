/* A target for the rate (Burgess et al. 2018, eq. 8):
 *     L = E_q log p(x | z) - gamma |KL(q || p) - C_t|,
 * the KL averaged over the batch before the absolute value is taken, C_t rising
 * linearly from 0 to capacity nats over the first `steps` steps. */
#include "infer/objective.h"

typedef struct capacity {
  weiri_objective base;
  double gamma, capacity;
  int64_t steps, samples;
  weiri_ramp ramp;
} capacity;

static const weir_opt opts[] = {
    {"gamma", WEIR_OPT_REAL, offsetof(capacity, gamma), "1000", 0, 1e9, NULL,
        "weight of the distance to the target"},
    {"capacity", WEIR_OPT_REAL, offsetof(capacity, capacity), "25", 0, 1e6, NULL,
        "target of the KL term, nats"},
    {"steps", WEIR_OPT_INT, offsetof(capacity, steps), "100000", 0, 1e12, NULL,
        "steps over which the target rises from 0"},
    {"samples", WEIR_OPT_INT, offsetof(capacity, samples), "1", 1, 100000, NULL,
        "draws per row and step"},
    {0}};

static weir_status check(weiri_objective *o) {
  capacity *c = (capacity *)o;
  c->ramp = (weiri_ramp){0.0, c->capacity, c->steps, 0};
  return WEIR_OK;
}

static void wants(const weiri_objective *o, weiri_wants *w) {
  w->samples = ((const capacity *)o)->samples;
  w->closed_kl = true;
}

static weir_var value(const weiri_objective *o, weir_run *run, weir_var weight) {
  const capacity *c = (const capacity *)o;
  weir_tape *t = run->tape;
  const weiri_terms terms = weiri_terms_of(run);
  const weir_var kl = weir_neg(t, weiri_weighted(run, terms.rate, weight));
  const weir_var away = weir_sub(t, kl, weiri_ramp_var(&c->ramp, run));
  weir_var total = weir_sub(t, weiri_weighted(run, terms.likelihood, weight),
      weir_scale(t, weir_abs(t, away), c->gamma));
  if (weir_var_ok(terms.data)) {
    total = weir_add(t, total, weiri_weighted(run, terms.data, weight));
  }
  /* The slope of the distance is what the rate weighs in the score terms. */
  const weir_var slope = weir_scale(t, weir_sign(t, away), c->gamma);
  const weir_var scores = weiri_scores(run, slope);
  return weir_var_ok(scores) ? weir_add(t, total, weiri_weighted(run, scores, weight))
                             : total;
}

const weiri_objective_class weiri_objective_capacity = {
    .is = {"capacity", "reconstruction at a target of the KL term, which rises",
        "Burgess et al. 2018", sizeof(capacity), opts},
    .wants = wants,
    .value = value,
    .check = check,
    .latent = true,
};
