/* Convolution and its two adjoints against literal sums, over strides, pads, kernels,
 * sizes of several blocks; poolings; the same bits on any number of threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "op/conv.h"

static weir_ctx *context(int threads) {
  weir_ctx_opts o = WEIR_CTX_OPTS_INIT;
  o.threads = threads;
  weir_ctx *ctx;
  assert_int_equal(weir_ctx_create(&ctx, &o), WEIR_OK);
  return ctx;
}

static double *draws(int64_t n, uint64_t stream) {
  double *x = calloc((size_t)n + 1, sizeof *x);
  weiri_fill_normal((weiri_rng){5, stream}, 0, n, WEIR_F64, x);
  return x;
}

/* sum over everything of x[iy, ix, k] w[o, r, s, k] g[oy, ox, o]: whichever of the
 * three is NULL is the result. */
static void literal(const weiri_conv *c, double *x, double *w, double *g, double *out) {
  for (int64_t i = 0; i < c->n * c->oh * c->ow * c->oc; i++) {
    const int64_t o = i % c->oc, ox = i / c->oc % c->ow, oy = i / c->oc / c->ow % c->oh;
    const int64_t n = i / c->oc / c->ow / c->oh;
    for (int64_t p = 0; p < c->kh * c->kw * c->c; p++) {
      const int64_t k = p % c->c, s = p / c->c % c->kw, r = p / c->c / c->kw;
      const int64_t iy = oy * c->stride + r - c->pad, ix = ox * c->stride + s - c->pad;
      if (iy < 0 || iy >= c->h || ix < 0 || ix >= c->w) {
        continue;
      }
      const int64_t at = ((n * c->h + iy) * c->w + ix) * c->c + k;
      const int64_t weight = o * c->kh * c->kw * c->c + p;
      if (g == NULL) {
        out[i] += x[at] * w[weight];
      } else if (x == NULL) {
        out[at] += g[i] * w[weight];
      } else {
        out[weight] += g[i] * x[at];
      }
    }
  }
}

static void check_near(
    weir_tape *t, weir_var y, const double *expected, double bias, double tolerance) {
  const weir_shape s = weir_var_shape(t, y);
  const int64_t n = weir_shape_size(&s);
  double *found = calloc((size_t)n + 1, sizeof *found);
  assert_int_equal(weir_var_read(t, y, found), WEIR_OK);
  for (int64_t i = 0; i < n; i++) {
    if (!(fabs(found[i] - expected[i] - bias) <= tolerance * (1 + fabs(expected[i])))) {
      print_error("%lld of %lld: %.12g, expected %.12g\n", (long long)i, (long long)n,
          found[i], expected[i] + bias);
      fail();
    }
  }
  free(found);
}

typedef struct shape_case {
  int64_t n, h, w, c, oc, kh, kw, stride, pad;
} shape_case;

static const shape_case cases[] = {
    {2, 5, 6, 3, 4, 3, 3, 1, 1}, {3, 7, 5, 1, 2, 4, 3, 2, 1},
    {1, 9, 9, 2, 5, 5, 5, 3, 0}, {2, 4, 4, 7, 3, 1, 1, 1, 0},
    {2, 5, 5, 2, 3, 1, 1, 2, 0}, {2, 1, 1, 3, 4, 3, 3, 1, 2},
    {0, 5, 5, 2, 3, 3, 3, 1, 1},
    {5, 28, 28, 8, 16, 4, 4, 2, 1},  /* several blocks and parts */
    {1, 40, 200, 16, 3, 5, 5, 1, 2}, /* one image of many lines */
};

static void run_case(const shape_case *k, weir_ctx *ctx, weir_dtype dtype) {
  const weir_conv_opts opts = {.stride = k->stride, .pad = k->pad};
  const int64_t oh = (k->h + 2 * k->pad - k->kh) / k->stride + 1;
  const int64_t ow = (k->w + 2 * k->pad - k->kw) / k->stride + 1;
  const weiri_conv g = {
      k->n, k->h, k->w, k->c, oh, ow, k->oc, k->kh, k->kw, k->stride, k->pad};
  const weir_shape sx = {4, {k->n, k->h, k->w, k->c}}, sg = {4, {k->n, oh, ow, k->oc}};
  const weir_shape sw = {4, {k->oc, k->kh, k->kw, k->c}};
  double *x = draws(weir_shape_size(&sx), 1), *w = draws(weir_shape_size(&sw), 2);
  double *d = draws(weir_shape_size(&sg), 3), *bias = draws(k->oc + k->c, 4);
  double *y = calloc((size_t)weir_shape_size(&sg) + 1, sizeof *y);
  double *gx = calloc((size_t)weir_shape_size(&sx) + 1, sizeof *gx);
  double *gw = calloc((size_t)weir_shape_size(&sw) + 1, sizeof *gw);
  memset(bias, 0, (size_t)(k->oc + k->c) * sizeof *bias);
  literal(&g, x, w, NULL, y);
  literal(&g, NULL, w, d, gx);
  literal(&g, x, NULL, d, gw);
  weir_tape *t;
  assert_int_equal(weir_tape_create(&t, ctx, dtype), WEIR_OK);
  const double tolerance = dtype == WEIR_F64 ? 1e-11 : 2e-4;
  const weir_var in[3] = {weir_leaf_f64(t, sx, x), weir_leaf_f64(t, sw, w),
      weir_fill(t, weir_shape_1(k->oc), 0.25)};
  const weir_var out = weir_conv(t, in[0], in[1], in[2], opts);
  const weir_var gy = weir_leaf_f64(t, sg, d);
  weir_var grad[3];
  assert_int_equal(weir_grad(t, out, gy, 3, in, grad, false), WEIR_OK);
  check_near(t, out, y, 0.25, tolerance);
  check_near(t, grad[0], gx, 0.0, tolerance);
  check_near(t, grad[1], gw, 0.0, tolerance);
  const weir_conv_opts sized = {k->stride, k->pad, k->h, k->w};
  const weir_var back =
      weir_conv_transpose(t, gy, in[1], weir_fill(t, weir_shape_1(k->c), -0.5), sized);
  check_near(t, back, gx, -0.5, tolerance);
  weir_tape_destroy(&t);
  free(x), free(w), free(d), free(bias), free(y), free(gx), free(gw);
}

