/* The no-U-turn sampler with Stan's warm-up (move/nuts.c, infer/adapt.c). */
#include "infer/infer.h"

static const weir_opt opts[] = {WEIRI_NUTS_OPTIONS, {0}};

static int64_t work(const weiri_chain_method *m, int64_t d) {
  return weiri_nuts_work(d, (int)((const weiri_nuts_method *)m)->max_depth);
}

static weir_status move(const weiri_chain_method *m, const weiri_mover *mover,
    weiri_chance *c, weiri_point *at, weiri_moved *out) {
  return weiri_nuts(mover, c, (int)((const weiri_nuts_method *)m)->max_depth, at, out);
}

const weiri_sampler weiri_nuts_sampler = {
    .name = "nuts", .work = work, .move = move, .leaps = true};

static weir_status run(const weiri_method *m, weiri_job *job) {
  job->out->depth_limit = ((const weiri_nuts_method *)m)->max_depth;
  return weiri_chains_run((const weiri_chain_method *)m, &weiri_nuts_sampler, job);
}

const weiri_method_class weiri_method_nuts = {
    .is = {"nuts", "no-U-turn sampler, multinomial, with windowed adaptation",
        "Hoffman and Gelman 2014; Betancourt 2017", sizeof(weiri_nuts_method), opts},
    .run = run,
    .stat_name = weiri_chain_stat_names,
    .stats = WEIRI_CHAIN_STATS};
