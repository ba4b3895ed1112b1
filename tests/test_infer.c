/* Inference from start to end: posteriors against exact moments, bits on any number of
 * threads and after a stop, calibration by simulation, refusals. */
#include "infer_help.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir/diagnose.h"

static weir_ctx *context(int threads) {
  weir_ctx *ctx = NULL;
  weir_ctx_opts opts = WEIR_CTX_OPTS_INIT;
  opts.threads = threads;
  assert_int_equal(weir_ctx_create(&ctx, &opts), WEIR_OK);
  return ctx;
}

static weir_target *target(weir_ctx *ctx, const char *json) {
  weir_target *t = NULL;
  json_t *spec = json_loads(json, 0, NULL);
  assert_non_null(spec);
  if (weir_target_make(&t, ctx, spec, NULL) != WEIR_OK) {
    fail_msg("%s", weir_error());
  }
  json_decref(spec);
  return t;
}

static weir_status infer(
    weir_posterior **out, const weir_target *t, const char *json, uint64_t seed) {
  weir_infer_opts opts = WEIR_INFER_OPTS_INIT;
  json_t *config = json_loads(json, 0, NULL);
  assert_non_null(config);
  opts.config = config;
  opts.seed = seed;
  const weir_status status = weir_infer(out, t, &opts);
  json_decref(config);
  return status;
}

/* ---- against exact moments ---- */

typedef struct known {
  const char *target, *config;
} known;

static const known cases[] = {
    {"{\"name\": \"normal\", \"dim\": 10, \"correlation\": 0.8, \"spread\": 20}",
        "{\"method\": \"nuts\"}"},
    {"{\"name\": \"normal\", \"dim\": 10, \"correlation\": 0.8, \"spread\": 20}",
        "{\"method\": {\"name\": \"nuts\", \"metric\": \"dense\"}}"},
    {"{\"name\": \"banana\"}",
        "{\"method\": {\"name\": \"nuts\", \"target_accept\": 0.9}, \"draws\": 4000}"},
    {"{\"name\": \"student\", \"dim\": 2, \"freedom\": 8}", "{\"draws\": 4000}"},
    {"{\"name\": \"funnel\", \"sd\": 0.5}", "{\"draws\": 4000}"},
    {"{\"name\": \"energy\", \"which\": 2}", "{\"draws\": 8000}"},
    {"{\"name\": \"normal\", \"dim\": 5, \"correlation\": 0.3, \"spread\": 4}",
        "{\"method\": \"hmc\"}"},
    {"{\"name\": \"normal\", \"dim\": 5, \"correlation\": 0.3, \"spread\": 4}",
        "{\"method\": \"mala\", \"draws\": 4000}"},
    {"{\"name\": \"normal\", \"dim\": 3, \"correlation\": 0.3, \"spread\": 4}",
        "{\"method\": \"rwm\", \"draws\": 20000, \"warmup\": 4000}"}};

static void check_moments(
    const weir_posterior *p, const weir_target *t, const char *what) {
  double mean[16], sd[16];
  weir_summary s[16];
  weir_judgement j;
  assert_int_equal(weir_target_moments(t, mean, sd), WEIR_OK);
  assert_int_equal(weir_judge(&j, p, s), WEIR_OK);
  assert_true(j.rhat < 1.02);
  for (int64_t i = 0; i < weir_posterior_outputs(p); i++) {
    const double z = (s[i].mean - mean[i]) / s[i].mcse_mean;
    const double y = (s[i].sd - sd[i]) / s[i].mcse_sd;
    if (!(fabs(z) < 5.0 && fabs(y) < 5.0)) {
      fail_msg("%s: output %d: mean %g (z %.2f), sd %g (z %.2f)", what, (int)i,
          s[i].mean, z, s[i].sd, y);
    }
  }
}

static void test_moments(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weir_ctx *ctx = context(2);
    weir_target *t = target(ctx, cases[i].target);
    weir_posterior *p = NULL;
    if (infer(&p, t, cases[i].config, 42 + i) != WEIR_OK) {
      fail_msg("%s", weir_error());
    }
    check_moments(p, t, cases[i].target);
    weir_posterior_destroy(&p);
    weir_target_destroy(&t);
    weir_ctx_destroy(&ctx);
  }
}

