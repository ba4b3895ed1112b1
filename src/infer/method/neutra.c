/* NeuTra (Hoffman et al. 2019): a flow is fitted by the reverse KL divergence, and the
 * no-U-turn sampler runs in the space that it warps, where the posterior is nearly a
 * standard normal. The draws are exact in the limit whatever the fit. */
#include "infer/fit.h"

#include <string.h>

enum { BLOCK = 256 };

typedef struct neutra {
  weiri_nuts_method nuts; /* first: the sampler reads it */
  weiri_reverse_opts reverse;
} neutra;

static const weir_opt opts[] = {
    WEIRI_NUTS_OPTIONS, WEIRI_REVERSE_OPTIONS(neutra, reverse), {0}};

/* Draws from the warped space to the target's, with the target's own log density. */
static weir_status unwarp(
    const weiri_fitted *f, const weir_target *warped, weiri_job *job) {
  weir_posterior *out = job->out;
  const int64_t rows = out->chains * out->draws, d = job->d;
  double *u = weiri_alloc(job->ctx, (size_t)(BLOCK * d) * sizeof *u), value[BLOCK];
  weir_status status = u == NULL ? WEIR_E_MEMORY : WEIR_OK;
  for (int64_t i = 0; status == WEIR_OK && i < rows; i += BLOCK) {
    const int64_t n = rows - i < BLOCK ? rows - i : BLOCK;
    double *theta = out->theta + i * d;
    status = weiri_warp_show(warped, n, theta, u);
    if (f->whitened != NULL) {
      weiri_whiten_show(f->whitened, n, u, theta);
    } else {
      memcpy(theta, u, (size_t)(n * d) * sizeof *u);
    }
    if (status == WEIR_OK) {
      status = weir_target_log_density(job->target, n, theta, value, NULL, NULL);
      out->gradients += n;
    }
    for (int64_t k = 0; status == WEIR_OK && k < n; k++) {
      out->stat[(i + k) * out->stats + WEIRI_STAT_LP] = value[k];
    }
  }
  weiri_free(job->ctx, u);
  return status;
}

static weir_status sample(const neutra *m, weiri_fitted *f, weiri_job *job) {
  const weir_target *target = job->target;
  weir_target *warped = NULL;
  WEIR_TRY(weiri_warp(&warped, weiri_fitted_target(f, job), f->family));
  job->target = warped;
  weir_status status = weiri_chains_run(&m->nuts.base, &weiri_nuts_sampler, job);
  job->target = target;
  if (status == WEIR_OK) {
    status = unwarp(f, warped, job);
  }
  weir_target_destroy(&warped);
  return status;
}

static weir_status run(const weiri_method *base, weiri_job *job) {
  const neutra *m = (const neutra *)base;
  weiri_fitted f = {0};
  weir_status status = weiri_reverse_fit_again(&f, job, &m->reverse);
  if (status == WEIR_OK) {
    status = sample(m, &f, job);
  }
  if (status == WEIR_OK) {
    status = weiri_fitted_facts(&f, job);
  }
  weiri_fitted_destroy(&f);
  return status;
}

const weiri_method_class weiri_method_neutra = {
    .is = {"neutra", "no-U-turn sampler in the space warped by a fitted flow",
        "Hoffman et al. 2019", sizeof(neutra), opts},
    .run = run,
    .stat_name = weiri_chain_stat_names,
    .stats = WEIRI_CHAIN_STATS};
