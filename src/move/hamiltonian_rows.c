/* Hamiltonian moves of many rows at once, each with its own step and acceptance:
 *     p <- p + e/2 grad,  z <- z + e p,  p <- p + e/2 grad'      (L times)
 *     taken with probability min(1, exp(H - H')),  H = -log density + |p|^2 / 2
 * (Neal 2011, section 2.3). On the unit sphere the momentum is tangent and the drift
 * follows the great circle, which is the exact flow of |p|^2 / 2 there:
 *     z <- z cos(e v) + p/v sin(e v),  p <- p cos(e v) - v z sin(e v),  v = |p|
 * (Byrne & Girolami 2013, section 3). */
#include <math.h>
#include <string.h>

#include "move/rows.h"

int64_t weiri_hamiltonian_rows_work(int64_t n, int64_t d) {
  return n * (3 * d + 2);
}

static double dot(int64_t d, const double *a, const double *b) {
  double sum = 0.0;
  for (int64_t j = 0; j < d; j++) {
    sum += a[j] * b[j];
  }
  return sum;
}

/* Takes the part along z off p. */
static void make_tangent(int64_t d, const double *z, double *p) {
  const double along = dot(d, z, p);
  for (int64_t j = 0; j < d; j++) {
    p[j] -= along * z[j];
  }
}

static void kick(int64_t d, bool sphere, double step, const double *z,
    const double *grad, double *p) {
  for (int64_t j = 0; j < d; j++) {
    p[j] += step * grad[j];
  }
  if (sphere) {
    make_tangent(d, z, p);
  }
}

static void drift(int64_t d, bool sphere, double step, double *z, double *p) {
  if (!sphere) {
    for (int64_t j = 0; j < d; j++) {
      z[j] += step * p[j];
    }
    return;
  }
  const double v = sqrt(dot(d, p, p));
  const double c = cos(step * v), s = sin(step * v);
  for (int64_t j = 0; j < d && v > 0.0; j++) {
    const double at = z[j];
    z[j] = at * c + p[j] / v * s;
    p[j] = p[j] * c - v * at * s;
  }
  const double length = sqrt(dot(d, z, z)); /* 1, but for rounding */
  for (int64_t j = 0; j < d; j++) {
    z[j] /= length;
  }
}

typedef struct trip {
  double *z, *p, *grad; /* [n, d] */
  double *value;        /* [n] */
  double *energy;       /* [n] minus H at the start */
} trip;

static void begin(const weiri_rows_state *s, const weiri_rows_chance *chance, trip *t) {
  for (int64_t i = 0; i < s->n; i++) {
    weiri_chance c = weiri_rows_chance_of(s, i, chance);
    double *p = t->p + i * s->d;
    weiri_chance_normals(&c, s->d, p);
    if (s->sphere) {
      make_tangent(s->d, s->z + i * s->d, p);
    }
    t->energy[i] = s->value[i] - 0.5 * dot(s->d, p, p);
  }
  memcpy(t->z, s->z, (size_t)(s->n * s->d) * sizeof *t->z);
  memcpy(t->grad, s->grad, (size_t)(s->n * s->d) * sizeof *t->grad);
}

static weir_status leapfrog(const weiri_rows_state *s,
    const weiri_rows_density *density, const double *step, trip *t) {
  const int64_t d = s->d;
  for (int64_t i = 0; i < s->n; i++) {
    double *z = t->z + i * d, *p = t->p + i * d;
    kick(d, s->sphere, 0.5 * step[i], z, t->grad + i * d, p);
    drift(d, s->sphere, step[i], z, p);
  }
  WEIR_TRY(density->fn(density->user, s->n, d, t->z, t->value, t->grad));
  for (int64_t i = 0; i < s->n; i++) {
    kick(d, s->sphere, 0.5 * step[i], t->z + i * d, t->grad + i * d, t->p + i * d);
  }
  return WEIR_OK;
}

static void finish(weiri_rows_state *s, const weiri_rows_chance *chance, const trip *t,
    double *accept) {
  const int64_t d = s->d;
  const size_t size = (size_t)d * sizeof(double);
  for (int64_t i = 0; i < s->n; i++) {
    weiri_chance c = weiri_rows_chance_of(s, i, chance);
    const double *p = t->p + i * d;
    const double ratio = t->value[i] - 0.5 * dot(d, p, p) - t->energy[i];
    if (weiri_metropolis(&c, ratio, accept == NULL ? NULL : &accept[i])) {
      s->value[i] = t->value[i];
      memcpy(s->z + i * d, t->z + i * d, size);
      memcpy(s->grad + i * d, t->grad + i * d, size);
    }
  }
}

weir_status weiri_hamiltonian_rows(weiri_rows_state *s,
    const weiri_rows_density *density, const double *step, int64_t leapfrogs,
    const weiri_rows_chance *chance, double *work, double *accept) {
  const int64_t nd = s->n * s->d;
  trip t = {.z = work, .p = work + nd, .grad = work + 2 * nd, .value = work + 3 * nd};
  t.energy = t.value + s->n;
  begin(s, chance, &t);
  for (int64_t i = 0; i < leapfrogs; i++) {
    WEIR_TRY(leapfrog(s, density, step, &t));
  }
  finish(s, chance, &t, accept);
  return WEIR_OK;
}
