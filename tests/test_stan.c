/* Models behind BridgeStan's C interface (module/stan.c): density, names, transformed
 * and generated quantities, start points, calls one at a time, and what is refused. */
#include "infer_help.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir/diagnose.h"

#define DATA WEIR_SOURCE_DIR "/tests/module/groups.json"

static weir_ctx *context(int threads) {
  weir_ctx *ctx = NULL;
  weir_ctx_opts opts = WEIR_CTX_OPTS_INIT;
  opts.threads = threads;
  assert_int_equal(weir_ctx_create(&ctx, &opts), WEIR_OK);
  return ctx;
}

static weir_status open_model(
    weir_target **out, weir_ctx *ctx, const char *variant, const char *data) {
  char path[1024];
  snprintf(path, sizeof path, "%s/stan_%s.so", getenv("WEIR_TEST_MODULES"), variant);
  json_t *spec = json_string(path);
  *out = NULL;
  const weir_status status = weir_target_make(out, ctx, spec, data);
  json_decref(spec);
  return status;
}

static weir_target *good(weir_ctx *ctx, const char *variant) {
  weir_target *t;
  if (open_model(&t, ctx, variant, DATA) != WEIR_OK) {
    fail_msg("%s: %s", variant, weir_error());
  }
  return t;
}

/* log p(mu, log sigma) of the model, with all constants. */
static double exact(const double *theta) {
  static const double y[] = {4.9, 5.6, 3.8, 4.4, 5.1, 7.0, 6.2, 8.3, 6.9, 7.4};
  const double half = 0.5 * log(2.0 * acos(-1.0)), sigma = exp(theta[2]);
  double sum = -sigma + theta[2];
  for (int k = 0; k < 2; k++) {
    sum -= 0.5 * theta[k] * theta[k] / 100.0 + log(10.0) + half;
  }
  for (int i = 0; i < 10; i++) {
    const double e = (y[i] - theta[i / 5]) / sigma;
    sum -= 0.5 * e * e + theta[2] + half;
  }
  return sum;
}

static void test_density_and_names(void **state) {
  (void)state;
  static const char *const names[] = {
      "mu[1]", "mu[2]", "sigma", "gap", "y_rep[1]", "y_rep[2]"};
  weir_ctx *ctx = context(1);
  weir_target *t = good(ctx, "good");
  const double theta[3] = {4.0, 7.5, 0.3};
  double value, shown[6], again[6], back[3];
  assert_string_equal(weir_target_kind(t), "bridgestan");
  assert_int_equal(weir_target_dim(t), 3);
  assert_int_equal(weir_target_outputs(t), 6);
  for (int i = 0; i < 6; i++) {
    assert_string_equal(weir_target_name(t, i), names[i]);
  }
  assert_int_equal(weir_target_log_density(t, 1, theta, &value, NULL, NULL), WEIR_OK);
  assert_true(fabs(value - exact(theta)) < 1e-10);
  assert_int_equal(weir_target_check_gradient(t, 1, 10, 2.0, NULL), WEIR_OK);
  assert_int_equal(weir_target_show(t, 3, 7, 1, theta, shown), WEIR_OK);
  assert_true(fabs(shown[2] - exp(0.3)) < 1e-15 && fabs(shown[3] - 3.5) < 1e-15);
  assert_int_equal(weir_target_show(t, 3, 7, 1, theta, again), WEIR_OK);
  assert_memory_equal(shown, again, sizeof shown);
  assert_int_equal(weir_target_show(t, 3, 8, 1, theta, again), WEIR_OK);
  assert_true(again[4] != shown[4]); /* another draw, other random numbers */
  assert_int_equal(weir_target_place(t, 1, shown, back), WEIR_OK);
  assert_true(fabs(back[0] - 4.0) + fabs(back[2] - 0.3) < 1e-14);
  weir_target_destroy(&t);
  weir_ctx_destroy(&ctx);
}

