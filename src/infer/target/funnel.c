/* The funnel: x_1 ~ N(0, s^2), x_j = e^(r x_1) n_j with n_j ~ N(0, 1), j > 1.
 *
 *     log p = -x_1^2 / 2 s^2 - log s - sum_j (x_j^2 e^(-2 r x_1) / 2 + r x_1)
 *             - d/2 log 2 pi
 *
 * s = r = 1: the funnel of transport score climbing (Zhang, Blei, Naesseth 2022), whose
 * standard deviations are 1 and e; s = 3, r = 1/2: Neal's (2003). In general the
 * standard deviation of x_j is e^(r^2 s^2). */
#include <math.h>

#include "base/rng.h"
#include "part/target.h"

#define LOG_2PI 1.8378770664093454836

typedef struct funnel {
  weir_target base;
  int64_t dim;
  double sd, rate;
} funnel;

static const weir_opt opts[] = {{"dim", WEIR_OPT_INT, offsetof(funnel, dim), "2", 2,
                                    100000, NULL, "number of coordinates"},
    {"sd", WEIR_OPT_REAL, offsetof(funnel, sd), "1", 1e-3, 1e3, NULL,
        "standard deviation of the first coordinate; Neal's funnel: 3"},
    {"rate", WEIR_OPT_REAL, offsetof(funnel, rate), "1", 1e-3, 1e3, NULL,
        "the others have standard deviation exp(rate x[1]); Neal's funnel: 0.5"},
    {0}};

static weir_status setup(weir_target *t) {
  const funnel *f = (const funnel *)t;
  return weir_target_shape(t, f->dim, f->dim);
}

static double one(const funnel *f, const double *x, double *grad) {
  const double m = (double)(f->dim - 1), v = x[0] / f->sd;
  const double precision = exp(-2.0 * f->rate * x[0]);
  double square = 0.0;
  for (int64_t j = 1; j < f->dim; j++) {
    square += x[j] * x[j] * precision;
    if (grad != NULL) {
      grad[j] = -x[j] * precision;
    }
  }
  if (grad != NULL) {
    grad[0] = -v / f->sd + f->rate * (square - m);
  }
  return -0.5 * (v * v + square) - log(f->sd) - m * f->rate * x[0] -
         0.5 * (double)f->dim * LOG_2PI;
}

static weir_status log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  for (int64_t i = 0; i < n; i++) {
    value[i] =
        one((const funnel *)t, x + i * t->dim, grad == NULL ? NULL : grad + i * t->dim);
  }
  return WEIR_OK;
}

static weir_status sample(
    const weir_target *t, uint64_t seed, int64_t first, int64_t n, double *x) {
  const funnel *f = (const funnel *)t;
  for (int64_t i = 0; i < n; i++) {
    const weiri_rng rng = {seed, weiri_stream("target.funnel", (uint64_t)(first + i))};
    double *row = x + i * t->dim;
    row[0] = f->sd * weiri_normal(rng, 0);
    const double scale = exp(f->rate * row[0]);
    for (int64_t j = 1; j < t->dim; j++) {
      row[j] = scale * weiri_normal(rng, (uint64_t)j);
    }
  }
  return WEIR_OK;
}

static weir_status moments(const weir_target *t, double *mean, double *sd) {
  const funnel *f = (const funnel *)t;
  const double a = f->rate * f->sd;
  for (int64_t j = 0; j < t->dim; j++) {
    mean[j] = 0.0;
    sd[j] = j == 0 ? f->sd : exp(a * a);
  }
  return WEIR_OK;
}

const weir_target_class weiri_target_funnel = {
    .is = {"funnel", "one coordinate is the log scale of the others",
        "Neal 2003; Zhang, Blei, Naesseth 2022", sizeof(funnel), opts},
    .setup = setup,
    .log_density = log_density,
    .sample = sample,
    .moments = moments};
