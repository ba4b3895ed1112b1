/* The banana: x_1 ~ N(0, s^2), x_2 = b (x_1^2 - s^2) + e, e and the others N(0, 1).
 *
 *     log p = -x_1^2 / 2 s^2 - log s - e^2/2 - sum_{j > 2} x_j^2/2 - d/2 log 2 pi
 *
 * s = 10, b = 0.02: the banana of transport score climbing (Zhang, Blei, Naesseth
 * 2022), whose standard deviations are 10 and 3; in general sqrt(1 + 2 b^2 s^4). */
#include <math.h>

#include "base/rng.h"
#include "part/target.h"

#define LOG_2PI 1.8378770664093454836

typedef struct banana {
  weir_target base;
  int64_t dim;
  double sd, bend;
} banana;

static const weir_opt opts[] = {{"dim", WEIR_OPT_INT, offsetof(banana, dim), "2", 2,
                                    100000, NULL, "number of coordinates"},
    {"sd", WEIR_OPT_REAL, offsetof(banana, sd), "10", 1e-3, 1e3, NULL,
        "standard deviation of the first coordinate"},
    {"bend", WEIR_OPT_REAL, offsetof(banana, bend), "0.02", 0.0, 1e3, NULL,
        "the second follows bend (x[1]^2 - sd^2)"},
    {0}};

static weir_status setup(weir_target *t) {
  const banana *b = (const banana *)t;
  return weir_target_shape(t, b->dim, b->dim);
}

static double one(const banana *b, const double *x, double *grad) {
  const double u = x[0] / b->sd;
  const double e = x[1] - b->bend * (x[0] * x[0] - b->sd * b->sd);
  double square = u * u + e * e;
  for (int64_t j = 2; j < b->dim; j++) {
    square += x[j] * x[j];
    if (grad != NULL) {
      grad[j] = -x[j];
    }
  }
  if (grad != NULL) {
    grad[0] = -u / b->sd + 2.0 * b->bend * x[0] * e;
    grad[1] = -e;
  }
  return -0.5 * square - log(b->sd) - 0.5 * (double)b->dim * LOG_2PI;
}

static weir_status log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  for (int64_t i = 0; i < n; i++) {
    value[i] =
        one((const banana *)t, x + i * t->dim, grad == NULL ? NULL : grad + i * t->dim);
  }
  return WEIR_OK;
}

static weir_status sample(
    const weir_target *t, uint64_t seed, int64_t first, int64_t n, double *x) {
  const banana *b = (const banana *)t;
  for (int64_t i = 0; i < n; i++) {
    const weiri_rng rng = {seed, weiri_stream("target.banana", (uint64_t)(first + i))};
    double *row = x + i * t->dim;
    weiri_fill_normal(rng, 0, t->dim, WEIR_F64, row);
    row[0] *= b->sd;
    row[1] += b->bend * (row[0] * row[0] - b->sd * b->sd);
  }
  return WEIR_OK;
}

static weir_status moments(const weir_target *t, double *mean, double *sd) {
  const banana *b = (const banana *)t;
  const double bent = b->bend * b->sd * b->sd;
  for (int64_t j = 0; j < t->dim; j++) {
    mean[j] = 0.0;
    sd[j] = j == 0 ? b->sd : j == 1 ? sqrt(1.0 + 2.0 * bent * bent) : 1.0;
  }
  return WEIR_OK;
}

const weir_target_class weiri_target_banana = {
    .is = {"banana", "a Gaussian bent along a parabola", "Zhang, Blei, Naesseth 2022",
        sizeof(banana), opts},
    .setup = setup,
    .log_density = log_density,
    .sample = sample,
    .moments = moments};