static weir_posterior *infer(weir_ctx *ctx, weir_target *t, const char *config,
    const char *init_file, weir_status expected) {
  weir_posterior *p = NULL;
  weir_infer_opts opts = WEIR_INFER_OPTS_INIT;
  json_t *spec = json_loads(config, 0, NULL);
  (void)ctx;
  opts.config = spec;
  opts.seed = 4;
  opts.init_file = init_file;
  const weir_status status = weir_infer(&p, t, &opts);
  json_decref(spec);
  if (status != expected) {
    fail_msg("expected %d, found %d: %s", expected, status, weir_error());
  }
  return p;
}

/* Given sigma the posterior of gap is nearly normal about 7.16 - 4.76; y_rep[1] has
 * mean mu[1] and the variances of mu[1] and of the noise. */
static void test_draws(void **state) {
  (void)state;
  weir_summary s[6];
  weir_judgement j;
  double square = 0.0;
  weir_ctx *ctx = context(2);
  weir_target *t = good(ctx, "good");
  weir_posterior *p = infer(ctx, t, "{}", NULL, WEIR_OK);
  assert_int_equal(weir_judge(&j, p, s), WEIR_OK);
  assert_true(j.rhat < 1.02);
  const double *x = weir_posterior_values(p);
  const int64_t n = weir_posterior_chains(p) * weir_posterior_draws(p);
  for (int64_t i = 0; i < n; i++, x += 6) {
    assert_true(x[2] > 0.0 && fabs(x[3] - (x[1] - x[0])) < 1e-12);
    const double z = (x[4] - x[0]) / x[2];
    square += z * z / (double)n;
  }
  assert_true(fabs(square - 1.0) < 5.0 * sqrt(2.0 / (double)n));
  assert_true(fabs(s[3].mean - 2.4) < 0.05 + 5.0 * s[3].mcse_mean);
  assert_true(fabs(s[4].mean - s[0].mean) <
              5.0 * hypot(s[0].mcse_mean, s[4].sd / sqrt(0.5 * (double)n)));
  weir_posterior_destroy(&p);
  weir_target_destroy(&t);
  weir_ctx_destroy(&ctx);
}

/* The model refuses a call that meets another: with the flag off none does, and the
 * draws are those of one thread. */
static void test_serial(void **state) {
  (void)state;
  weir_posterior *p[2];
  weir_ctx *ctx[2];
  for (int i = 0; i < 2; i++) {
    ctx[i] = context(i == 0 ? 1 : 4);
    weir_target *t = good(ctx[i], "serial");
    p[i] = infer(ctx[i], t, "{\"warmup\": 60, \"draws\": 40}", NULL, WEIR_OK);
    assert_int_equal(weir_posterior_failed(p[i]), 0);
    weir_target_destroy(&t);
  }
  assert_memory_equal(weir_posterior_values(p[0]), weir_posterior_values(p[1]),
      4 * 40 * 6 * sizeof(double));
  for (int i = 0; i < 2; i++) {
    weir_posterior_destroy(&p[i]);
    weir_ctx_destroy(&ctx[i]);
  }
}

static void refuse(const char *variant, const char *data, weir_status expected,
    const char *const *words) {
  weir_ctx *ctx = context(1);
  weir_target *t;
  assert_int_equal(open_model(&t, ctx, variant, data), expected);
  assert_null(t);
  assert_null(strchr(weir_error(), '\n'));
  for (; *words != NULL; words++) {
    if (strstr(weir_error(), *words) == NULL) {
      fail_msg("%s: '%s' is not in: %s", variant, *words, weir_error());
    }
  }
  weir_ctx_destroy(&ctx);
}

static void test_refusals(void **state) {
  (void)state;
  refuse("missing", DATA, WEIR_E_UNSUPPORTED,
      (const char *const[]){"stan_missing.so", "bs_param_constrain", NULL});
  refuse("version", DATA, WEIR_E_VERSION,
      (const char *const[]){"stan_version.so", "version 1", NULL});
  refuse("unversioned", DATA, WEIR_E_VERSION,
      (const char *const[]){"without a version", NULL});
  refuse("names", DATA, WEIR_E_DATA, (const char *const[]){"'mu[1]'", NULL});
  refuse("good", "{\"x\": [1, 2]}", WEIR_E_DATA,
      (const char *const[]){"variable name=y", "'groups.stan', line 3", NULL});
  refuse("good", NULL, WEIR_E_DATA,
      (const char *const[]){"stan_good.so", "variable name=y", NULL});
}

