/* Linear layers: round trips, log-determinants against the Jacobian, gradients, moments
 * of the training data, circular columns left alone, supports. */
#include "layer_check.h"

static const char *const specs[] = {
    "\"permutation\"",
    "{\"name\": \"permutation\", \"seed\": 3}",
    "\"reverse\"",
    "\"lu_linear\"",
    "\"linear\"",
    "\"scaling\"",
    "\"actnorm\"",
    "\"standardize\"",
    "\"batch_norm\"",
    "\"whiten\"",
    ("{\"name\": \"chain\", \"layers\": [\"lu_linear\", \"reverse\", \"batch_norm\", "
     "\"linear\"]}"),
};
#define SPECS ((int)(sizeof specs / sizeof specs[0]))

/* Real columns, every third one a circle when mixed. */
static void open_layer(rig *r, const char *spec, int64_t d, bool mixed) {
  weir_support s[8];
  weir_event event = event_of(d, s, (weir_support){WEIR_REAL, 0, 0});
  for (int64_t j = 1; mixed && j < d; j += 3) {
    s[j] = (weir_support){WEIR_CIRCLE, -3, 3};
  }
  rig_open(r, 0);
  OK(rig_make(r, spec, &event, true));
  rig_ready(r, 0.2);
}

static void both_ways(rig *r, int64_t d, double scale) {
  double *x = normals(N * d, 31, scale);
  check_both_ways(r, d, x, NULL, scale, 1e-11);
  free(x);
}

static void bijections(void **state) {
  (void)state;
  static const int64_t sizes[] = {1, 2, 3, 5};
  for (int i = 0; i < SPECS; i++) {
    for (int k = 0; k < 8; k++) {
      rig r;
      open_layer(&r, specs[i], sizes[k % 4], k >= 4);
      both_ways(&r, sizes[k % 4], 1.0);
      both_ways(&r, sizes[k % 4], 1000.0);
      rig_close(&r);
    }
  }
}

static weir_var value(rig *r, weir_var x, weir_var context) {
  weir_tape *t = r->run->tape;
  const weir_var z = weir_layer_to_latent(r->layer, r->run, x, context);
  const weir_var back = weir_layer_to_data(r->layer, r->run, x, context);
  const weir_var parts = weiri_run_total(r->run, 0);
  return weir_sum_all(t,
      weir_add(t, weir_sin(t, z),
          weir_add(t, weir_cos(t, back), weir_reshape(t, parts, weir_shape_2(N, 1)))));
}

/* In training batch norm couples the rows; its gradients know. */
static weir_var latent_value(rig *r, weir_var x, weir_var context) {
  weir_tape *t = r->run->tape;
  r->run->mode = WEIR_TRAIN;
  const weir_var z = weir_layer_to_latent(r->layer, r->run, x, context);
  return weir_add(
      t, weir_sum_all(t, weir_sin(t, z)), weir_sum_all(t, weiri_run_total(r->run, 0)));
}

static void gradients(void **state) {
  (void)state;
  for (int i = 0; i < SPECS; i++) {
    for (int64_t d = 1; d <= 4; d++) {
      rig r;
      open_layer(&r, specs[i], d, d == 4);
      double *x = normals(N * d, 32, 1.0);
      const point p = {N, d, 0, x, NULL};
      check_gradients(&r, value, &p);
      check_gradients(&r, latent_value, &p);
      free(x);
      rig_close(&r);
    }
  }
}

/* Circular columns pass through linear layers as they are. */
static void circles(void **state) {
  (void)state;
  for (int i = 3; i < 10; i++) {
    rig r;
    open_layer(&r, specs[i], 5, true);
    double *x = normals(N * 5, 33, 1.0);
    passed z;
    pass(&r, 5, x, NULL, false, &z);
    for (int64_t k = 0; k < N; k++) {
      assert_true(z.y[k * 5 + 1] == x[k * 5 + 1] && z.y[k * 5 + 4] == x[k * 5 + 4]);
    }
    assert_true(weir_support_equal(
        r.layer->latent.support[1], (weir_support){WEIR_CIRCLE, -3, 3}));
    free(x);
    rig_close(&r);
  }
}

