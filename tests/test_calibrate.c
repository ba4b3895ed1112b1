/* Simulation-based calibration: the chi-square tail against known values, a posterior
 * that is right, wrong ones of each kind named as such, the targets that bring a
 * simulator, the same ranks after a stop and on any number of threads. */
#include "infer_help.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/chisq.h"
#include "base/rng.h"
#include "weir/calibrate.h"

/* Quantiles from tables: P(X > x) for k degrees. */
static void test_chi_square(void **state) {
  (void)state;
  static const double cases[][3] = {{3.841458820694124, 1, 0.05},
      {18.307038053275146, 10, 0.05}, {2.5582121601872063, 10, 0.99},
      {36.19086912927004, 19, 0.01}, {140.2325, 100, 0.0049846}, {0.0, 4, 1.0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const double p = weiri_chi_square_above(cases[i][0], cases[i][1]);
    assert_true(fabs(p - cases[i][2]) < (i == 4 ? 2e-4 : 1e-9));
  }
  /* two degrees: exp(-x/2), on both sides of where the series ends */
  for (double x = 0.1; x < 60.0; x *= 1.7) {
    assert_true(fabs(weiri_chi_square_above(x, 2.0) / exp(-0.5 * x) - 1.0) < 1e-12);
  }
}

/* theta ~ N(0, 1), y ~ N(theta, 1): theta | y ~ N(y/2, 1/2), times what is wrong. */
typedef struct pair {
  weir_target base;
  double shift, widen, y;
} pair;

static const weir_opt pair_opts[] = {
    {"shift", WEIR_OPT_REAL, offsetof(pair, shift), "0", -10, 10, NULL, "of the mean"},
    {"widen", WEIR_OPT_REAL, offsetof(pair, widen), "1", 0.01, 10, NULL, "of the sd"},
    {0}};

static weir_status pair_setup(weir_target *t) {
  return weir_target_shape(t, 1, 1);
}

static weir_status pair_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  const pair *p = (const pair *)t;
  const double precision = 2.0 / (p->widen * p->widen);
  for (int64_t i = 0; i < n; i++) {
    const double e = x[i] - 0.5 * p->y - p->shift;
    value[i] = -0.5 * precision * e * e;
    if (grad != NULL) {
      grad[i] = -precision * e;
    }
  }
  return WEIR_OK;
}

static const weir_target_class pair_class;

static weir_status pair_simulate(
    const weir_target *t, uint64_t seed, double *x, weir_target **posterior) {
  const weiri_rng rng = {seed, weiri_stream("pair", 0)};
  pair *other = weiri_calloc(t->ctx, 1, sizeof *other);
  assert_non_null(other);
  other->shift = ((const pair *)t)->shift;
  other->widen = ((const pair *)t)->widen;
  x[0] = weiri_normal(rng, 0);
  other->y = x[0] + weiri_normal(rng, 1);
  return weiri_target_set_up(posterior, t->ctx, &pair_class, other, NULL);
}

static const weir_target_class pair_class = {
    .is = {"pair", "a normal mean", NULL, sizeof(pair), pair_opts},
    .setup = pair_setup,
    .log_density = pair_density,
    .simulate = pair_simulate};

typedef struct scene {
  weir_ctx *ctx;
  weir_target *target;
  json_t *config;
  weir_calibration_opts opts;
} scene;

static void open_scene(
    scene *s, const char *target, const char *data, const char *config, int threads) {
  weir_ctx_opts opts = WEIR_CTX_OPTS_INIT;
  opts.threads = threads;
  *s = (scene){.opts = WEIR_CALIBRATION_OPTS_INIT};
  assert_int_equal(weir_ctx_create(&s->ctx, &opts), WEIR_OK);
  assert_int_equal(weir_register_target(s->ctx, &pair_class), WEIR_OK);
  json_t *spec = json_loads(target, 0, NULL);
  if (weir_target_make(&s->target, s->ctx, spec, data) != WEIR_OK) {
    fail_msg("%s", weir_error());
  }
  json_decref(spec);
  s->config = json_loads(config, 0, NULL);
  assert_non_null(s->config);
  s->opts.infer.config = s->config;
  s->opts.infer.seed = 2;
}

static weir_calibration *calibrate(scene *s, int64_t simulations) {
  weir_calibration *c = NULL;
  s->opts.simulations = simulations;
  if (weir_calibrate(&c, s->target, &s->opts) != WEIR_OK) {
    fail_msg("%s", weir_error());
  }
  return c;
}

static void close_scene(scene *s) {
  json_decref(s->config);
  weir_target_destroy(&s->target);
  weir_ctx_destroy(&s->ctx);
}

#define SHORT "{\"chains\": 2, \"warmup\": 100, \"draws\": 100}"

