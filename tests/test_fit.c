/* Fits: the optimiser on known minima, the targets that fits look at, Laplace's method
 * where it is exact, and fits of either divergence against exact moments. */
#include "base/chol.h"
#include "infer_help.h"

#include <math.h>
#include <string.h>

#include "infer/fit.h"
#include "optim/lbfgs.h"

/* ---- L-BFGS ---- */

/* Rosenbrock's valley twice, defined for x[0] > -2 only. */
static weir_status valley(void *user, const double *x, double *f, double *g) {
  (void)user;
  *f = x[0] > -2.0 ? 0.0 : INFINITY;
  memset(g, 0, 4 * sizeof *g);
  for (int i = 0; i < 4; i += 2) {
    const double a = x[i + 1] - x[i] * x[i], b = 1.0 - x[i];
    *f += 100.0 * a * a + b * b;
    g[i] += -400.0 * x[i] * a - 2.0 * b;
    g[i + 1] += 200.0 * a;
  }
  return WEIR_OK;
}

static void test_lbfgs(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f, "normal", NULL, 0.0);
  const weiri_lbfgs_opts opts = {5, 500, 1e-8, 0.0};
  weiri_lbfgs_result result;
  double x[4] = {-1.9, 1.0, 2.0, -1.0};
  assert_int_equal(weiri_lbfgs(f.ctx, 4, x, valley, NULL, &opts, &result), WEIR_OK);
  assert_true(result.converged);
  for (int i = 0; i < 4; i++) {
    assert_true(fabs(x[i] - 1.0) < 1e-6);
  }
  assert_true(result.evaluations < 400);
  double lost[4] = {-3.0, 0.0, 0.0, 0.0};
  assert_int_equal(
      weiri_lbfgs(f.ctx, 4, lost, valley, NULL, &opts, &result), WEIR_E_NUMERIC);
  fixture_close(&f);
}

/* ---- targets made of targets ---- */

static void check_gradient(const weir_target *t) {
  weir_gradient_check check;
  const weir_status status = weir_target_check_gradient(t, 7, 5, 1.0, &check);
  if (status != WEIR_OK) {
    fail_msg("%s", weir_error());
  }
}

/* A density over u must hold the volume that the map adds: at matching points it is the
 * target's plus the log-determinant by differences. */
static double difference_log_det2(
    void (*map)(void *, const double *, double *), void *user, const double *u) {
  double j[2][2];
  for (int k = 0; k < 2; k++) {
    double up[2] = {u[0], u[1]}, down[2] = {u[0], u[1]}, a[2], b[2];
    up[k] += 1e-5;
    down[k] -= 1e-5;
    map(user, up, a);
    map(user, down, b);
    j[0][k] = (a[0] - b[0]) / 2e-5;
    j[1][k] = (a[1] - b[1]) / 2e-5;
  }
  return log(fabs(j[0][0] * j[1][1] - j[0][1] * j[1][0]));
}

static void whiten_map(void *user, const double *u, double *x) {
  weiri_whiten_show(user, 1, u, x);
}

static void warp_map(void *user, const double *u, double *x) {
  assert_int_equal(weiri_warp_show(user, 1, u, x), WEIR_OK);
}

static void check_volume(const weir_target *inner, weir_target *outer,
    void (*map)(void *, const double *, double *)) {
  const double u[2] = {0.3, -0.4};
  double x[2], inside, outside;
  map(outer, u, x);
  assert_int_equal(weir_target_log_density(inner, 1, x, &inside, NULL, NULL), WEIR_OK);
  assert_int_equal(weir_target_log_density(outer, 1, u, &outside, NULL, NULL), WEIR_OK);
  assert_true(fabs(outside - inside - difference_log_det2(map, outer, u)) < 1e-7);
}

