/* Density, gradient and draws of targets whose first coordinate leads the others:
 *
 *     log p = -x_1^2 / 2 s^2 - log s - sum_{j > 1} (e_j^2 / 2 + l) - d/2 log 2 pi,
 *     e_2 = (x_2 - m) e^-l,  e_j = x_j e^-l */
#include "infer/led.h"

#include <math.h>

#include "base/rng.h"

#define LOG_2PI 1.8378770664093454836

static double one(const weiri_led *t, const double *x, double *grad) {
  const weiri_law law = t->law(t, x[0]);
  const double shrink = exp(-law.l), u = x[0] / t->sd;
  const double others = (double)(t->dim - 1);
  double square = 0.0;
  for (int64_t j = 1; j < t->dim; j++) {
    const double e = (x[j] - (j == 1 ? law.m : 0.0)) * shrink;
    square += e * e;
    if (grad != NULL) {
      grad[j] = -e * shrink;
    }
  }
  if (grad != NULL) {
    grad[0] = -u / t->sd - grad[1] * law.dm + law.dl * (square - others);
  }
  return -0.5 * (u * u + square) - log(t->sd) - others * law.l -
         0.5 * (double)t->dim * LOG_2PI;
}

weir_status weiri_led_log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  for (int64_t i = 0; i < n; i++) {
    value[i] = one(
        (const weiri_led *)t, x + i * t->dim, grad == NULL ? NULL : grad + i * t->dim);
  }
  return WEIR_OK;
}

weir_status weiri_led_sample(
    const weir_target *t, uint64_t seed, int64_t first, int64_t n, double *x) {
  const weiri_led *led = (const weiri_led *)t;
  for (int64_t i = 0; i < n; i++) {
    const weiri_rng rng = {seed, weiri_stream("target.led", (uint64_t)(first + i))};
    double *row = x + i * t->dim;
    weiri_fill_normal(rng, 0, t->dim, WEIR_F64, row);
    row[0] *= led->sd;
    const weiri_law law = led->law(led, row[0]);
    for (int64_t j = 1; j < t->dim; j++) {
      row[j] = (j == 1 ? law.m : 0.0) + exp(law.l) * row[j];
    }
  }
  return WEIR_OK;
}
