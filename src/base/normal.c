/* Quantiles of the standard normal: Acklam's rational start and one step of Halley's
 * method on erfc, which leaves a relative error near 1e-15. */
#include "base/normal.h"

#include <math.h>

#define SQRT_2PI 2.5066282746310005024
#define SQRT_HALF 0.70710678118654752440

static double polynomial(const double *c, int n, double x) {
  double y = c[0];
  for (int i = 1; i < n; i++) {
    y = y * x + c[i];
  }
  return y;
}

/* Relative error below 1.2e-9, p <= 1/2. */
static double rough(double p) {
  static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,
      -2.759285104469687e+02, 1.383577518672690e+02, -3.066479806614716e+01,
      2.506628277459239e+00};
  static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,
      -1.556989798598866e+02, 6.680131188771972e+01, -1.328068155288572e+01, 1.0};
  static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01,
      -2.400758277161838e+00, -2.549732539343734e+00, 4.374664141464968e+00,
      2.938163982698783e+00};
  static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01,
      2.445134137142996e+00, 3.754408661907416e+00, 1.0};
  if (p < 0.02425) {
    const double q = sqrt(-2.0 * log(p));
    return polynomial(c, 6, q) / polynomial(d, 5, q);
  }
  const double q = p - 0.5, r = q * q;
  return q * polynomial(a, 6, r) / polynomial(b, 6, r);
}

double weiri_normal_quantile(double p) {
  if (!(p > 0.0 && p < 1.0)) {
    return p == 0.0 ? -INFINITY : p == 1.0 ? INFINITY : NAN;
  }
  if (p > 0.5) {
    return -weiri_normal_quantile(1.0 - p);
  }
  const double x = rough(p);
  const double e = 0.5 * erfc(-x * SQRT_HALF) - p;
  const double u = e * SQRT_2PI * exp(0.5 * x * x);
  return x - u / (1.0 + 0.5 * x * u);
}
