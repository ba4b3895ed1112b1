/* Every operation of the registry: gradients and second derivatives against
 * differences, float32 against float64, the unfused form, sizes, threads, failing
 * allocations, poison and stale variables. */
#include <math.h>

#include "counting.h"

#include "base/rng.h"
#include "op/op.h"

enum { MOST = 256 };

/* Inputs and fixed weights of one probe; the scalar under test is sum w build(in). */
typedef struct trial {
  const weir_op_class *op;
  weir_tape *tape;
  double x[3][MOST], v[3][MOST]; /* inputs, and directions for second derivatives */
} trial;

static weir_var numbers(weir_tape *t, weir_shape s, uint64_t stream) {
  double w[MOST];
  weiri_fill_normal((weiri_rng){3, stream}, 0, weir_shape_size(&s), WEIR_F64, w);
  return weir_leaf_f64(t, s, w);
}

static void inputs(trial *r) {
  const weir_probe *p = r->op->probe;
  for (int k = 0; k < p->n_in; k++) {
    const weiri_rng rng = {9, weiri_stream(r->op->name, (uint64_t)k)};
    for (int64_t i = 0; i < weir_shape_size(&p->shape[k]); i++) {
      r->x[k][i] = p->lo + (p->hi - p->lo) * weiri_uniform(rng, (uint64_t)i);
      r->v[k][i] = weiri_normal(rng, (uint64_t)(i + 1000));
    }
  }
}

/* Leaves of the inputs into in, the scalar as the result. */
static weir_var scalar(trial *r, weir_var *in) {
  const weir_probe *p = r->op->probe;
  weir_tape_reset(r->tape);
  for (int k = 0; k < p->n_in; k++) {
    in[k] = weir_leaf_f64(r->tape, p->shape[k], r->x[k]);
  }
  const weir_var y = p->build(r->tape, in);
  const weir_var w = numbers(r->tape, weir_var_shape(r->tape, y), 1);
  return weir_sum_all(r->tape, weir_mul(r->tape, y, w));
}

/* sum_k v_k . dS/dx_k, which can be differentiated again. */
static weir_var projected(trial *r, weir_var *in) {
  const weir_probe *p = r->op->probe;
  const weir_var y = scalar(r, in);
  weir_var g[3], sum = weir_fill(r->tape, weir_shape_0(), 0.0);
  assert_int_equal(
      weir_grad(r->tape, y, weir_var_none(), p->n_in, in, g, true), WEIR_OK);
  for (int k = 0; k < p->n_in; k++) {
    const weir_var v = weir_leaf_f64(r->tape, p->shape[k], r->v[k]);
    sum = weir_add(r->tape, sum, weir_sum_all(r->tape, weir_mul(r->tape, g[k], v)));
  }
  return sum;
}

typedef weir_var value_fn(trial *r, weir_var *in);

static double read_one(trial *r, weir_var y) {
  double out = NAN;
  if (weir_var_read(r->tape, y, &out) != WEIR_OK) {
    print_error("%s: %s\n", r->op->name, weir_error());
    fail();
  }
  return out;
}

static double four_points(trial *r, value_fn *fn, double *x) {
  const double at = *x, h = 5e-4, step[4] = {-2, -1, 1, 2};
  double f[4];
  for (int i = 0; i < 4; i++) {
    weir_var in[3];
    *x = at + h * step[i];
    f[i] = read_one(r, fn(r, in));
  }
  *x = at;
  return (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h);
}

static void check_close(const char *name, const char *what, double found,
    double expected, double tolerance) {
  if (!(fabs(found - expected) <= tolerance * (1.0 + fabs(expected)))) {
    print_error("%s, %s: %.12g, expected %.12g\n", name, what, found, expected);
    fail();
  }
}

static void derivative(trial *r, value_fn *fn, const char *what) {
  const weir_probe *p = r->op->probe;
  weir_var in[3], g[3];
  double grad[3][MOST];
  const weir_var y = fn(r, in);
  assert_int_equal(
      weir_grad(r->tape, y, weir_var_none(), p->n_in, in, g, false), WEIR_OK);
  for (int k = 0; k < p->n_in; k++) {
    assert_int_equal(weir_var_read(r->tape, g[k], grad[k]), WEIR_OK);
  }
  for (int k = 0; k < p->n_in; k++) {
    for (int64_t i = 0; i < weir_shape_size(&p->shape[k]); i++) {
      check_close(r->op->name, what, grad[k][i], four_points(r, fn, &r->x[k][i]), 1e-6);
    }
  }
}