/* NUTS' ranks among exact draws of the same density: two-sample z of P(x < median). */
static void test_exact_draws(void **state) {
  (void)state;
  enum { N = 20000 };
  weir_ctx *ctx = context(2);
  weir_target *t = target(ctx, "{\"name\": \"energy\", \"which\": 3}");
  weir_posterior *p = NULL;
  double *x = calloc(2 * N, sizeof *x);
  assert_int_equal(weir_target_sample(t, 3, 0, N, x), WEIR_OK);
  assert_int_equal(infer(&p, t, "{\"draws\": 10000}", 8), WEIR_OK);
  const double *y = weir_posterior_theta(p);
  const int64_t n = weir_posterior_chains(p) * weir_posterior_draws(p);
  const double cuts[] = {-2.0, -1.0, 0.0, 1.0, 2.0};
  for (int k = 0; k < 5; k++) {
    for (int j = 0; j < 2; j++) {
      double exact = 0.0;
      double *below = calloc((size_t)n, sizeof *below);
      for (int64_t i = 0; i < N; i++) {
        exact += x[2 * i + j] < cuts[k] ? 1.0 / N : 0.0;
      }
      for (int64_t i = 0; i < n; i++) {
        below[i] = y[2 * i + j] < cuts[k] ? 1.0 : 0.0;
      }
      weir_summary s;
      assert_int_equal(weir_summarize(&s, ctx, weir_posterior_chains(p),
                           weir_posterior_draws(p), below, 1),
          WEIR_OK);
      const double error = hypot(s.mcse_mean, sqrt(exact * (1.0 - exact) / N));
      assert_true(fabs(s.mean - exact) < 5.0 * error);
      free(below);
    }
  }
  free(x);
  weir_posterior_destroy(&p);
  weir_target_destroy(&t);
  weir_ctx_destroy(&ctx);
}

/* ---- bits ---- */

static void check_same(const weir_posterior *a, const weir_posterior *b) {
  const int64_t rows = weir_posterior_chains(a) * weir_posterior_draws(a);
  assert_memory_equal(weir_posterior_values(a), weir_posterior_values(b),
      (size_t)(rows * weir_posterior_outputs(a)) * sizeof(double));
  assert_memory_equal(weir_posterior_stat_values(a), weir_posterior_stat_values(b),
      (size_t)(rows * weir_posterior_stats(a)) * sizeof(double));
}

static const char *const methods[] = {"nuts", "hmc", "mala", "rwm"};
#define SHORT "{\"method\": \"%s\", \"warmup\": 150, \"draws\": 100, \"chains\": 3}"

static void test_threads(void **state) {
  (void)state;
  for (int k = 0; k < 4; k++) {
    weir_posterior *p[3];
    weir_ctx *ctx[3];
    char config[128];
    snprintf(config, sizeof config, SHORT, methods[k]);
    for (int i = 0; i < 3; i++) {
      ctx[i] = context(i + 1);
      weir_target *t = target(ctx[i], "{\"name\": \"eight_schools\"}");
      assert_int_equal(infer(&p[i], t, config, 5), WEIR_OK);
      weir_target_destroy(&t);
    }
    check_same(p[0], p[1]);
    check_same(p[0], p[2]);
    for (int i = 0; i < 3; i++) {
      weir_posterior_destroy(&p[i]);
      weir_ctx_destroy(&ctx[i]);
    }
  }
}

typedef struct stop {
  int calls, at;
} stop;

static bool stop_at(void *user, const weir_infer_progress *p) {
  stop *s = user;
  assert_true(p->done <= p->total && p->seconds >= 0.0);
  return ++s->calls != s->at;
}

/* Stopped after some rounds, resumed, stopped again: the same bits as in one go. */
static void test_resume(void **state) {
  (void)state;
  char file[] = "test_infer_XXXXXX";
  close(mkstemp(file));
  unlink(file);
  weir_ctx *ctx = context(2);
  weir_target *t = target(ctx, "{\"name\": \"eight_schools\"}");
  for (int k = 0; k < 4; k++) {
    weir_posterior *whole = NULL, *parts = NULL;
    char config[128];
    snprintf(config, sizeof config, SHORT, methods[k]);
    json_t *section = json_loads(config, 0, NULL);
    assert_int_equal(infer(&whole, t, config, 5), WEIR_OK);
    weir_infer_opts opts = WEIR_INFER_OPTS_INIT;
    stop s = {0, 2};
    opts.config = section;
    opts.seed = 5;
    opts.checkpoint = file;
    opts.resume = true;
    opts.progress = stop_at;
    opts.user = &s;
    assert_int_equal(weir_infer(&parts, t, &opts), WEIR_E_CANCELLED);
    assert_null(parts);
    s = (stop){0, 4};
    assert_int_equal(weir_infer(&parts, t, &opts), WEIR_E_CANCELLED);
    opts.seed = 6; /* another run */
    assert_int_equal(weir_infer(&parts, t, &opts), WEIR_E_MISMATCH);
    assert_non_null(strstr(weir_error(), "seed"));
    opts.seed = 5;
    s = (stop){0, -1};
    assert_int_equal(weir_infer(&parts, t, &opts), WEIR_OK);
    check_same(whole, parts);
    assert_int_equal(weir_posterior_gradients(whole), weir_posterior_gradients(parts));
    assert_int_not_equal(access(file, F_OK), 0); /* removed at the end */
    weir_posterior_destroy(&whole);
    weir_posterior_destroy(&parts);
    json_decref(section);
  }
  weir_target_destroy(&t);
  weir_ctx_destroy(&ctx);
}

