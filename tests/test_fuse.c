/* What is done in one sweep has the numbers of what is done in several: gates of
 * gradients against their reference form, and fused products of plans against the tape.
 */
#include "ad/plan.h"
#include "op/op.h"
#include "train_help.h"

enum { N = 75, D = 50, H = 70, INPUTS = 5 };

/* ---- the gate ---- */

static weir_var gate_sum(weir_tape *t, weir_var g, weir_var y, bool fused) {
  const weir_var v = fused ? weiri_gate(t, g, y) : weir_mul(t, g, weir_step(t, y));
  return weir_sum_all(t, weir_mul(t, v, weir_mul(t, v, v)));
}

/* Values, gradient, and the gradient's gradient. */
static void gate_is_its_reference(void **state) {
  (void)state;
  static const double g[6] = {1.5, -2.0, 3.0, 0.5, -0.25, 4.0};
  static const double y[6] = {0.1, -0.1, 0.0, 1e-300, NAN, 2.0};
  double out[2][2][6];
  weir_ctx *ctx = context_of(1, NULL, NULL);
  weir_tape *t = NULL;
  OK(weir_tape_create(&t, ctx, WEIR_F64));
  for (int fused = 0; fused < 2; fused++) {
    weir_tape_reset(t);
    const weir_var vg = weir_leaf_f64(t, weir_shape_2(2, 3), g);
    const weir_var vy = weir_leaf_f64(t, weir_shape_2(2, 3), y);
    weir_var once, again;
    OK(weir_grad(t, gate_sum(t, vg, vy, fused), weir_var_none(), 1, &vg, &once, true));
    OK(weir_grad(t, weir_sum_all(t, once), weir_var_none(), 1, &vg, &again, false));
    OK(weir_var_read(t, once, out[fused][0]));
    OK(weir_var_read(t, again, out[fused][1]));
  }
  assert_memory_equal(out[0], out[1], sizeof out[0]);
  for (int i = 0; i < 6; i++) {
    const bool open = i == 0 || i == 3 || i == 5;
    assert_true(fabs(out[1][0][i] - (open ? 3.0 * g[i] * g[i] : 0.0)) < 1e-12);
    assert_true(fabs(out[1][1][i] - (open ? 6.0 * g[i] : 0.0)) < 1e-12);
  }
  weir_tape_destroy(&t);
  weir_ctx_destroy(&ctx);
}

/* ---- products of plans ---- */

typedef struct net {
  weir_dtype dtype;
  const int64_t *up, *down; /* prefixes, or NULL */
  void *number[INPUTS];     /* x, w, b, v, c */
  void *out[INPUTS + 1];    /* the sum and its gradients, from a plan */
} net;

static const weir_shape shapes[INPUTS] = {
    {2, {N, D}}, {2, {H, D}}, {1, {H}}, {2, {D, H}}, {1, {D}}};

static size_t bytes_of(const net *n, int i) {
  const size_t size = weir_dtype_size(n->dtype);
  return i == 0 ? size : (size_t)weir_shape_size(&shapes[i - 1]) * size;
}

/* Weights beyond a prefix are zero, as weir_linear asks for. */
static void cut(const net *n, void *w, int64_t rows, int64_t k, const int64_t *prefix) {
  for (int64_t i = 0; prefix != NULL && i < rows * k; i++) {
    if (i % k >= prefix[i / k]) {
      memset((char *)w + (size_t)i * weir_dtype_size(n->dtype), 0,
          weir_dtype_size(n->dtype));
    }
  }
}

static void open_net(net *n) {
  for (int i = 0; i < INPUTS; i++) {
    n->number[i] = malloc(bytes_of(n, i + 1));
    assert_non_null(n->number[i]);
    weiri_fill_normal((weiri_rng){3, 4}, (uint64_t)(i * 100000),
        weir_shape_size(&shapes[i]), n->dtype, n->number[i]);
  }
  cut(n, n->number[1], H, D, n->up);
  cut(n, n->number[3], D, H, n->down);
  for (int i = 0; i <= INPUTS; i++) {
    n->out[i] = malloc(bytes_of(n, i));
    assert_non_null(n->out[i]);
  }
}

static void close_net(net *n) {
  for (int i = 0; i < INPUTS; i++) {
    free(n->number[i]);
  }
  for (int i = 0; i <= INPUTS; i++) {
    free(n->out[i]);
  }
}

/* A residual block twice: sums, rectifiers and their gradients. out: the sum of squares
 * and its gradients. */
static void record(weir_tape *t, const net *n, weir_var *out) {
  const weir_linear_opts first = {WEIR_ACT_RELU, n->up}, second = {0, n->down};
  weir_var in[INPUTS];
  for (int i = 0; i < INPUTS; i++) {
    in[i] = weir_leaf_borrow(t, shapes[i], n->number[i]);
  }
  weir_var h = in[0];
  for (int i = 0; i < 2; i++) {
    const weir_var u = weir_linear(t, weir_relu(t, h), in[1], in[2], first);
    h = weir_add(t, h, weir_linear(t, u, in[3], in[4], second));
  }
  out[0] = weir_sum_all(t, weir_square(t, h));
  OK(weir_grad(t, out[0], weir_var_none(), INPUTS, in, out + 1, false));
}

static int fused_kernels(const weiri_plan *p) {
  int n = 0;
  for (int64_t i = 0; i < weiri_plan_kernels(p); i++) {
    n += strcmp(weiri_plan_node(p, i)->op->name, "product_and") == 0;
  }
  return n;
}

static void check_net(weir_dtype dtype, int threads, bool masked) {
  int64_t up[H], down[D];
  for (int64_t j = 0; j < H; j++) {
    up[j] = j * D / H + 1;
  }
  for (int64_t j = 0; j < D; j++) {
    down[j] = j * H / D;
  }
  net n = {.dtype = dtype, .up = masked ? up : NULL, .down = masked ? down : NULL};
  weir_ctx *ctx = context_of(threads, NULL, NULL);
  weir_tape *t = NULL;
  weir_var out[INPUTS + 1];
  open_net(&n);
  OK(weir_tape_create(&t, ctx, dtype));
  weiri_tape_capture(t);
  record(t, &n, out);
  weiri_plan *p = NULL;
  OK(weiri_plan_create(&p, t, INPUTS + 1, out, n.out, NULL));
  /* two sums; two gradients of a rectifier alone, two with the residual gradient */
  assert_in_range(fused_kernels(p), 6, 8);
  void *block = aligned_alloc(64, weiri_plan_bytes(p));
  weiri_plan_bind(p, block);
  OK(weiri_plan_run(p, t));
  weir_tape_reset(t);
  record(t, &n, out);
  for (int i = 0; i <= INPUTS; i++) {
    assert_memory_equal(n.out[i], weir_var_data(t, out[i]), bytes_of(&n, i));
  }
  weiri_plan_destroy(&p);
  free(block);
  close_net(&n);
  weir_tape_destroy(&t);
  weir_ctx_destroy(&ctx);
}

static void fused_products_have_the_bits_of_the_tape(void **state) {
  (void)state;
  for (int i = 0; i < 8; i++) {
    check_net(i & 1 ? WEIR_F64 : WEIR_F32, i & 2 ? 3 : 1, i & 4);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gate_is_its_reference),
      cmocka_unit_test(fused_products_have_the_bits_of_the_tape),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
