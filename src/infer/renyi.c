/* The variational Renyi bound (Li & Turner 2016, eq. 11 with K draws):
 *     L_alpha = 1 / (1 - alpha) log (1/K) sum_k w_k^(1 - alpha),  alpha != 1.
 * alpha -> 1 is the ELBO, alpha = 0 the importance-weighted bound; alpha < 0 bounds
 * from above in the limit of K. At finite K its mean is biased towards the ELBO. */
#include <math.h>

#include "infer/objective.h"

typedef struct renyi {
  weiri_objective base;
  int64_t samples;
  double alpha;
} renyi;

static const weir_opt opts[] = {
    {"alpha", WEIR_OPT_REAL, offsetof(renyi, alpha), "0.5", -1000, 1000, NULL,
        "order; 0 is the importance-weighted bound, 1 (the ELBO) is elbo"},
    {"samples", WEIR_OPT_INT, offsetof(renyi, samples), "50", 1, 100000, NULL,
        "draws per row and step"},
    {0}};

static weir_status check(weiri_objective *o) {
  return fabs(((const renyi *)o)->alpha - 1.0) < 1e-6
             ? weiri_fail(WEIR_E_CONFIG,
                   "train.objective.alpha: 1 is the ELBO: take objective elbo")
             : WEIR_OK;
}

static void wants(const weiri_objective *o, weiri_wants *w) {
  w->samples = ((const renyi *)o)->samples;
}

static weir_var value(const weiri_objective *o, weir_run *run, weir_var weight) {
  weir_tape *t = run->tape;
  const double power = 1.0 - ((const renyi *)o)->alpha;
  const weir_var log_w = weir_scale(t, weiri_run_total(run, 0), power);
  const weir_var rows = weir_scale(t, weiri_run_log_mean(run, log_w), 1.0 / power);
  const weir_var bound = weiri_weighted(run, rows, weight);
  const weir_var scores = weiri_scores_of_rows(run, rows);
  return weir_var_ok(scores) ? weir_add(t, bound, weiri_weighted(run, scores, weight))
                             : bound;
}

const weiri_objective_class weiri_objective_renyi = {
    .is = {"renyi", "variational Renyi bound", "Li & Turner 2016", sizeof(renyi), opts},
    .wants = wants,
    .value = value,
    .check = check,
    .weighs = true,
    .latent = true,
};
