/* x repeated to a larger shape: x + 0 * shape, without the arithmetic */
#include <string.h>

#include "op/op.h"

static void eval(weir_tape *t, const weir_node *y) {
  const weir_shape *out = &y->shape, *in = &y->in[0]->shape;
  const size_t size = weir_dtype_size(weir_tape_dtype(t));
  const int64_t n = weir_shape_size(out);
  const int64_t inner = out->rank > 0 ? out->dim[out->rank - 1] : 1;
  const bool row = in->rank > 0 && in->dim[in->rank - 1] == inner;
  char *dst = y->data;
  for (int64_t r = 0; n > 0 && r < n / inner; r++) {
    int64_t rest = r, at = 0, step = row ? inner : 1;
    for (int i = out->rank - 2; i >= 0; i--) {
      const int j = i - (out->rank - in->rank);
      const int64_t dim = j < 0 ? 1 : in->dim[j];
      at += dim == 1 ? 0 : rest % out->dim[i] * step;
      step *= dim;
      rest /= out->dim[i];
    }
    const char *src = (const char *)y->in[0]->data + (size_t)at * size;
    if (row) {
      memcpy(dst, src, (size_t)inner * size);
      dst += (size_t)inner * size;
      continue;
    }
    for (int64_t i = 0; i < inner; i++, dst += size) {
      memcpy(dst, src, size);
    }
  }
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  gx[0] = weir_sum_to(t, gy, y->in[0]->shape);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_broadcast(t, in[0], weir_shape_3(2, 3, 4));
}
static const weir_probe probe = {1, {{2, {3, 1}}}, -3, 3, build};
const weir_op_class weir_op_broadcast = {"broadcast", eval, vjp, NULL, &probe};

weir_var weir_broadcast(weir_tape *t, weir_var x, weir_shape shape) {
  const weir_shape s = weir_var_shape(t, x);
  weir_shape both;
  if (!weir_var_ok(x) || weir_shape_equal(&s, &shape)) {
    return x;
  }
  if (!weiri_broadcast_shape(&s, &shape, &both) || !weir_shape_equal(&both, &shape)) {
    char a[128], b[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "broadcast: %s to %s", weiri_shape_text(&s, a),
        weiri_shape_text(&shape, b));
  }
  return weir_op_apply(t, &weir_op_broadcast, shape, 1, &x, NULL, 0);
}
