/* Products row by row, with parameters that may differ from row to row. */
#include "layer/rows.h"

/* Keeps the reflection in a vector of length 0 the identity. */
#define TINY 1e-24

weir_var weiri_row_dot(weir_tape *t, weir_var a, weir_var b) {
  const weir_var sum = weir_sum_last(t, weir_mul(t, a, b));
  return weir_reshape(t, sum, weir_shape_2(weir_var_dim(t, sum, 0), 1));
}

weir_var weiri_reflect(
    weir_tape *t, weir_var x, weir_var v, int64_t k, int64_t d, bool turned) {
  for (int64_t i = 0; i < k; i++) {
    const weir_var u = weir_slice(t, v, 1, (turned ? k - 1 - i : i) * d, d);
    const weir_var norm = weir_shift(t, weiri_row_dot(t, u, u), TINY);
    const weir_var share = weir_div(t, weiri_row_dot(t, u, x), norm);
    x = weir_sub(t, x, weir_scale(t, weir_mul(t, share, u), 2.0));
  }
  return x;
}

weir_var weiri_row_product(weir_tape *t, weir_var x, weir_var matrix, bool transposed) {
  const weir_shape s = weir_var_shape(t, matrix);
  if (s.rank == 2) {
    return weir_matmul(t, x, matrix, false, transposed);
  }
  const int64_t n = weir_var_dim(t, x, 0), a = weir_var_dim(t, x, 1);
  const weir_var y = weir_matmul(
      t, weir_reshape(t, x, weir_shape_3(n, 1, a)), matrix, false, transposed);
  return weir_reshape(t, y, weir_shape_2(n, weir_var_dim(t, y, 2)));
}

void weiri_push_rows(
    const weir_layer *l, weir_run *run, weir_var log_det, bool negated) {
  weir_tape *t = run->tape;
  const weir_var rows =
      weir_reshape(t, log_det, weir_shape_1(weir_var_dim(t, log_det, 0)));
  weir_run_part(run, WEIR_PART_LOG_DET, l->path, negated ? weir_neg(t, rows) : rows,
      weir_var_none());
}
