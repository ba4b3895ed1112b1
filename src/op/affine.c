/* alpha x + beta with constants */
#include "op/op.h"

typedef struct attr {
  double alpha, beta;
} attr;

typedef struct job {
  void (*fn)(int64_t n, double alpha, double beta, const void *x, void *y);
  const attr *a;
  const char *x;
  char *y;
  int64_t n;
  size_t size;
} job;

static void chunk(void *arg, int64_t i, void *scratch) {
  (void)scratch;
  const job *j = arg;
  const int64_t first = i * WEIRI_SWEEP, left = j->n - first;
  const size_t at = (size_t)first * j->size;
  j->fn(left < WEIRI_SWEEP ? left : WEIRI_SWEEP, j->a->alpha, j->a->beta, j->x + at,
      j->y + at);
}

static void eval(weir_tape *t, const weir_node *y) {
  const weir_dtype dtype = weir_tape_dtype(t);
  const int64_t n = weir_shape_size(&y->shape);
  job j = {weiri_tape_kern(t)->affine[dtype], y->attr, y->in[0]->data, y->data, n,
      weir_dtype_size(dtype)};
  weiri_tape_note(
      t, weiri_parallel(weiri_tape_team(t), (n + WEIRI_SWEEP - 1) / WEIRI_SWEEP,
             2.0 * (double)n, 0, chunk, &j));
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  gx[0] = weir_affine(t, gy, ((const attr *)y->attr)->alpha, 0.0);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_affine(t, in[0], -1.5, 0.25);
}
static const weir_probe probe = {1, {{2, {3, 7}}}, -4, 4, build};
const weir_op_class weir_op_affine = {"affine", eval, vjp, NULL, &probe};

weir_var weir_affine(weir_tape *t, weir_var x, double alpha, double beta) {
  const attr a = {alpha, beta};
  return weir_op_apply(t, &weir_op_affine, weir_var_shape(t, x), 1, &x, &a, sizeof a);
}
