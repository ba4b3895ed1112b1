/* Distributions: integrals, draws, gradients, temperature, supports, conditions. */
#include "dist_check.h"

static const char *const specs[] = {
    "\"standard\"",
    "\"normal\"",
    "{\"name\": \"normal\", \"kind\": \"diagonal\"}",
    "{\"name\": \"normal\", \"kind\": \"full\"}",
    ("{\"name\": \"normal\", \"kind\": \"full\", \"net\": {\"name\": \"mlp\", "
     "\"hidden\": [5], \"activation\": \"tanh\"}}"),
    "\"logistic\"",
    "{\"name\": \"gmm\", \"components\": 3, \"kind\": \"diagonal\"}",
    "{\"name\": \"gmm\", \"components\": 3}",
    "{\"name\": \"gmm\", \"components\": 1}",
    ("{\"name\": \"gmm\", \"components\": 4, \"net\": {\"name\": \"mlp\", \"hidden\": "
     "[5], \"activation\": \"tanh\"}}"),
    ("{\"name\": \"made_mog\", \"components\": 3, \"net\": {\"name\": \"mlp\", "
     "\"hidden\": [6], \"activation\": \"tanh\"}}"),
    ("{\"name\": \"flow\", \"layers\": [\"lu_linear\", \"actnorm\"], \"base\": "
     "{\"name\": \"gmm\", \"components\": 2}}"),
};
#define SPECS ((int)(sizeof specs / sizeof specs[0]))

static const double condition[2] = {0.4, -0.7};

static void integrals(void **state) {
  (void)state;
  for (int i = 0; i < SPECS; i++) {
    for (int64_t d = 1; d <= 2; d++) {
      for (int64_t c = 0; c <= 2; c += 2) {
        rig r;
        rig_dist(&r, specs[i], d, c);
        const grid g = {d, d == 1 ? 8000 : 300, d == 1 ? -60 : -24, d == 1 ? 60 : 24};
        double *x = grid_points(g);
        double *p = check_integral(&r, g, x, condition, 1e-6);
        free(p);
        free(x);
        rig_close(&r);
      }
    }
  }
}

/* Draws of d columns; their log density is that of the density at them. */
static double *draw(rig *r, int64_t n, const double *context) {
  weir_tape *t = r->run->tape;
  const int64_t d = r->dist->event.features, c = r->build.context;
  double *x = malloc((size_t)(n * d) * sizeof *x);
  double *log_p = malloc((size_t)n * sizeof *log_p);
  double *again = malloc((size_t)n * sizeof *again);
  weiri_run_reset(r->run);
  weir_var ctx = weir_var_none(), lp;
  if (c > 0) {
    ctx = weir_broadcast(t, rows(r, 1, c, context), weir_shape_2(n, c));
  }
  const weir_var v = weir_dist_sample(r->dist, r->run, n, ctx, &lp);
  OK(weir_var_read(t, v, x));
  OK(weir_var_read(t, lp, log_p));
  assert_int_equal(r->run->n_parts, 0);
  log_probs(r, n, x, context, again);
  for (int64_t i = 0; i < n; i++) {
    near(log_p[i], again[i], 1e-9, "log density of a draw");
  }
  free(log_p);
  free(again);
  return x;
}

static void draws(void **state) {
  (void)state;
  const int64_t n = 20000;
  for (int i = 0; i < SPECS; i++) {
    for (int64_t c = 0; c <= 2; c += 2) {
      rig r;
      rig_dist(&r, specs[i], 2, c);
      const grid g = {2, 480, -24, 24};
      double *x = grid_points(g);
      double *p = check_integral(&r, g, x, condition, 1e-6);
      double *y = draw(&r, n, condition);
      check_means(g, x, p, n, y);
      free(x);
      free(p);
      free(y);
      rig_close(&r);
    }
  }
}

static weir_var total(rig *r, weir_var x, weir_var context) {
  return weir_sum_all(r->run->tape, weir_dist_log_prob(r->dist, r->run, x, context));
}

/* A scalar of pathwise draws: common random numbers, since the step is the same. */
static weir_var of_draws(rig *r, weir_var x, weir_var context) {
  weir_tape *t = r->run->tape;
  weir_var lp;
  const weir_var y =
      weir_dist_sample(r->dist, r->run, weir_var_dim(t, x, 0), context, &lp);
  const weir_var f = weir_sin(t, weir_add(t, y, x));
  return weir_add(t, weir_sum_all(t, f), weir_scale(t, weir_sum_all(t, lp), 0.3));
}

static void gradients(void **state) {
  (void)state;
  for (int i = 0; i < SPECS; i++) {
    for (int64_t d = 1; d <= 3; d++) {
      for (int64_t c = 0; c <= 2; c += 2) {
        rig r;
        rig_dist(&r, specs[i], d, c);
        double *x = normals(3 * d, 21, 1.0), *ctx = normals(6, 22, 1.0);
        const point p = {3, d, c, x, c == 0 ? NULL : ctx};
        check_gradients(&r, total, &p);
        check_gradients(&r, of_draws, &p);
        free(x);
        free(ctx);
        rig_close(&r);
      }
    }
  }
}

