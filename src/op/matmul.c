/* C = op(A) op(B) over the last two axes; leading axes of A are kept, B has the same or
 * none. Gradients: dA = G op(B)', dB = op(A)' G, transposed as the argument was. */
#include "op/matrix.h"

typedef struct attr {
  bool ta, tb;
} attr;

/* The first of the products. */
static weiri_gemm first_product(const weir_node *y) {
  const attr *a = y->attr;
  const weir_shape *sa = &y->in[0]->shape, *sb = &y->in[1]->shape, *sy = &y->shape;
  const int64_t n = sy->dim[sy->rank - 1];
  return (weiri_gemm){.m = sy->dim[sy->rank - 2],
      .n = n,
      .k = sa->dim[sa->rank - (a->ta ? 2 : 1)],
      .a = y->in[0]->data,
      .b = y->in[1]->data,
      .c = y->data,
      .lda = sa->dim[sa->rank - 1],
      .ldb = sb->dim[sb->rank - 1],
      .ldc = n,
      .ta = a->ta,
      .tb = a->tb};
}

bool weiri_matmul_gemm(const weir_node *y, weiri_gemm *g) {
  if (y->op != &weir_op_matmul || y->shape.rank != 2) {
    return false;
  }
  *g = first_product(y);
  return true;
}

static void eval(weir_tape *t, const weir_node *y) {
  const weir_shape *sb = &y->in[1]->shape, *sy = &y->shape;
  const size_t size = weir_dtype_size(weir_tape_dtype(t));
  weiri_gemm g = first_product(y);
  const int64_t m = g.m, n = g.n;
  const int64_t batch = m * n == 0 ? 0 : weir_shape_size(sy) / (m * n);
  const size_t step_a = (size_t)(m * g.k) * size, step_c = (size_t)(m * n) * size;
  const size_t step_b = sb->rank == 2 ? 0 : (size_t)(g.k * n) * size;
  for (int64_t i = 0; i < batch; i++) {
    weiri_gemm_run(t, &g);
    g.a = (const char *)g.a + step_a;
    g.b = (const char *)g.b + step_b;
    g.c = (char *)g.c + step_c;
  }
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const attr *at = y->attr;
  const weir_var a = weir_node_var(t, y->in[0]), b = weir_node_var(t, y->in[1]);
  if (want[0]) {
    gx[0] = at->ta ? weir_matmul(t, b, gy, at->tb, true)
                   : weir_matmul(t, gy, b, false, !at->tb);
  }
  if (!want[1]) {
    return;
  }
  const bool shared = y->in[1]->shape.rank == 2 && y->in[0]->shape.rank > 2;
  const weir_var ra = shared ? weiri_fold_rows(t, a) : a,
                 rg = shared ? weiri_fold_rows(t, gy) : gy;
  gx[1] = at->tb ? weir_matmul(t, rg, ra, true, at->ta)
                 : weir_matmul(t, ra, rg, !at->ta, false);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  const weir_var ab = weir_matmul(t, in[0], in[1], false, true); /* [2,3,4][2,5,4]' */
  return weir_matmul(t, ab, in[1], false, false);
}
static const weir_probe probe = {2, {{3, {2, 3, 4}}, {3, {2, 5, 4}}}, -2, 2, build};
const weir_op_class weir_op_matmul = {"matmul", eval, vjp, NULL, &probe};

static bool result_shape(
    const weir_shape *a, const weir_shape *b, attr at, weir_shape *y) {
  if (a->rank < 2 || (b->rank != 2 && b->rank != a->rank) ||
      (at.ta && b->rank != a->rank)) {
    return false;
  }
  *y = *a;
  for (int i = 0; i < a->rank - 2 && b->rank > 2; i++) {
    if (a->dim[i] != b->dim[i]) {
      return false;
    }
  }
  y->dim[a->rank - 2] = a->dim[a->rank - (at.ta ? 1 : 2)];
  y->dim[a->rank - 1] = b->dim[b->rank - (at.tb ? 2 : 1)];
  return a->dim[a->rank - (at.ta ? 2 : 1)] == b->dim[b->rank - (at.tb ? 1 : 2)];
}

weir_var weir_matmul(weir_tape *t, weir_var a, weir_var b, bool ta, bool tb) {
  const weir_shape sa = weir_var_shape(t, a), sb = weir_var_shape(t, b);
  const attr at = {ta, tb};
  weir_shape out;
  if (!weir_var_ok(a) || !weir_var_ok(b)) {
    return weir_var_none();
  }
  if (!result_shape(&sa, &sb, at, &out)) {
    char x[128], y[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "matmul: %s%s with %s%s",
        weiri_shape_text(&sa, x), ta ? "'" : "", weiri_shape_text(&sb, y),
        tb ? "'" : "");
  }
  if (sb.rank == 2 && sa.rank > 2) {
    return weir_reshape(t, weir_matmul(t, weiri_fold_rows(t, a), b, ta, tb), out);
  }
  const weir_var in[2] = {a, b};
  return weir_op_apply(t, &weir_op_matmul, out, 2, in, &at, sizeof at);
}
