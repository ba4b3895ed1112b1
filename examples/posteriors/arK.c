/* Autoregression of order K: y[t] ~ normal(alpha + sum_k beta[k] y[t-k], sigma);
 * alpha, beta ~ normal(0, 10), sigma ~ half-Cauchy(2.5) (Stan User's Guide). */
#include "posterior.h"
#include "regression.h"

bool posterior_load(posterior *p, const json_t *data) {
  regression *r = posterior_new(p, sizeof *r);
  double *y, order;
  int64_t n;
  if (!posterior_vector(p, data, "y", &y, &n) ||
      !posterior_number(p, data, "K", &order) ||
      !posterior_sizes(
          p, order >= 0 && order < (double)n, "0 <= K < the length of y")) {
    return false;
  }
  const int64_t k = (int64_t)order;
  if (!regression_make(p, r, n - k, k + 1)) {
    return false;
  }
  r->prior_sd = 10;
  r->sigma_scale = 2.5;
  for (int64_t t = k; t < n; t++) {
    r->y[t - k] = y[t];
    for (int64_t j = 0; j <= k; j++) {
      r->x[(t - k) * (k + 1) + j] = j == 0 ? 1 : y[t - j];
    }
  }
  return posterior_real(p, "alpha") && posterior_reals(p, "beta", k) &&
         posterior_positive(p, "sigma");
}
