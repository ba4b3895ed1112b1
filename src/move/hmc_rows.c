/* Hamiltonian Monte Carlo of many points of one target at once: as move/hmc.c, each
 * point with its own momentum and acceptance, all densities of a step in one call. */
#include <math.h>
#include <string.h>

#include "move/move.h"

int64_t weiri_hmc_rows_work(int64_t n, int64_t d) {
  return n * (4 * d + 2);
}

/* The rows of a transition: where they are, their momenta, the energies they began
 * with.
 */
typedef struct rows {
  int64_t n, d;
  double *x, *grad, *p, *v, *value, *before;
} rows;

static weir_status evaluate(const weiri_mover *m, const rows *r) {
  *m->gradients += r->n;
  return weir_target_log_density(m->target, r->n, r->x, r->value, r->grad, m->failed);
}

static double energy(const weiri_mover *m, const rows *r, int64_t i) {
  weiri_metric_velocity(m->metric, r->p + i * r->d, r->v + i * r->d);
  return weiri_metric_kinetic(r->d, r->p + i * r->d, r->v + i * r->d) - r->value[i];
}

static void kick(const rows *r, double by) {
  for (int64_t k = 0; k < r->n * r->d; k++) {
    r->p[k] += by * r->grad[k];
  }
}

static void drift(const weiri_mover *m, const rows *r) {
  for (int64_t i = 0; i < r->n; i++) {
    weiri_metric_velocity(m->metric, r->p + i * r->d, r->v + i * r->d);
  }
  for (int64_t k = 0; k < r->n * r->d; k++) {
    r->x[k] += m->step * r->v[k];
  }
}

/* A row whose energy has risen too far, or is lost, goes back to where it began, and
 * stays there. */
static void recall(const weiri_mover *m, const rows *r, const double *began) {
  const size_t size = (size_t)r->d * sizeof *began;
  for (int64_t i = 0; i < r->n; i++) {
    if (!(energy(m, r, i) - r->before[i] <= WEIRI_ENERGY_MAX)) {
      memcpy(r->x + i * r->d, began + i * r->d, size);
      memset(r->p + i * r->d, 0, size);
      memset(r->grad + i * r->d, 0, size);
      r->before[i] = -INFINITY;
    }
  }
}

weir_status weiri_hmc_rows(const weiri_mover *m, int64_t n, weiri_chance *chance,
    int64_t steps, double *x, double *accept) {
  const int64_t d = m->d;
  double *w = m->work;
  const rows r = {n, d, w, w + n * d, w + 2 * n * d, w + 3 * n * d, w + 4 * n * d,
      w + 4 * n * d + n};
  memcpy(r.x, x, (size_t)(n * d) * sizeof *x);
  WEIR_TRY(evaluate(m, &r));
  for (int64_t i = 0; i < n; i++) {
    weiri_metric_momentum(m->metric, &chance[i], r.p + i * d);
    r.before[i] = energy(m, &r, i);
  }
  for (int64_t s = 0; s < steps; s++) {
    kick(&r, 0.5 * m->step);
    drift(m, &r);
    WEIR_TRY(evaluate(m, &r));
    kick(&r, 0.5 * m->step);
    recall(m, &r, x);
  }
  for (int64_t i = 0; i < n; i++) {
    const double gain = r.before[i] - energy(m, &r, i);
    if (weiri_metropolis(&chance[i], gain, &accept[i])) {
      memcpy(x + i * d, r.x + i * d, (size_t)d * sizeof *x);
    }
  }
  return WEIR_OK;
}
