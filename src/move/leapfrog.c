/* The leapfrog step of H(x, p) = -log density(x) + 1/2 p' M^-1 p:
 *
 *     p <- p + e/2 grad(x),  x <- x + e M^-1 p,  p <- p + e/2 grad(x)
 *
 * Reversible (a step of -e undoes it) and volume preserving (each line is a shear).
 * Neal 2011, "MCMC using Hamiltonian dynamics", eq. 2.28 - 2.30. */
#include "move/move.h"

weir_status weiri_leapfrog(
    const weiri_mover *m, double step, weiri_point *at, double *p, double *velocity) {
  for (int64_t i = 0; i < m->d; i++) {
    p[i] += 0.5 * step * at->grad[i];
  }
  weiri_metric_velocity(m->metric, p, velocity);
  for (int64_t i = 0; i < m->d; i++) {
    at->x[i] += step * velocity[i];
  }
  WEIR_TRY(weiri_point_evaluate(m, at));
  for (int64_t i = 0; i < m->d; i++) {
    p[i] += 0.5 * step * at->grad[i];
  }
  weiri_metric_velocity(m->metric, p, velocity);
  return WEIR_OK;
}
