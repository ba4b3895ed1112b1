/* The rational-quadratic spline: the fused passes against plain expressions, knots and
 * ends, the identity outside, circles, float32. */
#include "dist_check.h"
#include "op/rqs.h"

enum { M = 40, BINS = 6 };

static const weir_rqs_opts kinds[] = {
    {BINS, WEIR_RQS_LINEAR, -3, 3, 1.0, false},
    {BINS, WEIR_RQS_BOUNDED, -1, 2, 0.5, false},
    {BINS, WEIR_RQS_CIRCULAR, -2, 4, 0.25, false},
    {1, WEIR_RQS_BOUNDED, 0, 1, 1.0, false},
    {1, WEIR_RQS_LINEAR, 0, 1, 1.0, false},
    {33, WEIR_RQS_LINEAR, -5, 5, 1.0, false},
};
#define KINDS ((int)(sizeof kinds / sizeof kinds[0]))

static int64_t params_of(const weir_rqs_opts *o) {
  static const int64_t extra[] = {-1, 1, 0};
  return 3 * o->bins + extra[o->tails];
}

static weiri_rqs inner(const weir_rqs_opts *o) {
  static const weiri_rqs_tails tails[] = {
      WEIRI_RQS_LINEAR, WEIRI_RQS_BOUNDED, WEIRI_RQS_CIRCULAR};
  return (weiri_rqs){.bins = o->bins,
      .params = params_of(o),
      .tails = tails[o->tails],
      .lo = o->lo,
      .hi = o->hi,
      .scale = o->scale,
      .inverse = o->inverse};
}

/* Both ends, a rounding inside and outside of them, and the interval in equal steps. */
static void fill_points(const weir_rqs_opts *o, double *x) {
  const double ends[4] = {o->lo, o->hi, nextafter(o->lo, 1e9), nextafter(o->hi, -1e9)};
  for (int i = 0; i < M; i++) {
    x[i] = i < 4 ? ends[i] : o->lo + (o->hi - o->lo) * (i - 3.5) / (M - 4);
  }
}

typedef struct bench {
  weir_ctx *ctx;
  weir_tape *t;
} bench;

static void bench_open(bench *b, weir_dtype dtype) {
  OK(weir_ctx_create(&b->ctx, NULL));
  OK(weir_tape_create(&b->t, b->ctx, dtype));
}

static void bench_close(bench *b) {
  weir_tape_destroy(&b->t);
  weir_ctx_destroy(&b->ctx);
}

static weir_var theta_leaf(bench *b, const weir_rqs_opts *o, double spread) {
  const int64_t p = params_of(o);
  double *v = normals(M * p, 51, spread);
  const weir_var theta = weir_leaf_f64(b->t, weir_shape_3(1, M, p), v);
  free(v);
  return theta;
}

static void compare_vars(
    bench *b, weir_var found, weir_var expected, double tolerance, const char *what) {
  const weir_shape s = weir_var_shape(b->t, expected);
  const int64_t n = weir_shape_size(&s);
  double *f = malloc((size_t)n * sizeof *f), *e = malloc((size_t)n * sizeof *e);
  OK(weir_var_read(b->t, found, f));
  OK(weir_var_read(b->t, expected, e));
  for (int64_t i = 0; i < n; i++) {
    near(f[i], e[i], tolerance, what);
  }
  free(f);
  free(e);
}

