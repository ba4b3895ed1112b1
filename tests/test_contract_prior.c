/* The contract with a flow as the prior of an autoencoder: a linear flow, where the
 * exact likelihood is known, and a curved one, where the estimate must integrate to 1.
 */
#include "vae_check.h"

#define LINEAR_PRIOR                                                                   \
  "{\"name\": \"flow\", \"layers\": [\"lu_linear\"], \"base\": \"normal\"}"
#define CURVED_PRIOR                                                                   \
  "{\"name\": \"flow\", \"layers\": [\"lu_linear\", {\"name\": \"coupling\", "         \
  "\"map\": "                                                                          \
  "\"affine\", \"net\": {\"name\": \"mlp\", \"hidden\": [8], \"activation\": "         \
  "\"tanh\"}}, \"reverse\"], \"base\": {\"name\": \"gmm\", \"components\": 3}}"

static linear_vae vae_of_linear_prior(void) {
  linear_vae v = vae_of_standard_prior;
  const double l = -0.6, u = 0.5, d0 = 1.4, d1 = 0.8; /* A = L U */
  v.A[0][0] = d0;
  v.A[0][1] = u;
  v.A[1][0] = l * d0;
  v.A[1][1] = l * u + d1;
  v.a[0] = 0.3;
  v.a[1] = -0.7;
  return v;
}

static void set_prior(rig *r) {
  rig_set(r, "m.d.base.layers[0].lower", (double[]){0, 0, -0.6, 0});
  rig_set(r, "m.d.base.layers[0].upper", (double[]){0, 0.5, 0, 0});
  rig_set(r, "m.d.base.layers[0].diagonal",
      (double[]){log(expm1(1.4 - 1e-3)), log(expm1(0.8 - 1e-3))});
  rig_set(r, "m.d.base.layers[0].bias", (double[]){0.3, -0.7});
}

static void equality(void **state) {
  (void)state;
  const linear_vae v = vae_of_linear_prior();
  rig r;
  rig_dist(&r, VAE(EXACT_POSTERIOR, LINEAR_PRIOR), 3, 0);
  set_prior(&r);
  set_likelihood(&r, &v);
  set_exact_posterior(&r, &v);
  double *x = normals(60, 61, 1.5), bound[20];
  log_probs(&r, 20, x, NULL, bound);
  for (int i = 0; i < 20; i++) {
    near(bound[i], exact_log_prob(&v, x + 3 * i), 1e-11, "bound with a linear prior");
  }
  free(x);
  rig_close(&r);
}

static void bound_below(void **state) {
  (void)state;
  enum { N = 40000 };
  const linear_vae v = vae_of_linear_prior();
  static const double at[3] = {0.4, -0.3, 0.2};
  rig r;
  rig_dist(&r, VAE(PLANAR_POSTERIOR, LINEAR_PRIOR), 3, 0);
  set_prior(&r);
  set_likelihood(&r, &v);
  double *x = copies(N, 3, at), *f = malloc(N * sizeof *f);
  const double exact = exact_log_prob(&v, at);
  log_probs(&r, N, x, NULL, f);
  assert_true(z_score(N, f, exact) < -5.0);
  for (int i = 0; i < N; i++) {
    f[i] = exp(f[i] - exact);
  }
  assert_true(fabs(z_score(N, f, 1.0)) < 5.0);
  free(x);
  free(f);
  rig_close(&r);
}

/* The sum over a grid of two columns of exp(bound), an unbiased estimate of p(x) at
 * each point, is 1 up to its own spread. */
static void curved(void **state) {
  (void)state;
  rig r;
  rig_dist(&r, VAE(PLANAR_POSTERIOR, CURVED_PRIOR), 2, 0);
  /* an encoder wider than the prior, so that no single draw weighs much */
  rig_set(&r, "m.d.layers[0].posterior.base.weight", (double[8]){0});
  rig_set(&r, "m.d.layers[0].posterior.base.log_scale", (double[]){0.9, 0.9});
  enum { TIMES = 24 };
  const grid g = {2, 200, -12, 12};
  const int64_t n = grid_size(g);
  double *x = grid_points(g), *p = malloc((size_t)n * sizeof *p), sum[TIMES];
  double mean = 0;
  for (int k = 0; k < TIMES; k++) {
    r.run->step = (uint64_t)k; /* other draws */
    log_probs(&r, n, x, NULL, p);
    sum[k] = 0;
    for (int64_t i = 0; i < n; i++) {
      sum[k] += exp(p[i]) * grid_cell(g);
    }
    mean += sum[k] / TIMES;
  }
  const double error = (mean - 1.0) / z_score(TIMES, sum, 1.0);
  assert_true(error < 0.015); /* otherwise the next line says little */
  assert_true(fabs(mean - 1.0) < 5.0 * error);
  free(x);
  free(p);
  rig_close(&r);
}

static void gradients(void **state) {
  (void)state;
  rig r;
  rig_dist(&r, VAE(PLANAR_POSTERIOR, CURVED_PRIOR), 3, 0);
  double *x = normals(9, 62, 1.0);
  const point p = {3, 3, 0, x, NULL};
  check_gradients(&r, total_log_prob, &p);
  free(x);
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equality),
      cmocka_unit_test(bound_below),
      cmocka_unit_test(curved),
      cmocka_unit_test(gradients),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
