/* Metropolis-adjusted Langevin with adapted scales (move/langevin.c, infer/adapt.c);
 * its best mean acceptance in many dimensions is 0.574 (Roberts and Rosenthal 1998). */
#include "infer/infer.h"

static const weir_opt opts[] = {WEIRI_CHAIN_OPTIONS("0.574"), {0}};

static int64_t work(const weiri_chain_method *m, int64_t d) {
  (void)m;
  return weiri_langevin_work(d);
}

static weir_status move(const weiri_chain_method *m, const weiri_mover *mover,
    weiri_chance *c, weiri_point *at, weiri_moved *out) {
  (void)m;
  return weiri_langevin(mover, c, at, out);
}

static const weiri_sampler sampler = {
    .name = "mala", .work = work, .move = move, .leaps = true};

const weiri_method_class weiri_method_mala = {
    .is = {"mala", "Metropolis-adjusted Langevin", "Roberts and Tweedie 1996",
        sizeof(weiri_chain_method), opts},
    .run = weiri_chains_method_run,
    .stat_name = weiri_chain_stat_names,
    .stats = WEIRI_CHAIN_STATS,
    .sampler = &sampler};
