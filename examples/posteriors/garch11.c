/* GARCH(1, 1): y[t] ~ normal(mu, s[t]), s[1] given,
 *     s[t]^2 = alpha0 + alpha1 (y[t-1] - mu)^2 + beta1 s[t-1]^2,
 * alpha0 > 0, 0 < alpha1 < 1, 0 < beta1 < 1 - alpha1, flat priors (Stan User's Guide,
 * time-series models). The fourth coordinate is the share b of what is left to beta1,
 * beta1 = (1 - alpha1) b, which brings log(1 - alpha1). */
#define POSTERIOR_OUTPUTS
#include "posterior.h"
#include "terms.h"

typedef struct garch {
  int64_t n;
  double *y, sigma1;
} garch;

bool posterior_load(posterior *p, const json_t *data) {
  garch *g = posterior_new(p, sizeof *g);
  return posterior_vector(p, data, "y", &g->y, &g->n) &&
         posterior_number(p, data, "sigma1", &g->sigma1) && posterior_real(p, "mu") &&
         posterior_positive(p, "alpha0") && posterior_interval(p, "alpha1", 0, 1) &&
         posterior_interval(p, "beta1", 0, 1);
}

bool posterior_density(const void *self, const double *x, double *value, double *grad) {
  const garch *g = self;
  const double mu = x[0], a0 = x[1], a1 = x[2], b1 = (1 - x[2]) * x[3];
  /* Variance and its derivatives in mu, alpha0, alpha1, beta1. */
  double v = g->sigma1 * g->sigma1, dv[4] = {0}, out = log1p(-a1), d[4] = {0};
  for (int64_t t = 0; t < g->n; t++) {
    const double r = g->y[t] - mu;
    out -= 0.5 * (LOG_2PI + log(v) + r * r / v);
    for (int i = 0; i < 4; i++) {
      d[i] += 0.5 * (r * r / v - 1) / v * dv[i];
    }
    d[0] += r / v;
    const double next[4] = {
        b1 * dv[0] - 2 * a1 * r, b1 * dv[1] + 1, b1 * dv[2] + r * r, b1 * dv[3] + v};
    v = a0 + a1 * r * r + b1 * v;
    memcpy(dv, next, sizeof dv);
  }
  grad[0] = d[0];
  grad[1] = d[1];
  grad[2] = d[2] - x[3] * d[3] - 1 / (1 - a1);
  grad[3] = (1 - a1) * d[3];
  *value = out;
  return true;
}

void posterior_show(const posterior *p, const double *x, double *out) {
  (void)p;
  memcpy(out, x, 4 * sizeof *x);
  out[3] = (1 - x[2]) * x[3];
}
