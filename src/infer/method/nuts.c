/* The no-U-turn sampler with Stan's warm-up (move/nuts.c, infer/adapt.c). */
#include "infer/infer.h"

typedef struct nuts {
  weiri_chain_method base;
  int64_t max_depth;
} nuts;

static const weir_opt opts[] = {WEIRI_CHAIN_OPTIONS("0.8"),
    {"max_depth", WEIR_OPT_INT, offsetof(nuts, max_depth), "10", 1, 20, NULL,
        "doublings of a trajectory, at most"},
    {0}};

static int64_t work(const weiri_chain_method *m, int64_t d) {
  return weiri_nuts_work(d, (int)((const nuts *)m)->max_depth);
}

static weir_status move(const weiri_chain_method *m, const weiri_mover *mover,
    weiri_chance *c, weiri_point *at, weiri_moved *out) {
  return weiri_nuts(mover, c, (int)((const nuts *)m)->max_depth, at, out);
}

static int64_t depth(const weiri_chain_method *m) {
  return ((const nuts *)m)->max_depth;
}

static const weiri_sampler sampler = {
    .name = "nuts", .work = work, .move = move, .leaps = true, .depth = depth};

const weiri_method_class weiri_method_nuts = {
    .is = {"nuts", "no-U-turn sampler, multinomial, with windowed adaptation",
        "Hoffman and Gelman 2014; Betancourt 2017", sizeof(nuts), opts},
    .run = weiri_chains_method_run,
    .stat_name = weiri_chain_stat_names,
    .stats = WEIRI_CHAIN_STATS,
    .sampler = &sampler};
