/* y[n, i, j, k] = x[n, i / size, j / size, k]: nearest-neighbour up-sampling. */
#include "op/pool.h"

typedef struct job {
  size_t pixel;
  const weir_shape *x;
  const char *from;
  char *to;
  int64_t size;
} job;

/* One row of x: size equal rows of y. */
static void chunk(void *arg, int64_t line, void *scratch) {
  (void)scratch;
  const job *j = arg;
  const size_t row = (size_t)(j->x->dim[2] * j->size) * j->pixel;
  const char *from = j->from + (size_t)(line * j->x->dim[2]) * j->pixel;
  char *first = j->to + (size_t)(line * j->size) * row;
  for (int64_t i = 0; i < j->x->dim[2] * j->size; i++) {
    memcpy(first + (size_t)i * j->pixel, from + (size_t)(i / j->size) * j->pixel,
        j->pixel);
  }
  for (int64_t i = 1; i < j->size; i++) {
    memcpy(first + (size_t)i * row, first, row);
  }
}

static void eval(weir_tape *t, const weir_node *y) {
  const weir_shape *x = &y->in[0]->shape;
  job j = {(size_t)x->dim[3] * weir_dtype_size(weir_tape_dtype(t)), x, y->in[0]->data,
      y->data, *(const int64_t *)y->attr};
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), x->dim[0] * x->dim[1],
                         (double)weir_shape_size(&y->shape), 0, chunk, &j));
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const int64_t size = *(const int64_t *)y->attr;
  gx[0] = weir_scale(t, weir_avg_pool(t, gy, size), (double)(size * size));
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_upsample(t, in[0], 2);
}
static const weir_probe probe = {1, {{4, {2, 2, 3, 2}}}, -2, 2, build};
const weir_op_class weir_op_upsample = {"upsample", eval, vjp, NULL, &probe};

weir_var weir_upsample(weir_tape *t, weir_var x, int64_t size) {
  weir_shape out;
  if (!weiri_pool_shape(t, "upsample", x, 1, &out)) {
    return weir_var_none();
  }
  if (size < 1) {
    return weir_op_fail(t, WEIR_E_ARGUMENT, "upsample: expected a size of 1 or more");
  }
  out.dim[1] *= size;
  out.dim[2] *= size;
  return weir_op_apply(t, &weir_op_upsample, out, 1, &x, &size, sizeof size);
}
