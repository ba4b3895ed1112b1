/* a where mask is not 0, else b; broadcast beforehand, so that a NaN in the branch not
 * taken never meets arithmetic */
#include "op/op.h"

static void eval(weir_tape *t, const weir_node *y) {
  const int64_t n = weir_shape_size(&y->shape);
  if (weir_tape_dtype(t) == WEIR_F32) {
    const float *m = y->in[0]->data, *a = y->in[1]->data, *b = y->in[2]->data;
    float *out = y->data;
    for (int64_t i = 0; i < n; i++) {
      out[i] = m[i] != 0 ? a[i] : b[i];
    }
  } else {
    const double *m = y->in[0]->data, *a = y->in[1]->data, *b = y->in[2]->data;
    double *out = y->data;
    for (int64_t i = 0; i < n; i++) {
      out[i] = m[i] != 0 ? a[i] : b[i];
    }
  }
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const weir_var mask = weir_node_var(t, y->in[0]);
  const weir_var zero = weir_fill(t, weir_shape_0(), 0.0);
  if (want[1]) {
    gx[1] = weir_where(t, mask, gy, zero);
  }
  if (want[2]) {
    gx[2] = weir_where(t, mask, zero, gy);
  }
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_where(t, weir_step(t, in[2]), in[0], in[1]);
}
static const weir_probe probe = {3, {{2, {3, 4}}, {1, {4}}, {2, {3, 1}}}, -3, 3, build};
const weir_op_class weir_op_where = {"where", eval, vjp, NULL, &probe};

weir_var weir_where(weir_tape *t, weir_var mask, weir_var a, weir_var b) {
  const weir_shape sm = weir_var_shape(t, mask), sa = weir_var_shape(t, a),
                   sb = weir_var_shape(t, b);
  weir_shape ab, y;
  if (!weir_var_ok(mask) || !weir_var_ok(a) || !weir_var_ok(b)) {
    return weir_var_none();
  }
  if (!weiri_broadcast_shape(&sa, &sb, &ab) || !weiri_broadcast_shape(&ab, &sm, &y)) {
    char tm[128], ta[128], tb[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "where: %s ? %s : %s",
        weiri_shape_text(&sm, tm), weiri_shape_text(&sa, ta),
        weiri_shape_text(&sb, tb));
  }
  const weir_var in[3] = {
      weir_broadcast(t, mask, y), weir_broadcast(t, a, y), weir_broadcast(t, b, y)};
  return weir_op_apply(t, &weir_op_where, y, 3, in, NULL, 0);
}
