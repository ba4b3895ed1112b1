/* The contract on a slice surjection: the density of the whole, by quadrature, is 1
 * where a layer drops a column; Neal's funnel as the known case. */
#include "vae_check.h"

#define SLICE(given)                                                                   \
  "{\"name\": \"flow\", \"layers\": [\"lu_linear\", {\"name\": \"slice\", "            \
  "\"columns\": "                                                                      \
  "[0], \"given\": " given "}, \"scaling\"], \"base\": \"normal\"}"

static const char *const specs[] = {
    SLICE("{\"name\": \"normal\", \"kind\": \"diagonal\", \"net\": {\"name\": \"mlp\", "
          "\"hidden\": [6], \"activation\": \"tanh\"}}"),
    SLICE("{\"name\": \"gmm\", \"components\": 2}"),
    SLICE("{\"name\": \"flow\", \"layers\": [\"scaling\"], \"base\": {\"name\": "
          "\"normal\", \"kind\": \"diagonal\"}}"),
};

static void integral_and_draws(void **state) {
  (void)state;
  enum { N = 20000 };
  static const double context[1] = {0.3};
  for (int i = 0; i < 3; i++) {
    for (int64_t c = 0; c <= 1; c++) {
      rig r;
      rig_dist(&r, specs[i], 2, c);
      assert_int_equal(r.dist->exactness, WEIR_EXACT);
      assert_int_equal(r.dist->latent, 1);
      const grid g = {2, 480, -24, 24};
      double *x = grid_points(g), *y = malloc(2 * N * sizeof *y);
      double *p = check_integral(&r, g, x, context, 1e-4);
      weiri_run_reset(r.run);
      weir_var given = rows(&r, 1, c, c == 0 ? NULL : context);
      given = weir_broadcast(r.run->tape, given, weir_shape_2(N, c));
      OK(weir_var_read(
          r.run->tape, weir_dist_sample(r.dist, r.run, N, given, NULL), y));
      check_means(g, x, p, N, y);
      free(x);
      free(p);
      free(y);
      rig_close(&r);
    }
  }
}

static void gradients(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    rig r;
    rig_dist(&r, specs[i], 3, 1);
    double *x = normals(9, 71, 1.0), *context = normals(3, 72, 1.0);
    const point p = {3, 3, 1, x, context};
    check_gradients(&r, total_log_prob, &p);
    free(x);
    free(context);
    rig_close(&r);
  }
}

/* x1 ~ N(0, 3^2), x0 | x1 ~ N(0, exp(x1 / 2)^2): the log scale is linear in x1. */
static void funnel(void **state) {
  (void)state;
  rig r;
  rig_dist(&r,
      "{\"name\": \"flow\", \"layers\": [{\"name\": \"slice\", \"columns\": [0], "
      "\"given\": {\"name\": \"normal\", \"kind\": \"diagonal\"}}], \"base\": "
      "{\"name\": "
      "\"normal\", \"kind\": \"diagonal\"}}",
      2, 0);
  rig_set(&r, "m.d.layers[0].given.loc", (double[]){0});
  rig_set(&r, "m.d.layers[0].given.log_scale", (double[]){0});
  rig_set(&r, "m.d.layers[0].given.weight", (double[]){0, 0.5});
  rig_set(&r, "m.d.base.loc", (double[]){0});
  rig_set(&r, "m.d.base.log_scale", (double[]){log(3.0)});
  double *x = normals(20, 73, 2.0), y[10];
  log_probs(&r, 10, x, NULL, y);
  for (int i = 0; i < 10; i++) {
    const double a = x[2 * i], b = x[2 * i + 1];
    const double expected = -1.8378770664093454836 - log(3.0) - b * b / 18.0 - b / 2.0 -
                            0.5 * a * a * exp(-b);
    near(y[i], expected, 1e-13, "Neal's funnel");
  }
  free(x);
  rig_close(&r);
}

/* The part of the dropped columns is tagged, and cancels over a draw's way back. */
static void parts(void **state) {
  (void)state;
  rig r;
  rig_dist(&r, specs[0], 2, 0);
  const double x[2] = {0.4, -1.1};
  weir_tape *t = r.run->tape;
  r.dist->cls->log_prob(r.dist, r.run, rows(&r, 1, 2, x), weir_var_none());
  OK(weir_tape_status(t));
  assert_int_equal(r.run->n_parts, 4);
  assert_int_equal(r.run->parts[1].kind, WEIR_PART_BOUND);
  assert_string_equal(r.run->parts[1].path, "m.d.layers[1].given");
  weiri_run_reset(r.run);
  weir_var lp;
  const weir_var y = weir_dist_sample(r.dist, r.run, 3, weir_var_none(), &lp);
  const weir_var again = weir_dist_log_prob(r.dist, r.run, y, weir_var_none());
  double a[3], b[3];
  OK(weir_var_read(t, lp, a));
  OK(weir_var_read(t, again, b));
  for (int i = 0; i < 3; i++) {
    near(a[i], b[i], 1e-12, "density of a draw");
  }
  rig_close(&r);
}

static void refusals(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"{\"name\": \"slice\", \"columns\": [0, 1]}", "expected 1 to 1 columns"},
      {"{\"name\": \"slice\", \"columns\": []}", "found 0"},
      {"{\"name\": \"slice\", \"columns\": [2]}", "outside [0, 1]"},
  };
  for (int i = 0; i < 3; i++) {
    rig r;
    weir_support s[2];
    const weir_event event = event_of(2, s, (weir_support){WEIR_REAL, 0, 0});
    rig_open(&r, 0);
    assert_int_equal(rig_make(&r, cases[i][0], &event, true), WEIR_E_CONFIG);
    assert_non_null(strstr(weir_error(), cases[i][1]));
    rig_close(&r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integral_and_draws),
      cmocka_unit_test(gradients),
      cmocka_unit_test(funnel),
      cmocka_unit_test(parts),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
