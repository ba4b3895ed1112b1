/* random-walk Metropolis with adapted scales (move/random_walk.c, infer/adapt.c); its
 * best mean acceptance in many dimensions is 0.234 (Roberts, Gelman and Gilks 1997). */
#include "infer/infer.h"

static const weir_opt opts[] = {WEIRI_CHAIN_OPTIONS("0.234"), {0}};

static int64_t work(const weiri_chain_method *m, int64_t d) {
  (void)m;
  return weiri_random_walk_work(d);
}

static weir_status move(const weiri_chain_method *m, const weiri_mover *mover,
    weiri_chance *c, weiri_point *at, weiri_moved *out) {
  (void)m;
  return weiri_random_walk(mover, c, at, out);
}

static const weiri_sampler sampler = {
    .name = "rwm", .work = work, .move = move, .leaps = false};

const weiri_method_class weiri_method_rwm = {
    .is = {"rwm", "random-walk Metropolis", "Roberts, Gelman, Gilks 1997",
        sizeof(weiri_chain_method), opts},
    .run = weiri_chains_method_run,
    .stat_name = weiri_chain_stat_names,
    .stats = WEIRI_CHAIN_STATS,
    .sampler = &sampler};
