/* Joins along an axis; the gradient of each part is its slice */
#include "op/span.h"

static void eval(weir_tape *t, const weir_node *y) {
  weiri_span at = {*(const int *)y->attr, 0};
  for (int i = 0; i < y->n_in; i++) {
    weiri_span_copy(t, &y->shape, y->data, &y->in[i]->shape, y->in[i]->data, at, false);
    at.first += y->in[i]->shape.dim[at.axis];
  }
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const int axis = *(const int *)y->attr;
  int64_t first = 0;
  for (int i = 0; i < y->n_in; i++) {
    const int64_t count = y->in[i]->shape.dim[axis];
    if (want[i]) {
      gx[i] = weir_slice(t, gy, axis, first, count);
    }
    first += count;
  }
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_concat(t, 2, in, -1);
}
static const weir_probe probe = {2, {{2, {3, 2}}, {2, {3, 4}}}, -3, 3, build};
const weir_op_class weir_op_concat = {"concat", eval, vjp, NULL, &probe};

static bool fits(const weir_shape *a, const weir_shape *b, int axis) {
  bool same = a->rank == b->rank;
  for (int i = 0; same && i < a->rank; i++) {
    same = i == axis || a->dim[i] == b->dim[i];
  }
  return same;
}

weir_var weir_concat(weir_tape *t, int n, const weir_var *x, int axis) {
  weir_shape out = weir_var_shape(t, x[0]);
  const int at = weiri_axis(&out, axis);
  if (!weir_var_ok(x[0])) {
    return x[0];
  }
  for (int i = 1; i < n; i++) {
    const weir_shape s = weir_var_shape(t, x[i]);
    if (!weir_var_ok(x[i])) {
      return x[i];
    }
    if (at < 0 || !fits(&out, &s, at)) {
      char a[128], b[128];
      return weir_op_fail(t, WEIR_E_SHAPE, "concat: %s with %s along axis %d",
          weiri_shape_text(&out, a), weiri_shape_text(&s, b), axis);
    }
    out.dim[at] += s.dim[at];
  }
  return n == 1 ? x[0] : weir_op_apply(t, &weir_op_concat, out, n, x, &at, sizeof at);
}
