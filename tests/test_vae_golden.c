/* An autoencoder as a whole, encoder, flow posterior, decoder and bounds, against torch
 * with identical weights and noise (golden/make_vae_flow.py): every part of every draw,
 * both bounds, and their gradients in every parameter. */
#include "dist_check.h"

typedef struct bench {
  rig r;
  json_t *golden;
  int64_t n, p, k;
  weir_var log_w; /* [n k] */
} bench;

static double *numbers(const json_t *list, int64_t expected) {
  assert_int_equal(json_array_size(list), expected);
  double *x = malloc((size_t)(expected + 1) * sizeof *x);
  for (int64_t i = 0; i < expected; i++) {
    x[i] = json_number_value(json_array_get(list, (size_t)i));
  }
  return x;
}

static int64_t size_of(const weir_params *params, int32_t i) {
  return weir_shape_size(&weiri_params_info(params, i)->shape);
}

static void set_weights(bench *b) {
  const json_t *params = json_object_get(b->golden, "params");
  assert_int_equal(weiri_params_count(b->r.params), (int)json_object_size(params));
  for (int32_t i = 0; i < weiri_params_count(b->r.params); i++) {
    const char *name = weiri_params_info(b->r.params, i)->name;
    double *v = numbers(json_object_get(params, name), size_of(b->r.params, i));
    weiri_params_set(b->r.params, i, v);
    free(v);
  }
}

static void compare_all(const bench *b, const char *what, weir_var got, int64_t n) {
  double *expected = numbers(json_object_get(b->golden, what), n);
  double *found = malloc((size_t)n * sizeof *found);
  OK(weir_var_read(b->r.run->tape, got, found));
  for (int64_t i = 0; i < n; i++) {
    near(found[i], expected[i], 1e-12, what);
  }
  free(expected), free(found);
}

static void bench_open(bench *b) {
  weir_support s[16];
  b->golden = json_load_file(WEIR_SOURCE_DIR "/tests/golden/vae_flow.json", 0, NULL);
  assert_non_null(b->golden);
  b->n = json_integer_value(json_object_get(b->golden, "rows"));
  b->p = json_integer_value(json_object_get(b->golden, "features"));
  b->k = json_integer_value(json_object_get(b->golden, "draws"));
  const weir_event event = event_of(b->p, s, (weir_support){WEIR_INTEGERS, 0, 1});
  char *spec = json_dumps(json_object_get(b->golden, "model"), 0);
  rig_open(&b->r, 0);
  OK(rig_make(&b->r, spec, &event, false));
  free(spec);
  rig_ready(&b->r, 0.0);
  set_weights(b);
  weir_run *run = b->r.run;
  run->seed = (uint64_t)json_integer_value(json_object_get(b->golden, "seed"));
  run->wants.samples = b->k;
  weiri_run_reset(run);
  double *x = numbers(json_object_get(b->golden, "x"), b->n * b->p);
  weir_dist_parts(b->r.dist, run, rows(&b->r, b->n, b->p, x), weir_var_none());
  b->log_w = weiri_run_total(run, 0);
  free(x);
}

static void bench_close(bench *b) {
  rig_close(&b->r);
  json_decref(b->golden);
}

static weir_var elbo_of(const bench *b) {
  weir_tape *t = b->r.run->tape;
  const weir_var each = weir_reshape(t, b->log_w, weir_shape_2(b->n, b->k));
  return weir_scale(t, weir_sum_last(t, each), 1.0 / (double)b->k);
}

static void parts(void **state) {
  (void)state;
  bench b;
  bench_open(&b);
  const weir_run *run = b.r.run;
  const int64_t all = b.n * b.k;
  assert_int_equal(run->n_parts, 3);
  assert_int_equal(run->parts[0].kind, WEIR_PART_LIKELIHOOD);
  assert_int_equal(run->parts[1].kind, WEIR_PART_POSTERIOR);
  assert_int_equal(run->parts[2].kind, WEIR_PART_BASE);
  compare_all(&b, "log_x", run->parts[0].value, all);
  compare_all(&b, "log_q", weir_neg(run->tape, run->parts[1].value), all);
  compare_all(&b, "log_p", run->parts[2].value, all);
  compare_all(&b, "elbo", elbo_of(&b), b.n);
  compare_all(&b, "iwae", weiri_run_log_mean(b.r.run, b.log_w), b.n);
  bench_close(&b);
}

/* Masked weights are no parameters: theirs are left out. */
static void check_gradient(bench *b, const char *what, weir_var bound) {
  weir_tape *t = b->r.run->tape;
  const json_t *expected =
      json_object_get(json_object_get(b->golden, "gradient"), what);
  const weir_var total = weir_sum_all(t, bound);
  for (int32_t i = 0; i < weiri_params_count(b->r.params); i++) {
    const weiri_tensor_info *info = weiri_params_info(b->r.params, i);
    const int64_t n = size_of(b->r.params, i);
    const weir_var p = weir_run_param(b->r.run, (weir_slot){i});
    double *want = numbers(json_object_get(expected, info->name), n), largest = 0.0;
    double *got = malloc((size_t)n * sizeof *got);
    weir_var g;
    OK(weir_grad(t, total, weir_var_none(), 1, &p, &g, false));
    OK(weir_var_read(t, g, got));
    for (int64_t j = 0; j < n; j++) {
      if (info->keep == NULL || info->keep[j]) {
        near(got[j], want[j], 1e-11, info->name);
        largest = fmax(largest, fabs(want[j]));
      }
    }
    assert_true(largest > 1e-3); /* something to compare in every tensor */
    free(want), free(got);
  }
}

static void gradients(void **state) {
  (void)state;
  bench b;
  bench_open(&b);
  check_gradient(&b, "elbo", elbo_of(&b));
  check_gradient(&b, "iwae", weiri_run_log_mean(b.r.run, b.log_w));
  bench_close(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts),
      cmocka_unit_test(gradients),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
