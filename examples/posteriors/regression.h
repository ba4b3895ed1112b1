/* y ~ normal(X beta, sigma): coordinates beta [k], then sigma. beta has independent
 * normal(0, prior_sd) priors (0: flat), sigma a half-Cauchy of the given scale (0:
 * flat). */
#ifndef REGRESSION_H
#define REGRESSION_H

#include "posterior.h"
#include "terms.h"

typedef struct regression {
  int64_t n, k;
  double *x, *y; /* [n, k], [n] */
  double prior_sd, sigma_scale;
} regression;

static inline bool regression_make(posterior *p, regression *r, int64_t n, int64_t k) {
  r->n = n;
  r->k = k;
  r->x = posterior_room(p, n * k);
  r->y = posterior_room(p, n);
  return r->x != NULL && r->y != NULL;
}

/* Column j of X becomes the named vector of the data (NULL: ones), through f unless
 * NULL. */
static inline bool regression_column(posterior *p, regression *r, const json_t *data,
    int64_t j, const char *name, double (*f)(double)) {
  double *v = NULL;
  int64_t n = r->n;
  if (name != NULL && !posterior_vector(p, data, name, &v, &n)) {
    return false;
  }
  for (int64_t i = 0; i < r->n && n == r->n; i++) {
    const double value = v == NULL ? 1 : v[i];
    r->x[i * r->k + j] = f == NULL ? value : f(value);
  }
  return posterior_sizes(p, n == r->n, "vectors of one length");
}

bool posterior_density(const void *self, const double *x, double *value, double *grad) {
  const regression *r = self;
  const double sigma = x[r->k];
  memset(grad, 0, (size_t)(r->k + 1) * sizeof *grad);
  *value = regression_terms(r->n, r->k, r->x, r->y, x, sigma, grad, grad + r->k);
  for (int64_t j = 0; j < r->k && r->prior_sd > 0; j++) {
    *value += normal_term(x[j], 0, r->prior_sd, &grad[j]);
  }
  if (r->sigma_scale > 0) {
    *value += cauchy_term(sigma, r->sigma_scale, grad + r->k);
  }
  return true;
}

#endif
