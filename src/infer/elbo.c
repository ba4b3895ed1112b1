/* The evidence lower bound with a weight on its rate:
 *     L = E_q log p(x | z) - beta_t KL(q(z | x) || p(z)),
 * at beta 1 the ELBO, log p(x) of a model without a posterior (Kingma & Welling 2014,
 * eq. 3; beta: Higgins et al. 2017, eq. 4). beta_t rises from warmup_from to beta over
 * the first warmup steps (Bowman et al. 2016; Sonderby et al. 2016), anew every cycle
 * steps (Fu et al. 2019). With anneal: joint the weight is on the model instead,
 *     L = E_q [ b_t (log p(x | z) + log p(z)) - log q(z | x) ],  b_t = beta_t
 * (Rezende & Mohamed 2015, eq. 20 with its weight on both lines). */
#include "infer/objective.h"

enum { ON_KL, ON_JOINT };

typedef struct elbo {
  weiri_objective base;
  int64_t samples, warmup, cycle;
  double beta, warmup_from;
  int anneal;
  weiri_ramp ramp;
} elbo;

static const weir_opt opts[] = {{"samples", WEIR_OPT_INT, offsetof(elbo, samples), "1",
                                    1, 100000, NULL, "draws per row and step"},
    {"beta", WEIR_OPT_REAL, offsetof(elbo, beta), "1", 0, 1e6, NULL,
        "weight of the KL term"},
    {"warmup", WEIR_OPT_INT, offsetof(elbo, warmup), "0", 0, 1e12, NULL,
        "steps over which that weight rises; 0: none"},
    {"warmup_from", WEIR_OPT_REAL, offsetof(elbo, warmup_from), "0", 0, 1, NULL,
        "where it starts, as a fraction of beta"},
    {"cycle", WEIR_OPT_INT, offsetof(elbo, cycle), "0", 0, 1e12, NULL,
        "steps after which the rise starts anew; 0: never"},
    {"anneal", WEIR_OPT_CHOICE, offsetof(elbo, anneal), "\"kl\"", 0, 0, "kl|joint",
        "what the weight is on: the KL term, or the model's log p(x, z)"},
    {0}};

static bool plain(const elbo *e) {
  return e->warmup == 0 && e->beta == 1.0;
}

static weir_status check(weiri_objective *o) {
  elbo *e = (elbo *)o;
  o->latent = !plain(e);
  e->ramp = (weiri_ramp){e->warmup_from * e->beta, e->beta, e->warmup, e->cycle};
  return e->cycle > 0 && e->cycle <= e->warmup
             ? weiri_fail(WEIR_E_CONFIG,
                   "train.objective.cycle: expected more than the %lld steps of warmup",
                   (long long)e->warmup)
             : WEIR_OK;
}

static void wants(const weiri_objective *o, weiri_wants *w) {
  const elbo *e = (const elbo *)o;
  w->samples = e->samples;
  w->closed_kl = e->anneal == ON_KL;
}

/* b (log p(x | z) + log p(z)) - log q(z | x), row by row. */
static weir_var joint(weir_run *run, weir_var weight) {
  weir_tape *t = run->tape;
  weir_var sum = weir_var_none();
  for (int i = 0; i < run->n_parts; i++) {
    weir_var v = weiri_run_row(run, run->parts[i].value);
    v = run->parts[i].kind == WEIR_PART_POSTERIOR ? v : weir_mul(t, v, weight);
    if (weir_var_ok(sum)) {
      sum = weiri_run_match(run, sum, weir_var_dim(t, v, 0));
      v = weiri_run_match(run, v, weir_var_dim(t, sum, 0));
    }
    sum = weir_var_ok(sum) ? weir_add(t, sum, v) : v;
  }
  return sum;
}

static weir_var value(const weiri_objective *o, weir_run *run, weir_var weight) {
  const elbo *e = (const elbo *)o;
  weir_tape *t = run->tape;
  const weir_var beta = plain(e) ? weir_var_none() : weiri_ramp_var(&e->ramp, run);
  weir_var total;
  if (plain(e)) {
    total = weiri_weighted(run, weiri_run_total(run, 0), weight);
  } else if (e->anneal == ON_JOINT) {
    total = weiri_weighted(run, joint(run, beta), weight);
  } else {
    const weiri_terms terms = weiri_terms_of(run);
    total = weiri_weighted(run, terms.likelihood, weight);
    total =
        weir_add(t, total, weir_mul(t, beta, weiri_weighted(run, terms.rate, weight)));
    total = weir_var_ok(terms.data)
                ? weir_add(t, total, weiri_weighted(run, terms.data, weight))
                : total;
  }
  const weir_var scores = e->anneal == ON_JOINT && !plain(e)
                              ? weiri_scores_of_rows(run, joint(run, beta))
                              : weiri_scores(run, beta);
  return weir_var_ok(scores) ? weir_add(t, total, weiri_weighted(run, scores, weight))
                             : total;
}

const weiri_objective_class weiri_objective_elbo = {
    .is = {"elbo", "evidence lower bound, with a weight on the KL term and its warm-up",
        "Kingma & Welling 2014; Higgins et al. 2017", sizeof(elbo), opts},
    .wants = wants,
    .value = value,
    .check = check,
};
