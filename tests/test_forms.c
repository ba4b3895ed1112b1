/* Every fused operation against its reference form, values and gradients, in float64 to
 * 1e-12, on sizes that take several chunks and leave rests, on one thread and on three.
 * The registry says which operations there are: one that is neither named here as a
 * single operation nor given a form fails. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "op/op.h"

enum { N = 301, K = 37, H = 45 }; /* rows, inputs, units */

typedef weir_var build_fn(weir_tape *t, const weir_var *in);

/* An operation in use; plain: the same of single operations, or NULL where the
 * operation brings its reference form along (expand). */
typedef struct form {
  const char *op;
  int n_in;
  weir_shape shape[3];
  double lo, hi;
  build_fn *fused, *plain;
} form;

/* ---- forms ---- */

static const int64_t *prefixes(void) {
  static int64_t p[H];
  for (int64_t j = 0; j < H; j++) {
    p[j] = j * (K + 1) / H;
  }
  return p;
}

/* w with zeros where unit j does not see input c, as weir_linear asks for. */
static weir_var masked(weir_tape *t, weir_var w) {
  static double keep[H * K];
  for (int64_t i = 0; i < H * K; i++) {
    keep[i] = i % K < prefixes()[i / K] ? 1.0 : 0.0;
  }
  return weir_mul(t, w, weir_leaf_f64(t, weir_shape_2(H, K), keep));
}

static weir_var each_act(weir_tape *t, weir_var relu, weir_var tanh, weir_var none) {
  return weir_add(t, relu, weir_mul(t, tanh, none));
}

static weir_var linear_fused(weir_tape *t, const weir_var *in) {
  const weir_linear_opts relu = {WEIR_ACT_RELU, prefixes()};
  const weir_linear_opts tanh = {WEIR_ACT_TANH, NULL}, none = {WEIR_ACT_NONE, NULL};
  return each_act(t, weir_linear(t, in[0], masked(t, in[1]), in[2], relu),
      weir_linear(t, in[0], in[1], in[2], tanh),
      weir_linear(t, in[0], in[1], weir_var_none(), none));
}

static weir_var linear_plain(weir_tape *t, const weir_var *in) {
  const weir_var cut = weir_matmul(t, in[0], masked(t, in[1]), false, true);
  const weir_var all = weir_matmul(t, in[0], in[1], false, true);
  return each_act(t, weir_relu(t, weir_add(t, cut, in[2])),
      weir_tanh(t, weir_add(t, all, in[2])), all);
}

static weir_var last_sum(weir_tape *t, weir_var x) {
  weir_shape one = weir_var_shape(t, x);
  one.dim[one.rank - 1] = 1;
  return weir_reshape(t, weir_sum_last(t, x), one);
}

static weir_var softmax_fused(weir_tape *t, const weir_var *in) {
  return weir_softmax(t, in[0]);
}
static weir_var softmax_plain(weir_tape *t, const weir_var *in) {
  const weir_var e = weir_exp(t, in[0]);
  return weir_div(t, e, last_sum(t, e));
}

static weir_var logsumexp_fused(weir_tape *t, const weir_var *in) {
  return weir_logsumexp(t, in[0]);
}
static weir_var logsumexp_plain(weir_tape *t, const weir_var *in) {
  return weir_log(t, weir_sum_last(t, weir_exp(t, in[0])));
}

static weir_var affine_fused(weir_tape *t, const weir_var *in) {
  return weir_affine(t, in[0], -1.75, 0.375);
}
static weir_var affine_plain(weir_tape *t, const weir_var *in) {
  const weir_var a = weir_fill(t, weir_shape_0(), -1.75);
  return weir_add(t, weir_mul(t, in[0], a), weir_fill(t, weir_shape_0(), 0.375));
}

/* Pixels [n, 6, 5, 2] under weights [4, 3, 3, 2]. */
static weir_var conv_fused(weir_tape *t, const weir_var *in) {
  const weir_conv_opts o = {.stride = 1, .pad = 1};
  return weir_conv(t, in[0], in[1], in[2], o);
}

/* Weight (i, j) of the window as a matrix [first, last]. */
static weir_var tap(weir_tape *t, weir_var w, int64_t i, int64_t j) {
  const weir_shape s = weir_var_shape(t, w);
  return weir_reshape(t, weir_slice(t, weir_slice(t, w, 1, i, 1), 2, j, 1),
      weir_shape_2(s.dim[0], s.dim[3]));
}

