/* Gaussians of one width in the plane, of equal weight, on a ring or on a square grid:
 *
 *     log p = logsumexp_k (-|x - m_k|^2 / 2 s^2) - log K - log(2 pi s^2)
 *
 * ring: m_k = r (cos, sin)(2 pi k / K); grid: K = g^2 points, neighbours r apart. */
#include <math.h>

#include "base/rng.h"
#include "part/target.h"

#define LOG_2PI 1.8378770664093454836
#define PI 3.14159265358979323846

typedef struct mixture {
  weir_target base;
  int layout;
  int64_t components;
  double radius, sd;
  double *mean; /* [components, 2] */
} mixture;

enum { RING, GRID };

static const weir_opt opts[] = {
    {"layout", WEIR_OPT_CHOICE, offsetof(mixture, layout), "\"ring\"", 0, 0,
        "ring|grid", "where the components are"},
    {"components", WEIR_OPT_INT, offsetof(mixture, components), "8", 1, 10000, NULL,
        "of the ring; of a grid: a square number"},
    {"radius", WEIR_OPT_REAL, offsetof(mixture, radius), "4", 1e-3, 1e6, NULL,
        "of the ring; of a grid: distance of neighbours"},
    {"sd", WEIR_OPT_REAL, offsetof(mixture, sd), "0.5", 1e-3, 1e6, NULL,
        "of each component"},
    {0}};

static weir_status setup(weir_target *t) {
  mixture *m = (mixture *)t;
  const int64_t side = (int64_t)llround(sqrt((double)m->components));
  if (m->layout == GRID && side * side != m->components) {
    return weiri_fail(WEIR_E_CONFIG,
        "target.components: expected a square number for a grid, found %lld",
        (long long)m->components);
  }
  m->mean = weiri_alloc(t->ctx, (size_t)(2 * m->components) * sizeof *m->mean);
  if (m->mean == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t k = 0; k < m->components; k++) {
    const double angle = 2.0 * PI * (double)k / (double)m->components;
    const double middle = 0.5 * (double)(side - 1);
    const int64_t row = k / side, column = k % side;
    m->mean[2 * k] =
        m->radius * (m->layout == RING ? cos(angle) : (double)column - middle);
    m->mean[2 * k + 1] =
        m->radius * (m->layout == RING ? sin(angle) : (double)row - middle);
  }
  return weir_target_shape(t, 2, 2);
}

static void teardown(weir_target *t) {
  weiri_free(t->ctx, ((mixture *)t)->mean);
}

static double one(const mixture *m, const double *x, double *grad) {
  const double precision = 1.0 / (m->sd * m->sd);
  double top = -INFINITY, sum = 0.0, pull[2] = {0.0, 0.0};
  for (int64_t k = 0; k < m->components; k++) {
    const double a = x[0] - m->mean[2 * k], b = x[1] - m->mean[2 * k + 1];
    const double e = -0.5 * precision * (a * a + b * b);
    const double keep = e > top ? exp(top - e) : 1.0, w = e > top ? 1.0 : exp(e - top);
    top = fmax(top, e);
    sum = sum * keep + w;
    pull[0] = pull[0] * keep - w * a * precision;
    pull[1] = pull[1] * keep - w * b * precision;
  }
  if (grad != NULL) {
    grad[0] = pull[0] / sum;
    grad[1] = pull[1] / sum;
  }
  return top + log(sum) - log((double)m->components) - LOG_2PI - 2.0 * log(m->sd);
}

static weir_status log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  for (int64_t i = 0; i < n; i++) {
    value[i] = one((const mixture *)t, x + 2 * i, grad == NULL ? NULL : grad + 2 * i);
  }
  return WEIR_OK;
}

static weir_status sample(
    const weir_target *t, uint64_t seed, int64_t first, int64_t n, double *x) {
  const mixture *m = (const mixture *)t;
  for (int64_t i = 0; i < n; i++) {
    const uint64_t row = (uint64_t)(first + i);
    const weiri_rng which = {seed, weiri_stream("target.mixture.component", row)};
    const weiri_rng rng = {seed, weiri_stream("target.mixture", row)};
    const int64_t k = weiri_below(which, 0, m->components);
    for (int64_t j = 0; j < 2; j++) {
      x[2 * i + j] = m->mean[2 * k + j] + m->sd * weiri_normal(rng, (uint64_t)j);
    }
  }
  return WEIR_OK;
}

static weir_status moments(const weir_target *t, double *mean, double *sd) {
  const mixture *m = (const mixture *)t;
  for (int64_t j = 0; j < 2; j++) {
    double sum = 0.0, square = m->sd * m->sd;
    for (int64_t k = 0; k < m->components; k++) {
      sum += m->mean[2 * k + j] / (double)m->components;
    }
    for (int64_t k = 0; k < m->components; k++) {
      const double a = m->mean[2 * k + j] - sum;
      square += a * a / (double)m->components;
    }
    mean[j] = sum;
    sd[j] = sqrt(square);
  }
  return WEIR_OK;
}

const weir_target_class weiri_target_mixture = {
    .is = {"mixture", "Gaussians on a ring or on a grid in the plane: many modes", NULL,
        sizeof(mixture), opts},
    .setup = setup,
    .teardown = teardown,
    .log_density = log_density,
    .sample = sample,
    .moments = moments};