/* Densities that fail reject the move, are counted, and their reason is kept. */
static void test_failing_calls(void **state) {
  (void)state;
  weir_judgement j;
  weir_ctx *ctx = context(2);
  weir_target *t = good(ctx, "fails");
  weir_posterior *p = infer(ctx, t, "{\"warmup\": 300, \"draws\": 300}", NULL, WEIR_OK);
  assert_true(weir_posterior_failed(p) > 0);
  assert_non_null(strstr(weir_posterior_failure(p), "must not be"));
  assert_int_equal(weir_judge(&j, p, NULL), WEIR_OK);
  assert_non_null(strstr(j.text, "Location parameter"));
  const double *x = weir_posterior_values(p);
  for (int64_t i = 0; i < 4 * 300; i++) {
    assert_true(x[6 * i] <= 5.0);
  }
  weir_posterior_destroy(&p);
  weir_target_destroy(&t);
  weir_ctx_destroy(&ctx);
}

/* ---- start points ---- */

static char file[] = "test_stan_XXXXXX";

static void write_file(const char *text) {
  FILE *f = fopen(file, "w");
  fputs(text, f);
  fclose(f);
}

static void test_start_points(void **state) {
  (void)state;
  static const struct {
    const char *text, *word;
  } bad[] = {{"{\"mu\": [1, 2]}", "'sigma'"},
      {"{\"mu\": [1], \"sigma\": 1}", "'mu[2]'"},
      {"{\"mu\": [1, 2], \"sigma\": -1}", "sigma is not positive"},
      {"{\"mu\": [1, 2], \"sigma\": 1, \"tau\": 1}", "'tau'"},
      {"[{\"mu\": [1, 2], \"sigma\": 1}, 3]", "start point 2"},
      {"{\"mu\": \"one\"}", "expected a number"}, {"{", "line 1"}, {"[]", "no start"}};
  const char *config = "{\"chains\": 3, \"warmup\": 0, \"draws\": 1, \"method\": "
                       "{\"name\": \"rwm\", \"step\": 1e-9}}";
  weir_ctx *ctx = context(1);
  weir_target *t = good(ctx, "good");
  close(mkstemp(file));
  write_file("{\"mu\": [1, 2], \"sigma\": 3}");
  weir_posterior *p = infer(ctx, t, config, file, WEIR_OK);
  const double *x = weir_posterior_values(p);
  assert_true(fabs(x[12] - 1.0) + fabs(x[13] - 2.0) + fabs(x[14] - 3.0) < 1e-6);
  weir_posterior_destroy(&p);
  write_file("[{\"mu\": [1, 2], \"sigma\": 3}, {\"mu\": [2, 2], \"sigma\": 3},\n"
             "{\"mu\": [5, 2], \"sigma\": 3}]");
  p = infer(ctx, t, config, file, WEIR_OK);
  x = weir_posterior_values(p);
  assert_true(fabs(x[0] - 1.0) + fabs(x[6] - 2.0) + fabs(x[12] - 5.0) < 1e-6);
  weir_posterior_destroy(&p);
  assert_null(infer(ctx, t, "{\"chains\": 2}", file, WEIR_E_ARGUMENT));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    weir_infer_opts opts = WEIR_INFER_OPTS_INIT;
    opts.init_file = file;
    write_file(bad[i].text);
    assert_int_not_equal(weir_infer(&p, t, &opts), WEIR_OK);
    if (strstr(weir_error(), bad[i].word) == NULL) {
      fail_msg("'%s' is not in: %s", bad[i].word, weir_error());
    }
  }
  unlink(file);
  weir_target_destroy(&t);
  weir_ctx_destroy(&ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_density_and_names),
      cmocka_unit_test(test_draws),
      cmocka_unit_test(test_serial),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_failing_calls),
      cmocka_unit_test(test_start_points),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