/* The sum over the window of the image moved, times a matrix. */
static weir_var conv_plain(weir_tape *t, const weir_var *in) {
  const weir_shape s = weir_var_shape(t, in[0]);
  const int64_t h = s.dim[1], w = s.dim[2], c = s.dim[3];
  const weir_var wide = weir_embed(t, weir_embed(t, in[0], 1, 1, h + 2), 2, 1, w + 2);
  weir_var sum = in[2];
  for (int64_t k = 0; k < 9; k++) {
    const weir_var part = weir_slice(t, weir_slice(t, wide, 1, k / 3, h), 2, k % 3, w);
    const weir_var rows = weir_reshape(t, part, weir_shape_2(s.dim[0] * h * w, c));
    sum = weir_add(
        t, sum, weir_matmul(t, rows, tap(t, in[1], k / 3, k % 3), false, true));
  }
  const int64_t out = weir_var_dim(t, in[1], 0);
  return weir_reshape(t, sum, (weir_shape){4, {s.dim[0], h, w, out}});
}

/* Pixels [n, 3, 4, 4] under weights [4, 3, 3, 2] to [n, 5, 6, 2]. */
static weir_var back_fused(weir_tape *t, const weir_var *in) {
  const weir_conv_opts o = {.stride = 1, .pad = 0};
  return weir_conv_transpose(t, in[0], in[1], in[2], o);
}
static weir_var back_plain(weir_tape *t, const weir_var *in) {
  const weir_shape s = weir_var_shape(t, in[0]);
  const int64_t h = s.dim[1], w = s.dim[2], c = weir_var_dim(t, in[1], 3);
  const weir_var rows =
      weir_reshape(t, in[0], weir_shape_2(s.dim[0] * h * w, s.dim[3]));
  weir_var sum = in[2];
  for (int64_t k = 0; k < 9; k++) {
    const weir_var part =
        weir_reshape(t, weir_matmul(t, rows, tap(t, in[1], k / 3, k % 3), false, false),
            (weir_shape){4, {s.dim[0], h, w, c}});
    const weir_var moved =
        weir_embed(t, weir_embed(t, part, 1, k / 3, h + 2), 2, k % 3, w + 2);
    sum = weir_add(t, sum, moved);
  }
  return sum;
}

static weir_var pool_fused(weir_tape *t, const weir_var *in) {
  return weir_avg_pool(t, in[0], 2);
}
static weir_var pool_plain(weir_tape *t, const weir_var *in) {
  const weir_shape s = weir_var_shape(t, in[0]);
  const int64_t h = s.dim[1] / 2, w = s.dim[2] / 2;
  const int64_t n = s.dim[0], c = s.dim[3];
  weir_var x = weir_slice(t, weir_slice(t, in[0], 1, 0, 2 * h), 2, 0, 2 * w);
  x = weir_sum(t, weir_reshape(t, x, weir_shape_3(n * h, 2, 2 * w * c)), 1);
  x = weir_sum(t, weir_reshape(t, x, weir_shape_3(n * h * w, 2, c)), 1);
  return weir_reshape(t, weir_scale(t, x, 0.25), (weir_shape){4, {n, h, w, c}});
}

static weir_var rqs_fused(weir_tape *t, const weir_var *in) {
  static const weir_rqs_tails tails[] = {
      WEIR_RQS_LINEAR, WEIR_RQS_BOUNDED, WEIR_RQS_CIRCULAR};
  static const int64_t params[] = {23, 25, 24};
  weir_var sum = weir_fill(t, weir_shape_0(), 0.0);
  for (int i = 0; i < 6; i++) {
    const weir_rqs_opts o = {8, tails[i / 2], -2, 2, 0.7, i % 2 == 1};
    const weir_var theta = weir_slice(t, in[1], 2, 0, params[i / 2]);
    sum = weir_add(t, sum, weir_rqs(t, in[0], theta, o));
  }
  return sum;
}

static weir_var couple_fused(weir_tape *t, const weir_var *in) {
  static const int64_t index[3] = {5, 1, 2};
  weir_var sum = weir_fill(t, weir_shape_0(), 0.0), log_det;
  for (int k = 0; k < 10; k++) {
    const weir_couple_opts o = {3, index, (weir_scale_kind)(k / 2), 2.5, k % 2 == 1};
    const weir_var theta =
        o.scale == WEIR_SCALE_NONE ? weir_slice(t, in[1], 1, 2, 3) : in[1];
    const weir_var z = weir_couple(t, in[0], theta, o, &log_det);
    sum =
        weir_add(t, sum, weir_add(t, z, weir_reshape(t, log_det, weir_shape_2(N, 1))));
  }
  return sum;
}

static weir_var gauss_fused(weir_tape *t, const weir_var *in) {
  return weir_gauss(t, in[0], in[1], in[2]);
}
static weir_var bernoulli_fused(weir_tape *t, const weir_var *in) {
  return weir_bernoulli(t, in[0], in[1]);
}

