/* A linear-Gaussian autoencoder, 2 latents and 3 columns, with all its numbers known:
 *     e = A z + a ~ N(0, I),  x = W z + b + s n,  n ~ N(0, I). */
#ifndef VAE_CHECK_H
#define VAE_CHECK_H

#include "dist_check.h"

#define LIKELIHOOD "\"likelihood\": {\"name\": \"normal\", \"kind\": \"diagonal\"}"
#define VAE(posterior, prior)                                                          \
  "{\"name\": \"flow\", \"layers\": [{\"name\": \"variational\", \"latent_dim\": 2, "  \
  "\"posterior\": " posterior ", " LIKELIHOOD "}], \"base\": " prior "}"
#define EXACT_POSTERIOR "{\"name\": \"normal\", \"kind\": \"full\"}"
#define PLANAR_POSTERIOR                                                               \
  "{\"name\": \"flow\", \"layers\": [\"planar\", \"planar\"], \"base\": {\"name\": "   \
  "\"normal\", \"kind\": \"diagonal\"}}"

typedef struct linear_vae {
  double A[2][2], a[2], W[3][2], b[3], s[3];
} linear_vae;

static const linear_vae vae_of_standard_prior = {{{1, 0}, {0, 1}}, {0, 0},
    {{0.8, -0.3}, {0.2, 1.1}, {-0.5, 0.4}}, {0.3, -0.2, 0.1}, {0.7, 0.5, 0.9}};

/* Sets the parameter of the autoencoder's layer, whatever stands around that. */
static inline void set_of_layer(rig *r, const char *name, const double *values) {
  const size_t size = strlen(name);
  for (int32_t i = 0; i < weiri_params_count(r->params); i++) {
    const char *full = weiri_params_info(r->params, i)->name;
    const size_t length = strlen(full);
    if (length > size && strcmp(full + length - size, name) == 0 &&
        strncmp(full + length - size - 10, "layers[0].", 10) == 0) {
      weiri_params_set(r->params, i, values);
      return;
    }
  }
  fail_msg("no parameter %s", name);
}

/* Sets the likelihood to W, b and s; the scale does not depend on z. */
static inline void set_likelihood(rig *r, const linear_vae *v) {
  double weight[12] = {0}, log_scale[3];
  for (int i = 0; i < 3; i++) {
    weight[2 * i] = v->W[i][0];
    weight[2 * i + 1] = v->W[i][1];
    log_scale[i] = log(v->s[i]);
  }
  set_of_layer(r, "likelihood.weight", weight);
  set_of_layer(r, "likelihood.loc", v->b);
  set_of_layer(r, "likelihood.log_scale", log_scale);
}

/* Precision of z: the prior's A'A, plus W' D^-1 W for the posterior. */
static inline void precision(const linear_vae *v, bool posterior, double p[2][2]) {
  for (int i = 0; i < 2; i++) {
    for (int j = 0; j < 2; j++) {
      p[i][j] = v->A[0][i] * v->A[0][j] + v->A[1][i] * v->A[1][j];
      for (int k = 0; posterior && k < 3; k++) {
        p[i][j] += v->W[k][i] * v->W[k][j] / (v->s[k] * v->s[k]);
      }
    }
  }
}

static inline void invert2(double p[2][2], double q[2][2]) {
  const double det = p[0][0] * p[1][1] - p[0][1] * p[1][0];
  q[0][0] = p[1][1] / det;
  q[1][1] = p[0][0] / det;
  q[0][1] = q[1][0] = -p[0][1] / det;
}

/* Sets a full normal posterior to the exact one: mean P^-1 (W' D^-1 (x - b) - A' a). */
static inline void set_exact_posterior(rig *r, const linear_vae *v) {
  double p[2][2], c[2][2], weight[12] = {0}, loc[2];
  precision(v, true, p);
  invert2(p, c);
  for (int i = 0; i < 2; i++) {
    loc[i] = 0.0;
    for (int j = 0; j < 2; j++) {
      loc[i] -= c[i][j] * (v->A[0][j] * v->a[0] + v->A[1][j] * v->a[1]);
    }
    for (int k = 0; k < 3; k++) {
      weight[3 * i + k] =
          (c[i][0] * v->W[k][0] + c[i][1] * v->W[k][1]) / (v->s[k] * v->s[k]);
      loc[i] -= weight[3 * i + k] * v->b[k];
    }
  }
  const double n = p[0][1] / p[1][1];
  set_of_layer(r, "posterior.weight", weight);
  set_of_layer(r, "posterior.loc", loc);
  set_of_layer(r, "posterior.log_scale",
      (double[]){-0.5 * log(p[0][0] - n * p[0][1]), -0.5 * log(p[1][1])});
  set_of_layer(r, "posterior.lower", (double[]){0, 0, n, 0});
}