static weir_ctx *context(int threads) {
  weir_ctx_opts o = WEIR_CTX_OPTS_INIT;
  o.threads = threads;
  weir_ctx *ctx;
  assert_int_equal(weir_ctx_create(&ctx, &o), WEIR_OK);
  return ctx;
}

/* Runs fn on every operation that has a probe. */
static void each(void (*fn)(trial *r), weir_dtype dtype) {
  weir_ctx *ctx = context(2);
  trial r;
  assert_int_equal(weir_tape_create(&r.tape, ctx, dtype), WEIR_OK);
  for (int i = 0; weiri_op_table[i] != NULL; i++) {
    r.op = weiri_op_table[i];
    if (r.op->probe != NULL) {
      inputs(&r);
      fn(&r);
    }
  }
  weir_tape_destroy(&r.tape);
  weir_ctx_destroy(&ctx);
}

static void first(trial *r) {
  derivative(r, scalar, "gradient");
}
static void second(trial *r) {
  derivative(r, projected, "second derivative");
}
static void gradients(void **state) {
  (void)state;
  each(first, WEIR_F64);
}
static void second_derivatives(void **state) {
  (void)state;
  each(second, WEIR_F64);
}

/* Operations without a probe have no gradient, but for the one that calls C code. */
static void probes(void **state) {
  (void)state;
  for (int i = 0; weiri_op_table[i] != NULL; i++) {
    const weir_op_class *op = weiri_op_table[i];
    assert_true(
        op->probe != NULL || op->vjp == NULL || strcmp(op->name, "custom") == 0);
  }
}

/* Value and gradients in the tape's type. */
static void evaluate(trial *r, double *value, double g[3][MOST]) {
  const weir_probe *p = r->op->probe;
  weir_var in[3], gx[3];
  const weir_var y = scalar(r, in);
  *value = read_one(r, y);
  assert_int_equal(
      weir_grad(r->tape, y, weir_var_none(), p->n_in, in, gx, false), WEIR_OK);
  for (int k = 0; k < p->n_in; k++) {
    assert_int_equal(weir_var_read(r->tape, gx[k], g[k]), WEIR_OK);
  }
}

static void single(trial *r) {
  trial exact = *r;
  double a, b, ga[3][MOST], gb[3][MOST];
  for (int k = 0; k < 3; k++) { /* the same numbers in both types */
    for (int i = 0; i < MOST; i++) {
      r->x[k][i] = exact.x[k][i] = (double)(float)r->x[k][i];
    }
  }
  assert_int_equal(
      weir_tape_create(&exact.tape, weir_tape_ctx(r->tape), WEIR_F64), WEIR_OK);
  evaluate(r, &a, ga);
  evaluate(&exact, &b, gb);
  check_close(r->op->name, "float32 value", a, b, 2e-4);
  for (int k = 0; k < r->op->probe->n_in; k++) {
    for (int64_t i = 0; i < weir_shape_size(&r->op->probe->shape[k]); i++) {
      check_close(r->op->name, "float32 gradient", ga[k][i], gb[k][i], 2e-4);
    }
  }
  weir_tape_destroy(&exact.tape);
}
static void single_precision(void **state) {
  (void)state;
  each(single, WEIR_F32);
}

/* Every node of a fused operation equals its expanded form. */
static int expanded;
static void unfused(trial *r) {
  weir_var in[3];
  scalar(r, in);
  const uint32_t n = weiri_tape_count(r->tape);
  for (uint32_t id = 1; id <= n; id++) {
    const weir_node *node = weiri_tape_node(r->tape, id);
    if (node->op == NULL || node->op->expand == NULL) {
      continue;
    }
    const weir_var e = node->op->expand(r->tape, node);
    double a[MOST], b[MOST];
    assert_int_equal(weir_var_read(r->tape, weir_node_var(r->tape, node), a), WEIR_OK);
    assert_int_equal(weir_var_read(r->tape, e, b), WEIR_OK);
    for (int64_t i = 0; i < weir_shape_size(&node->shape); i++) {
      check_close(node->op->name, "expanded form", a[i], b[i], 1e-12);
    }
    expanded++;
  }
}
static void expansions(void **state) {
  (void)state;
  each(unfused, WEIR_F64);
  assert_true(expanded > 0);
}

/* ---- sizes and threads ---- */