static weir_var gram_fused(weir_tape *t, const weir_var *in) {
  static const double w1[4 * 3] = {
      0.3, -1.1, 0.4, 0.9, 0.2, -0.7, 1.3, 0.1, -0.2, 0.6, 0.8, -0.5};
  const weir_var slope = weir_fill(t, weir_shape_2(N, 4), 0.75);
  const weir_var w[2] = {weir_leaf_f64(t, weir_shape_2(4, 3), w1), in[1]};
  const weir_metric m = {in[0], weir_var_none(), 0};
  const weir_metric tied = {in[0], in[2], 5};
  return weir_add(t, weir_jacobian_gram(t, m, 2, w, &slope),
      weir_jacobian_gram(t, tied, 2, w, &slope));
}

static weir_var gate_fused(weir_tape *t, const weir_var *in) {
  return weir_add(t, in[1], weir_mul(t, in[0], weiri_gate(t, in[0], in[1])));
}

static const form forms[] = {
    {"linear", 3, {{2, {N, K}}, {2, {H, K}}, {1, {H}}}, -1, 1, linear_fused,
        linear_plain},
    {"softmax", 1, {{2, {N, K}}}, -3, 3, softmax_fused, softmax_plain},
    {"logsumexp", 1, {{2, {N, K}}}, -3, 3, logsumexp_fused, logsumexp_plain},
    {"affine", 1, {{2, {N, K}}}, -3, 3, affine_fused, affine_plain},
    {"conv", 3, {{4, {7, 6, 5, 2}}, {4, {4, 3, 3, 2}}, {1, {4}}}, -1, 1, conv_fused,
        conv_plain},
    {"conv_transpose", 3, {{4, {7, 3, 4, 4}}, {4, {4, 3, 3, 2}}, {1, {2}}}, -1, 1,
        back_fused, back_plain},
    {"avg_pool", 1, {{4, {7, 6, 5, 3}}}, -1, 1, pool_fused, pool_plain},
    {"rqs", 2, {{2, {N, 5}}, {3, {N, 5, 25}}}, -2.2, 2.2, rqs_fused, NULL},
    {"couple", 2, {{2, {N, 7}}, {2, {N, 6}}}, -1.5, 1.5, couple_fused, NULL},
    {"gauss", 3, {{2, {N, K}}, {2, {N, K}}, {2, {N, K}}}, -1.5, 1.5, gauss_fused, NULL},
    {"bernoulli", 2, {{2, {N, K}}, {2, {N, K}}}, -3, 3, bernoulli_fused, NULL},
    {"jacobian_gram", 3, {{2, {N, 5}}, {2, {5, 4}}, {2, {N, 5}}}, -1, 1, gram_fused,
        NULL},
    {"gate", 2, {{2, {N, K}}, {2, {N, K}}}, -1, 1, gate_fused, NULL},
};
enum { FORMS = sizeof forms / sizeof *forms };

/* Operations that are no composition: an elementary function, an arrangement of
 * numbers, a sum, a product, a factorisation; and C code of the user's. */
static const char *const single[] = {"neg", "exp", "log", "log1p", "sqrt", "recip",
    "square", "abs", "sign", "sin", "cos", "tanh", "sigmoid", "softplus", "logsigmoid",
    "relu", "elu", "step", "erf", "bessel_log", "bessel_gap", "add", "sub", "mul",
    "div", "max", "min", "less", "lesseq", "where", "reshape", "broadcast", "transpose",
    "slice", "embed", "concat", "gather", "scatter", "stop", "sum", "cumsum", "matmul",
    "solve_tri", "cholesky", "inverse", "logdet", "max_pool", "upsample", "custom"};
enum { SINGLE = sizeof single / sizeof *single };

static void every_operation_is_single_or_has_a_form(void **state) {
  (void)state;
  for (int i = 0; weiri_op_table[i] != NULL; i++) {
    const weir_op_class *op = weiri_op_table[i];
    int found = 0;
    for (int k = 0; k < FORMS; k++) {
      found += strcmp(forms[k].op, op->name) == 0;
      assert_true(strcmp(forms[k].op, op->name) != 0 || forms[k].plain != NULL ||
                  op->expand != NULL);
    }
    for (int k = 0; k < SINGLE; k++) {
      found += strcmp(single[k], op->name) == 0 && op->expand == NULL;
    }
    if (found != 1) {
      fail_msg("%s: %s here", op->name,
          found == 0 ? "a form or its name among the single ones is missing" : "twice");
    }
  }
}

/* ---- comparing ---- */

typedef struct numbers {
  int64_t n[4]; /* of the value and of the gradients */
  double *of[4];
} numbers;

