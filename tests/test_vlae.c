/* Laplace posteriors: exact on linear-Gaussian models, tiles against the tape, numbers
 * from torch (golden/make_vlae.py), gradients, memory. */
#include "vlae_check.h"

static const linear_vae *const v = &vae_of_standard_prior;

/* One full step on a linear decoder ends at the exact posterior, wherever it started:
 * log p(x, z) - log q(z | x) = log p(x) for every draw. */
static void one_step(void **state) {
  (void)state;
  static const char *const ways[] = {"auto", "tape"};
  for (int w = 0; w < 2; w++) {
    for (int steps = 0; steps < 2; steps++) {
      char spec[1024];
      rig r;
      snprintf(spec, sizeof spec,
          VAE(LAPLACE("\"steps\": %d, \"damping\": 1, \"jacobian\": \"%s\""),
              "\"normal\""),
          steps, ways[w]);
      rig_dist(&r, spec, 3, 0);
      set_likelihood(&r, v);
      double *x = normals(60, 51, 1.5), bound[20], gap = 0.0;
      log_probs(&r, 20, x, NULL, bound);
      for (int i = 0; i < 20; i++) {
        const double exact = exact_log_prob(v, x + 3 * i);
        if (steps == 1) {
          near(bound[i], exact, 1e-12, "bound after one step");
        }
        gap = fmax(gap, fabs(bound[i] - exact));
      }
      assert_true(steps == 1 || gap > 0.1); /* no step: not yet there */
      free(x);
      rig_close(&r);
    }
  }
}

/* ---- other decoders ---- */

static const char *const models[][2] = {
    {MODEL(AUTO, DECODER("relu", BERNOULLI)), MODEL(TAPE, DECODER("relu", BERNOULLI))},
    {MODEL(AUTO, DECODER("relu", GAUSS)), MODEL(TAPE, DECODER("relu", GAUSS))},
    {MODEL(AUTO, DECODER("leaky_relu", BERNOULLI)),
        MODEL(TAPE, DECODER("leaky_relu", BERNOULLI))},
    {MODEL(AUTO, BERNOULLI), MODEL(TAPE, BERNOULLI)},
    {MODEL(AUTO,
         "{\"name\": \"bernoulli\", \"net\": {\"name\": \"mlp\", \"hidden\": [5, 4]}}"),
        MODEL(TAPE,
            "{\"name\": \"bernoulli\", \"net\": {\"name\": \"mlp\", \"hidden\": "
            "[5, 4]}}")},
    {MODEL(AUTO, DECODER("tanh", BERNOULLI)), MODEL(TAPE, DECODER("tanh", BERNOULLI))},
    {MODEL(AUTO, DECODER("relu", SQUASHED)), MODEL(TAPE, DECODER("relu", SQUASHED))},
    {MODEL(AUTO, DECODER("relu", STUDENT)), MODEL(TAPE, DECODER("relu", STUDENT))},
    {MODEL(AUTO, DECODER("relu", LAPLACE_OUT)),
        MODEL(TAPE, DECODER("relu", LAPLACE_OUT))},
    {MODEL(AUTO, DECODER("relu", FULL_OUT)), MODEL(TAPE, DECODER("relu", FULL_OUT))},
    {MODEL(AUTO, DECODER("relu", CATEGORICAL)),
        MODEL(TAPE, DECODER("relu", CATEGORICAL))},
    {MODEL(AUTO, DECODER("leaky_relu", LEVELS)),
        MODEL(TAPE, DECODER("leaky_relu", LEVELS))},
    {MODEL(AUTO, DECODER("relu", LEVELS_MIX)),
        MODEL(TAPE, DECODER("relu", LEVELS_MIX))},
};
enum { MODELS = sizeof models / sizeof *models };

