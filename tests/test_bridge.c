/* Langevin and Hamiltonian flows: their path weights average to the ratio of
 * normalising constants, steps that keep a density contribute its log ratio, gradients
 * agree with differences. */
#include "infer_help.h"

#include <math.h>

#include "infer/fit.h"

/* exp(-x^4 / 4 - (y - x)^2 / 2), not normalised. */
static weir_status quartic(
    void *user, int64_t n, const double *x, double *value, double *grad) {
  (void)user;
  for (int64_t i = 0; i < n; i++) {
    const double a = x[2 * i], b = x[2 * i + 1] - a;
    value[i] = -0.25 * a * a * a * a - 0.5 * b * b;
    if (grad != NULL) {
      grad[2 * i] = -a * a * a + b;
      grad[2 * i + 1] = -b;
    }
  }
  return WEIR_OK;
}

/* exp(-x^4 / 4 + x / 2), in one dimension. */
static weir_status tilted(
    void *user, int64_t n, const double *x, double *value, double *grad) {
  (void)user;
  for (int64_t i = 0; i < n; i++) {
    value[i] = -0.25 * x[i] * x[i] * x[i] * x[i] + 0.5 * x[i];
    if (grad != NULL) {
      grad[i] = -x[i] * x[i] * x[i] + 0.5;
    }
  }
  return WEIR_OK;
}

static double log_constant_1(void) {
  double sum = 0.0;
  for (int i = -4000; i <= 4000; i++) {
    const double a = 0.001 * i;
    sum += 0.001 * exp(-0.25 * a * a * a * a + 0.5 * a);
  }
  return log(sum);
}

static double log_constant(void) {
  double sum = 0.0;
  for (int i = -4000; i <= 4000; i++) {
    const double a = 0.001 * i;
    sum += 0.001 * exp(-0.25 * a * a * a * a);
  }
  return log(sum * sqrt(2.0 * acos(-1.0)));
}

typedef struct scene {
  weir_ctx *ctx;
  weir_target *target;
  weiri_family *family;
  weir_run *run;
} scene;

static void open_scene_of(
    scene *s, int64_t d, weir_target_fn *density, const char *family) {
  weir_ctx_opts opts = WEIR_CTX_OPTS_INIT;
  opts.threads = 1;
  *s = (scene){0};
  assert_int_equal(weir_ctx_create(&s->ctx, &opts), WEIR_OK);
  assert_int_equal(weir_target_create(&s->target, s->ctx, d, density, NULL), WEIR_OK);
  json_t *spec = json_loads(family, 0, NULL);
  assert_non_null(spec);
  if (weiri_family_create(&s->family, s->target, spec, 5) != WEIR_OK) {
    fail_msg("%s", weir_error());
  }
  json_decref(spec);
  assert_int_equal(weiri_family_run(s->family, &s->run), WEIR_OK);
}

static void open_scene(scene *s, const char *family) {
  open_scene_of(s, 2, quartic, family);
}

static void close_scene(scene *s) {
  weiri_run_destroy(&s->run);
  weiri_family_destroy(&s->family);
  weir_target_destroy(&s->target);
  weir_ctx_destroy(&s->ctx);
}

static const char *const families[] = {"{\"name\": \"langevin\", \"length\": 4}",
    "{\"name\": \"hamiltonian\", \"length\": 3}"};

/* E[p(x) / path density] = integral of p, in one dimension and in two, whatever the
 * step size. */
static void test_path_weights(void **state) {
  (void)state;
  enum { N = 20000, BLOCK = 500 };
  static double x[BLOCK * 2], log_q[BLOCK], value[BLOCK];
  for (int k = 0; k < 4; k++) {
    scene s;
    double sum = 0.0, squares = 0.0;
    const double constant = k < 2 ? log_constant() : log_constant_1();
    open_scene_of(&s, k < 2 ? 2 : 1, k < 2 ? quartic : tilted, families[k % 2]);
    for (int64_t i = 0; i < N; i += BLOCK) {
      assert_int_equal(
          weiri_family_sample(s.family, s.run, 9, i, BLOCK, x, log_q), WEIR_OK);
      assert_int_equal(
          weir_target_log_density(s.target, BLOCK, x, value, NULL, NULL), WEIR_OK);
      for (int j = 0; j < BLOCK; j++) {
        const double w = exp(value[j] - log_q[j] - constant);
        sum += w;
        squares += w * w;
      }
    }
    const double mean = sum / N;
    const double error = sqrt((squares / N - mean * mean) / N);
    assert_true(error < 0.05);
    assert_true(fabs(mean - 1.0) < 5.0 * error);
    close_scene(&s);
  }
}

