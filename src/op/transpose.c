/* Axis i of the result is axis axes[i] of x */
#include <string.h>

#include "op/op.h"

typedef struct attr {
  int axes[WEIR_RANK_MAX];
} attr;

static void eval(weir_tape *t, const weir_node *y) {
  const attr *a = y->attr;
  const weir_shape *in = &y->in[0]->shape, *out = &y->shape;
  const size_t size = weir_dtype_size(weir_tape_dtype(t));
  int64_t stride[WEIR_RANK_MAX], step = 1, at[WEIR_RANK_MAX] = {0};
  for (int i = in->rank - 1; i >= 0; i--) {
    stride[i] = step;
    step *= in->dim[i];
  }
  const char *src = y->in[0]->data;
  char *dst = y->data;
  const int64_t n = weir_shape_size(out);
  int64_t from = 0;
  for (int64_t k = 0; k < n; k++, dst += size) {
    memcpy(dst, src + (size_t)from * size, size);
    for (int i = out->rank - 1; i >= 0; i--) {
      from += stride[a->axes[i]];
      if (++at[i] < out->dim[i]) {
        break;
      }
      from -= at[i] * stride[a->axes[i]];
      at[i] = 0;
    }
  }
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const attr *a = y->attr;
  int back[WEIR_RANK_MAX] = {0};
  for (int i = 0; i < y->shape.rank; i++) {
    back[a->axes[i]] = i;
  }
  gx[0] = weir_transpose(t, gy, back);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  static const int axes[WEIR_RANK_MAX] = {2, 0, 1};
  return weir_transpose(t, in[0], axes);
}
static const weir_probe probe = {1, {{3, {2, 3, 4}}}, -3, 3, build};
const weir_op_class weir_op_transpose = {"transpose", eval, vjp, NULL, &probe};

weir_var weir_transpose(weir_tape *t, weir_var x, const int *axes) {
  const weir_shape s = weir_var_shape(t, x);
  weir_shape out = {s.rank, {0}};
  attr a = {{0}};
  unsigned seen = 0;
  for (int i = 0; i < s.rank; i++) {
    if (axes[i] < 0 || axes[i] >= s.rank || (seen >> axes[i] & 1u) != 0) {
      return weir_op_fail(t, WEIR_E_ARGUMENT, "transpose: not a permutation of axes");
    }
    seen |= 1u << axes[i];
    a.axes[i] = axes[i];
    out.dim[i] = s.dim[axes[i]];
  }
  return weir_op_apply(t, &weir_op_transpose, out, 1, &x, &a, sizeof a);
}
