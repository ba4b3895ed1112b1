/* The importance-weighted bound (Burda et al. 2016, eq. 8), w_k = p(x, z_k) / q(z_k |
 * x): L_K = E log (1/K) sum_k w_k,  ELBO = L_1 <= L_K <= L_{K+1} <= log p(x).
 * Gradients, with v_k = w_k / sum_j w_j stopped:
 *     plain:  of L_K as it stands;
 *     stl:    the score of q's parameters in log q left out, d/dphi through z alone,
 *             sum_k v_k dlog w_k (Roeder et al. 2017; biased for K > 1);
 *     dreg:   sum_k v_k dlog w_k of the model, sum_k v_k^2 dlog w_k/dz_k dz_k/dphi of
 * the encoder, unbiased (Tucker et al. 2019, eq. 8). */
#include "infer/objective.h"

enum { PLAIN, STL, DREG };

typedef struct iwae {
  weiri_objective base;
  int64_t samples;
  int gradient;
} iwae;

static const weir_opt opts[] = {{"samples", WEIR_OPT_INT, offsetof(iwae, samples), "50",
                                    1, 100000, NULL, "draws per row and step"},
    {"gradient", WEIR_OPT_CHOICE, offsetof(iwae, gradient), "\"dreg\"", 0, 0,
        "plain|stl|dreg",
        "estimator: as it stands, sticking the landing, doubly reparameterised"},
    {0}};

static void wants(const weiri_objective *o, weiri_wants *w) {
  const iwae *i = (const iwae *)o;
  w->samples = i->samples;
  w->path = i->gradient != PLAIN;
  w->cut = i->gradient == DREG;
}

/* The part of the encoder: v_k times the gradient of L at z_k, stopped, times z_k. */
static weir_var through_draws(weir_run *run, weir_var bound, weir_var log_w) {
  weir_tape *t = run->tape;
  weir_var g = weir_var_none();
  if (weir_grad(t, bound, weir_var_none(), 1, &run->after, &g, false) != WEIR_OK) {
    return weir_var_none();
  }
  const int64_t m = weir_var_dim(t, log_w, 0),
                k = run->replicas > 1 ? run->replicas : 1;
  const weir_var v = weir_softmax(t, weir_reshape(t, log_w, weir_shape_2(m / k, k)));
  const weir_var push = weir_mul(t, g, weir_reshape(t, v, weir_shape_2(m, 1)));
  return weir_sum_all(t, weir_mul(t, weir_stop(t, push), run->drawn));
}

static weir_var value(const weiri_objective *o, weir_run *run, weir_var weight) {
  const iwae *i = (const iwae *)o;
  weir_tape *t = run->tape;
  const weir_var log_w = weiri_run_total(run, 0);
  const weir_var rows = weiri_run_log_mean(run, log_w);
  const weir_var bound = weiri_weighted(run, rows, weight);
  if (i->gradient == DREG) {
    return weir_add(t, bound, through_draws(run, bound, log_w));
  }
  const weir_var scores = weiri_scores_of_rows(run, rows);
  return weir_var_ok(scores) ? weir_add(t, bound, weiri_weighted(run, scores, weight))
                             : bound;
}

const weiri_objective_class weiri_objective_iwae = {
    .is = {"iwae", "importance-weighted bound", "Burda et al. 2016; Tucker et al. 2019",
        sizeof(iwae), opts},
    .wants = wants,
    .value = value,
    .weighs = true,
    .latent = true,
};
