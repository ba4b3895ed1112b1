/* y = act(x w' + bias), x [n, k], w [h, k]; with opts.prefix, unit j sees its first
 * prefix[j] inputs only (a masked layer in degree order, Germain et al. 2015). */
#include "op/op.h"

typedef struct attr {
  int64_t act;           /* weir_act */
  const int64_t *prefix; /* [h] or NULL */
} attr;

bool weiri_linear_gemm(const weir_node *y, weiri_gemm *g) {
  const bool turned = y->op == &weiri_op_linear_turned;
  if (y->op != &weir_op_linear && !turned) {
    return false;
  }
  static const weiri_act act[] = {WEIRI_ACT_NONE, WEIRI_ACT_RELU, WEIRI_ACT_TANH};
  const attr *a = y->attr;
  const int64_t k = y->in[0]->shape.dim[1], h = y->shape.dim[1];
  *g = (weiri_gemm){.m = y->shape.dim[0],
      .n = h,
      .k = k,
      .a = y->in[0]->data,
      .b = y->in[1]->data,
      .c = y->data,
      .lda = k,
      .ldb = turned ? y->in[1]->shape.dim[1] : k,
      .ldc = h,
      .tb = !turned,
      .padded = turned,
      .bias = y->n_in > 2 ? y->in[2]->data : NULL,
      .act = act[a->act],
      .k_hi = a->prefix};
  return true;
}

static void eval(weir_tape *t, const weir_node *y) {
  weiri_gemm g;
  if (weiri_linear_gemm(y, &g)) {
    weiri_gemm_run(t, &g);
  }
}

/* Gradient before the activation, from the stored result. */
static weir_var before_act(weir_tape *t, const weir_node *y, weir_var gy) {
  const weir_var out = weir_node_var(t, y);
  switch ((weir_act)((const attr *)y->attr)->act) {
  case WEIR_ACT_RELU:
    return weiri_gate(t, gy, out);
  case WEIR_ACT_TANH:
    return weir_mul(t, gy, weir_affine(t, weir_square(t, out), -1.0, 1.0));
  case WEIR_ACT_NONE:
    break;
  }
  return gy;
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const attr *a = y->attr;
  const weir_var x = weir_node_var(t, y->in[0]), w = weir_node_var(t, y->in[1]);
  const weir_var g = before_act(t, y, gy);
  const int64_t h = y->shape.dim[1];
  if (want[0]) {
    gx[0] = a->prefix == NULL
                ? weir_matmul(t, g, w, false, false)
                : weiri_tri_product(t, WEIRI_TRI_DATA, g, w, a->prefix, h);
  }
  if (want[1]) {
    gx[1] = a->prefix == NULL
                ? weir_matmul(t, g, x, true, false)
                : weiri_tri_product(t, WEIRI_TRI_WEIGHT, g, x, a->prefix, h);
  }
  if (y->n_in > 2 && want[2]) {
    gx[2] = weir_sum(t, g, 0);
  }
}

static weir_var build(weir_tape *t, const weir_var *in) {
  static const int64_t prefix[3] = {0, 2, 4};
  const weir_linear_opts dense = {WEIR_ACT_TANH, NULL}, tri = {WEIR_ACT_NONE, prefix};
  /* w masked as weir_linear asks for: zero at and beyond the prefix */
  static const double keep[12] = {0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1};
  const weir_var mask = weir_leaf_f64(t, weir_shape_2(3, 4), keep);
  return weir_add(t, weir_linear(t, in[0], in[1], in[2], dense),
      weir_linear(t, in[0], weir_mul(t, in[1], mask), in[2], tri));
}
static const weir_probe probe = {3, {{2, {5, 4}}, {2, {3, 4}}, {1, {3}}}, -1, 1, build};
const weir_op_class weir_op_linear = {"linear", eval, vjp, NULL, &probe};
const weir_op_class weiri_op_linear_turned = {"linear_turned", eval, NULL, NULL, NULL};

weir_var weir_linear(
    weir_tape *t, weir_var x, weir_var w, weir_var bias, weir_linear_opts opts) {
  const weir_shape sx = weir_var_shape(t, x), sw = weir_var_shape(t, w);
  const attr a = {opts.act, opts.prefix};
  if (!weir_var_ok(x) || !weir_var_ok(w)) {
    return weir_var_none();
  }
  if (sx.rank != 2 || sw.rank != 2 || sx.dim[1] != sw.dim[1]) {
    char tx[128], tw[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "linear: x %s with w %s",
        weiri_shape_text(&sx, tx), weiri_shape_text(&sw, tw));
  }
  const weir_shape sb = weir_var_shape(t, bias);
  if (weir_var_ok(bias) && (sb.rank != 1 || sb.dim[0] != sw.dim[0])) {
    char tb[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "linear: bias %s for %lld units",
        weiri_shape_text(&sb, tb), (long long)sw.dim[0]);
  }
  const weir_var in[3] = {x, w, bias};
  return weir_op_apply(t, &weir_op_linear, weir_shape_2(sx.dim[0], sw.dim[0]),
      weir_var_ok(bias) ? 3 : 2, in, &a, sizeof a);
}
