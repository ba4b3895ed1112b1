/* Column j of the last axis is added into column index[j] of zeros: the adjoint of
 * gather */
#include "op/columns.h"

#include <string.h>

static void eval(weir_tape *t, const weir_node *y) {
  const weiri_columns *c = y->attr;
  const int64_t to = y->shape.dim[y->shape.rank - 1];
  const int64_t rows = to == 0 ? 0 : weir_shape_size(&y->shape) / to;
  memset(y->data, 0, (size_t)(rows * to) * weir_dtype_size(weir_tape_dtype(t)));
  for (int64_t r = 0; r < rows; r++) {
    if (weir_tape_dtype(t) == WEIR_F32) {
      const float *src = (const float *)y->in[0]->data + r * c->n;
      float *dst = (float *)y->data + r * to;
      for (int64_t j = 0; j < c->n; j++) {
        dst[c->index[j]] += src[j];
      }
    } else {
      const double *src = (const double *)y->in[0]->data + r * c->n;
      double *dst = (double *)y->data + r * to;
      for (int64_t j = 0; j < c->n; j++) {
        dst[c->index[j]] += src[j];
      }
    }
  }
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const weiri_columns *c = y->attr;
  gx[0] = weir_gather(t, gy, c->n, c->index);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_scatter(t, in[0], 4, (const int64_t[]){2, 0, 2, 4}, 5);
}
static const weir_probe probe = {1, {{2, {3, 4}}}, -3, 3, build};
const weir_op_class weir_op_scatter = {"scatter", eval, vjp, NULL, &probe};

weir_var weir_scatter(
    weir_tape *t, weir_var x, int64_t n, const int64_t *index, int64_t size) {
  weir_shape s = weir_var_shape(t, x);
  if (!weir_var_ok(x)) {
    return x;
  }
  if (s.rank == 0 || s.dim[s.rank - 1] != n) {
    return weir_op_fail(t, WEIR_E_SHAPE, "scatter: %lld columns for %lld indices",
        (long long)(s.rank == 0 ? 0 : s.dim[s.rank - 1]), (long long)n);
  }
  const weiri_columns c = weiri_columns_copy(t, "scatter", n, index, size);
  s.dim[s.rank - 1] = size;
  return c.index == NULL ? weir_var_none()
                         : weir_op_apply(t, &weir_op_scatter, s, 1, &x, &c, sizeof c);
}