/* The same bound from both ways to the Jacobian, and the same gradients. */
static void tiles_and_tape(void **state) {
  (void)state;
  enum { N = 9, P = 5 };
  for (int i = 0; i < MODELS; i++) {
    for (int64_t c = 0; c <= 1; c++) {
      double bound[2][N];
      for (int way = 0; way < 2; way++) {
        rig r;
        open_model(&r, models[i][way], P, c);
        double *x = points(models[i][way], N * P), context[1] = {0.4};
        log_probs(&r, N, x, context, bound[way]);
        free(x);
        rig_close(&r);
      }
      for (int k = 0; k < N; k++) {
        near(bound[0][k], bound[1][k], 1e-11, "bound by tiles and by the tape");
      }
    }
  }
}

static double held[6];

/* Of whole numbers, which cannot be moved a little. */
static weir_var total_at_held(rig *r, weir_var x, weir_var context) {
  (void)x;
  return total_log_prob(r, rows(r, 2, 3, held), context);
}

static void gradients(void **state) {
  (void)state;
  for (int i = 0; i < MODELS; i++) {
    for (int way = 0; way < 2; way++) {
      rig r;
      const int64_t c = i % 2;
      open_model(&r, models[i][way], 3, c);
      double *x = points(models[i][way], 6), context[2] = {0.3, -0.6};
      const point p = {2, 3, c, x, c == 0 ? NULL : context};
      memcpy(held, x, sizeof held);
      check_gradients(
          &r, highest(models[i][way]) > 1 ? total_at_held : total_log_prob, &p);
      free(x);
      rig_close(&r);
    }
  }
}

static void unbiased(void **state) {
  (void)state;
  rig r;
  open_model(&r,
      "{\"name\": \"flow\", \"layers\": [{\"name\": \"variational\", \"latent_dim\": "
      "1, "
      "\"posterior\": " LAPLACE(
          "\"steps\": 3") ", \"likelihood\": {\"name\": \"bernoulli\", \"net\": "
                          "{\"name\": \"mlp\", \"hidden\": [3], \"last_scale\": 3}}}]}",
      3, 0);
  check_sums_to_one(&r, 20000);
  rig_close(&r);
}

/* Memory: of 64 rows, 300 columns and 16 latents the tape alone holds all products. */
static void memory(void **state) {
  (void)state;
  enum { N = 64, P = 300, D = 16 };
  static const char *const ways[] = {"auto", "tape"};
  const size_t product = (size_t)N * P * D * sizeof(double);
  for (int way = 0; way < 2; way++) {
    char spec[1024];
    snprintf(spec, sizeof spec,
        "{\"name\": \"flow\", \"layers\": [{\"name\": \"variational\", \"latent_dim\": "
        "%d, \"posterior\": {\"name\": \"laplace_posterior\", \"steps\": 3, "
        "\"jacobian\": \"%s\"}, \"likelihood\": {\"name\": \"bernoulli\", \"net\": "
        "{\"name\": \"mlp\", \"hidden\": [8]}}}]}",
        D, ways[way]);
    rig r;
    open_model(&r, spec, P, 0);
    double *x = points(spec, N * P), bound[N];
    log_probs(&r, N, x, NULL, bound);
    const size_t bytes = weir_tape_bytes(r.run->tape);
    if (way == 0 ? bytes > 4 * product : bytes < 8 * product) {
      fail_msg("%s: %zu bytes, one product has %zu", ways[way], bytes, product);
    }
    free(x);
    rig_close(&r);
  }
}

/* ---- numbers of an independent implementation ---- */

static double *numbers(const json_t *list) {
  double *x = malloc((json_array_size(list) + 1) * sizeof *x);
  for (size_t i = 0; i < json_array_size(list); i++) {
    x[i] = json_number_value(json_array_get(list, i));
  }
  return x;
}

static void fill(rig *r, const json_t *params) {
  const char *name;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)params, name, value) {
    double *given = numbers(value);
    rig_set(r, name, given);
    free(given);
  }
  assert_int_equal(weiri_params_count(r->params), (int)json_object_size(params));
}

