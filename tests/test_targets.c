/* Every target of the registry: its gradient against differences, Hessian, exact draws
 * against density and moments; targets from C functions, expressions, shared objects.
 */
#include "infer_help.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char table[] = "test_targets_XXXXXX";

static void write_table(void) {
  const int fd = mkstemp(table);
  assert_true(fd >= 0);
  FILE *f = fdopen(fd, "w");
  fprintf(f, "a,b,y\n");
  for (int i = 0; i < 60; i++) {
    fprintf(f, "%g,%g,%d\n", sin(1.7 * i), 0.1 * i + cos(5.1 * i), (i * 7) % 3 == 0);
  }
  fclose(f);
}

/* One of each target and form: name, option, its value as JSON. */
typedef struct sort {
  const char *name, *options;
} sort;

static const sort sorts[] = {
    {"normal", "{\"dim\": 4, \"correlation\": -0.7, \"spread\": 9}"},
    {"normal", "{\"dim\": 1, \"spread\": 3}"},
    {"student", "{\"dim\": 3, \"freedom\": 9}"},
    {"funnel", "{\"dim\": 3, \"sd\": 0.6, \"rate\": 0.8}"}, {"banana", "{\"dim\": 3}"},
    {"mixture", "{}"}, {"mixture", "{\"layout\": \"grid\", \"components\": 9}"},
    {"energy", "{\"which\": 1}"}, {"energy", "{\"which\": 2}"},
    {"energy", "{\"which\": 3}"}, {"energy", "{\"which\": 4}"}, {"eight_schools", "{}"},
    {"eight_schools", "{\"form\": \"centred\"}"}, {"logistic", "{}"},
    {"survey", "{\"rows\": 200}"},
    {"survey", "{\"rows\": 200, \"form\": \"centred\"}"}};
enum { SORTS = sizeof sorts / sizeof *sorts };

static void open_sort(fixture *f, const sort *s) {
  assert_int_equal(weir_ctx_create(&f->ctx, NULL), WEIR_OK);
  json_t *spec = json_loads(s->options, 0, NULL);
  json_object_set_new(spec, "name", json_string(s->name));
  f->target = NULL;
  const char *data = strcmp(s->name, "logistic") == 0 ? table : NULL;
  if (weir_target_make(&f->target, f->ctx, spec, data) != WEIR_OK) {
    fail_msg("%s: %s", s->name, weir_error());
  }
  json_decref(spec);
}

