/* The contract on a linear-Gaussian autoencoder with a planar posterior, whose exact
 * likelihood is known. */
#include "vae_check.h"

#define STANDARD "\"normal\""
static const linear_vae *const v = &vae_of_standard_prior;

/* With the exact posterior every draw gives log p(x): the bound is an equality. */
static void equality(void **state) {
  (void)state;
  rig r;
  rig_dist(&r, VAE(EXACT_POSTERIOR, STANDARD), 3, 0);
  set_likelihood(&r, v);
  set_exact_posterior(&r, v);
  assert_int_equal(r.dist->exactness, WEIR_LOWER_BOUND);
  double *x = normals(60, 51, 1.5), bound[20];
  log_probs(&r, 20, x, NULL, bound);
  for (int i = 0; i < 20; i++) {
    near(bound[i], exact_log_prob(v, x + 3 * i), 1e-12, "bound of the exact posterior");
  }
  free(x);
  rig_close(&r);
}

/* With another posterior the mean of the bound lies below, and importance weights
 * average to p(x). */
static void bound_below(void **state) {
  (void)state;
  enum { N = 40000 };
  rig r;
  rig_dist(&r, VAE(PLANAR_POSTERIOR, STANDARD), 3, 0);
  set_likelihood(&r, v);
  static const double points[3][3] = {{0, 0, 0}, {1, -1, 0.5}, {-0.5, 0.4, 0.8}};
  for (int k = 0; k < 3; k++) {
    double *x = copies(N, 3, points[k]), *f = malloc(N * sizeof *f);
    const double exact = exact_log_prob(v, points[k]);
    log_probs(&r, N, x, NULL, f);
    assert_true(z_score(N, f, exact) < -5.0); /* this posterior is not exact */
    for (int i = 0; i < N; i++) {
      f[i] = exp(f[i] - exact);
    }
    assert_true(fabs(z_score(N, f, 1.0)) < 5.0);
    free(x);
    free(f);
  }
  rig_close(&r);
}

/* Pathwise gradients with common random numbers, planar parameters and encoder too. */
static void gradients(void **state) {
  (void)state;
  static const char *const specs[] = {VAE(PLANAR_POSTERIOR, STANDARD),
      VAE(EXACT_POSTERIOR, STANDARD),
      VAE("{\"name\": \"normal\", \"kind\": \"diagonal\", \"net\": {\"name\": \"mlp\", "
          "\"hidden\": [4], \"activation\": \"tanh\"}}",
          STANDARD)};
  for (int i = 0; i < 3; i++) {
    for (int64_t c = 0; c <= 1; c++) {
      rig r;
      rig_dist(&r, specs[i], 3, c);
      double *x = normals(12, 52, 1.0), *context = normals(4, 53, 1.0);
      const point p = {4, 3, c, x, c == 0 ? NULL : context};
      check_gradients(&r, total_log_prob, &p);
      free(x);
      free(context);
      rig_close(&r);
    }
  }
}

/* What is handed back is parts, and their sum is the bound. */
static void parts(void **state) {
  (void)state;
  rig r;
  rig_dist(&r, VAE(PLANAR_POSTERIOR, STANDARD), 3, 0);
  const double x[6] = {0.1, 0.2, 0.3, -1, 0, 1};
  double sum[2] = {0, 0}, one[2], all[2];
  log_probs(&r, 2, x, NULL, all);
  weiri_run_reset(r.run);
  r.dist->cls->log_prob(r.dist, r.run, rows(&r, 2, 3, x), weir_var_none());
  static const weir_part_kind kinds[] = {
      WEIR_PART_LIKELIHOOD, WEIR_PART_POSTERIOR, WEIR_PART_BASE};
  assert_int_equal(r.run->n_parts, 3);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(r.run->parts[i].kind, kinds[i]);
    OK(weir_var_read(r.run->tape, r.run->parts[i].value, one));
    sum[0] += one[0];
    sum[1] += one[1];
  }
  near(sum[0], all[0], 1e-14, "sum of parts");
  near(sum[1], all[1], 1e-14, "sum of parts");
  assert_string_equal(r.run->parts[1].path, "m.d.layers[0].posterior");
  rig_close(&r);
}

/* A planar flow at a point that it did not draw: an error that says why. */
static void planar_density(void **state) {
  (void)state;
  rig r;
  rig_dist(&r, "{\"name\": \"flow\", \"layers\": [\"planar\"]}", 2, 0);
  assert_int_equal(r.dist->log_prob_how, WEIR_ABSENT);
  const double x[2] = {0, 0};
  const weir_var y =
      weir_dist_log_prob(r.dist, r.run, rows(&r, 1, 2, x), weir_var_none());
  assert_false(weir_var_ok(y));
  assert_int_equal(weir_tape_status(r.run->tape), WEIR_E_UNSUPPORTED);
  assert_non_null(strstr(weir_error(), "m.d.layers[0]"));
  assert_non_null(strstr(weir_error(), "of its own draws only"));
  rig_close(&r);
}

/* Draws have the mean and the covariance of the marginal. */
static void draws(void **state) {
  (void)state;
  enum { N = 40000 };
  rig r;
  rig_dist(&r, VAE(EXACT_POSTERIOR, STANDARD), 3, 0);
  set_likelihood(&r, v);
  set_exact_posterior(&r, v);
  double *x = malloc(3 * N * sizeof *x), *f = malloc(N * sizeof *f);
  double *log_p = malloc(N * sizeof *log_p), mean[3], c[3][3];
  weir_var lp;
  const weir_var s = weir_dist_sample(r.dist, r.run, N, weir_var_none(), &lp);
  OK(weir_var_read(r.run->tape, s, x));
  OK(weir_var_read(r.run->tape, lp, log_p));
  marginal(v, mean, c);
  for (int k = 0; k < 9; k++) {
    for (int i = 0; i < N; i++) {
      f[i] = (x[3 * i + k / 3] - mean[k / 3]) * (x[3 * i + k % 3] - mean[k % 3]);
    }
    assert_true(fabs(z_score(N, f, c[k / 3][k % 3])) < 5.0);
  }
  for (int i = 0; i < 100; i++) { /* exact here, so the path's density is p(x) */
    near(log_p[i], exact_log_prob(v, x + 3 * i), 1e-11, "density of a draw");
  }
  free(x);
  free(f);
  free(log_p);
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equality),
      cmocka_unit_test(bound_below),
      cmocka_unit_test(gradients),
      cmocka_unit_test(parts),
      cmocka_unit_test(planar_density),
      cmocka_unit_test(draws),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
