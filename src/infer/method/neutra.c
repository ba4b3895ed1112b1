/* NeuTra (Hoffman et al. 2019): a flow is fitted by the reverse KL divergence, and a
 * sampler runs in the space that it warps, where the posterior is nearly a standard
 * normal. The draws are exact in the limit whatever the fit. */
#include "infer/fit.h"

typedef struct neutra {
  weiri_method base;
  const weir_spec *sampler;
  weiri_reverse_opts reverse;
} neutra;

static const weir_opt opts[] = {
    WEIRI_SAMPLER_OPTION(neutra, sampler), WEIRI_REVERSE_OPTIONS(neutra, reverse), {0}};

static weir_status run(const weiri_method *base, weiri_job *job) {
  const neutra *m = (const neutra *)base;
  weir_target *warped = NULL;
  weiri_method *inner = NULL;
  WEIR_TRY(weiri_helped_sampler(&inner, job, m->sampler));
  const weiri_helped h = {(const weiri_chain_method *)inner, inner->cls->sampler,
      &m->reverse, true, &warped};
  const weir_status status = weiri_helped_run(&h, job);
  weiri_method_destroy(&inner);
  return status;
}

const weiri_method_class weiri_method_neutra = {
    .is = {"neutra", "a sampler (nuts) in the space warped by a fitted flow",
        "Hoffman et al. 2019", sizeof(neutra), opts},
    .run = run,
    .stat_name = weiri_chain_stat_names,
    .stats = WEIRI_CHAIN_STATS};