static bool is_unary(const weir_probe *p) {
  const weir_shape s = weir_shape_2(3, 7);
  return p->n_in == 1 && weir_shape_equal(&p->shape[0], &s);
}
static bool is_binary(const weir_probe *p) {
  const weir_shape a = weir_shape_3(2, 3, 4), b = weir_shape_2(3, 1);
  return p->n_in == 2 && weir_shape_equal(&p->shape[0], &a) &&
         weir_shape_equal(&p->shape[1], &b);
}

/* A number has the same bits alone and among others. */
static void odd_sizes(trial *r) {
  static const int64_t sizes[] = {0, 1, 2, 3, 5, 7, 9, 15, 16, 17, 21};
  if (!is_unary(r->op->probe)) {
    return;
  }
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    const int64_t n = sizes[k];
    double all[MOST], one;
    weir_tape_reset(r->tape);
    weir_var x = weir_leaf_f64(r->tape, weir_shape_1(n), r->x[0]);
    const weir_var y = r->op->probe->build(r->tape, &x);
    assert_int_equal(weir_var_read(r->tape, y, all), WEIR_OK);
    weir_var gx;
    assert_int_equal(
        weir_grad(r->tape, y, weir_var_none(), 1, &x, &gx, false), WEIR_OK);
    for (int64_t i = 0; i < n; i++) {
      x = weir_leaf_f64(r->tape, weir_shape_0(), &r->x[0][i]);
      assert_int_equal(
          weir_var_read(r->tape, r->op->probe->build(r->tape, &x), &one), WEIR_OK);
      assert_true(one == all[i]);
    }
  }
}

/* Broadcast inside the operation as beforehand. */
static void broadcasts(trial *r) {
  static const weir_shape pairs[][3] = {
      {{0, {0}}, {0, {0}}, {0, {0}}},
      {{1, {5}}, {0, {0}}, {1, {5}}},
      {{2, {3, 5}}, {1, {5}}, {2, {3, 5}}},
      {{2, {3, 1}}, {2, {1, 5}}, {2, {3, 5}}},
      {{3, {2, 1, 3}}, {3, {1, 4, 1}}, {3, {2, 4, 3}}},
      {{1, {1}}, {3, {2, 3, 1}}, {3, {2, 3, 1}}},
      {{2, {0, 4}}, {1, {4}}, {2, {0, 4}}},
      {{2, {1, 4}}, {2, {0, 4}}, {2, {0, 4}}},
      {{4, {2, 1, 2, 3}}, {3, {3, 1, 3}}, {4, {2, 3, 2, 3}}},
  };
  if (!is_binary(r->op->probe)) {
    return;
  }
  for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++) {
    double direct[MOST], before[MOST];
    weir_tape_reset(r->tape);
    const weir_var in[2] = {weir_leaf_f64(r->tape, pairs[k][0], r->x[0]),
        weir_leaf_f64(r->tape, pairs[k][1], r->x[1])};
    const weir_var full[2] = {weir_broadcast(r->tape, in[0], pairs[k][2]),
        weir_broadcast(r->tape, in[1], pairs[k][2])};
    const weir_var y = r->op->probe->build(r->tape, in);
    const weir_var z = r->op->probe->build(r->tape, full);
    const weir_shape s = weir_var_shape(r->tape, y);
    assert_true(weir_shape_equal(&s, &pairs[k][2]));
    assert_int_equal(weir_var_read(r->tape, y, direct), WEIR_OK);
    assert_int_equal(weir_var_read(r->tape, z, before), WEIR_OK);
    assert_memory_equal(direct, before, (size_t)weir_shape_size(&s) * sizeof(double));
    weir_var g[2];
    assert_int_equal(weir_grad(r->tape, y, weir_var_none(), 2, in, g, false), WEIR_OK);
    const weir_shape sg = weir_var_shape(r->tape, g[0]);
    assert_true(weir_shape_equal(&sg, &pairs[k][0]));
  }
}
static void sizes_and_shapes(void **state) {
  (void)state;
  each(odd_sizes, WEIR_F64);
  each(broadcasts, WEIR_F64);
}