static void orders(void **state) {
  (void)state;
  rig r;
  open_layer(&r, "{\"name\": \"permutation\", \"columns\": [2, 0, 1]}", 3, true);
  const double x[N * 3] = {10, 20, 30};
  passed z;
  pass(&r, 3, x, NULL, false, &z);
  assert_true(z.y[0] == 30 && z.y[1] == 10 && z.y[2] == 20);
  assert_int_equal(r.layer->latent.support[2].kind, WEIR_CIRCLE);
  assert_int_equal(r.layer->latent.support[1].kind, WEIR_REAL);
  rig_close(&r);
  open_layer(&r, "\"reverse\"", 3, false);
  pass(&r, 3, x, NULL, false, &z);
  assert_true(z.y[0] == 30 && z.y[1] == 20 && z.y[2] == 10);
  rig_close(&r);
}

static weir_moments moments_of(rig *r, int64_t n, int64_t d, const double *x) {
  weir_moments m;
  OK(weiri_moments_create(r->ctx, &m, d, true));
  weiri_moments_add(&m, x, n, NULL);
  return m;
}

/* After observe the training data have mean 0 and variance 1 (before gamma, beta). */
static void observed(void **state) {
  (void)state;
  for (int i = 6; i < 10; i++) {
    rig r;
    const int64_t d = 3;
    weir_support s[3];
    const weir_event event = event_of(d, s, (weir_support){WEIR_REAL, 0, 0});
    rig_open(&r, 0);
    OK(rig_make(&r, specs[i], &event, true));
    rig_ready(&r, 0.0);
    double x[N * 3] = {1e6, 2, -3, 1e6 + 1, 5, -3.5, 1e6 + 4, 1, 0, 1e6 - 2, 0, 1};
    weir_moments m = moments_of(&r, N, d, x);
    OK(r.layer->cls->observe(r.layer, r.params, &m));
    assert_int_equal(r.layer->cls->observe_each, i == 8);
    passed z;
    pass(&r, d, x, NULL, false, &z);
    for (int64_t j = 0; j < d; j++) {
      double mean = 0, square = 0;
      for (int64_t k = 0; k < N; k++) {
        mean += z.y[k * d + j] / N;
        square += z.y[k * d + j] * z.y[k * d + j] / N;
      }
      near(mean, 0.0, 1e-9, "mean");
      near(square, 1.0, 1e-5, "variance");
    }
    weiri_moments_destroy(r.ctx, &m);
    rig_close(&r);
  }
}

/* Weighted rows, of which two columns nearly agree, become uncorrelated; on the way
 * they pass circles by. */
static void whitened(void **state) {
  (void)state;
  enum { M = 40, D = 4 };
  for (int mixed = 0; mixed < 2; mixed++) {
    rig r;
    open_layer(&r, "\"whiten\"", D, mixed);
    double *x = normals(M * D, 36, 2.0), weight[M];
    for (int64_t k = 0; k < M; k++) {
      weight[k] = 1.0 + (double)(k % 3);
      x[k * D + 2] = 5.0 + 3.0 * x[k * D] + 0.3 * x[k * D + 2];
      x[k * D + 3] += 100.0 - x[k * D + 2];
    }
    weir_moments m;
    OK(weiri_moments_create(r.ctx, &m, D, true));
    weiri_moments_add(&m, x, M / 2, weight);
    weiri_moments_add(&m, x + M / 2 * D, M / 2, weight + M / 2);
    OK(r.layer->cls->observe(r.layer, r.params, &m));
    double sum[D][D] = {{0}}, mean[D] = {0};
    for (int64_t first = 0; first < M; first += N) {
      passed z;
      pass(&r, D, x + first * D, NULL, false, &z);
      for (int64_t k = 0; k < N; k++) {
        for (int i = 0; i < D; i++) {
          mean[i] += weight[first + k] * z.y[k * D + i] / m.weight;
          for (int j = 0; j < D; j++) {
            sum[i][j] += weight[first + k] * z.y[k * D + i] * z.y[k * D + j] / m.weight;
          }
        }
      }
    }
    for (int i = 0; i < D; i++) {
      for (int j = 0; j < D && !(mixed && (i == 1 || j == 1)); j++) {
        near(mean[i], 0.0, 1e-9, "mean");
        near(sum[i][j], i == j, 1e-4, "covariance");
      }
    }
    both_ways(&r, D, 1.0);
    weiri_moments_destroy(r.ctx, &m);
    free(x);
    rig_close(&r);
  }
}

