/* NeuTra (Hoffman et al. 2019): a flow is fitted by the reverse KL divergence, and the
 * no-U-turn sampler runs in the space that it warps, where the posterior is nearly a
 * standard normal. The draws are exact in the limit whatever the fit. */
#include "infer/fit.h"

typedef struct neutra {
  weiri_nuts_method nuts; /* first: the sampler reads it */
  weiri_reverse_opts reverse;
} neutra;

static const weir_opt opts[] = {
    WEIRI_NUTS_OPTIONS, WEIRI_REVERSE_OPTIONS(neutra, reverse), {0}};

static weir_status run(const weiri_method *base, weiri_job *job) {
  const neutra *m = (const neutra *)base;
  weir_target *warped = NULL;
  const weiri_helped h = {
      &m->nuts.base, &weiri_nuts_sampler, &m->reverse, true, &warped};
  job->out->depth_limit = m->nuts.max_depth;
  return weiri_helped_run(&h, job);
}

const weiri_method_class weiri_method_neutra = {
    .is = {"neutra", "no-U-turn sampler in the space warped by a fitted flow",
        "Hoffman et al. 2019", sizeof(neutra), opts},
    .run = run,
    .stat_name = weiri_chain_stat_names,
    .stats = WEIRI_CHAIN_STATS};