/* The same bits on one thread and on three. */
static void threads(void **state) {
  (void)state;
  const int64_t n = 30011;
  double *x = malloc((size_t)n * sizeof *x), *y[2];
  weiri_fill_uniform((weiri_rng){1, 2}, 0, n, WEIR_F64, x);
  for (int i = 0; weiri_op_table[i] != NULL; i++) {
    const weir_op_class *op = weiri_op_table[i];
    if (op->probe == NULL || !(is_unary(op->probe) || is_binary(op->probe))) {
      continue;
    }
    for (int k = 0; k < 2; k++) {
      weir_ctx *ctx = context(k == 0 ? 1 : 3);
      weir_tape *t;
      assert_int_equal(weir_tape_create(&t, ctx, WEIR_F64), WEIR_OK);
      const weir_var v = weir_leaf_f64(t, weir_shape_1(n), x), in[2] = {v, v};
      y[k] = malloc((size_t)n * sizeof(double));
      assert_int_equal(weir_var_read(t, op->probe->build(t, in), y[k]), WEIR_OK);
      weir_tape_destroy(&t);
      weir_ctx_destroy(&ctx);
    }
    assert_memory_equal(y[0], y[1], (size_t)n * sizeof(double));
    free(y[0]);
    free(y[1]);
  }
  free(x);
}

/* ---- failures ---- */

static const weir_op_class *failing;

static weir_status record(weir_ctx *ctx) {
  trial r = {.op = failing};
  ctx->kern = weiri_kern_select(NULL);
  weir_var in[3], g[3];
  weir_status status = weir_tape_create(&r.tape, ctx, WEIR_F64);
  if (status != WEIR_OK) {
    return status;
  }
  inputs(&r);
  const weir_var y = scalar(&r, in);
  status = weir_tape_status(r.tape);
  if (status == WEIR_OK) {
    status = weir_grad(r.tape, y, weir_var_none(), r.op->probe->n_in, in, g, true);
  }
  weir_tape_destroy(&r.tape);
  return status;
}

/* Every allocation fails in turn: an error and nothing kept, or, where the arena makes
 * do with a smaller block, the result. */
static void fail_in_turn(void) {
  int errors = 0;
  for (long n = 1;; n++) {
    counting c;
    counting_init(&c, n);
    const weir_status status = record(&c.ctx);
    counting_check(&c);
    if (status == WEIR_E_MEMORY) {
      assert_non_null(strstr(weir_error(), "out of memory"));
      errors++;
    } else {
      assert_int_equal(status, WEIR_OK);
    }
    if (c.calls < n) {
      assert_int_equal(status, WEIR_OK);
      break;
    }
  }
  assert_true(errors >= 5); /* tape, arena, team, its scratch, nodes */
}

static void allocations(void **state) {
  (void)state;
  for (int i = 0; weiri_op_table[i] != NULL; i++) {
    failing = weiri_op_table[i];
    if (failing->probe != NULL) {
      fail_in_turn();
    }
  }
}

static void poison(trial *r) {
  const weir_probe *p = r->op->probe;
  for (int bad = 0; bad < p->n_in; bad++) {
    weir_var in[3], stale;
    weir_tape_reset(r->tape);
    stale = weir_fill(r->tape, p->shape[bad], 0.5);
    weir_tape_reset(r->tape);
    for (int k = 0; k < p->n_in; k++) {
      in[k] = weir_leaf_f64(r->tape, p->shape[k], r->x[k]);
    }
    const weir_var good = in[bad];
    weir_op_fail(r->tape, WEIR_E_NUMERIC, "first cause");
    in[bad] = weir_var_none();
    assert_false(weir_var_ok(p->build(r->tape, in)));
    in[bad] = good;
    assert_false(weir_var_ok(p->build(r->tape, in)));
    assert_int_equal(weir_tape_status(r->tape), WEIR_E_NUMERIC);
    assert_string_equal(weir_error(), "first cause");
    weir_tape_reset(r->tape);
    for (int k = 0; k < p->n_in; k++) {
      in[k] = weir_leaf_f64(r->tape, p->shape[k], r->x[k]);
    }
    in[bad] = stale;
    assert_false(weir_var_ok(p->build(r->tape, in)));
    if (weir_tape_status(r->tape) != WEIR_E_STALE) {
      print_error("%s: stale input %d: %s\n", r->op->name, bad, weir_error());
      fail();
    }
  }
}
static void poison_and_stale(void **state) {
  (void)state;
  each(poison, WEIR_F64);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(probes),
      cmocka_unit_test(gradients),
      cmocka_unit_test(second_derivatives),
      cmocka_unit_test(single_precision),
      cmocka_unit_test(expansions),
      cmocka_unit_test(sizes_and_shapes),
      cmocka_unit_test(threads),
      cmocka_unit_test(allocations),
      cmocka_unit_test(poison_and_stale),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