static void test_whitened(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f, "funnel", "dim", 2);
  const double mean[2] = {0.5, -1.0}, root[4] = {2.0, 0.0, 0.7, 0.3};
  weir_target *w = NULL;
  assert_int_equal(weiri_whiten(&w, f.target, mean, root), WEIR_OK);
  assert_true(fabs(weiri_whiten_log_det(w) - log(0.6)) < 1e-14);
  check_gradient(w);
  check_volume(f.target, w, whiten_map);
  const double u[2] = {0.2, 0.9};
  double theta[2], back[2];
  weiri_whiten_show(w, 1, u, theta);
  weiri_chol_whiten(2, root, mean, 1, theta, back);
  assert_true(fabs(back[0] - u[0]) + fabs(back[1] - u[1]) < 1e-14);
  weir_target_destroy(&w);
  fixture_close(&f);
}

/* A family whose parameters are not those of the identity. */
static void stir(weiri_family *family) {
  double *w = weiri_params_block(family->params);
  const int64_t n = weiri_params_block_size(family->params);
  for (int64_t i = 0; i < n; i++) {
    w[i] += 0.2 * sin(1.7 * (double)i);
  }
  for (int32_t i = 0; i < weiri_params_count(family->params); i++) {
    const weiri_tensor_info *info = weiri_params_info(family->params, i);
    for (int64_t j = 0; info->keep != NULL && j < weir_shape_size(&info->shape); j++) {
      w[info->offset + j] *= info->keep[j];
    }
  }
}

static void test_warped(void **state) {
  (void)state;
  static const char *const names[] = {"{\"name\": \"fullrank\"}",
      "{\"name\": \"nsf\", \"transforms\": 2, \"hidden_features\": 8, "
      "\"hidden_layers\": 1, \"activation\": \"tanh\"}",
      "{\"name\": \"iaf\", \"transforms\": 2, \"hidden_features\": 8, "
      "\"hidden_layers\": 1, \"activation\": \"tanh\"}"};
  fixture f;
  fixture_open(&f, "funnel", "dim", 2);
  for (int i = 0; i < 3; i++) {
    json_t *spec = json_loads(names[i], 0, NULL);
    weiri_family *family = NULL;
    weir_target *w = NULL;
    assert_int_equal(weiri_family_create(&family, f.target, spec, 3), WEIR_OK);
    stir(family);
    assert_int_equal(weiri_warp(&w, f.target, family), WEIR_OK);
    check_gradient(w);
    check_volume(f.target, w, warp_map);
    const double v[2] = {0.2, -0.6};
    double x[2], back[2], drawn, known;
    assert_int_equal(weiri_warp_draw(w, 1, v, x, &drawn), WEIR_OK);
    assert_int_equal(weiri_warp_density(w, 1, x, &known), WEIR_OK);
    assert_true(fabs(drawn - known) < 1e-9);
    assert_int_equal(weiri_warp_take(w, 1, x, back), WEIR_OK);
    assert_true(fabs(back[0] - v[0]) + fabs(back[1] - v[1]) < 1e-8);
    weir_target_destroy(&w);
    weiri_family_destroy(&family);
    json_decref(spec);
  }
  fixture_close(&f);
}

/* ---- Laplace ---- */

/* On a normal density it is exact: mean, covariance, and an evidence of log 1. */
static void test_laplace(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f, "normal", "dim", 4);
  double theta[4], root[16], mean[4], sd[4];
  weiri_mode mode;
  assert_int_equal(
      weiri_laplace(f.target, 1, 2.0, 0, NULL, theta, root, &mode), WEIR_OK);
  assert_true(mode.converged && mode.curved);
  assert_int_equal(weir_target_moments(f.target, mean, sd), WEIR_OK);
  for (int j = 0; j < 4; j++) {
    double variance = 0.0;
    for (int k = 0; k <= j; k++) {
      variance += root[j * 4 + k] * root[j * 4 + k];
    }
    assert_true(fabs(theta[j] - mean[j]) < 1e-5);
    assert_true(fabs(sqrt(variance) - sd[j]) < 1e-5);
  }
  assert_true(fabs(mode.evidence) < 1e-5);
  fixture_close(&f);
}

/* ---- whole runs ---- */