/* All that weir lists are looked at here. */
static void test_complete(void **state) {
  (void)state;
#define WEIR_TARGET(name_)                                                             \
  {                                                                                    \
    bool found = strcmp(#name_, "module") == 0 || strcmp(#name_, "bridgestan") == 0;   \
    for (int i = 0; i < SORTS; i++) {                                                  \
      found = found || strcmp(sorts[i].name, #name_) == 0;                             \
    }                                                                                  \
    assert_true(found);                                                                \
  }
#include "weir/targets.def"
#undef WEIR_TARGET
}

static void test_gradients(void **state) {
  (void)state;
  for (int i = 0; i < SORTS; i++) {
    fixture f;
    weir_gradient_check check;
    open_sort(&f, &sorts[i]);
    if (weir_target_check_gradient(f.target, 5, 4, 1.5, &check) != WEIR_OK) {
      fail_msg("%s %s: %s", sorts[i].name, sorts[i].options, weir_error());
    }
    assert_true(check.points >= 3);
    fixture_close(&f);
  }
}

/* Hessian-vector products against differences of the gradient. */
static void check_hessian(const weir_target *t, const char *name) {
  const int64_t d = weir_target_dim(t);
  double *x = calloc((size_t)(5 * d), sizeof *x);
  double *v = x + d, *hv = v + d, *up = hv + d, *down = up + d, value;
  bool exact;
  const double h = 1e-5;
  for (int64_t j = 0; j < d; j++) {
    x[j] = 0.4 * sin(3.0 * (double)j + 1.0);
    v[j] = cos(2.0 * (double)j);
  }
  assert_int_equal(weir_target_hessian_vector(t, 1, x, v, hv, &exact), WEIR_OK);
  for (int64_t j = 0; j < d; j++) {
    x[j] += h * v[j];
  }
  assert_int_equal(weir_target_log_density(t, 1, x, &value, up, NULL), WEIR_OK);
  for (int64_t j = 0; j < d; j++) {
    x[j] -= 2.0 * h * v[j];
  }
  assert_int_equal(weir_target_log_density(t, 1, x, &value, down, NULL), WEIR_OK);
  for (int64_t j = 0; j < d; j++) {
    const double expected = (up[j] - down[j]) / (2.0 * h);
    if (!(fabs(hv[j] - expected) < 1e-5 * (1.0 + fabs(expected)))) {
      fail_msg("%s: H v [%d] is %g, by differences %g", name, (int)j, hv[j], expected);
    }
  }
  free(x);
}

static void test_hessians(void **state) {
  (void)state;
  for (int i = 0; i < SORTS; i++) {
    fixture f;
    open_sort(&f, &sorts[i]);
    check_hessian(f.target, sorts[i].name);
    fixture_close(&f);
  }
}

/* ---- exact draws ---- */

static double z_score(int64_t n, double sum, double square, double expected) {
  const double mean = sum / (double)n, variance = square / (double)n - mean * mean;
  return (mean - expected) / sqrt(variance / (double)n);
}

/* Means and variances of the draws; Stein: E d_i log p = 0, E x_i d_i log p = -1, which
 * ties the draws to the density. */
static void check_draws(const weir_target *t, const char *name) {
  enum { N = 20000 };
  const int64_t d = weir_target_dim(t);
  double *x = calloc((size_t)(2 * N * d), sizeof *x), *grad = x + N * d;
  double *value = calloc(N, sizeof *value);
  double mean[16], sd[16];
  assert_true(d <= 16);
  assert_int_equal(weir_target_sample(t, 17, 0, N, x), WEIR_OK);
  assert_int_equal(weir_target_log_density(t, N, x, value, grad, NULL), WEIR_OK);
  assert_int_equal(weir_target_moments(t, mean, sd), WEIR_OK);
  for (int64_t j = 0; j < d; j++) {
    double sum[4] = {0.0}, square[4] = {0.0};
    for (int64_t i = 0; i < N; i++) {
      const double a = x[i * d + j], g = grad[i * d + j], c = a - mean[j];
      const double what[4] = {a, c * c, g, a * g};
      for (int k = 0; k < 4; k++) {
        sum[k] += what[k];
        square[k] += what[k] * what[k];
      }
    }
    const double expected[4] = {mean[j], sd[j] * sd[j], 0.0, -1.0};
    for (int k = 0; k < 4; k++) {
      const double z = z_score(N, sum[k], square[k], expected[k]);
      if (!(fabs(z) < 5.0)) {
        fail_msg("%s: coordinate %d, moment %d: z = %g", name, (int)j, k, z);
      }
    }
  }
  free(x);
  free(value);
}

static void test_draws(void **state) {
  (void)state;
  int looked = 0;
  for (int i = 0; i < SORTS; i++) {
    fixture f;
    open_sort(&f, &sorts[i]);
    if (weir_target_can_sample(f.target)) {
      check_draws(f.target, sorts[i].name);
      looked++;
    }
    fixture_close(&f);
  }
  assert_true(looked >= 11);
}

/* ---- targets from C ---- */

/* log density of sigma > 0 and 0 < p < 1, Gamma(3, 2) and Beta(2, 3). */
static weir_status gamma_beta(
    void *user, int64_t n, const double *x, double *value, double *grad) {
  (void)user;
  for (int64_t i = 0; i < n; i++, x += 2) {
    if (!(x[0] > 0.0 && x[1] > 0.0 && x[1] < 1.0)) {
      return WEIR_E_NUMERIC; /* weir must not leave the support */
    }
    value[i] = 2.0 * log(x[0]) - 2.0 * x[0] + log(x[1]) + 2.0 * log(1.0 - x[1]);
    if (grad != NULL) {
      grad[2 * i] = 2.0 / x[0] - 2.0;
      grad[2 * i + 1] = 1.0 / x[1] - 2.0 / (1.0 - x[1]);
    }
  }
  return WEIR_OK;
}

static weir_status gamma_beta_hessian(
    void *user, int64_t n, const double *x, const double *v, double *out) {
  (void)user;
  for (int64_t i = 0; i < n; i++) {
    const double a = x[2 * i], b = x[2 * i + 1];
    out[2 * i] = -2.0 / (a * a) * v[2 * i];
    out[2 * i + 1] = -(1.0 / (b * b) + 2.0 / ((1.0 - b) * (1.0 - b))) * v[2 * i + 1];
  }
  return WEIR_OK;
}

/* The density of theta integrates to that of x: Gamma(3)/2^3 times B(2, 3). */
static void check_integral(const weir_target *t) {
  const double h = 0.05;
  double total = 0.0;
  for (double a = -9.0; a < 4.0; a += h) {
    for (double b = -12.0; b < 12.0; b += h) {
      const double theta[2] = {a, b};
      double value;
      assert_int_equal(
          weir_target_log_density(t, 1, theta, &value, NULL, NULL), WEIR_OK);
      total += exp(value) * h * h;
    }
  }
  assert_true(fabs(total / (2.0 / 8.0 / 12.0) - 1.0) < 1e-6);
}

static void test_callback(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f, "normal", NULL, 0.0);
  weir_target_destroy(&f.target);
  const char *const names[] = {"sigma", "p"};
  const weir_support support[] = {{WEIR_POSITIVE, 0.0, 0.0}, {WEIR_INTERVAL, 0.0, 1.0}};
  weir_target_opts opts = WEIR_TARGET_OPTS_INIT;
  opts.names = names;
  opts.support = support;
  for (int k = 0; k < 2; k++) {
    opts.hessian_vector = k == 0 ? NULL : gamma_beta_hessian;
    opts.serial = k == 1;
    assert_int_equal(
        weir_target_create(&f.target, f.ctx, 2, gamma_beta, &opts), WEIR_OK);
    assert_int_equal(weir_target_check_gradient(f.target, 1, 10, 2.0, NULL), WEIR_OK);
    check_hessian(f.target, "gamma beta");
    assert_string_equal(weir_target_name(f.target, 1), "p");
    check_integral(f.target);
    weir_target_destroy(&f.target);
  }
  const char *const twice[] = {"p", "p"};
  opts.names = twice;
  assert_int_equal(
      weir_target_create(&f.target, f.ctx, 2, gamma_beta, &opts), WEIR_E_DATA);
  assert_non_null(strstr(weir_error(), "'p'"));
  fixture_close(&f);
}

/* -1/2 (x1^2 + (x2 - x1^2)^2) */
static weir_var bent(void *user, weir_tape *t, weir_var x) {
  (void)user;
  const weir_var a = weir_slice(t, x, 1, 0, 1), b = weir_slice(t, x, 1, 1, 1);
  const weir_var e = weir_sub(t, b, weir_square(t, a));
  const weir_var sum = weir_add(t, weir_square(t, a), weir_square(t, e));
  return weir_scale(t, weir_sum_last(t, sum), -0.5);
}

static void test_expression(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f, "normal", NULL, 0.0);
  weir_target_destroy(&f.target);
  assert_int_equal(
      weir_target_from_expression(&f.target, f.ctx, 2, bent, NULL), WEIR_OK);
  const double x[2] = {0.5, 1.0};
  double value;
  assert_int_equal(
      weir_target_log_density(f.target, 1, x, &value, NULL, NULL), WEIR_OK);
  assert_true(fabs(value + 0.5 * (0.25 + 0.5625)) < 1e-12);
  assert_int_equal(weir_target_check_gradient(f.target, 1, 10, 2.0, NULL), WEIR_OK);
  check_hessian(f.target, "expression");
  fixture_close(&f);
}