static void against_literal_sums(void **state) {
  (void)state;
  weir_ctx *ctx = context(2);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    run_case(&cases[i], ctx, WEIR_F64);
    run_case(&cases[i], ctx, WEIR_F32);
  }
  weir_ctx_destroy(&ctx);
}

/* A step's three products on n threads, their bytes one after the other. */
static float *products(int threads, size_t *size) {
  weir_ctx *ctx = context(threads);
  weir_tape *t;
  assert_int_equal(weir_tape_create(&t, ctx, WEIR_F32), WEIR_OK);
  double *x = draws(20 * 14 * 14 * 16, 1), *w = draws(32 * 16 * 16, 2);
  const weir_conv_opts opts = {.stride = 2, .pad = 1};
  weir_var in[3] = {weir_leaf_f64(t, (weir_shape){4, {20, 14, 14, 16}}, x),
      weir_leaf_f64(t, (weir_shape){4, {32, 4, 4, 16}}, w), weir_var_none()};
  in[2] = weir_conv(t, in[0], in[1], weir_var_none(), opts);
  weir_var g[2];
  assert_int_equal(
      weir_grad(t, weir_square(t, in[2]), weir_var_none(), 2, in, g, false), WEIR_OK);
  const size_t n[3] = {20 * 7 * 7 * 32, 20 * 14 * 14 * 16, 32 * 4 * 4 * 16};
  *size = (n[0] + n[1] + n[2]) * sizeof(float);
  float *all = malloc(*size);
  memcpy(all, weir_var_data(t, in[2]), n[0] * sizeof(float));
  memcpy(all + n[0], weir_var_data(t, g[0]), n[1] * sizeof(float));
  memcpy(all + n[0] + n[1], weir_var_data(t, g[1]), n[2] * sizeof(float));
  weir_tape_destroy(&t);
  weir_ctx_destroy(&ctx);
  free(x), free(w);
  return all;
}

static void same_bits(void **state) {
  (void)state;
  size_t size;
  float *one = products(1, &size);
  for (int threads = 2; threads <= 8; threads = threads == 2 ? 3 : threads + 5) {
    float *many = products(threads, &size);
    assert_memory_equal(one, many, size);
    free(many);
  }
  free(one);
}

static void poolings(void **state) {
  (void)state;
  weir_ctx *ctx = context(2);
  weir_tape *t;
  assert_int_equal(weir_tape_create(&t, ctx, WEIR_F64), WEIR_OK);
  static const double x[] = {1, 2, 9, 3, 4, 9, -1, -2, 9, -3, -8, 9}; /* 4 x 3 */
  static const double mean[] = {2.5, -3.5}, most[] = {4, -1};
  static const double up[] = {4, 4, 4, 4, -1, -1, -1, -1};
  const weir_var image = weir_leaf_f64(t, (weir_shape){4, {1, 4, 3, 1}}, x);
  check_near(t, weir_avg_pool(t, image, 2), mean, 0, 1e-15);
  const weir_var top = weir_max_pool(t, image, 2);
  check_near(t, top, most, 0, 0);
  check_near(t, weir_upsample(t, top, 2), up, 0, 0);
  static const double equal[] = {7, 7, 7, 7}, first[] = {1, 0, 0, 0};
  const weir_var same = weir_leaf_f64(t, (weir_shape){4, {1, 2, 2, 1}}, equal);
  weir_var g;
  assert_int_equal(
      weir_grad(t, weir_max_pool(t, same, 2), weir_var_none(), 1, &same, &g, false),
      WEIR_OK);
  check_near(t, g, first, 0, 0);
  weir_tape_destroy(&t);
  weir_ctx_destroy(&ctx);
}

static void refusals(void **state) {
  (void)state;
  weir_ctx *ctx = context(1);
  weir_tape *t;
  assert_int_equal(weir_tape_create(&t, ctx, WEIR_F64), WEIR_OK);
  static const weir_conv_opts bad[] = {{0, 0, 0, 0}, {1, -1, 0, 0}, {2, 0, 9, 0}};
  const weir_shape sx = {4, {1, 3, 3, 2}}, sw = {4, {2, 2, 2, 2}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    weir_tape_reset(t);
    const weir_var x = weir_fill(t, sx, 1), w = weir_fill(t, sw, 1);
    assert_false(weir_var_ok(weir_conv_transpose(t, x, w, weir_var_none(), bad[i])));
    assert_int_equal(weir_tape_status(t), WEIR_E_SHAPE);
  }
  static const weir_shape wrong[] = {
      {4, {2, 2, 2, 3}}, {4, {2, 4, 4, 2}}, {3, {2, 2, 2}}, {4, {2, 0, 2, 2}}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    weir_tape_reset(t);
    const weir_conv_opts opts = {.stride = 1};
    const weir_var x = weir_fill(t, sx, 1), w = weir_fill(t, wrong[i], 1);
    assert_false(weir_var_ok(weir_conv(t, x, w, weir_var_none(), opts)));
    assert_int_equal(weir_tape_status(t), WEIR_E_SHAPE);
  }
  weir_tape_destroy(&t);
  weir_ctx_destroy(&ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(against_literal_sums),
      cmocka_unit_test(same_bits),
      cmocka_unit_test(poolings),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