static void keep_numbers(numbers *out, int i, weir_tape *t, weir_var v) {
  const weir_shape s = weir_var_shape(t, v);
  out->n[i] = weir_shape_size(&s);
  out->of[i] = malloc((size_t)(out->n[i] + 1) * sizeof(double));
  assert_int_equal(weir_var_read(t, v, out->of[i]), WEIR_OK);
}

/* The node's own reference form, of every node of the operation; returns how many. */
static int check_expanded(weir_tape *t, const char *op) {
  const uint32_t n = weiri_tape_count(t);
  int count = 0;
  for (uint32_t id = 1; id <= n; id++) {
    const weir_node *node = weiri_tape_node(t, id);
    if (node->op == NULL || node->op->expand == NULL ||
        strcmp(node->op->name, op) != 0) {
      continue;
    }
    numbers a, b;
    keep_numbers(&a, 0, t, weir_node_var(t, node));
    keep_numbers(&b, 0, t, node->op->expand(t, node));
    assert_int_equal(a.n[0], b.n[0]);
    for (int64_t i = 0; i < a.n[0]; i++) {
      const double x = a.of[0][i], y = b.of[0][i];
      if (!(fabs(x - y) <= 1e-12 * (1.0 + fabs(y)))) {
        fail_msg("%s: number %lld is %.17g, expanded %.17g", op, (long long)i, x, y);
      }
    }
    free(a.of[0]);
    free(b.of[0]);
    count++;
  }
  return count;
}

/* Value and gradients of sum w y. again: of expressions that can be differentiated
 * again, that is through expanded forms. */
static void evaluate(
    const form *f, weir_tape *t, bool plain, bool again, numbers *out) {
  weir_var in[3], g[3];
  weir_tape_reset(t);
  for (int k = 0; k < f->n_in; k++) {
    const int64_t n = weir_shape_size(&f->shape[k]);
    double *x = malloc((size_t)n * sizeof *x);
    weiri_fill_uniform((weiri_rng){5, (uint64_t)k}, 0, n, WEIR_F64, x);
    for (int64_t i = 0; i < n; i++) {
      x[i] = f->lo + (f->hi - f->lo) * x[i];
    }
    in[k] = weir_leaf_f64(t, f->shape[k], x);
    free(x);
  }
  const weir_var y = plain ? f->plain(t, in) : f->fused(t, in);
  const weir_shape s = weir_var_shape(t, y);
  const int64_t n = weir_shape_size(&s);
  double *w = malloc((size_t)(n + 1) * sizeof *w);
  weiri_fill_normal((weiri_rng){6, 1}, 0, n, WEIR_F64, w);
  const weir_var sum = weir_sum_all(t, weir_mul(t, y, weir_leaf_f64(t, s, w)));
  free(w);
  assert_int_equal(weir_grad(t, sum, weir_var_none(), f->n_in, in, g, again), WEIR_OK);
  keep_numbers(out, 0, t, y);
  for (int k = 0; k < f->n_in; k++) {
    keep_numbers(out, k + 1, t, g[k]);
  }
  if (!plain && !again && f->plain == NULL) {
    assert_true(check_expanded(t, f->op) > 0);
  }
}

static void check_form(const form *f, int threads) {
  weir_ctx_opts o = WEIR_CTX_OPTS_INIT;
  weir_ctx *ctx = NULL;
  weir_tape *t = NULL;
  numbers fused, plain;
  o.threads = threads;
  assert_int_equal(weir_ctx_create(&ctx, &o), WEIR_OK);
  assert_int_equal(weir_tape_create(&t, ctx, WEIR_F64), WEIR_OK);
  evaluate(f, t, false, false, &fused);
  evaluate(f, t, f->plain != NULL, true, &plain);
  for (int k = 0; k <= f->n_in; k++) {
    double most = 0.0; /* a gradient is a sum: what cancels in it is not its error */
    assert_int_equal(fused.n[k], plain.n[k]);
    for (int64_t i = 0; i < fused.n[k]; i++) {
      const double a = fused.of[k][i], b = plain.of[k][i];
      most = fabs(b) > most ? fabs(b) : most;
      if (!(fabs(a - b) <= 1e-12 * (1.0 + fabs(b)))) {
        fail_msg("%s, %s %d: number %lld is %.17g, in the reference form %.17g", f->op,
            k == 0 ? "value" : "gradient", k, (long long)i, a, b);
      }
    }
    assert_true(most > 1e-3);
    free(fused.of[k]);
    free(plain.of[k]);
  }
  weir_tape_destroy(&t);
  weir_ctx_destroy(&ctx);
}

static void fused_operations_are_their_reference_forms(void **state) {
  (void)state;
  for (int k = 0; k < FORMS; k++) {
    check_form(&forms[k], 1);
    check_form(&forms[k], 3);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_operation_is_single_or_has_a_form),
      cmocka_unit_test(fused_operations_are_their_reference_forms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