/* ---- refusals ---- */

static weir_status flat(
    void *user, int64_t n, const double *x, double *value, double *grad) {
  (void)x;
  for (int64_t i = 0; i < n; i++) {
    value[i] = *(const double *)user;
    if (grad != NULL) {
      grad[i] = 0.0;
    }
  }
  return WEIR_OK;
}

static weir_status slope(
    void *user, int64_t n, const double *x, double *value, double *grad) {
  (void)user;
  for (int64_t i = 0; i < n; i++) {
    value[i] = x[i];
    if (grad != NULL) {
      grad[i] = 1.0;
    }
  }
  return WEIR_OK;
}

static void refuse(weir_ctx *ctx, weir_target_fn *fn, double user, weir_status expected,
    const char *word) {
  weir_target *t = NULL;
  weir_posterior *p = NULL;
  weir_target_opts opts = WEIR_TARGET_OPTS_INIT;
  opts.user = &user;
  assert_int_equal(weir_target_create(&t, ctx, 1, fn, &opts), WEIR_OK);
  assert_int_equal(infer(&p, t, "{}", 1), expected);
  assert_null(p);
  if (strstr(weir_error(), word) == NULL) {
    fail_msg("'%s' is not in: %s", word, weir_error());
  }
  weir_target_destroy(&t);
}

static void test_refusals(void **state) {
  (void)state;
  weir_ctx *ctx = context(2);
  weir_target *t = target(ctx, "{\"name\": \"normal\"}");
  weir_posterior *p = NULL;
  refuse(ctx, flat, 1.0, WEIR_E_DATA, "constant");
  refuse(ctx, flat, -INFINITY, WEIR_E_DATA, "-inf");
  refuse(ctx, flat, NAN, WEIR_E_DATA, "NaN");
  refuse(ctx, slope, 0.0, WEIR_E_DIVERGED, "improper");
  assert_int_equal(infer(&p, t, "{\"method\": \"nutz\"}", 1), WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "nuts"));
  assert_int_equal(infer(&p, t, "{\"chians\": 3}", 1), WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "chains"));
  assert_int_equal(
      infer(&p, t, "{\"method\": {\"name\": \"nuts\", \"max_depth\": 99}}", 1),
      WEIR_E_CONFIG);
  weir_target_destroy(&t);
  weir_ctx_destroy(&ctx);
}

/* Four modes that chains do not leave: R-hat says so; the centred schools diverge. */
static void test_judgement(void **state) {
  (void)state;
  weir_ctx *ctx = context(2);
  weir_target *t = target(
      ctx, "{\"name\": \"mixture\", \"components\": 4, \"radius\": 10, \"sd\": 0.5}");
  weir_posterior *p = NULL;
  weir_judgement j;
  assert_int_equal(infer(&p, t, "{\"init_radius\": 15}", 3), WEIR_OK);
  assert_int_equal(weir_judge(&j, p, NULL), WEIR_OK);
  assert_false(j.good);
  assert_true(j.rhat > 1.5);
  assert_non_null(strstr(j.text, "do not agree"));
  weir_posterior_destroy(&p);
  weir_target_destroy(&t);
  t = target(ctx, "{\"name\": \"eight_schools\", \"form\": \"centred\"}");
  assert_int_equal(infer(&p, t, "{}", 3), WEIR_OK);
  assert_int_equal(weir_judge(&j, p, NULL), WEIR_OK);
  assert_false(j.good);
  assert_true(j.divergent > 0);
  weir_posterior_destroy(&p);
  weir_target_destroy(&t);
  weir_ctx_destroy(&ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_moments),
      cmocka_unit_test(test_exact_draws), cmocka_unit_test(test_threads),
      cmocka_unit_test(test_resume), cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_judgement)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
