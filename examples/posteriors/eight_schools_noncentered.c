/* Eight schools (Rubin 1981; Gelman et al., Bayesian Data Analysis, 5.5), non-centred:
 *     y[j] ~ normal(theta[j], sigma[j]), theta = mu + tau eta, eta ~ normal(0, 1),
 *     mu ~ normal(0, 5), tau ~ half-Cauchy(5). */
#define POSTERIOR_OUTPUTS
#include "posterior.h"
#include "terms.h"

typedef struct schools {
  int64_t n;
  double *y, *sigma;
} schools;

bool posterior_load(posterior *p, const json_t *data) {
  schools *s = posterior_new(p, sizeof *s);
  int64_t n;
  return posterior_vector(p, data, "y", &s->y, &s->n) &&
         posterior_vector(p, data, "sigma", &s->sigma, &n) &&
         posterior_sizes(p, n == s->n, "y [n] and sigma [n]") &&
         posterior_reals(p, "theta", s->n) && posterior_real(p, "mu") &&
         posterior_positive(p, "tau");
}

bool posterior_density(const void *self, const double *x, double *value, double *grad) {
  const schools *s = self;
  const double mu = x[s->n], tau = x[s->n + 1];
  double *g_mu = grad + s->n, *g_tau = grad + s->n + 1;
  memset(grad, 0, (size_t)(s->n + 2) * sizeof *grad);
  *value = normal_term(mu, 0, 5, g_mu) + cauchy_term(tau, 5, g_tau);
  for (int64_t j = 0; j < s->n; j++) {
    double g = 0;
    *value += normal_term(x[j], 0, 1, &grad[j]) +
              normal_term(mu + tau * x[j], s->y[j], s->sigma[j], &g);
    grad[j] += tau * g;
    *g_mu += g;
    *g_tau += x[j] * g;
  }
  return true;
}

/* theta in place of eta. */
void posterior_show(const posterior *p, const double *x, double *out) {
  const schools *s = p->self;
  memcpy(out, x, (size_t)p->n * sizeof *x);
  for (int64_t j = 0; j < s->n; j++) {
    out[j] = x[s->n] + x[s->n + 1] * x[j];
  }
}
