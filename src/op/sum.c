/* Sum over one axis, which is dropped; accumulated in float64. x seen as [m, k, r]. */
#include "op/op.h"

typedef struct job {
  const weiri_kern *kern;
  weir_dtype dtype;
  const char *x;
  char *y;
  int64_t m, k, r, rows, cols; /* rows or columns per chunk */
} job;

static void rows_chunk(void *arg, int64_t i, void *scratch) {
  (void)scratch;
  const job *j = arg;
  const int64_t first = i * j->rows, left = j->m - first;
  const size_t size = weir_dtype_size(j->dtype);
  j->kern->sum_rows[j->dtype](left < j->rows ? left : j->rows, j->k,
      j->x + (size_t)(first * j->k) * size, j->y + (size_t)first * size);
}

static void cols_chunk(void *arg, int64_t i, void *scratch) {
  (void)scratch;
  const job *j = arg;
  const int64_t per_slab = (j->r + j->cols - 1) / j->cols;
  const int64_t slab = i / per_slab, first = i % per_slab * j->cols;
  const int64_t last = first + j->cols < j->r ? first + j->cols : j->r;
  const size_t size = weir_dtype_size(j->dtype);
  j->kern->sum_cols[j->dtype](j->k, j->r, j->x + (size_t)(slab * j->k * j->r) * size,
      first, last, j->y + (size_t)(slab * j->r) * size);
}

static void eval(weir_tape *t, const weir_node *y) {
  const int axis = *(const int *)y->attr;
  const weir_shape *s = &y->in[0]->shape;
  job j = {weiri_tape_kern(t), weir_tape_dtype(t), y->in[0]->data, y->data, 1,
      s->dim[axis], 1, 256, 64};
  for (int i = 0; i < s->rank; i++) {
    j.m *= i < axis ? s->dim[i] : 1;
    j.r *= i > axis ? s->dim[i] : 1;
  }
  const double work = 4.0 * (double)(j.m * j.k * j.r);
  const int64_t chunks =
      j.r == 1 ? (j.m + j.rows - 1) / j.rows : j.m * ((j.r + j.cols - 1) / j.cols);
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), chunks, work, 0,
                         j.r == 1 ? rows_chunk : cols_chunk, &j));
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  weir_shape keep = y->in[0]->shape;
  keep.dim[*(const int *)y->attr] = 1;
  gx[0] = weir_broadcast(t, weir_reshape(t, gy, keep), y->in[0]->shape);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_add(t, weir_sum(t, weir_sum(t, in[0], 1), -1),
      weir_sum(t, weir_sum(t, in[0], -1), -1));
}
static const weir_probe probe = {1, {{3, {2, 3, 4}}}, -3, 3, build};
const weir_op_class weir_op_sum = {"sum", eval, vjp, NULL, &probe};

weir_var weir_sum(weir_tape *t, weir_var x, int axis) {
  const weir_shape s = weir_var_shape(t, x);
  const int at = weiri_axis(&s, axis);
  if (!weir_var_ok(x)) {
    return x;
  }
  if (at < 0) {
    return weir_op_fail(t, WEIR_E_SHAPE, "sum: no axis %d in rank %d", axis, s.rank);
  }
  weir_shape out = {s.rank - 1, {0}};
  for (int i = 0; i < out.rank; i++) {
    out.dim[i] = s.dim[i < at ? i : i + 1];
  }
  return weir_op_apply(t, &weir_op_sum, out, 1, &x, &at, sizeof at);
}
