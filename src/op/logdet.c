/* log |det A| by LU with partial pivoting; gA = g A^-T */
#include "op/matrix.h"

#include <math.h>

static bool log_det(int64_t d, double *work, double *out) {
  weiri_lu(d, work, work + d * d);
  out[0] = 0.0;
  for (int64_t i = 0; i < d; i++) {
    out[0] += log(fabs(work[i * d + i]));
  }
  return true;
}

static void eval(weir_tape *t, const weir_node *y) {
  weiri_eval_matrices(t, y, log_det, 1);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  weir_shape s = y->in[0]->shape;
  s.dim[s.rank - 1] = s.dim[s.rank - 2] = 1;
  const weir_var inv = weir_inverse(t, weir_node_var(t, y->in[0]));
  gx[0] = weir_mul(t, weir_reshape(t, gy, s), weiri_swap_last(t, inv));
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_logdet(t, in[0]);
}
static const weir_probe probe = {1, {{3, {2, 3, 3}}}, -3, 3, build};
const weir_op_class weir_op_logdet = {"logdet", eval, vjp, NULL, &probe};

weir_var weir_logdet(weir_tape *t, weir_var x) {
  if (!weiri_square(t, "logdet", x)) {
    return weir_var_none();
  }
  weir_shape s = weir_var_shape(t, x);
  s.rank -= 2;
  return weir_op_apply(t, &weir_op_logdet, s, 1, &x, NULL, 0);
}
