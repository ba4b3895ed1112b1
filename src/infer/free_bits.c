/* Free bits (Kingma et al. 2016, eq. 15):
 *     L = E_q log p(x | z) - sum_g max(lambda, mean over the batch of KL_g),
 * the maximum after the average and per group. Groups are the columns of the latent
 * where posterior and prior come apart in columns, else there is one. */
#include "infer/objective.h"

enum { LATENT, LAYER };

typedef struct free_bits {
  weiri_objective base;
  double lambda;
  int64_t samples;
  int groups;
} free_bits;

static const weir_opt opts[] = {
    {"lambda", WEIR_OPT_REAL, offsetof(free_bits, lambda), "0.25", 0, 1e6, NULL,
        "nats per group that are free"},
    {"groups", WEIR_OPT_CHOICE, offsetof(free_bits, groups), "\"latent\"", 0, 0,
        "latent|layer",
        "a group per column of the latent where it has columns, or one"},
    {"samples", WEIR_OPT_INT, offsetof(free_bits, samples), "1", 1, 100000, NULL,
        "draws per row and step"},
    {0}};

static void wants(const weiri_objective *o, weiri_wants *w) {
  w->samples = ((const free_bits *)o)->samples;
  w->closed_kl = true;
  w->groups = ((const free_bits *)o)->groups == LATENT;
}

/* Mean of each group over the rows: [m, g] to [g], and [m] to [1]. */
static weir_var means(weir_run *run, weir_var x, weir_var weight) {
  weir_tape *t = run->tape;
  const weir_shape s = weir_var_shape(t, x);
  const int64_t n = weir_var_dim(t, weight, 0), m = s.dim[0];
  const int64_t g = s.rank == 2 ? s.dim[1] : 1;
  const weir_var rows = weir_sum(t, weir_reshape(t, x, weir_shape_3(n, m / n, g)), 1);
  const weir_var w = weir_reshape(t, weight, weir_shape_2(n, 1));
  return weir_scale(t, weir_sum(t, weir_mul(t, rows, w), 0), (double)n / (double)m);
}

static weir_var value(const weiri_objective *o, weir_run *run, weir_var weight) {
  const free_bits *f = (const free_bits *)o;
  weir_tape *t = run->tape;
  const weiri_terms terms = weiri_terms_of(run);
  const weir_var kl = weir_neg(t, means(run, terms.rate_groups, weight));
  const weir_var floor = weir_fill(t, weir_shape_0(), f->lambda);
  weir_var total = weir_sub(t, weiri_weighted(run, terms.likelihood, weight),
      weir_sum_all(t, weir_max(t, kl, floor)));
  if (weir_var_ok(terms.data)) {
    total = weir_add(t, total, weiri_weighted(run, terms.data, weight));
  }
  const weir_var scores = weiri_scores(run, weir_var_none());
  return weir_var_ok(scores) ? weir_add(t, total, weiri_weighted(run, scores, weight))
                             : total;
}

const weiri_objective_class weiri_objective_free_bits = {
    .is = {"free_bits", "evidence lower bound, a part of the KL term free per latent",
        "Kingma et al. 2016, eq. 15", sizeof(free_bits), opts},
    .wants = wants,
    .value = value,
    .latent = true,
};