/* A wrong sign in one coordinate is found and named. */
static weir_status wrong(
    void *user, int64_t n, const double *x, double *value, double *grad) {
  (void)user;
  for (int64_t i = 0; i < n; i++) {
    value[i] = -0.5 * (x[2 * i] * x[2 * i] + x[2 * i + 1] * x[2 * i + 1]);
    if (grad != NULL) {
      grad[2 * i] = -x[2 * i];
      grad[2 * i + 1] = -1.001 * x[2 * i + 1];
    }
  }
  return WEIR_OK;
}

static void test_wrong_gradient(void **state) {
  (void)state;
  fixture f;
  const char *const names[] = {"good", "bad"};
  weir_target_opts opts = WEIR_TARGET_OPTS_INIT;
  opts.names = names;
  fixture_open(&f, "normal", NULL, 0.0);
  weir_target_destroy(&f.target);
  assert_int_equal(weir_target_create(&f.target, f.ctx, 2, wrong, &opts), WEIR_OK);
  weir_gradient_check check;
  assert_int_equal(
      weir_target_check_gradient(f.target, 1, 5, 2.0, &check), WEIR_E_NUMERIC);
  assert_int_equal(check.parameter, 1);
  assert_non_null(strstr(weir_error(), "bad"));
  fixture_close(&f);
}

static int clean(void **state) {
  (void)state;
  unlink(table);
  return 0;
}

int main(void) {
  write_table();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_complete),
      cmocka_unit_test(test_gradients), cmocka_unit_test(test_hessians),
      cmocka_unit_test(test_draws), cmocka_unit_test(test_callback),
      cmocka_unit_test(test_expression), cmocka_unit_test(test_wrong_gradient)};
  return cmocka_run_group_tests(tests, NULL, clean);
}
