/* Lower L with L L' = the symmetric part of A. Its adjoint (Murray 2016, eq. 10):
 *     P = Phi(L' gL),  gA = sym(L^-T P L^-1),
 * Phi the lower triangle with half the diagonal. */
#include "op/matrix.h"

#include <math.h>

static bool factor(int64_t d, double *a, double *l) {
  bool positive = true;
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) {
      double sum = 0.5 * (a[i * d + j] + a[j * d + i]);
      for (int64_t k = 0; k < j && j <= i; k++) {
        sum -= l[i * d + k] * l[j * d + k];
      }
      positive = positive && (i != j || sum > 0.0);
      l[i * d + j] = j > i ? 0.0 : j == i ? sqrt(sum) : sum / l[j * d + j];
    }
  }
  return positive;
}

static void eval(weir_tape *t, const weir_node *y) {
  const int64_t d = y->shape.dim[y->shape.rank - 1];
  weiri_eval_matrices(t, y, factor, d * d);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const weir_tri_opts inverse = {.lower = true, .transpose = true};
  const weir_var l = weir_node_var(t, y);
  const weir_var p = weir_mul(t, weir_matmul(t, l, gy, true, false),
      weiri_triangle(t, y->shape, (weiri_band){true, 0.5}));
  const weir_var right = weir_solve_tri(t, l, p, inverse); /* P L^-1 */
  const weir_var s = weir_solve_tri(t, l, weiri_swap_last(t, right), inverse);
  gx[0] = weir_scale(t, weir_add(t, s, weiri_swap_last(t, s)), 0.5);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  const weir_var square = weir_matmul(t, in[0], in[0], true, false);
  const weir_var i = weiri_triangle(t, weir_shape_2(3, 3), (weiri_band){true, 1.0});
  const weir_var eye = weir_mul(t, i, weiri_swap_last(t, i));
  return weir_cholesky(t, weir_add(t, weir_add(t, square, eye), in[1]));
}
static const weir_probe probe = {2, {{3, {2, 4, 3}}, {2, {3, 3}}}, -0.2, 0.2, build};
const weir_op_class weir_op_cholesky = {"cholesky", eval, vjp, NULL, &probe};

weir_var weir_cholesky(weir_tape *t, weir_var x) {
  return weiri_square(t, "cholesky", x)
             ? weir_op_apply(t, &weir_op_cholesky, weir_var_shape(t, x), 1, &x, NULL, 0)
             : weir_var_none();
}
