/* y[n, i, j, k] = mean of x over the size x size pixels from (i size, j size) on. */
#include "op/pool.h"

typedef struct job {
  const weiri_kern *kern;
  weir_dtype dtype;
  const weir_shape *x, *y;
  const char *from;
  char *to;
  int64_t size;
} job;

/* One row of the result: row by row of the squares, left to right. */
static void chunk(void *arg, int64_t line, void *scratch) {
  (void)scratch;
  const job *j = arg;
  const int64_t c = j->x->dim[3], w = j->x->dim[2], ow = j->y->dim[2];
  const size_t pixel = (size_t)c * weir_dtype_size(j->dtype);
  const int64_t row =
      line / j->y->dim[1] * j->x->dim[1] + line % j->y->dim[1] * j->size;
  char *to = j->to + (size_t)(line * ow) * pixel;
  for (int64_t ox = 0; ox < ow; ox++, to += pixel) {
    for (int64_t i = 0; i < j->size * j->size; i++) {
      const int64_t at = (row + i / j->size) * w + ox * j->size + i % j->size;
      const char *from = j->from + (size_t)at * pixel;
      if (i == 0) {
        memcpy(to, from, pixel);
      } else {
        j->kern->accumulate[j->dtype](c, from, to);
      }
    }
    j->kern->affine[j->dtype](c, 1.0 / (double)(j->size * j->size), 0.0, to, to);
  }
}

static void eval(weir_tape *t, const weir_node *y) {
  const weir_shape *x = &y->in[0]->shape;
  job j = {weiri_tape_kern(t), weir_tape_dtype(t), x, &y->shape, y->in[0]->data,
      y->data, *(const int64_t *)y->attr};
  weiri_tape_note(
      t, weiri_parallel(weiri_tape_team(t), y->shape.dim[0] * y->shape.dim[1],
             2.0 * (double)weir_shape_size(x), 0, chunk, &j));
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const int64_t size = *(const int64_t *)y->attr;
  gx[0] = weiri_pool_widen(t,
      weir_scale(t, weir_upsample(t, gy, size), 1.0 / (double)(size * size)),
      &y->in[0]->shape);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_avg_pool(t, in[0], 2);
}
static const weir_probe probe = {1, {{4, {2, 5, 4, 3}}}, -2, 2, build};
const weir_op_class weir_op_avg_pool = {"avg_pool", eval, vjp, NULL, &probe};

weir_var weiri_pool_widen(weir_tape *t, weir_var x, const weir_shape *like) {
  return weir_embed(t, weir_embed(t, x, 1, 0, like->dim[1]), 2, 0, like->dim[2]);
}

bool weiri_pool_shape(
    weir_tape *t, const char *name, weir_var x, int64_t size, weir_shape *out) {
  const weir_shape s = weir_var_shape(t, x);
  if (!weir_var_ok(x)) {
    return false;
  }
  if (s.rank != 4 || size < 1 || s.dim[1] < size || s.dim[2] < size) {
    char text[128];
    (void)weir_op_fail(t, WEIR_E_SHAPE,
        "%s: squares of %lld pixels in %s, expected [n, h, w, c]", name,
        (long long)size, weiri_shape_text(&s, text));
    return false;
  }
  *out = s;
  out->dim[1] /= size;
  out->dim[2] /= size;
  return true;
}

weir_var weir_avg_pool(weir_tape *t, weir_var x, int64_t size) {
  weir_shape out;
  return weiri_pool_shape(t, "avg_pool", x, size, &out)
             ? weir_op_apply(t, &weir_op_avg_pool, out, 1, &x, &size, sizeof size)
             : weir_var_none();
}
