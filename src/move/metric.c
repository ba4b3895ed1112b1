/* The metric of a chain: momenta p ~ N(0, M), velocities M^-1 p, kinetic energy
 * 1/2 p' M^-1 p; M^-1 = L L' is held, the mass M itself never formed. */
#include <math.h>
#include <string.h>

#include "base/chol.h"
#include "move/move.h"

int64_t weiri_metric_size(int64_t d, bool dense) {
  return dense ? d * d : d;
}

void weiri_metric_identity(weiri_metric *m) {
  const int64_t size = weiri_metric_size(m->d, m->dense);
  memset(m->inverse, 0, (size_t)size * sizeof *m->inverse);
  for (int64_t i = 0; i < m->d; i++) {
    m->inverse[m->dense ? i * m->d + i : i] = 1.0;
  }
  (void)weiri_metric_factor(m);
}

bool weiri_metric_factor(weiri_metric *m) {
  if (m->dense) {
    memcpy(m->root, m->inverse, (size_t)(m->d * m->d) * sizeof *m->root);
    return weiri_chol(m->d, m->root);
  }
  for (int64_t i = 0; i < m->d; i++) {
    if (!(m->inverse[i] > 0.0 && isfinite(m->inverse[i]))) {
      return false;
    }
    m->root[i] = sqrt(m->inverse[i]);
  }
  return true;
}

/* L' p = z backwards: the covariance of p is L'^-1 L^-1 = M. */
void weiri_metric_momentum(const weiri_metric *m, weiri_chance *c, double *p) {
  weiri_chance_normals(c, m->d, p);
  for (int64_t i = m->d; i-- > 0;) {
    for (int64_t k = i + 1; m->dense && k < m->d; k++) {
      p[i] -= m->root[k * m->d + i] * p[k];
    }
    p[i] /= m->root[m->dense ? i * m->d + i : i];
  }
}

void weiri_metric_velocity(const weiri_metric *m, const double *p, double *v) {
  for (int64_t i = 0; i < m->d; i++) {
    if (!m->dense) {
      v[i] = m->inverse[i] * p[i];
      continue;
    }
    double sum = 0.0;
    for (int64_t k = 0; k < m->d; k++) {
      sum += m->inverse[i * m->d + k] * p[k];
    }
    v[i] = sum;
  }
}

void weiri_metric_spread(const weiri_metric *m, double *z) {
  for (int64_t i = m->d; i-- > 0;) {
    if (!m->dense) {
      z[i] *= m->root[i];
      continue;
    }
    double sum = 0.0;
    for (int64_t k = 0; k <= i; k++) {
      sum += m->root[i * m->d + k] * z[k];
    }
    z[i] = sum;
  }
}

double weiri_metric_kinetic(int64_t d, const double *p, const double *v) {
  double sum = 0.0;
  for (int64_t i = 0; i < d; i++) {
    sum += p[i] * v[i];
  }
  return 0.5 * sum;
}

double weiri_metric_distance(const weiri_metric *m, double *y) {
  double sum = 0.0;
  for (int64_t i = 0; i < m->d; i++) {
    for (int64_t k = 0; m->dense && k < i; k++) {
      y[i] -= m->root[i * m->d + k] * y[k];
    }
    y[i] /= m->root[m->dense ? i * m->d + i : i];
    sum += y[i] * y[i];
  }
  return 0.5 * sum;
}