/* Values and gradients; with twice the gradient is that of the plain expressions. */
static void fused(void **state) {
  (void)state;
  bench b;
  bench_open(&b, WEIR_F64);
  for (int k = 0; k < 2 * KINDS; k++) {
    weir_rqs_opts o = kinds[k / 2];
    o.inverse = k % 2 == 1;
    double x[M];
    fill_points(&o, x);
    weir_tape_reset(b.t);
    const weir_var in[2] = {
        weir_leaf_f64(b.t, weir_shape_2(1, M), x), theta_leaf(&b, &o, 0.5)};
    const weir_var y = weir_rqs(b.t, in[0], in[1], o);
    const weiri_rqs s = inner(&o);
    compare_vars(&b, y, weiri_rqs_reference(b.t, &s, in[0], in[1]), 1e-12, "value");
    double w[2 * M];
    for (int i = 0; i < 2 * M; i++) {
      w[i] = cos(1.7 * i);
    }
    const weir_var seed = weir_leaf_f64(b.t, weir_shape_3(2, 1, M), w);
    weir_var once[2], twice[2];
    OK(weir_grad(b.t, y, seed, 2, in, once, false));
    OK(weir_grad(b.t, y, seed, 2, in, twice, true));
    compare_vars(&b, once[0], twice[0], 1e-10, "gradient of x");
    compare_vars(&b, once[1], twice[1], 1e-10, "gradient of theta");
  }
  bench_close(&b);
}

/* There and back, up to logits so spread that bins have their least size. */
static void round_trip(weir_dtype dtype, double spread, double tolerance) {
  bench b;
  bench_open(&b, dtype);
  for (int k = 0; k < KINDS; k++) {
    weir_rqs_opts o = kinds[k];
    double x[M];
    fill_points(&o, x);
    weir_tape_reset(b.t);
    const weir_var v = weir_leaf_f64(b.t, weir_shape_2(1, M), x);
    const weir_var theta = theta_leaf(&b, &o, spread);
    const weir_var y = weir_rqs(b.t, v, theta, o);
    o.inverse = true;
    const weir_var z =
        weir_reshape(b.t, weir_slice(b.t, y, 0, 0, 1), weir_shape_2(1, M));
    const weir_var back = weir_rqs(b.t, z, theta, o);
    double to[2 * M], from[2 * M];
    OK(weir_var_read(b.t, y, to));
    OK(weir_var_read(b.t, back, from));
    for (int i = 0; i < M; i++) {
      assert_true(to[i] >= o.lo && to[i] <= o.hi);
      const double turn = o.tails == WEIR_RQS_CIRCULAR ? o.hi - o.lo : INFINITY;
      const double gap = fabs(from[i] - x[i]); /* or the other way round */
      near(gap > 0.5 * turn ? gap - turn : gap, 0.0,
          tolerance * (1.0 + exp(-to[M + i])), "round trip");
      near(from[M + i] + to[M + i], 0.0, 1e4 * tolerance, "log-derivatives");
    }
  }
  bench_close(&b);
}

static void round_trips(void **state) {
  (void)state;
  round_trip(WEIR_F64, 1.0, 1e-13);
  round_trip(WEIR_F64, 20.0, 1e-12);
  round_trip(WEIR_F32, 1.0, 1e-5);
}

/* The ends are fixed points; linear tails are the identity with slope 1, to the bit. */
static void ends(void **state) {
  (void)state;
  bench b;
  bench_open(&b, WEIR_F64);
  for (int k = 0; k < 2 * KINDS; k++) {
    weir_rqs_opts o = kinds[k / 2];
    o.inverse = k % 2 == 1;
    double x[M], y[2 * M];
    fill_points(&o, x);
    if (o.tails == WEIR_RQS_LINEAR) {
      x[4] = o.hi + 1e-9;
      x[5] = o.lo - 1e-9;
      x[6] = 300.0;
      x[7] = -1e30;
    }
    weir_tape_reset(b.t);
    const weir_var v = weir_leaf_f64(b.t, weir_shape_2(1, M), x);
    OK(weir_var_read(b.t, weir_rqs(b.t, v, theta_leaf(&b, &o, 1.0), o), y));
    for (int i = 0; i < 4; i++) {
      const bool closes = o.tails == WEIR_RQS_CIRCULAR && i == 1; /* hi is lo */
      near(y[i], closes ? o.lo : x[i], 1e-13, "end");
    }
    for (int i = 4; i < 8 && o.tails == WEIR_RQS_LINEAR; i++) {
      assert_true(y[i] == x[i] && y[M + i] == 0.0);
    }
    if (o.tails == WEIR_RQS_LINEAR) {
      near(y[M], 0.0, 1e-12, "slope at the lower end");
      near(y[M + 1], 0.0, 1e-12, "slope at the upper end");
    }
  }
  bench_close(&b);
}