static weir_posterior *infer(const weir_target *t, const char *config) {
  json_t *spec = json_loads(config, 0, NULL);
  assert_non_null(spec);
  weir_infer_opts opts = WEIR_INFER_OPTS_INIT;
  weir_posterior *p = NULL;
  opts.config = spec;
  opts.seed = 11;
  if (weir_infer(&p, t, &opts) != WEIR_OK) {
    fail_msg("%s", weir_error());
  }
  json_decref(spec);
  return p;
}

static void spread_of(const weir_posterior *p, int64_t j, double *mean, double *sd) {
  const int64_t n = weir_posterior_chains(p) * weir_posterior_draws(p);
  const int64_t d = weir_posterior_outputs(p);
  const double *x = weir_posterior_values(p);
  double sum = 0.0, squares = 0.0;
  for (int64_t i = 0; i < n; i++) {
    sum += x[i * d + j];
  }
  *mean = sum / (double)n;
  for (int64_t i = 0; i < n; i++) {
    squares += (x[i * d + j] - *mean) * (x[i * d + j] - *mean);
  }
  *sd = sqrt(squares / (double)n);
}

/* A full-rank normal fitted to a normal is that normal: every log weight is log 1. The
 * fit begins away from it, so the descent is what gets there. */
static void test_exact_family(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f, "normal", "dim", 3);
  weir_posterior *p = infer(f.target,
      "{\"chains\": 1, \"draws\": 200, \"method\": {\"name\": \"vi\", \"start\": "
      "\"none\", \"steps\": 4000, \"tolerance\": 1e-5}}");
  const double *w = weir_posterior_log_weights(p);
  for (int64_t i = 0; i < 200; i++) {
    assert_true(fabs(w[i]) < 0.02);
  }
  weir_posterior_destroy(&p);
  fixture_close(&f);
}

/* On the funnel of standard deviations 1 and e, and the banana of 10 and 3, a
 * mean-field normal by reverse KL is too narrow, by forward KL it is not (Zhang, Blei &
 * Naesseth 2022, section 5.1). The banana's tail is long: after these updates five
 * seeds stand at 2.6 to 2.9 of its 3 and still rise, after 12,000 eight seeds have a
 * mean of 3.06 and a spread of 0.36. */
static void test_divergences(void **state) {
  (void)state;
  static const struct {
    const char *target, *start;
    int particles;
    double sd[2], within[2], narrow; /* of reverse KL: the second sd is below this */
  } cases[] = {{"funnel", "none", 256, {1.0, 2.718281828459045}, {0.15, 0.5}, 1.2},
      {"banana", "laplace", 256, {10.0, 3.0}, {1.2, 0.75}, 2.0}};
  for (int i = 0; i < 2; i++) {
    fixture f;
    double mean, sd;
    char config[256];
    fixture_open(&f, cases[i].target, "dim", 2);
    weir_posterior *p = infer(f.target,
        "{\"chains\": 1, \"draws\": 4000, \"method\": {\"name\": \"vi\", \"family\": "
        "\"meanfield\", \"steps\": 3000, \"weights\": \"keep\"}}");
    spread_of(p, 1, &mean, &sd);
    assert_true(sd < cases[i].narrow);
    weir_posterior_destroy(&p);
    snprintf(config, sizeof config,
        "{\"chains\": 1, \"draws\": 4000, \"method\": {\"name\": \"tsc\", \"family\": "
        "\"meanfield\", \"start\": \"%s\", \"particles\": %d, \"steps\": 3000, "
        "\"rate\": 0.01, \"decay\": 0.01, \"weights\": \"keep\"}}",
        cases[i].start, cases[i].particles);
    p = infer(f.target, config);
    for (int j = 0; j < 2; j++) {
      spread_of(p, j, &mean, &sd);
      if (!(fabs(sd - cases[i].sd[j]) < cases[i].within[j])) {
        fail_msg("%s: sd %g of coordinate %d", cases[i].target, sd, j + 1);
      }
    }
    weir_posterior_destroy(&p);
    fixture_close(&f);
  }
}

/* A mean-field normal of a correlated one is too narrow; drawn again by its weights, it
 * is not, and the columns of weights sum to one. */