/* Mean and covariance of x. */
static inline void marginal(const linear_vae *v, double mean[3], double c[3][3]) {
  double p[2][2], q[2][2], mu[2];
  precision(v, false, p);
  invert2(p, q);
  for (int i = 0; i < 2; i++) {
    mu[i] = 0.0;
    for (int j = 0; j < 2; j++) {
      mu[i] -= q[i][j] * (v->A[0][j] * v->a[0] + v->A[1][j] * v->a[1]);
    }
  }
  for (int i = 0; i < 3; i++) {
    mean[i] = v->b[i] + v->W[i][0] * mu[0] + v->W[i][1] * mu[1];
    for (int j = 0; j < 3; j++) {
      c[i][j] = i == j ? v->s[i] * v->s[i] : 0.0;
      for (int k = 0; k < 2; k++) {
        c[i][j] += v->W[i][k] * (q[k][0] * v->W[j][0] + q[k][1] * v->W[j][1]);
      }
    }
  }
}

/* log N(x; mean, C) by elimination. */
static inline double exact_log_prob(const linear_vae *v, const double *x) {
  double mean[3], c[3][3], u[3], sum = -1.5 * 1.8378770664093454836;
  marginal(v, mean, c);
  for (int i = 0; i < 3; i++) {
    u[i] = x[i] - mean[i];
  }
  for (int k = 0; k < 3; k++) {
    sum -= 0.5 * (log(c[k][k]) + u[k] * u[k] / c[k][k]);
    for (int i = k + 1; i < 3; i++) {
      const double f = c[i][k] / c[k][k];
      u[i] -= f * u[k];
      for (int j = k; j < 3; j++) {
        c[i][j] -= f * c[k][j];
      }
    }
  }
  return sum;
}

/* n copies of one row. */
static inline double *copies(int64_t n, int64_t d, const double *row) {
  double *x = malloc((size_t)(n * d) * sizeof *x);
  for (int64_t i = 0; i < n * d; i++) {
    x[i] = row[i % d];
  }
  return x;
}

/* z of the mean of f over n numbers against expected. */
static inline double z_score(int64_t n, const double *f, double expected) {
  double mean = 0.0, square = 0.0;
  for (int64_t i = 0; i < n; i++) {
    mean += f[i] / (double)n;
  }
  for (int64_t i = 0; i < n; i++) {
    square += (f[i] - mean) * (f[i] - mean) / (double)(n - 1);
  }
  return (mean - expected) / sqrt(square / (double)n);
}

/* Three binary columns: importance weights average to p(x), whose sum over the eight
 * rows is 1; and the mean of the bound is below log p(x). n draws of each row. */
static inline void check_sums_to_one(rig *r, int64_t n) {
  double total = 0.0, error = 0.0, *f = malloc((size_t)n * sizeof *f);
  for (int k = 0; k < 8; k++) {
    const double one[3] = {k & 1, k >> 1 & 1, k >> 2};
    double *many = copies(n, 3, one), square = 0.0, p = 0.0, bound = 0.0;
    log_probs(r, n, many, NULL, f);
    for (int64_t i = 0; i < n; i++) {
      p += exp(f[i]) / (double)n;
      square += exp(2 * f[i]) / (double)n;
      bound += f[i] / (double)n;
    }
    total += p;
    error += (square - p * p) / (double)n;
    assert_true(bound < log(p));
    free(many);
  }
  if (!(fabs(total - 1.0) < 5.0 * sqrt(error)) || error > 1e-4) {
    print_error("sum over all rows: %g, error %g\n", total, sqrt(error));
    fail();
  }
  free(f);
}

static inline weir_var total_log_prob(rig *r, weir_var x, weir_var context) {
  return weir_sum_all(r->run->tape, weir_dist_log_prob(r->dist, r->run, x, context));
}

#endif
