/* Diagnostics against ArviZ on the same numbers (golden/make_arviz.py), and on cases
 * whose answer is known. */
#include "infer_help.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/normal.h"
#include "weir/diagnose.h"

/* The generator of make_arviz.py. */
static double uniform(uint64_t *x) {
  *x = UINT64_C(6364136223846793005) * *x + UINT64_C(1442695040888963407);
  return (double)(*x >> 11) * 0x1p-53;
}

static double at(const json_t *list, size_t i) {
  return json_number_value(json_array_get(list, i));
}

static double key(const json_t *o, const char *name) {
  return json_number_value(json_object_get(o, name));
}

static void near(double found, double expected, double relative) {
  if (!(fabs(found - expected) <= relative * (1e-3 + fabs(expected)))) {
    fail_msg("expected %.15g, found %.15g", expected, found);
  }
}

static double *make_chains(const json_t *c, int64_t *m, int64_t *n) {
  uint64_t seed = (uint64_t)at(c, 0);
  *m = (int64_t)at(c, 1);
  *n = (int64_t)at(c, 2);
  double *x = calloc((size_t)(*m * *n), sizeof *x);
  for (int64_t k = 0; k < *m; k++) {
    double s = 0.0;
    for (int64_t i = 0; i < *n; i++) {
      s = at(c, 3) * s + (uniform(&seed) - 0.5);
      const double y = s + (double)k * at(c, 4);
      x[k * *n + i] = at(c, 5) == 3.0 ? y * y * y : y;
    }
  }
  return x;
}

static json_t *golden(void) {
  json_error_t error;
  json_t *root = json_load_file(WEIR_SOURCE_DIR "/tests/golden/arviz.json", 0, &error);
  assert_non_null(root);
  return root;
}

static weir_ctx *context(void) {
  weir_ctx *ctx = NULL;
  assert_int_equal(weir_ctx_create(&ctx, NULL), WEIR_OK);
  return ctx;
}

static void test_chains(void **state) {
  (void)state;
  json_t *root = golden(), *value;
  weir_ctx *ctx = context();
  size_t i;
  json_array_foreach(json_object_get(root, "chains"), i, value) {
    int64_t m, n;
    weir_summary s;
    double *x = make_chains(json_object_get(value, "case"), &m, &n);
    assert_int_equal(weir_summarize(&s, ctx, m, n, x, 1), WEIR_OK);
    near(s.mean, key(value, "mean"), 1e-10);
    near(s.sd, key(value, "sd"), 1e-10);
    near(s.q5, key(value, "q5"), 1e-10);
    near(s.q95, key(value, "q95"), 1e-10);
    if (m > 1) { /* ArviZ has none for one chain */
      near(s.rhat, key(value, "rhat"), 1e-9);
    }
    near(s.ess_bulk, key(value, "ess_bulk"), 1e-7);
    near(s.ess_tail, key(value, "ess_tail"), 1e-7);
    near(s.mcse_mean, key(value, "mcse_mean"), 1e-7);
    near(s.mcse_sd, key(value, "mcse_sd"), 1e-7);
    for (int64_t k = 0; k < m; k++) {
      near(weir_ebfmi(n, x + k * n, 1), at(json_object_get(value, "bfmi"), (size_t)k),
          1e-9);
    }
    free(x);
  }
  assert_int_equal(i, 6);
  json_decref(root);
  weir_ctx_destroy(&ctx);
}

