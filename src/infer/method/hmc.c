/* Hamiltonian Monte Carlo with trajectories of a given length in units of the adapted
 * scales; the step size is spread a little so that no trajectory closes on itself
 * (Neal 2011, section 4.2). */
#include <math.h>

#include "infer/infer.h"

typedef struct hmc {
  weiri_chain_method base;
  int64_t steps;
  double length, jitter;
} hmc;

static const weir_opt opts[] = {WEIRI_CHAIN_OPTIONS("0.8"),
    {"steps", WEIR_OPT_INT, offsetof(hmc, steps), "0", 0, 100000, NULL,
        "leapfrog steps of a trajectory; 0: as many as its length needs"},
    {"length", WEIR_OPT_REAL, offsetof(hmc, length), "1.6", 1e-6, 1e6, NULL,
        "of a trajectory: sum of its step sizes"},
    {"jitter", WEIR_OPT_REAL, offsetof(hmc, jitter), "0.2", 0.0, 0.9, NULL,
        "each trajectory's step size is within this share of the adapted one"},
    {0}};

enum { STEPS_MAX = 10000 };

static int64_t work(const weiri_chain_method *m, int64_t d) {
  (void)m;
  return weiri_hmc_work(d);
}

static weir_status move(const weiri_chain_method *m, const weiri_mover *mover,
    weiri_chance *c, weiri_point *at, weiri_moved *out) {
  const hmc *h = (const hmc *)m;
  weiri_mover own = *mover;
  own.step *= 1.0 + h->jitter * (2.0 * weiri_chance_uniform(c) - 1.0);
  const double n = ceil(h->length / mover->step);
  const int64_t steps = h->steps > 0    ? h->steps
                        : n < STEPS_MAX ? (int64_t)n
                                        : STEPS_MAX;
  return weiri_hmc(&own, c, steps, at, out);
}

static const weiri_sampler sampler = {
    .name = "hmc", .work = work, .move = move, .leaps = true};

const weiri_method_class weiri_method_hmc = {
    .is = {"hmc", "Hamiltonian Monte Carlo with dual averaging", "Neal 2011",
        sizeof(hmc), opts},
    .run = weiri_chains_method_run,
    .stat_name = weiri_chain_stat_names,
    .stats = WEIRI_CHAIN_STATS,
    .sampler = &sampler};
