/* Metropolis-adjusted Langevin: y ~ N(x + e^2/2 S grad(x), e^2 S), S = L L', taken with
 * probability min(1, p(y) q(x | y) / p(x) q(y | x)). Roberts and Tweedie 1996. The
 * density of the way back needs the gradient at y, which becomes the next move's. */
#include <math.h>

#include "move/move.h"

int64_t weiri_langevin_work(int64_t d) {
  return 4 * d;
}

/* drift = x + e^2/2 S grad(x) */
static void drift_of(const weiri_mover *m, const weiri_point *at, double *drift) {
  weiri_metric_velocity(m->metric, at->grad, drift);
  for (int64_t i = 0; i < m->d; i++) {
    drift[i] = at->x[i] + 0.5 * m->step * m->step * drift[i];
  }
}

/* -log q(y | x) up to a constant: 1/2 |L^-1 (y - drift(x)) / e|^2. */
static double cost(
    const weiri_mover *m, const weiri_point *from, const double *to, double *work) {
  drift_of(m, from, work);
  for (int64_t i = 0; i < m->d; i++) {
    work[i] = (to[i] - work[i]) / m->step;
  }
  return weiri_metric_distance(m->metric, work);
}

weir_status weiri_langevin(
    const weiri_mover *m, weiri_chance *c, weiri_point *at, weiri_moved *out) {
  const int64_t d = m->d;
  weiri_point to = {m->work, m->work + d, 0.0};
  double *drift = m->work + 2 * d, *work = m->work + 3 * d;
  drift_of(m, at, drift);
  weiri_chance_normals(c, d, to.x);
  weiri_metric_spread(m->metric, to.x);
  for (int64_t i = 0; i < d; i++) {
    to.x[i] = drift[i] + m->step * to.x[i];
  }
  WEIR_TRY(weiri_point_evaluate(m, &to));
  const double there = cost(m, at, to.x, work), back = cost(m, &to, at->x, work);
  *out = (weiri_moved){.leapfrogs = 1, .energy = NAN};
  out->accepted = weiri_metropolis(
      c, to.log_density - at->log_density - back + there, &out->accept);
  if (out->accepted) {
    weiri_point_copy(d, at, &to);
  }
  return WEIR_OK;
}
