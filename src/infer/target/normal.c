/* Correlated Gaussian: mean 0, covariance s_i s_j rho^|i - j|, the standard deviations
 * s_i spaced evenly on a log scale from 1 to `spread`.
 *
 * With e_1 = x_1 / s_1, e_i = (x_i / s_i - rho x_{i-1} / s_{i-1}) / sqrt(1 - rho^2),
 * all e independent and standard: log p = -1/2 sum e_i^2 - sum log s_i - (d - 1)/2
 * log(1 - rho^2) - d/2 log 2 pi */
#include <math.h>

#include "base/rng.h"
#include "part/target.h"

#define LOG_2PI 1.8378770664093454836

typedef struct normal {
  weir_target base;
  int64_t dim;
  double correlation, spread;
} normal;

static const weir_opt opts[] = {{"dim", WEIR_OPT_INT, offsetof(normal, dim), "10", 1,
                                    100000, NULL, "number of coordinates"},
    {"correlation", WEIR_OPT_REAL, offsetof(normal, correlation), "0.5", -0.999999,
        0.999999, NULL, "of neighbouring coordinates"},
    {"spread", WEIR_OPT_REAL, offsetof(normal, spread), "1", 1e-6, 1e6, NULL,
        "standard deviation of the last coordinate; of the first: 1"},
    {0}};

static double sd(const normal *g, int64_t i) {
  return g->dim == 1 ? g->spread : pow(g->spread, (double)i / (double)(g->dim - 1));
}

static weir_status setup(weir_target *t) {
  const normal *g = (const normal *)t;
  return weir_target_shape(t, g->dim, g->dim);
}

/* Adds the constant; the e_i live in grad while it is made. */
static double one(const normal *g, const double *x, double *grad) {
  const double c = 1.0 / sqrt(1.0 - g->correlation * g->correlation);
  double sum = 0.0, before = 0.0;
  for (int64_t i = 0; i < g->dim; i++) {
    const double s = sd(g, i), y = x[i] / s;
    const double e = i == 0 ? y : (y - g->correlation * before) * c;
    sum -= 0.5 * e * e + log(s) - (i == 0 ? 0.0 : log(c));
    if (grad != NULL) {
      grad[i] = -e * (i == 0 ? 1.0 : c) / s;
      if (i > 0) {
        grad[i - 1] += e * c * g->correlation / sd(g, i - 1);
      }
    }
    before = y;
  }
  return sum - 0.5 * (double)g->dim * LOG_2PI;
}

static weir_status log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  const normal *g = (const normal *)t;
  for (int64_t i = 0; i < n; i++) {
    value[i] = one(g, x + i * g->dim, grad == NULL ? NULL : grad + i * g->dim);
  }
  return WEIR_OK;
}

/* The gradient is linear in x. */
static weir_status hessian_vector(
    const weir_target *t, int64_t n, const double *x, const double *v, double *out) {
  (void)x;
  for (int64_t i = 0; i < n; i++) {
    (void)one((const normal *)t, v + i * t->dim, out + i * t->dim);
  }
  return WEIR_OK;
}

static weir_status sample(
    const weir_target *t, uint64_t seed, int64_t first, int64_t n, double *x) {
  const normal *g = (const normal *)t;
  const double c = sqrt(1.0 - g->correlation * g->correlation);
  for (int64_t i = 0; i < n; i++) {
    const weiri_rng rng = {seed, weiri_stream("target.normal", (uint64_t)(first + i))};
    double y = 0.0;
    for (int64_t j = 0; j < g->dim; j++) {
      const double e = weiri_normal(rng, (uint64_t)j);
      y = j == 0 ? e : g->correlation * y + c * e;
      x[i * g->dim + j] = sd(g, j) * y;
    }
  }
  return WEIR_OK;
}

static weir_status moments(const weir_target *t, double *mean, double *deviation) {
  for (int64_t i = 0; i < t->dim; i++) {
    mean[i] = 0.0;
    deviation[i] = sd((const normal *)t, i);
  }
  return WEIR_OK;
}

const weir_target_class weiri_target_normal = {
    .is = {"normal", "correlated Gaussian of any dimension", NULL, sizeof(normal),
        opts},
    .setup = setup,
    .log_density = log_density,
    .hessian_vector = hessian_vector,
    .sample = sample,
    .moments = moments};
