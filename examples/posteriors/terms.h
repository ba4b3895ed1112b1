/* Terms of log densities with their gradients: each returns its value and adds to the
 * derivatives. Normalising constants are kept, so that evidences mean something. */
#ifndef TERMS_H
#define TERMS_H

#include <math.h>
#include <stdint.h>

#define LOG_2PI 1.8378770664093454836
#define LOG_PI 1.1447298858494001741

/* log normal(x | mean, sd) in x, which has derivative *g. */
static inline double normal_term(double x, double mean, double sd, double *g) {
  const double z = (x - mean) / sd;
  *g -= z / sd;
  return -0.5 * z * z - log(sd) - 0.5 * LOG_2PI;
}

/* log cauchy(x | 0, scale). On x > 0 it integrates to 1/2. */
static inline double cauchy_term(double x, double scale, double *g) {
  const double z = x / scale;
  *g -= 2.0 * z / (scale * (1.0 + z * z));
  return -log1p(z * z) - log(scale) - LOG_PI;
}

/* log normal(log x | mean, sd) - log x in x. */
static inline double lognormal_term(double x, double mean, double sd, double *g) {
  const double z = (log(x) - mean) / sd;
  *g -= (z / sd + 1.0) / x;
  return -0.5 * z * z - log(sd) - log(x) - 0.5 * LOG_2PI;
}

/* Lognormal measurement y of a positive quantity m with error sd, in m and sd. */
static inline double measured_term(
    double y, double m, double sd, double *g_m, double *g_sd) {
  const double z = (log(y) - log(m)) / sd;
  *g_m += z / (sd * m);
  *g_sd += (z * z - 1.0) / sd;
  return -0.5 * z * z - log(sd) - log(y) - 0.5 * LOG_2PI;
}

/* y [n] ~ normal(X beta, sigma), X [n, k] row-major, in beta [k] and sigma. */
static inline double regression_terms(int64_t n, int64_t k, const double *X,
    const double *y, const double *beta, double sigma, double *g_beta,
    double *g_sigma) {
  double squares = 0.0;
  for (int64_t i = 0; i < n; i++) {
    double r = y[i];
    for (int64_t j = 0; j < k; j++) {
      r -= X[i * k + j] * beta[j];
    }
    for (int64_t j = 0; j < k; j++) {
      g_beta[j] += r * X[i * k + j] / (sigma * sigma);
    }
    squares += r * r;
  }
  *g_sigma += squares / (sigma * sigma * sigma) - (double)n / sigma;
  return -0.5 * squares / (sigma * sigma) - (double)n * (log(sigma) + 0.5 * LOG_2PI);
}

#endif