/* On the whole training set as one batch training and evaluation agree. */
static void batch_norm_modes(void **state) {
  (void)state;
  rig r;
  open_layer(&r, "\"batch_norm\"", 3, false);
  double *x = normals(N * 3, 34, 2.0), y[N * 3], log_det[N];
  weir_moments m = moments_of(&r, N, 3, x);
  OK(r.layer->cls->observe(r.layer, r.params, &m));
  passed z;
  pass(&r, 3, x, NULL, false, &z);
  weiri_run_reset(r.run);
  r.run->mode = WEIR_TRAIN;
  const weir_var v =
      weir_layer_to_latent(r.layer, r.run, rows(&r, N, 3, x), weir_var_none());
  OK(weir_var_read(r.run->tape, v, y));
  OK(weir_var_read(r.run->tape, weiri_run_total(r.run, 0), log_det));
  for (int64_t i = 0; i < N * 3; i++) {
    near(y[i], z.y[i], 1e-12, "training against evaluation");
  }
  near(log_det[0], z.log_det[0], 1e-12, "training against evaluation");
  weiri_moments_destroy(r.ctx, &m);
  free(x);
  rig_close(&r);
}

static void starts_as_identity(void **state) {
  (void)state;
  for (int i = 3; i < 8; i++) {
    rig r;
    weir_support s[3];
    const weir_event event = event_of(3, s, (weir_support){WEIR_REAL, 0, 0});
    rig_open(&r, 0);
    OK(rig_make(&r, specs[i], &event, true));
    rig_ready(&r, 0.0);
    double *x = normals(N * 3, 35, 1.0);
    passed z;
    pass(&r, 3, x, NULL, false, &z);
    for (int64_t k = 0; k < N * 3; k++) {
      near(z.y[k], x[k], 1e-14, specs[i]);
    }
    free(x);
    rig_close(&r);
  }
}

/* The density of a flow of these layers integrates to 1. */
static void integral(void **state) {
  (void)state;
  rig r;
  rig_dist(&r,
      "{\"name\": \"flow\", \"layers\": [\"standardize\", \"lu_linear\", \"reverse\", "
      "\"linear\", \"scaling\", \"batch_norm\", \"actnorm\"], \"base\": \"normal\"}",
      2, 0);
  const grid g = {2, 400, -20, 20};
  double *x = grid_points(g);
  free(check_integral(&r, g, x, NULL, 1e-8));
  free(x);
  rig_close(&r);
}

static void refusals(void **state) {
  (void)state;
  static const char *const constant = "the standard deviation 0";
  rig r;
  weir_support s[2] = {{WEIR_REAL, 0, 0}, {WEIR_POSITIVE, 0, 0}};
  const weir_event event = {2, s};
  for (int i = 3; i < 9; i++) {
    rig_open(&r, 0);
    assert_int_equal(rig_make(&r, specs[i], &event, true), WEIR_E_SUPPORT);
    assert_non_null(strstr(weir_error(), "column 2 lives on (0, inf)"));
    rig_close(&r);
  }
  rig_open(&r, 0);
  const char *few = "{\"name\": \"permutation\", \"columns\": [1]}";
  assert_int_equal(rig_make(&r, few, &event, true), WEIR_E_CONFIG);
  rig_close(&r);
  open_layer(&r, "\"standardize\"", 2, false);
  weir_moments m = moments_of(&r, 2, 2, (double[]){1, 2, 3, 2});
  assert_int_equal(r.layer->cls->observe(r.layer, r.params, &m), WEIR_E_DATA);
  assert_non_null(strstr(weir_error(), constant));
  weiri_moments_destroy(r.ctx, &m);
  m = moments_of(&r, 0, 2, NULL);
  assert_int_equal(r.layer->cls->observe(r.layer, r.params, &m), WEIR_E_DATA);
  weiri_moments_destroy(r.ctx, &m);
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bijections),
      cmocka_unit_test(gradients),
      cmocka_unit_test(circles),
      cmocka_unit_test(orders),
      cmocka_unit_test(observed),
      cmocka_unit_test(whitened),
      cmocka_unit_test(batch_norm_modes),
      cmocka_unit_test(starts_as_identity),
      cmocka_unit_test(integral),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