static void test_resampled(void **state) {
  (void)state;
  fixture f;
  double mean, kept, again, sum = 0.0;
  fixture_open(&f, "normal", "dim", 2);
  for (int k = 0; k < 2; k++) {
    char config[256];
    snprintf(config, sizeof config,
        "{\"chains\": 1, \"draws\": 8000, \"method\": {\"name\": \"vi\", \"family\": "
        "\"meanfield\", \"start\": \"none\", \"weights\": \"%s\"}}",
        k == 0 ? "keep" : "auto");
    weir_posterior *p = infer(f.target, config);
    spread_of(p, 0, &mean, k == 0 ? &kept : &again);
    const double *stat = weir_posterior_stat_values(p);
    for (int64_t i = 0; k == 0 && i < 8000; i++) {
      sum += exp(stat[3 * i + 2]);
      assert_true(fabs(stat[3 * i] - stat[3 * i + 1] -
                       weir_posterior_log_weights(p)[i]) < 1e-9);
    }
    assert_non_null(strstr(weir_posterior_record(p),
        k == 0 ? "\"resampled\":false" : "\"resampled\":true"));
    weir_posterior_destroy(&p);
  }
  assert_true(fabs(sum - 1.0) < 1e-9);
  assert_true(fabs(kept - sqrt(0.75)) < 0.04); /* 1/sqrt of the precision's diagonal */
  assert_true(fabs(again - 1.0) < 0.05);
  fixture_close(&f);
}

/* Samplers that a fit helps leave the target as it is: means and standard deviations of
 * a correlated normal from a fit that is wrong on purpose (a few updates from the
 * start). */
static void test_helped_samplers(void **state) {
  (void)state;
  static const char *const methods[] = {"\"neutra\"", "\"mixed\"",
      "\"neutra\", \"sampler\": \"hmc\"", "\"neutra\", \"sampler\": \"mala\"",
      "\"mixed\", \"sampler\": {\"name\": \"rwm\", \"target_accept\": 0.3}"};
  fixture f;
  double exact_mean[3], exact_sd[3], mean, sd;
  fixture_open(&f, "normal", "dim", 3);
  assert_int_equal(weir_target_moments(f.target, exact_mean, exact_sd), WEIR_OK);
  for (int k = 0; k < 5; k++) {
    char config[300];
    snprintf(config, sizeof config,
        "{\"chains\": 4, \"warmup\": 300, \"draws\": 1000, \"method\": {\"name\": "
        "%s, \"family\": {\"name\": \"nsf\", \"transforms\": 1}, \"start\": "
        "\"none\", \"steps\": 20, \"rate\": 0.01}}",
        methods[k]);
    weir_posterior *p = infer(f.target, config);
    for (int j = 0; j < 3; j++) {
      spread_of(p, j, &mean, &sd);
      /* at least 300 effective draws: five standard errors */
      assert_true(fabs(mean - exact_mean[j]) < 5.0 * exact_sd[j] / sqrt(300.0));
      assert_true(fabs(sd / exact_sd[j] - 1.0) < 5.0 / sqrt(600.0));
    }
    weir_posterior_destroy(&p);
  }
  fixture_close(&f);
}

static void test_planar_knows_its_own_draws_only(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f, "normal", "dim", 2);
  json_t *spec = json_loads(
      "{\"method\": {\"name\": \"tsc\", \"family\": \"planar\", \"steps\": 1}}", 0,
      NULL);
  weir_infer_opts opts = WEIR_INFER_OPTS_INIT;
  weir_posterior *p = NULL;
  opts.config = spec;
  assert_int_equal(weir_infer(&p, f.target, &opts), WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "family"));
  json_decref(spec);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lbfgs),
      cmocka_unit_test(test_whitened),
      cmocka_unit_test(test_warped),
      cmocka_unit_test(test_laplace),
      cmocka_unit_test(test_exact_family),
      cmocka_unit_test(test_divergences),
      cmocka_unit_test(test_resampled),
      cmocka_unit_test(test_helped_samplers),
      cmocka_unit_test(test_planar_knows_its_own_draws_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
