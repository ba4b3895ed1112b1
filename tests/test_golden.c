/* Densities of flows against nflows, with identical weights (golden/make_nflows.py):
 * 1e-4 nats in float32, 1e-10 relative in float64. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "part/part.h"

static json_t *load(void) {
  json_error_t error;
  json_t *root = json_load_file(WEIR_SOURCE_DIR "/tests/golden/nflows.json", 0, &error);
  assert_non_null(root);
  return root;
}

static double *numbers(const json_t *list) {
  double *x = malloc((json_array_size(list) + 1) * sizeof *x);
  assert_non_null(x);
  for (size_t i = 0; i < json_array_size(list); i++) {
    x[i] = json_number_value(json_array_get(list, i));
  }
  return x;
}

/* Every parameter of the model must be in the file, in its size. */
static void fill(weir_params *p, const json_t *values) {
  assert_int_equal(weiri_params_count(p), (int)json_object_size(values));
  for (int32_t i = 0; i < weiri_params_count(p); i++) {
    const weiri_tensor_info *info = weiri_params_info(p, i);
    const json_t *list = json_object_get(values, info->name);
    if (json_array_size(list) != (size_t)weir_shape_size(&info->shape)) {
      fail_msg("%s: %zu numbers for %lld", info->name, json_array_size(list),
          (long long)weir_shape_size(&info->shape));
    }
    double *v = numbers(list);
    weiri_params_set(p, i, v);
    free(v);
  }
}

static void check_case(weir_ctx *ctx, const json_t *c, weir_dtype dtype) {
  const char *name = json_string_value(json_object_get(c, "name"));
  const int64_t d = json_integer_value(json_object_get(c, "features"));
  const int64_t width = json_integer_value(json_object_get(c, "context"));
  double *x = numbers(json_object_get(c, "x"));
  double *context = numbers(json_object_get(c, "contexts"));
  double *expect = numbers(json_object_get(c, "log_prob"));
  const int64_t n = (int64_t)json_array_size(json_object_get(c, "log_prob"));
  weir_params *params = NULL;
  weir_event event;
  weir_dist *dist = NULL;
  weir_run *run = NULL;
  assert_int_equal(weiri_params_create(&params, ctx, dtype), WEIR_OK);
  assert_int_equal(weir_event_create(ctx, &event, d), WEIR_OK);
  const weir_build b = {.ctx = ctx, .params = params, .path = "", .context = width};
  if (weir_dist_make(&dist, &b, "dist", json_object_get(c, "dist"), &event) !=
      WEIR_OK) {
    fail_msg("%s: %s", name, weir_error());
  }
  assert_int_equal(weiri_params_init(params, 1), WEIR_OK);
  fill(params, json_object_get(c, "params"));
  assert_int_equal(weiri_run_create(&run, ctx, dtype, params), WEIR_OK);
  const weir_var rows = weir_leaf_f64(run->tape, weir_shape_2(n, d), x);
  const weir_var given =
      width == 0 ? weir_var_none()
                 : weir_leaf_f64(run->tape, weir_shape_2(n, width), context);
  double *got = malloc((size_t)n * sizeof *got);
  const weir_var lp = weir_dist_log_prob(dist, run, rows, given);
  if (weir_var_read(run->tape, lp, got) != WEIR_OK) {
    fail_msg("%s: %s", name, weir_error());
  }
  const double tolerance = dtype == WEIR_F32 ? 1e-4 : 1e-10;
  for (int64_t i = 0; i < n; i++) {
    /* float32: absolute up to a nat's scale of 1, relative for rows far in the tails */
    if (!(fabs(got[i] - expect[i]) <= tolerance * fmax(1.0, fabs(expect[i])))) {
      fail_msg(
          "%s, row %lld: %.12g, nflows %.12g", name, (long long)i, got[i], expect[i]);
    }
  }
  free(got), free(x), free(context), free(expect);
  weiri_run_destroy(&run);
  weir_dist_destroy(&dist);
  weir_event_destroy(ctx, &event);
  weiri_params_destroy(&params);
}

static void test_nflows(void **state) {
  (void)state;
  weir_ctx *ctx = NULL;
  assert_int_equal(weir_ctx_create(&ctx, NULL), WEIR_OK);
  json_t *root = load();
  const json_t *cases = json_object_get(root, "cases");
  assert_true(json_array_size(cases) == 6);
  for (size_t i = 0; i < json_array_size(cases); i++) {
    check_case(ctx, json_array_get(cases, i), WEIR_F64);
    check_case(ctx, json_array_get(cases, i), WEIR_F32);
  }
  json_decref(root);
  weir_ctx_destroy(&ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_nflows)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