static void test_weights(void **state) {
  (void)state;
  json_t *root = golden(), *value;
  weir_ctx *ctx = context();
  size_t i;
  json_array_foreach(json_object_get(root, "ratios"), i, value) {
    const json_t *c = json_object_get(value, "case");
    const int64_t n = (int64_t)at(c, 1);
    uint64_t seed = (uint64_t)at(c, 0);
    double *r = calloc((size_t)n, sizeof *r), *w = calloc((size_t)n, sizeof *w);
    double lo = INFINITY, hi = -INFINITY, sum = 0.0;
    weir_khat k;
    for (int64_t j = 0; j < n; j++) {
      const double a = uniform(&seed), b = uniform(&seed), d = uniform(&seed);
      const double s = a + b + d + uniform(&seed) - 2.0;
      r[j] = at(c, 2) * s * s * s;
    }
    assert_int_equal(weir_psis(&k, ctx, n, r, w), WEIR_OK);
    for (int64_t j = 0; j < n; j++) {
      lo = fmin(lo, w[j]);
      hi = fmax(hi, w[j]);
      sum += exp(w[j]);
    }
    near(sum, 1.0, 1e-12);
    near(k.khat, key(value, "khat"), 1e-8);
    near(hi, key(value, "largest"), 1e-8);
    near(lo, key(value, "smallest"), 1e-8);
    near(k.ess, key(value, "ess"), 1e-8);
    near(k.log_mean, key(value, "log_mean"), 1e-10);
    assert_int_equal(k.dropped, 0);
    free(r);
    free(w);
  }
  assert_int_equal(i, 4);
  json_decref(root);
  weir_ctx_destroy(&ctx);
}

/* Constant, not finite, too few; ratios that are not finite. */
static void test_edges(void **state) {
  (void)state;
  weir_ctx *ctx = context();
  weir_summary s;
  weir_khat k;
  double x[40], w[100];
  for (int i = 0; i < 40; i++) {
    x[i] = 3.0;
  }
  assert_int_equal(weir_summarize(&s, ctx, 2, 20, x, 1), WEIR_OK);
  assert_true(isnan(s.rhat) && s.ess_bulk == 40.0 && s.mean == 3.0 && s.sd == 0.0);
  x[7] = NAN;
  assert_int_equal(weir_summarize(&s, ctx, 2, 20, x, 1), WEIR_OK);
  assert_true(isnan(s.mean) && isnan(s.rhat) && isnan(s.ess_bulk));
  x[7] = 2.0;
  assert_int_equal(weir_summarize(&s, ctx, 10, 3, x, 1), WEIR_OK);
  assert_true(isnan(s.rhat) && isfinite(s.mean));
  assert_int_equal(weir_summarize(&s, ctx, 0, 3, x, 1), WEIR_E_ARGUMENT);
  for (int i = 0; i < 100; i++) {
    w[i] = i < 3 ? (i == 0 ? NAN : i == 1 ? INFINITY : -INFINITY) : 0.01 * i;
  }
  assert_int_equal(weir_psis(&k, ctx, 100, w, w), WEIR_OK);
  assert_int_equal(k.dropped, 3);
  assert_true(w[0] == -INFINITY && w[1] == -INFINITY && isfinite(w[50]));
  assert_true(k.khat < 0.7);
  for (int i = 0; i < 100; i++) {
    w[i] = -INFINITY;
  }
  assert_int_equal(weir_psis(&k, ctx, 100, w, NULL), WEIR_E_DATA);
  near(weir_khat_threshold(100), 0.5, 1e-12);
  near(weir_khat_threshold(4000), 0.7, 1e-12);
  weir_ctx_destroy(&ctx);
}

static void test_normal_quantile(void **state) {
  (void)state;
  near(weiri_normal_quantile(0.975), 1.959963984540054, 1e-14);
  near(weiri_normal_quantile(1e-10), -6.361340902404056, 1e-13);
  near(weiri_normal_quantile(0.3), -0.5244005127080407, 1e-13);
  assert_true(weiri_normal_quantile(0.5) == 0.0);
  assert_true(isnan(weiri_normal_quantile(-0.1)));
  assert_true(weiri_normal_quantile(0.0) == -INFINITY);
}

/* Resampled draws come as often as their weights say. */
static void test_resample(void **state) {
  (void)state;
  enum { N = 4, OUT = 1000 };
  const double w[N] = {log(0.1), log(0.2), log(0.3), log(0.4)};
  int64_t index[OUT], count[N] = {0};
  weir_resample(3, N, w, OUT, index);
  for (int i = 0; i < OUT; i++) {
    count[index[i]]++;
  }
  for (int i = 0; i < N; i++) {
    assert_true(llabs(count[i] - 100 * (i + 1)) <= 2);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_chains),
      cmocka_unit_test(test_weights), cmocka_unit_test(test_edges),
      cmocka_unit_test(test_normal_quantile), cmocka_unit_test(test_resample)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