static void test_verdicts(void **state) {
  (void)state;
  static const struct {
    const char *target, *word;
    double bias, spread; /* sign expected, or 0 */
  } cases[] = {{"{\"name\": \"pair\"}", "speak for calibrated", 0, 0},
      {"{\"name\": \"pair\", \"shift\": -0.5}", "too low", 1, 0},
      {"{\"name\": \"pair\", \"shift\": 0.5}", "too high", -1, 0},
      {"{\"name\": \"pair\", \"widen\": 0.6}", "too narrow", 0, 1},
      {"{\"name\": \"pair\", \"widen\": 2}", "too wide", 0, -1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    scene s;
    open_scene(&s, cases[i].target, NULL, SHORT, 1);
    weir_calibration *c = calibrate(&s, 200);
    const weir_rank_test t = weir_calibration_test(c, 0);
    int64_t sum = 0;
    for (int64_t k = 0; k < weir_calibration_ranks(c); k++) {
      const int64_t count = weir_calibration_counts(c, 0)[k];
      sum += count;
      assert_true(
          i > 0 || count > 0); /* 10 expected: the first and the last rank too */
    }
    assert_int_equal(sum, 200);
    assert_int_equal(t.bins, 20);
    assert_int_equal(weir_calibration_good(c), i == 0);
    if (strstr(weir_calibration_text(c), cases[i].word) == NULL) {
      fail_msg("%s: %s", cases[i].target, weir_calibration_text(c));
    }
    assert_true(cases[i].bias == 0.0 || cases[i].bias * t.bias > 4.0);
    assert_true(cases[i].spread == 0.0 || cases[i].spread * t.spread > 4.0);
    weir_calibration_destroy(&c);
    close_scene(&s);
  }
}

/* Logistic regression on a table, the survey of crossed effects, eight schools. */
static void test_targets(void **state) {
  (void)state;
  static const struct {
    const char *target, *config;
    int64_t simulations, outputs;
    bool data;
  } cases[] = {{"{\"name\": \"logistic\", \"scale\": 1}",
                   "{\"chains\": 2, \"warmup\": 150, \"draws\": 100}", 60, 3, true},
      {"{\"name\": \"survey\", \"rows\": 60}",
          "{\"chains\": 2, \"warmup\": 150, \"draws\": 60}", 24, 136 + 123, false},
      {"{\"name\": \"eight_schools\"}",
          "{\"chains\": 2, \"warmup\": 200, \"draws\": 100, \"method\": {\"name\": "
          "\"nuts\", \"target_accept\": 0.9}}",
          60, 18, false}};
  char table[] = "test_calibrate_XXXXXX";
  FILE *f = fdopen(mkstemp(table), "w");
  fprintf(f, "a,b,y\n");
  for (int i = 0; i < 40; i++) {
    fprintf(f, "%g,%g,%d\n", sin(1.7 * i), cos(5.1 * i), (i * 7) % 3 == 0);
  }
  fclose(f);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    scene s;
    open_scene(&s, cases[i].target, cases[i].data ? table : NULL, cases[i].config, 2);
    weir_calibration *c = calibrate(&s, cases[i].simulations);
    assert_int_equal(weir_calibration_outputs(c), cases[i].outputs);
    if (!weir_calibration_good(c)) {
      fail_msg("%s: %s", cases[i].target, weir_calibration_text(c));
    }
    weir_calibration_destroy(&c);
    close_scene(&s);
  }
  unlink(table);
}

typedef struct stop {
  int calls, at;
} stop;

static bool stop_at(void *user, const weir_infer_progress *p) {
  stop *s = user;
  assert_true(p->done <= p->total);
  return ++s->calls != s->at;
}

static void test_resume(void **state) {
  (void)state;
  char file[] = "test_calibrate_XXXXXX";
  close(mkstemp(file));
  unlink(file);
  scene s, other; /* two threads with a stop, and one in one go */
  weir_calibration *parts = NULL;
  open_scene(&other, "{\"name\": \"pair\"}", NULL, SHORT, 1);
  open_scene(&s, "{\"name\": \"pair\"}", NULL, SHORT, 2);
  weir_calibration *whole = calibrate(&other, 30);
  s.opts.simulations = 30;
  stop at = {0, 21};
  s.opts.infer.checkpoint = file;
  s.opts.infer.resume = true;
  s.opts.infer.progress = stop_at;
  s.opts.infer.user = &at;
  assert_int_equal(weir_calibrate(&parts, s.target, &s.opts), WEIR_E_CANCELLED);
  assert_null(parts);
  assert_int_equal(access(file, F_OK), 0);
  at = (stop){0, -1};
  s.opts.simulations = 31;
  assert_int_equal(weir_calibrate(&parts, s.target, &s.opts), WEIR_E_MISMATCH);
  s.opts.simulations = 30;
  assert_int_equal(weir_calibrate(&parts, s.target, &s.opts), WEIR_OK);
  assert_memory_equal(weir_calibration_counts(parts, 0),
      weir_calibration_counts(whole, 0), 20 * sizeof(int64_t));
  assert_int_not_equal(access(file, F_OK), 0);
  weir_calibration_destroy(&parts);
  weir_calibration_destroy(&whole);
  close_scene(&s);
  close_scene(&other);
}

static void test_refusals(void **state) {
  (void)state;
  scene s;
  weir_calibration *c = NULL;
  open_scene(&s, "{\"name\": \"funnel\"}", NULL, "{}", 1);
  assert_int_equal(weir_calibrate(&c, s.target, &s.opts), WEIR_E_UNSUPPORTED);
  assert_non_null(strstr(weir_error(), "simulator"));
  close_scene(&s);
  open_scene(&s, "{\"name\": \"pair\"}", NULL, "{\"chains\": 1, \"draws\": 5}", 1);
  assert_int_equal(weir_calibrate(&c, s.target, &s.opts), WEIR_E_CONFIG);
  close_scene(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_chi_square),
      cmocka_unit_test(test_verdicts), cmocka_unit_test(test_targets),
      cmocka_unit_test(test_resume), cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