/* With tiny steps energy is kept, and what a trajectory contributes is the log ratio of
 * the target between its ends. */
static void test_invariant_step(void **state) {
  (void)state;
  scene s;
  open_scene(&s,
      "{\"name\": \"flow\", \"layers\": [{\"name\": \"hamiltonian\", \"steps\": 400, "
      "\"step\": 0.002}]}");
  double z[2], x[2], a, b, log_q;
  assert_int_equal(weiri_family_sample(s.family, s.run, 4, 0, 1, x, &log_q), WEIR_OK);
  /* the base's draw: the same stream without the layer's displacement */
  weir_run *run = NULL;
  assert_int_equal(weiri_family_run(s.family, &run), WEIR_OK);
  weiri_run_reset(run);
  run->seed = 4;
  run->step = 0;
  weir_var log_base;
  json_t *spec = json_loads("{\"name\": \"flow\", \"layers\": []}", 0, NULL);
  weiri_family *plain = NULL;
  assert_int_equal(weiri_family_create(&plain, s.target, spec, 5), WEIR_OK);
  const weir_var base =
      weir_dist_sample(plain->dist, run, 1, weir_var_none(), &log_base);
  double start_log;
  assert_int_equal(weir_var_read(run->tape, base, z), WEIR_OK);
  assert_int_equal(weir_var_read(run->tape, log_base, &start_log), WEIR_OK);
  assert_int_equal(weir_target_log_density(s.target, 1, z, &a, NULL, NULL), WEIR_OK);
  assert_int_equal(weir_target_log_density(s.target, 1, x, &b, NULL, NULL), WEIR_OK);
  assert_true(fabs(x[0] - z[0]) + fabs(x[1] - z[1]) > 0.1);
  assert_true(fabs((start_log - log_q) - (a - b)) < 1e-4);
  json_decref(spec);
  weiri_family_destroy(&plain);
  weiri_run_destroy(&run);
  close_scene(&s);
}

/* d/d parameter of the sum of log q and x over some draws with common random numbers.
 */
static double surrogate(scene *s, double *grad) {
  weir_var log_q, x[64], gx[64];
  int32_t index[64];
  weir_run *run = s->run;
  weiri_run_reset(run);
  run->seed = 2;
  const weir_var draws =
      weir_dist_sample(s->family->dist, run, 6, weir_var_none(), &log_q);
  const weir_var y = weir_add(
      run->tape, log_q, weir_sum_last(run->tape, weir_square(run->tape, draws)));
  double each[6], sum = 0.0;
  assert_int_equal(weir_var_read(run->tape, y, each), WEIR_OK);
  for (int i = 0; i < 6; i++) {
    sum += each[i];
  }
  if (grad != NULL) {
    const int m = weiri_family_bound(s->family, run, index, x);
    assert_int_equal(
        weir_grad(run->tape, y, weir_var_none(), m, x, gx, false), WEIR_OK);
    weiri_family_gradient(s->family, run->tape, m, index, gx, grad);
  }
  return sum;
}

static void test_gradients(void **state) {
  (void)state;
  for (int k = 0; k < 2; k++) {
    scene s;
    double grad[512];
    open_scene(&s, families[k]);
    surrogate(&s, grad);
    double *w = weiri_params_block(s.family->params);
    for (int32_t i = 0; i < weiri_params_count(s.family->params); i++) {
      const weiri_tensor_info *info = weiri_params_info(s.family->params, i);
      for (int64_t j = 0; j < weir_shape_size(&info->shape); j++) {
        double *at = w + info->offset + j;
        const double kept = *at, h = 1e-5;
        *at = kept + h;
        const double up = surrogate(&s, NULL);
        *at = kept - h;
        const double down = surrogate(&s, NULL);
        *at = kept;
        const double slope = (up - down) / (2.0 * h);
        assert_true(fabs(slope - grad[info->offset + j]) < 1e-5 * (1.0 + fabs(slope)));
      }
    }
    close_scene(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_path_weights),
      cmocka_unit_test(test_invariant_step),
      cmocka_unit_test(test_gradients),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
