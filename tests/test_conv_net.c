/* Convolution networks against torch with identical weights (golden/make_conv.py), in
 * evaluation and training, with gradients; statistics of batches; errors that name the
 * block. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "part/part.h"

static double *numbers(const json_t *list) {
  double *x = malloc((json_array_size(list) + 1) * sizeof *x);
  assert_non_null(x);
  for (size_t i = 0; i < json_array_size(list); i++) {
    x[i] = json_number_value(json_array_get(list, i));
  }
  return x;
}

/* A network by itself. */
typedef struct rig {
  weir_ctx *ctx;
  weir_params *params;
  weir_net *net;
  weir_run *run;
} rig;

static weir_status rig_open(
    rig *r, const json_t *spec, weir_net_io io, weir_dtype dtype, weir_site *site) {
  memset(r, 0, sizeof *r);
  assert_int_equal(weir_ctx_create(&r->ctx, NULL), WEIR_OK);
  assert_int_equal(weiri_params_create(&r->params, r->ctx, dtype), WEIR_OK);
  const weir_build b = {.ctx = r->ctx, .params = r->params, .path = "", .site = site};
  const weir_status status = weir_net_make(&r->net, &b, "net", spec, &io);
  if (status == WEIR_OK) {
    assert_int_equal(weiri_params_init(r->params, 1), WEIR_OK);
    assert_int_equal(weiri_run_create(&r->run, r->ctx, dtype, r->params), WEIR_OK);
  }
  return status;
}

static void rig_close(rig *r) {
  weiri_run_destroy(&r->run);
  weir_net_destroy(&r->net);
  weiri_params_destroy(&r->params);
  weir_ctx_destroy(&r->ctx);
}

/* Every parameter of the network must be in the file, in its size. */
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

static void check_numbers(const char *name, const char *what, weir_tape *t, weir_var y,
    const json_t *expected, double tolerance) {
  const weir_shape s = weir_var_shape(t, y);
  const int64_t n = weir_shape_size(&s);
  double *got = malloc((size_t)(n + 1) * sizeof *got), *want = numbers(expected);
  if (weir_var_read(t, y, got) != WEIR_OK) {
    fail_msg("%s, %s: %s", name, what, weir_error());
  }
  assert_int_equal(n, (int64_t)json_array_size(expected));
  for (int64_t i = 0; i < n; i++) {
    if (!(fabs(got[i] - want[i]) <= tolerance * fmax(1.0, fabs(want[i])))) {
      fail_msg(
          "%s, %s %lld: %.12g, torch %.12g", name, what, (long long)i, got[i], want[i]);
    }
  }
  free(got), free(want);
}

static void check_case(const json_t *c, weir_dtype dtype) {
  const char *name = json_string_value(json_object_get(c, "name"));
  const weir_net_io io = {.in = json_integer_value(json_object_get(c, "in")),
      .out = json_integer_value(json_object_get(c, "out")),
      .context = json_integer_value(json_object_get(c, "context"))};
  rig r;
  if (rig_open(&r, json_object_get(c, "net"), io, dtype, NULL) != WEIR_OK) {
    fail_msg("%s: %s", name, weir_error());
  }
  fill(r.params, json_object_get(c, "params"));
  double *x = numbers(json_object_get(c, "x"));
  double *context = numbers(json_object_get(c, "contexts")), seed[1024];
  const double tolerance = dtype == WEIR_F32 ? 1e-4 : 1e-11;
  weir_tape *t = r.run->tape;
  for (int mode = 0; mode < 2; mode++) {
    weiri_run_reset(r.run);
    r.run->mode = mode == 0 ? WEIR_EVAL : WEIR_TRAIN;
    const weir_var rows = weir_leaf_f64(t, weir_shape_2(4, io.in), x);
    const weir_var given = io.context == 0
                               ? weir_var_none()
                               : weir_leaf_f64(t, weir_shape_2(4, io.context), context);
    const weir_var y = weir_net_apply(r.net, r.run, rows, given);
    check_numbers(name, mode == 0 ? "evaluation" : "training", t, y,
        json_object_get(c, mode == 0 ? "eval" : "train"), tolerance);
    if (mode == 0) {
      continue;
    }
    for (int64_t i = 0; i < 4 * io.out; i++) {
      seed[i] = cos((double)i);
    }
    weir_var gx;
    assert_int_equal(weir_grad(t, y, weir_leaf_f64(t, weir_shape_2(4, io.out), seed), 1,
                         &rows, &gx, false),
        WEIR_OK);
    check_numbers(name, "gradient", t, gx, json_object_get(c, "gx"), 10 * tolerance);
  }
  free(x), free(context);
  rig_close(&r);
}