static void known_values(void **state) {
  (void)state;
  rig r;
  const double x[2] = {0.5, -1.0};
  double y;
  rig_dist(&r, "{\"name\": \"normal\", \"kind\": \"full\"}", 2, 0);
  rig_set(&r, "m.d.loc", (double[]){1.0, 2.0});
  rig_set(&r, "m.d.log_scale", (double[]){log(2.0), log(0.5)});
  rig_set(&r, "m.d.lower", (double[]){0, 0, -0.25, 0});
  /* x0 ~ N(1, 2^2); x1 | x0 ~ N(2 + (x0 - 1) / 4, 0.5^2) */
  const double e0 = -0.25, e1 = (-1.0 - (2.0 - 0.125)) / 0.5;
  log_probs(&r, 1, x, NULL, &y);
  near(y, -0.5 * (e0 * e0 + e1 * e1) - 1.8378770664093453, 1e-13, "full normal");
  rig_close(&r);
  rig_dist(&r, "\"logistic\"", 2, 0);
  log_probs(&r, 1, x, NULL, &y);
  const double s0 = 1 / (1 + exp(-0.5)), s1 = 1 / (1 + exp(1.0));
  near(y, log(s0 * (1 - s0) * s1 * (1 - s1)), 1e-13, "logistic");
  const double far[2] = {900.0, -900.0};
  log_probs(&r, 1, far, NULL, &y);
  near(y, -1800.0, 1e-13, "logistic tail");
  rig_close(&r);
}

static void box(void **state) {
  (void)state;
  rig r;
  weir_support s[2] = {{WEIR_INTERVAL, -1, 3}, {WEIR_CIRCLE, 0, 2}};
  const weir_event event = {2, s};
  rig_open(&r, 0);
  OK(rig_make(&r, "\"uniform\"", &event, false));
  rig_ready(&r, 0.0);
  double *x = draw(&r, 5000, NULL), mean[2] = {0, 0};
  for (int64_t i = 0; i < 5000; i++) {
    assert_true(x[2 * i] > -1 && x[2 * i] < 3 && x[2 * i + 1] > 0 && x[2 * i + 1] < 2);
    mean[0] += x[2 * i] / 5000;
    mean[1] += x[2 * i + 1] / 5000;
  }
  assert_true(fabs(mean[0] - 1.0) < 5 * 4 / sqrt(12.0 * 5000));
  assert_true(fabs(mean[1] - 1.0) < 5 * 2 / sqrt(12.0 * 5000));
  double y[2];
  log_probs(&r, 2, (double[]){0, 1, 5, 1}, NULL, y);
  near(y[0], -log(8.0), 1e-14, "inside");
  assert_true(isinf(y[1]) && y[1] < 0);
  free(x);
  rig_close(&r);
}

/* Mean square of draws of a standard normal at temperature 0.5 is 0.25. */
static void temperature(void **state) {
  (void)state;
  rig r;
  rig_dist(&r, "\"normal\"", 2, 0);
  r.run->temperature = 0.5;
  double *x = draw(&r, 20000, NULL), square = 0;
  for (int64_t i = 0; i < 40000; i++) {
    square += x[i] * x[i] / 40000;
  }
  assert_true(fabs(square - 0.25) < 5 * 0.25 * sqrt(2.0 / 40000));
  free(x);
  rig_close(&r);
}

/* Normal and uniform numbers of one path do not go together. */
static void streams(void **state) {
  (void)state;
  rig r;
  weir_support s[2] = {{WEIR_REAL, 0, 0}, {WEIR_CIRCLE, 0, 1}};
  const weir_event event = {2, s};
  rig_open(&r, 0);
  OK(rig_make(&r, "\"standard\"", &event, false));
  rig_ready(&r, 0.0);
  const int64_t n = 10000;
  double *x = draw(&r, n, NULL), sum = 0;
  for (int64_t i = 0; i < n; i++) {
    sum += fabs(x[2 * i]) * cos(6.283185307179586 * x[2 * i + 1]);
  }
  assert_true(fabs(sum / sqrt((double)n * 0.5)) < 5.0);
  free(x);
  rig_close(&r);
}

static void refusals(void **state) {
  (void)state;
  static const struct {
    const char *spec, *words;
    weir_support s;
  } cases[] = {
      {"\"normal\"", "real columns are needed", {WEIR_POSITIVE, 0, 0}},
      {"\"gmm\"", "circle [0, 1)", {WEIR_CIRCLE, 0, 1}},
      {"\"made_mog\"", "real columns are needed", {WEIR_INTERVAL, 0, 1}},
      {"\"logistic\"", "(0, 1)", {WEIR_INTERVAL, 0, 1}},
      {"\"uniform\"", "needs an interval", {WEIR_REAL, 0, 0}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    rig r;
    weir_support s = cases[i].s;
    const weir_event event = {1, &s};
    rig_open(&r, 0);
    assert_int_equal(rig_make(&r, cases[i].spec, &event, false), WEIR_E_SUPPORT);
    assert_non_null(strstr(weir_error(), cases[i].words));
    assert_non_null(strstr(weir_error(), "m.d"));
    rig_close(&r);
  }
}

/* Far in the tails nothing becomes NaN, and gradients stay finite. */
static void tails(void **state) {
  (void)state;
  for (int i = 0; i < SPECS; i++) {
    rig r;
    rig_dist(&r, specs[i], 2, 0);
    const double x[4] = {1e3, -1e3, -1e6, 1e6};
    double y[2], g[4];
    log_probs(&r, 2, x, NULL, y);
    assert_true(isfinite(y[0]) && isfinite(y[1]));
    weiri_run_reset(r.run);
    const weir_var v = rows(&r, 2, 2, x);
    weir_var gx;
    const weir_var none = weir_var_none();
    OK(weir_grad(r.run->tape, total(&r, v, none), none, 1, &v, &gx, false));
    OK(weir_var_read(r.run->tape, gx, g));
    assert_true(isfinite(g[0]) && isfinite(g[1]) && isfinite(g[2]) && isfinite(g[3]));
    rig_close(&r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integrals),
      cmocka_unit_test(draws),
      cmocka_unit_test(gradients),
      cmocka_unit_test(known_values),
      cmocka_unit_test(box),
      cmocka_unit_test(temperature),
      cmocka_unit_test(streams),
      cmocka_unit_test(refusals),
      cmocka_unit_test(tails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
