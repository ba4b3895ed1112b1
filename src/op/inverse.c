/* Y = A^-1 by LU with partial pivoting; gA = -Y' gY Y' */
#include "op/matrix.h"

/* Column c of the inverse: P A = L U, so U y = L^-1 P e_c. */
static void column(
    int64_t d, const double *lu, const double *pivot, int64_t c, double *y) {
  for (int64_t i = 0; i < d; i++) {
    y[i] = i == c ? 1.0 : 0.0;
  }
  for (int64_t k = 0; k < d; k++) {
    const int64_t p = (int64_t)pivot[k];
    const double hold = y[k];
    y[k] = y[p];
    y[p] = hold;
  }
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < i; j++) {
      y[i] -= lu[i * d + j] * y[j];
    }
  }
  for (int64_t i = d; i-- > 0;) {
    for (int64_t j = i + 1; j < d; j++) {
      y[i] -= lu[i * d + j] * y[j];
    }
    y[i] /= lu[i * d + i];
  }
}

static bool invert(int64_t d, double *work, double *out) {
  double *pivot = work + d * d, *y = pivot + d;
  weiri_lu(d, work, pivot);
  for (int64_t c = 0; c < d; c++) {
    column(d, work, pivot, c, y);
    for (int64_t i = 0; i < d; i++) {
      out[i * d + c] = y[i];
    }
  }
  return true;
}

static void eval(weir_tape *t, const weir_node *y) {
  const int64_t d = y->shape.dim[y->shape.rank - 1];
  weiri_eval_matrices(t, y, invert, d * d);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const weir_var inv = weir_node_var(t, y);
  gx[0] = weir_neg(
      t, weir_matmul(t, weir_matmul(t, inv, gy, true, false), inv, false, true));
}

static weir_var build(weir_tape *t, const weir_var *in) {
  const weir_var a = weir_mul(
      t, in[0], weiri_triangle(t, weir_shape_2(3, 3), (weiri_band){true, 4.0}));
  return weir_inverse(t, weir_add(t, a, weir_shift(t, in[0], 0.1)));
}
static const weir_probe probe = {1, {{3, {2, 3, 3}}}, 0.3, 0.9, build};
const weir_op_class weir_op_inverse = {"inverse", eval, vjp, NULL, &probe};

weir_var weir_inverse(weir_tape *t, weir_var x) {
  return weiri_square(t, "inverse", x)
             ? weir_op_apply(t, &weir_op_inverse, weir_var_shape(t, x), 1, &x, NULL, 0)
             : weir_var_none();
}