/* The posterior's mean and log q at given points, from the layer itself. */
static void check_golden(const json_t *c) {
  rig r;
  const int64_t p = json_integer_value(json_object_get(c, "features")),
                d = json_integer_value(json_object_get(c, "latent")),
                n = (int64_t)json_array_size(json_object_get(c, "log_q"));
  char *spec = json_dumps(json_object_get(c, "layer"), 0);
  weir_support s[16];
  const int64_t levels = json_integer_value(json_object_get(c, "levels"));
  const weir_event event = event_of(p, s,
      levels > 0 ? (weir_support){WEIR_INTEGERS, 0, (double)levels - 1}
                 : (weir_support){WEIR_REAL, 0, 0});
  rig_open(&r, 0);
  OK(rig_make(&r, spec, &event, true));
  rig_ready(&r, 0.0);
  fill(&r, json_object_get(c, "params"));
  double *x = numbers(json_object_get(c, "x")), *z = numbers(json_object_get(c, "z")),
         *mean = numbers(json_object_get(c, "mean")),
         *log_q = numbers(json_object_get(c, "log_q"));
  double *got = malloc((size_t)(n * d + n) * sizeof *got);
  const weir_var vx = r.layer->cls->seen(r.layer, r.run, rows(&r, n, p, x));
  OK(weir_var_read(r.run->tape, weir_dist_mean(r.layer->posterior, r.run, n, vx), got));
  OK(weir_var_read(r.run->tape,
      weir_dist_log_prob(r.layer->posterior, r.run, rows(&r, n, d, z), vx),
      got + n * d));
  for (int64_t i = 0; i < n * d; i++) {
    near(got[i], mean[i], 1e-10, "mode");
  }
  for (int64_t i = 0; i < n; i++) {
    near(got[n * d + i], log_q[i], 1e-10, "log q");
  }
  free(x), free(z), free(mean), free(log_q), free(spec), free(got);
  rig_close(&r);
}

static void golden(void **state) {
  (void)state;
  json_t *root = json_load_file(WEIR_SOURCE_DIR "/tests/golden/vlae.json", 0, NULL);
  assert_non_null(root);
  const json_t *cases = json_object_get(root, "cases");
  assert_int_equal(json_array_size(cases), 5);
  for (size_t i = 0; i < json_array_size(cases); i++) {
    check_golden(json_array_get(cases, i));
  }
  json_decref(root);
}

/* ---- what is refused ---- */

static void refused(void **state) {
  (void)state;
  weir_support s[3];
  const weir_event event = event_of(3, s, (weir_support){WEIR_REAL, 0, 0});
  rig r;
  rig_open(&r, 3);
  assert_int_equal(rig_make(&r, "\"laplace_posterior\"", &event, false), WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "there is no decoder here"));
  assert_int_equal(
      rig_make(&r, MODEL(AUTO, "{\"name\": \"gmm\"}"), &event, false), WEIR_E_CONFIG);
  assert_non_null(
      strstr(weir_error(), "a likelihood 'gmm' does not say how it curves"));
  assert_int_equal(rig_make(&r, "\"normal_precision\"", &event, false), WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "a context of 12 columns"));
  rig_close(&r);
  rig_dist(&r, MODEL(AUTO, "\"normal\""), 3, 0);
  const double x[3] = {0, 0, 0};
  weir_dist_log_prob(r.dist, r.run, rows(&r, 1, 3, x), weir_var_none());
  assert_int_equal(weir_tape_status(r.run->tape), WEIR_E_UNSUPPORTED);
  assert_non_null(strstr(weir_error(), "does not say how it curves"));
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_step),
      cmocka_unit_test(tiles_and_tape),
      cmocka_unit_test(gradients),
      cmocka_unit_test(unbiased),
      cmocka_unit_test(memory),
      cmocka_unit_test(golden),
      cmocka_unit_test(refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