/* theta = 0: equal bins; slopes softplus(0) + 1e-3 at the inner knots, as the paper's
 * code has it. */
static void at_zero(void **state) {
  (void)state;
  bench b;
  bench_open(&b, WEIR_F64);
  const weir_rqs_opts o = kinds[0];
  double x[BINS - 1], y[2 * (BINS - 1)];
  for (int i = 0; i < BINS - 1; i++) {
    x[i] = -3.0 + 6.0 * (i + 1) / BINS;
  }
  const weir_var theta = weir_fill(b.t, weir_shape_3(1, BINS - 1, params_of(&o)), 0.0);
  const weir_var v = weir_leaf_f64(b.t, weir_shape_2(1, BINS - 1), x);
  OK(weir_var_read(b.t, weir_rqs(b.t, v, theta, o), y));
  for (int i = 0; i < BINS - 1; i++) {
    near(y[i], x[i], 1e-14, "knot");
    near(exp(y[BINS - 1 + i]), log(2.0) + 1e-3, 1e-12, "slope");
  }
  bench_close(&b);
}

/* A number that rounding put just beyond the end of a circle is wrapped into it. */
static void wraps(void **state) {
  (void)state;
  bench b;
  bench_open(&b, WEIR_F64);
  for (int k = 0; k < 2; k++) {
    weir_rqs_opts o = kinds[2];
    o.inverse = k == 1;
    const double size = o.hi - o.lo;
    double x[M], y[2 * M];
    for (int i = 0; i < M; i += 2) {
      x[i] = o.lo + size * (i + 1) / (2 * M);
      x[i + 1] = i % 4 == 0 ? x[i] + size : x[i] - size;
    }
    double *p = normals(params_of(&o), 52, 1.0);
    const weir_var one = weir_leaf_f64(b.t, weir_shape_3(1, 1, params_of(&o)), p);
    const weir_var theta = weir_broadcast(b.t, one, weir_shape_3(1, M, params_of(&o)));
    free(p);
    const weir_var v = weir_leaf_f64(b.t, weir_shape_2(1, M), x);
    const weir_var out = weir_rqs(b.t, v, theta, o);
    const weiri_rqs s = inner(&o);
    OK(weir_var_read(b.t, out, y));
    for (int i = 0; i < M; i += 2) {
      near(y[i + 1], y[i], 1e-12, "once round");
      near(y[M + i + 1], y[M + i], 1e-12, "log-derivative once round");
    }
    compare_vars(&b, out, weiri_rqs_reference(b.t, &s, v, theta), 1e-12, "reference");
  }
  bench_close(&b);
}

/* NaN comes out as NaN and names nothing out of bounds. */
static void not_a_number(void **state) {
  (void)state;
  bench b;
  bench_open(&b, WEIR_F64);
  const weir_rqs_opts o = kinds[0];
  const double x[2] = {NAN, 0.3};
  double p[2 * (3 * BINS - 1)] = {0}, y[4];
  p[3 * BINS - 1] = NAN;
  const weir_var v = weir_leaf_f64(b.t, weir_shape_2(1, 2), x);
  const weir_var theta = weir_leaf_f64(b.t, weir_shape_3(1, 2, 3 * BINS - 1), p);
  OK(weir_var_read(b.t, weir_rqs(b.t, v, theta, o), y));
  for (int i = 0; i < 4; i++) {
    assert_true(isnan(y[i]));
  }
  assert_false(weir_var_ok(weir_rqs(b.t, v, v, o)));
  assert_int_equal(weir_tape_status(b.t), WEIR_E_SHAPE);
  bench_close(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fused),
      cmocka_unit_test(round_trips),
      cmocka_unit_test(ends),
      cmocka_unit_test(at_zero),
      cmocka_unit_test(wraps),
      cmocka_unit_test(not_a_number),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