static void against_torch(void **state) {
  (void)state;
  json_error_t error;
  json_t *root = json_load_file(WEIR_SOURCE_DIR "/tests/golden/conv.json", 0, &error);
  assert_non_null(root);
  const json_t *cases = json_object_get(root, "cases");
  assert_int_equal(json_array_size(cases), 9);
  for (size_t i = 0; i < json_array_size(cases); i++) {
    check_case(json_array_get(cases, i), WEIR_F64);
    check_case(json_array_get(cases, i), WEIR_F32);
  }
  json_decref(root);
}

/* ---- statistics of batches ---- */

static json_t *parse(const char *text) {
  json_error_t error;
  json_t *spec = json_loads(text, 0, &error);
  assert_non_null(spec);
  return spec;
}

enum { ROWS = 32, PIXELS = 48, OUT = 6 };

/* Means and variances of each of `c` channels of y. */
static void moments(const double *y, int64_t n, int64_t c, double *mean, double *var) {
  for (int64_t k = 0; k < c; k++) {
    mean[k] = var[k] = 0.0;
    for (int64_t i = k; i < n; i += c) {
      mean[k] += y[i] / (double)(n / c);
    }
    for (int64_t i = k; i < n; i += c) {
      var[k] += (y[i] - mean[k]) * (y[i] - mean[k]) / (double)(n / c);
    }
  }
}

static weir_var run_on(rig *r, const double *x, weir_noting noting) {
  weiri_run_reset(r->run);
  r->run->noting = noting;
  return weir_net_apply(r->net, r->run,
      weir_leaf_f64(r->run->tape, weir_shape_2(ROWS, PIXELS), x), weir_var_none());
}

static void take_notes(rig *r) {
  double value[64];
  for (int i = 0; i < r->run->n_notes; i++) {
    const weiri_note note = r->run->notes[i];
    assert_int_equal(weir_var_read(r->run->tape, note.value, value), WEIR_OK);
    weiri_params_set(r->params, note.slot.index, value);
  }
}

/* After the first pass every channel of a weight-normed layer has mean 0 and variance 1
 * on that batch, and the network gives what it gave in the pass. */
static void starts_from_data(void **state) {
  (void)state;
  json_t *spec = parse(
      "{\"name\": \"conv\", \"image\": [4, 4], \"blocks\": ["
      "{\"name\": \"conv\", \"channels\": 4, \"norm\": \"weight\", \"stride\": 2},"
      "{\"name\": \"dense\", \"features\": 6, \"norm\": \"weight\", \"activation\": "
      "\"none\"}]}");
  double x[ROWS * PIXELS], seen[ROWS * OUT], now[ROWS * OUT];
  weiri_fill_normal((weiri_rng){2, 3}, 0, ROWS * PIXELS, WEIR_F64, x);
  weir_site site = {0};
  rig r;
  const weir_net_io io = {.in = PIXELS, .out = OUT};
  assert_int_equal(rig_open(&r, spec, io, WEIR_F64, &site), WEIR_OK);
  assert_true(site.notes_first && !site.notes_each);
  const weir_var y = run_on(&r, x, WEIR_NOTE_FIRST);
  assert_int_equal(weir_var_read(r.run->tape, y, seen), WEIR_OK);
  assert_int_equal(r.run->n_notes, 4);
  take_notes(&r);
  assert_int_equal(
      weir_var_read(r.run->tape, run_on(&r, x, WEIR_NOTE_NONE), now), WEIR_OK);
  for (int i = 0; i < ROWS * OUT; i++) {
    assert_true(fabs(seen[i] - now[i]) < 1e-10);
  }
  /* what enters the last, linear layer: its weights as the identity */
  const int32_t w = weiri_params_find(r.params, "net.blocks[2].weight");
  const int32_t b = weiri_params_find(r.params, "net.blocks[2].bias");
  assert_true(w >= 0 && b >= 0);
  double eye[OUT * OUT] = {0}, zero[OUT] = {0}, mean[OUT], var[OUT];
  for (int i = 0; i < OUT; i++) {
    eye[i * OUT + i] = 1.0;
  }
  weiri_params_set(r.params, w, eye);
  weiri_params_set(r.params, b, zero);
  assert_int_equal(
      weir_var_read(r.run->tape, run_on(&r, x, WEIR_NOTE_NONE), now), WEIR_OK);
  moments(now, ROWS * OUT, OUT, mean, var);
  for (int i = 0; i < OUT; i++) {
    assert_true(fabs(mean[i]) < 1e-10 && fabs(var[i] - 1.0) < 1e-3);
  }
  json_decref(spec);
  rig_close(&r);
}

