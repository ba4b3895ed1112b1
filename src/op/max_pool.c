/* y[n, i, j, k] = max of x over the size x size pixels from (i size, j size) on. Which
 * pixel it is depends on x alone, so the gradient spreads gy to these pixels, and the
 * gradient of that picks them out again. */
#include "op/pool.h"

typedef enum way { TAKE, SPREAD } way; /* out of an image; into one */

typedef struct attr {
  int64_t size;
  way way;
} attr;

typedef struct job {
  weir_dtype dtype;
  const weir_shape *x, *y; /* the image, and pooled */
  const void *by;          /* the image that decides */
  const void *from;
  void *to;
  attr a;
} job;

/* Place of the largest of a square; NaN counts as larger than all. */
#define DEFINE_PLACE(name, T)                                                          \
  static int64_t name(                                                                 \
      const T *x, int64_t corner, int64_t w, int64_t c, int64_t size) {                \
    int64_t best = corner;                                                             \
    for (int64_t i = 1; i < size * size; i++) {                                        \
      const int64_t at = corner + (i / size * w + i % size) * c;                       \
      if (x[at] > x[best] || (x[at] != x[at] && x[best] == x[best])) {                 \
        best = at;                                                                     \
      }                                                                                \
    }                                                                                  \
    return best;                                                                       \
  }
DEFINE_PLACE(place_f32, float)
DEFINE_PLACE(place_f64, double)

static int64_t place(const job *j, int64_t corner) {
  const int64_t w = j->x->dim[2], c = j->x->dim[3];
  return j->dtype == WEIR_F32 ? place_f32(j->by, corner, w, c, j->a.size)
                              : place_f64(j->by, corner, w, c, j->a.size);
}

static void chunk(void *arg, int64_t line, void *scratch) {
  (void)scratch;
  const job *j = arg;
  const int64_t c = j->x->dim[3], w = j->x->dim[2], ow = j->y->dim[2];
  const size_t number = weir_dtype_size(j->dtype);
  const int64_t row =
      line / j->y->dim[1] * j->x->dim[1] + line % j->y->dim[1] * j->a.size;
  for (int64_t i = 0; i < ow * c; i++) {
    const int64_t corner = (row * w + i / c * j->a.size) * c + i % c;
    const int64_t pooled = line * ow * c + i, at = place(j, corner);
    const int64_t to = j->a.way == TAKE ? pooled : at;
    const int64_t from = j->a.way == TAKE ? at : pooled;
    memcpy((char *)j->to + (size_t)to * number,
        (const char *)j->from + (size_t)from * number, number);
  }
}

static void eval(weir_tape *t, const weir_node *y) {
  const weir_node *by = y->in[0], *from = y->in[y->n_in - 1];
  job j = {.dtype = weir_tape_dtype(t),
      .x = &by->shape,
      .by = by->data,
      .from = from->data,
      .to = y->data,
      .a = *(const attr *)y->attr};
  j.y = j.a.way == TAKE ? &y->shape : &from->shape;
  if (j.a.way == SPREAD) {
    memset(y->data, 0, (size_t)weir_shape_size(&y->shape) * weir_dtype_size(j.dtype));
  }
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), j.y->dim[0] * j.y->dim[1],
                         4.0 * (double)weir_shape_size(j.x), 0, chunk, &j));
}

static const weir_op_class pick_class;

/* in: the image that decides, and what is picked from or spread. */
static weir_var pick(weir_tape *t, weir_var by, weir_var x, weir_shape out, attr a) {
  const weir_var in[2] = {by, x};
  return weir_op_apply(t, &pick_class, out, 2, in, &a, sizeof a);
}

static void pick_vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const attr *a = y->attr;
  if (want[1]) {
    gx[1] = pick(t, weir_node_var(t, y->in[0]), gy, y->in[1]->shape,
        (attr){a->size, a->way == TAKE ? SPREAD : TAKE});
  }
}
static const weir_op_class pick_class = {"max_pick", eval, pick_vjp, NULL, NULL};

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const attr *a = y->attr;
  gx[0] =
      pick(t, weir_node_var(t, y->in[0]), gy, y->in[0]->shape, (attr){a->size, SPREAD});
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_square(t, weir_max_pool(t, in[0], 2));
}
static const weir_probe probe = {1, {{4, {2, 5, 4, 3}}}, -2, 2, build};
const weir_op_class weir_op_max_pool = {"max_pool", eval, vjp, NULL, &probe};

weir_var weir_max_pool(weir_tape *t, weir_var x, int64_t size) {
  weir_shape out;
  const attr a = {size, TAKE};
  return weiri_pool_shape(t, "max_pool", x, size, &out)
             ? weir_op_apply(t, &weir_op_max_pool, out, 1, &x, &a, sizeof a)
             : weir_var_none();
}
