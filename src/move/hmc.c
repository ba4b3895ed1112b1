/* Hamiltonian Monte Carlo: p ~ N(0, M), leapfrog steps, taken with probability
 * min(1, e^(H - H')). Duane et al. 1987; Neal 2011. */
#include <math.h>

#include "move/move.h"

int64_t weiri_hmc_work(int64_t d) {
  return 4 * d;
}

weir_status weiri_hmc(const weiri_mover *m, weiri_chance *c, int64_t steps,
    weiri_point *at, weiri_moved *out) {
  const int64_t d = m->d;
  weiri_point to = {m->work, m->work + d, 0.0};
  double *p = m->work + 2 * d, *v = m->work + 3 * d;
  weiri_point_copy(d, &to, at);
  weiri_metric_momentum(m->metric, c, p);
  weiri_metric_velocity(m->metric, p, v);
  const double before = weiri_metric_kinetic(d, p, v) - at->log_density;
  double after = before;
  *out = (weiri_moved){.energy = before};
  while (out->leapfrogs < steps && !out->divergent) {
    WEIR_TRY(weiri_leapfrog(m, m->step, &to, p, v));
    out->leapfrogs++;
    after = weiri_metric_kinetic(d, p, v) - to.log_density;
    out->divergent = !(after - before <= WEIRI_ENERGY_MAX);
  }
  const double log_ratio = out->divergent ? -INFINITY : before - after;
  out->accepted = weiri_metropolis(c, log_ratio, &out->accept);
  if (out->accepted) {
    weiri_point_copy(d, at, &to);
    out->energy = after;
  }
  return WEIR_OK;
}