/* With the noted moments of a batch, evaluation of that batch is training on it. */
static void evaluation_uses_notes(void **state) {
  (void)state;
  json_t *spec = parse(
      "{\"name\": \"conv\", \"image\": [4, 4], \"blocks\": ["
      "{\"name\": \"residual\", \"channels\": 4, \"norm\": \"batch\", \"resample\": "
      "\"down\"}, {\"name\": \"dense\", \"features\": 5, \"norm\": \"batch\"}]}");
  double x[ROWS * PIXELS], train[ROWS * OUT], eval[ROWS * OUT];
  weiri_fill_normal((weiri_rng){2, 4}, 0, ROWS * PIXELS, WEIR_F64, x);
  weir_site site = {0};
  rig r;
  const weir_net_io io = {.in = PIXELS, .out = OUT};
  assert_int_equal(rig_open(&r, spec, io, WEIR_F64, &site), WEIR_OK);
  assert_true(site.notes_each && !site.notes_first);
  r.run->mode = WEIR_TRAIN;
  assert_int_equal(
      weir_var_read(r.run->tape, run_on(&r, x, WEIR_NOTE_NONE), train), WEIR_OK);
  r.run->mode = WEIR_EVAL;
  (void)run_on(&r, x, WEIR_NOTE_EACH);
  assert_int_equal(r.run->n_notes, 8);
  take_notes(&r);
  assert_int_equal(
      weir_var_read(r.run->tape, run_on(&r, x, WEIR_NOTE_NONE), eval), WEIR_OK);
  for (int i = 0; i < ROWS * OUT; i++) {
    assert_true(fabs(train[i] - eval[i]) < 1e-10);
  }
  json_decref(spec);
  rig_close(&r);
}

static void names_what_is_wrong(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"{\"image\": [4], \"blocks\": []}", "net.image: expected [height, width]"},
      {"{\"image\": [4, 4], \"blocks\": 3}", "net.blocks"},
      {"{\"image\": [5, 5], \"blocks\": []}", "25 numbers, but its input has 48"},
      {"{\"image\": [4, 4], \"channels\": 9, \"blocks\": []}", "4 x 4 x 9"},
      {"{\"image\": [4, 4], \"blocks\": [\"convv\"]}", "did you mean 'conv'"},
      {"{\"image\": [4, 4], \"blocks\": [{\"name\": \"conv\"}, \"max_pool\"]}",
          "net.blocks[0]: expected its channels"},
      {"{\"image\": [4, 4], \"blocks\": [{\"name\": \"conv\", \"chanels\": 2}]}",
          "did you mean 'channels'"},
      {"{\"image\": [4, 4], \"blocks\": [{\"name\": \"conv\", \"channels\": 2, "
       "\"kernel\": 9, \"pad\": 0}]}",
          "a kernel of 9 does not fit 4 x 4 x 3"},
      {"{\"image\": [4, 4], \"blocks\": [{\"name\": \"dense\", \"features\": 2}, "
       "\"upsample\"]}",
          "'upsample' reads an image"},
      {"{\"image\": [4, 4], \"blocks\": [{\"name\": \"max_pool\", \"size\": 5}]}",
          "squares of 5 pixels do not fit"},
      {"{\"image\": [4, 4], \"output\": \"image\", \"blocks\": []}",
          "no number of images"},
      {"{\"image\": [3, 2], \"output\": \"image\", \"blocks\": [\"avg_pool\"]}",
          "expected an image of 3 x 2"},
      {"{\"image\": [4, 4], \"blocks\": [{\"name\": \"residual\", \"kernel\": 2}]}",
          "an odd number"},
      {"{\"image\": [4, 4], \"blocks\": [{\"name\": \"conv_transpose\", \"channels\": "
       "2, \"size\": [20, 20]}]}",
          "a size within [8, 9] from 4 pixels"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    json_t *spec = parse(cases[i][0]);
    json_object_set_new(spec, "name", json_string("conv"));
    rig r;
    const weir_net_io io = {.in = PIXELS, .out = OUT};
    assert_int_equal(rig_open(&r, spec, io, WEIR_F64, NULL), WEIR_E_CONFIG);
    if (strstr(weir_error(), cases[i][1]) == NULL) {
      fail_msg("%s, expected %s", weir_error(), cases[i][1]);
    }
    rig_close(&r);
    json_decref(spec);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(against_torch),
      cmocka_unit_test(starts_from_data),
      cmocka_unit_test(evaluation_uses_notes),
      cmocka_unit_test(names_what_is_wrong),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
