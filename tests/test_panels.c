/* Plans in panels of rows have the bits of the tape: layers, a coupling, statistics of
 * the batch in between, results that are read as a whole, weights with as many rows as
 * the batch, on 1 to 8 threads. */
#include "ad/plan.h"
#include "op/op.h"
#include "train_help.h"

enum { N = 96, D = 6, H = 96, INPUTS = 5, OUT = INPUTS + 2 };

typedef struct net {
  weir_dtype dtype;
  void *number[INPUTS + 1]; /* weights; rows */
  void *out[OUT];           /* of a plan */
  int64_t rows;
} net;

/* w, b, v of the network; theta's weights; those of a linear layer */
static const weir_shape shapes[INPUTS + 1] = {
    {2, {H, D}}, {1, {H}}, {2, {H, H}}, {2, {D, H}}, {2, {D, D}}, {2, {N, D}}};

static size_t bytes_of(const net *n, const weir_shape *s) {
  return (size_t)weir_shape_size(s) * weir_dtype_size(n->dtype);
}

static weir_shape out_shape(const net *n, int i) {
  return i == 0 ? weir_shape_0() : i == 1 ? weir_shape_1(2 * n->rows) : shapes[i - 2];
}

static void fill_rows(weir_tape *t, const weir_node *y) {
  const net *n = *(net *const *)y->attr;
  (void)t;
  memcpy(y->data, n->number[INPUTS], bytes_of(n, &y->shape));
}

static const weir_op_class rows_class = {"rows", fill_rows, NULL, NULL, NULL};

/* Rows minus their mean: every row sees all. */
static weir_var centred(weir_tape *t, weir_var x, int64_t rows) {
  const weir_var mean = weir_scale(t, weir_sum(t, x, 0), 1.0 / (double)rows);
  return weir_sub(t, x, mean);
}

/* out: a sum, running sums over two results at once, and gradients of the first. */
static void record(weir_tape *t, const net *n, weir_var *out) {
  static const int64_t columns[3] = {1, 3, 5};
  const weir_couple_opts o = {3, columns, WEIR_SCALE_TANH_EXP, 2.0, false};
  const weir_linear_opts relu = {WEIR_ACT_RELU, NULL}, none = {WEIR_ACT_NONE, NULL};
  weir_var in[INPUTS], log_det = weir_var_none();
  for (int i = 0; i < INPUTS; i++) {
    in[i] = weir_leaf_borrow(t, shapes[i], n->number[i]);
  }
  weir_var x =
      weir_op_apply(t, &rows_class, weir_shape_2(n->rows, D), 0, NULL, &n, sizeof n);
  weir_var sum = weir_fill(t, weir_shape_1(n->rows), 0.0);
  for (int i = 0; i < 3; i++) {
    weir_var h = weir_linear(t, x, in[0], in[1], relu);
    h = weir_add(t, h, weir_linear(t, h, in[2], weir_var_none(), relu));
    const weir_var theta = weir_linear(t, h, in[3], weir_var_none(), none);
    x = weir_couple(t, x, theta, o, &log_det);
    x = i == 1 ? centred(t, x, n->rows) : x;
    x = weir_linear(t, x, in[4], weir_var_none(), none);
    sum = weir_add(t, sum, log_det);
  }
  sum = weir_sub(t, sum, weir_scale(t, weir_sum_last(t, weir_square(t, x)), 0.5));
  out[0] = weir_sum_all(t, sum);
  out[1] = weir_cumsum(t, weir_embed(t, log_det, 0, n->rows, 2 * n->rows), false);
  OK(weir_grad(t, out[0], weir_var_none(), INPUTS, in, out + 2, false));
}

static void open_net(net *n) {
  for (int i = 0; i <= INPUTS; i++) {
    n->number[i] = malloc(bytes_of(n, &shapes[i]));
    assert_non_null(n->number[i]);
    weiri_fill_normal((weiri_rng){3, 4}, (uint64_t)(i * 100000),
        weir_shape_size(&shapes[i]), n->dtype, n->number[i]);
    for (int64_t k = 0; i < INPUTS && k < weir_shape_size(&shapes[i]); k++) {
      if (n->dtype == WEIR_F32) {
        ((float *)n->number[i])[k] *= 0.2f;
      } else {
        ((double *)n->number[i])[k] *= 0.2;
      }
    }
  }
  for (int i = 0; i < OUT; i++) {
    const weir_shape s = out_shape(n, i);
    n->out[i] = malloc(bytes_of(n, &s));
    assert_non_null(n->out[i]);
  }
}

static void check_net(weir_dtype dtype, int threads, int64_t rows) {
  net n = {.dtype = dtype, .rows = rows};
  weir_ctx *ctx = context_of(threads, NULL, NULL);
  weir_tape *t = NULL;
  weir_var out[OUT];
  weiri_plan *p = NULL;
  open_net(&n);
  OK(weir_tape_create(&t, ctx, dtype));
  weiri_tape_capture(t);
  record(t, &n, out);
  const weiri_plan_opts opts = {.rows = rows};
  OK(weiri_plan_create(&p, t, OUT, out, n.out, &opts));
  /* forward, the mean, forward and back, its gradient, back, weights; and before */
  assert_int_equal(weiri_plan_stages(p), threads > 1 ? 7 : 0);
  void *block = aligned_alloc(64, weiri_plan_bytes(p));
  weiri_plan_bind(p, block);
  for (int i = 0; i < 3; i++) {
    OK(weiri_plan_run(p, t));
  }
  weir_tape_reset(t);
  record(t, &n, out);
  for (int i = 0; i < OUT; i++) {
    const weir_shape s = out_shape(&n, i);
    assert_memory_equal(n.out[i], weir_var_data(t, out[i]), bytes_of(&n, &s));
    free(n.out[i]);
  }
  for (int i = 0; i <= INPUTS; i++) {
    free(n.number[i]);
  }
  weiri_plan_destroy(&p);
  free(block);
  weir_tape_destroy(&t);
  weir_ctx_destroy(&ctx);
}

static void panels_have_the_bits_of_the_tape(void **state) {
  (void)state;
  static const int threads[] = {1, 2, 3, 8};
  for (int i = 0; i < 4; i++) {
    check_net(WEIR_F32, threads[i], N);
    check_net(WEIR_F64, threads[i], N);
    check_net(WEIR_F32, threads[i], N - 5);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(panels_have_the_bits_of_the_tape),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
