/* What likelihoods say of themselves around a point, and the precision of the Laplace
 * posteriors that stand on it, against differences. */
#include "vlae_check.h"

/* The slope is d log p / d eta, by the gradient of the bias that eta is shifted by; the
 * weight is the mean of its square over draws of the likelihood. */
static void local_forms(void **state) {
  (void)state;
  enum { N = 40000, P = 3 };
  static const char *const specs[] = {BERNOULLI, GAUSS, SQUASHED, STUDENT, LAPLACE_OUT};
  for (int i = 0; i < 5; i++) {
    rig r;
    open_model(&r, specs[i], P, 2);
    const weir_slot bias = {
        weiri_params_find(r.params, i == 0 ? "m.d.logits" : "m.d.loc")};
    double *slope = malloc(N * P * sizeof *slope), weight[P], sum[P], by_tape[P];
    const double c[2] = {0.4, -0.7};
    weir_tape *t = r.run->tape;
    const weir_var given = weir_broadcast(t, rows(&r, 1, 2, c), weir_shape_2(N, 2));
    const weir_var x = weir_stop(t, weir_dist_sample(r.dist, r.run, N, given, NULL));
    weir_local at = {.pieces = {.n = 0}};
    assert_true(weir_dist_local(r.dist, r.run, x, given, &at));
    assert_int_equal(at.pieces.n, 1);
    const weir_var b = weir_run_param(r.run, bias);
    const weir_var total = weir_sum_all(t, weir_dist_log_prob(r.dist, r.run, x, given));
    weir_var g;
    OK(weir_grad(t, total, weir_var_none(), 1, &b, &g, false));
    OK(weir_var_read(t, g, by_tape));
    OK(weir_var_read(t, at.slope, slope));
    OK(weir_var_read(t, weir_slice(t, at.weight, 0, 0, 1), weight));
    for (int j = 0; j < P; j++) {
      double f[N];
      sum[j] = 0.0;
      for (int k = 0; k < N; k++) {
        sum[j] += slope[k * P + j];
        f[k] = slope[k * P + j] * slope[k * P + j];
      }
      near(by_tape[j], sum[j], 1e-9, "slope");
      const double z = z_score(N, f, weight[j]); /* Laplace: all squares are equal */
      assert_true(fabs(z) < 5.0 || fabs(f[0] - weight[j]) < 1e-12 * weight[j]);
    }
    free(slope);
    rig_close(&r);
  }
}

/* The precision that the posterior stands on, against J' w J + 1 with J by differences
 * of eta: exact where nothing bends between the points, as here. */
static void check_precision(const char *spec, int64_t p, double h) {
  enum { D = 2, N = 6 };
  rig r;
  open_model(&r, spec, p, 0);
  const weir_layer *l = weiri_flow_layer(r.dist);
  double *x = points(spec, N * p), found[N * (D + D * D)], z[2 * D][N * D];
  double *eta[2 * D], *weight = malloc((size_t)(N * p) * sizeof *weight);
  weir_var h_of_q = weir_var_none();
  (void)weiri_posterior_of(l, r.run, rows(&r, N, p, x), &h_of_q);
  OK(weir_var_read(r.run->tape, h_of_q, found));
  for (int k = 0; k < 2 * D; k++) {
    eta[k] = malloc((size_t)(N * p) * sizeof **eta);
    for (int i = 0; i < N * D; i++) {
      z[k][i] = found[i / D * (D + D * D) + i % D] +
                (i % D == k / 2 ? (k % 2 == 0 ? h : -h) : 0.0);
    }
    weir_local at = {.pieces = {.n = 0}};
    assert_true(weir_dist_local(
        l->likelihood, r.run, rows(&r, N, p, x), rows(&r, N, D, z[k]), &at));
    OK(weir_var_read(r.run->tape, at.eta, eta[k]));
  }
  for (int i = 0; i < N * D; i++) {
    z[0][i] = found[i / D * (D + D * D) + i % D];
  }
  weir_local at = {.pieces = {.n = 0}};
  assert_true(weir_dist_local(
      l->likelihood, r.run, rows(&r, N, p, x), rows(&r, N, D, z[0]), &at));
  OK(weir_var_read(r.run->tape, at.weight, weight));
  for (int i = 0; i < N; i++) {
    const double *factor = found + i * (D + D * D) + D;
    for (int a = 0; a < D; a++) {
      for (int b = 0; b <= a; b++) {
        double sum = a == b ? 1.0 : 0.0, precision = 0.0;
        for (int64_t j = i * p; j < (i + 1) * p; j++) {
          const double ja = (eta[2 * a][j] - eta[2 * a + 1][j]) / (2 * h);
          const double jb = (eta[2 * b][j] - eta[2 * b + 1][j]) / (2 * h);
          sum += ja * jb * weight[j];
        }
        for (int k = 0; k <= b; k++) {
          precision += factor[a * D + k] * factor[b * D + k];
        }
        near(precision, sum, 1e-7, "precision");
      }
    }
  }
  for (int k = 0; k < 2 * D; k++) {
    free(eta[k]);
  }
  free(weight);
  free(x);
  rig_close(&r);
}

#define POOLED                                                                         \
  "{\"name\": \"encoded\", \"features\": 16, \"activation\": \"leaky_relu\", "         \
  "\"net\": "                                                                          \
  "{\"name\": \"conv\", \"image\": [4, 4], \"input\": \"features\", \"output\": "      \
  "\"image\", \"blocks\": [{\"name\": \"dense\", \"image\": [8, 8, 2]}, {\"name\": "   \
  "\"max_pool\"}, {\"name\": \"conv\"}]}, \"dist\": "

/* Decoders that are linear piece by piece: dense ones through their layers, one with
 * pooling through the tape. */
static void precisions(void **state) {
  (void)state;
  check_precision(MODEL(AUTO, DECODER("relu", BERNOULLI)), 5, 1e-6);
  check_precision(MODEL(AUTO, DECODER("leaky_relu", GAUSS)), 5, 1e-6);
  check_precision(MODEL(AUTO, POOLED BERNOULLI "}"), 7, 1e-6);
  check_precision(MODEL(AUTO, POOLED GAUSS "}"), 7, 1e-6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(local_forms),
      cmocka_unit_test(precisions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
