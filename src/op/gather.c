/* Column index[j] of the last axis becomes column j */
#include "op/columns.h"

#include <string.h>

weiri_columns weiri_columns_copy(
    weir_tape *t, const char *name, int64_t n, const int64_t *index, int64_t size) {
  weiri_columns c = {n, NULL};
  for (int64_t i = 0; i < n; i++) {
    if (index[i] < 0 || index[i] >= size) {
      weir_op_fail(t, WEIR_E_SHAPE, "%s: column %lld of %lld", name,
          (long long)index[i], (long long)size);
      return c;
    }
  }
  int64_t *copy = weiri_tape_take(t, (size_t)(n > 0 ? n : 1) * sizeof *copy);
  if (copy != NULL) {
    memcpy(copy, index, (size_t)n * sizeof *copy);
  }
  c.index = copy;
  return c;
}

static void eval(weir_tape *t, const weir_node *y) {
  const weiri_columns *c = y->attr;
  const weir_shape *in = &y->in[0]->shape;
  const int64_t from = in->dim[in->rank - 1];
  const int64_t rows = from == 0 ? 0 : weir_shape_size(in) / from;
  for (int64_t r = 0; r < rows; r++) {
    if (weir_tape_dtype(t) == WEIR_F32) {
      const float *src = (const float *)y->in[0]->data + r * from;
      float *dst = (float *)y->data + r * c->n;
      for (int64_t j = 0; j < c->n; j++) {
        dst[j] = src[c->index[j]];
      }
    } else {
      const double *src = (const double *)y->in[0]->data + r * from;
      double *dst = (double *)y->data + r * c->n;
      for (int64_t j = 0; j < c->n; j++) {
        dst[j] = src[c->index[j]];
      }
    }
  }
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const weiri_columns *c = y->attr;
  const weir_shape *in = &y->in[0]->shape;
  gx[0] = weir_scatter(t, gy, c->n, c->index, in->dim[in->rank - 1]);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_gather(t, in[0], 4, (const int64_t[]){2, 0, 2, 1});
}
static const weir_probe probe = {1, {{2, {3, 3}}}, -3, 3, build};
const weir_op_class weir_op_gather = {"gather", eval, vjp, NULL, &probe};

weir_var weir_gather(weir_tape *t, weir_var x, int64_t n, const int64_t *index) {
  weir_shape s = weir_var_shape(t, x);
  if (!weir_var_ok(x)) {
    return x;
  }
  if (s.rank == 0) {
    return weir_op_fail(t, WEIR_E_SHAPE, "gather: a scalar has no columns");
  }
  const weiri_columns c = weiri_columns_copy(t, "gather", n, index, s.dim[s.rank - 1]);
  s.dim[s.rank - 1] = n;
  return c.index == NULL ? weir_var_none()
                         : weir_op_apply(t, &weir_op_gather, s, 1, &x, &c, sizeof c);
}
