/* Weights of mixtures, and one component drawn per row. */
#include "dist/mixture.h"

weir_var weiri_unsqueeze(weir_tape *t, weir_var x, int axis) {
  const weir_shape s = weir_var_shape(t, x);
  if (!weir_var_ok(x)) {
    return x;
  }
  weir_shape out = {s.rank + 1, {0}};
  for (int i = 0; i < out.rank; i++) {
    out.dim[i] = i == axis ? 1 : s.dim[i < axis ? i : i - 1];
  }
  return weir_reshape(t, x, out);
}

weir_var weiri_log_weights(weir_tape *t, weir_var logits) {
  const int last = weir_var_shape(t, logits).rank - 1;
  return weir_sub(t, logits, weiri_unsqueeze(t, weir_logsumexp(t, logits), last));
}

/* Component j when C[j - 1] <= u C[k - 1] < C[j], C the running sums: the first
 * component's lower end and the last one's upper end are open, so rounding never leaves
 * a row without one. */
weir_var weiri_choose(weir_tape *t, weir_var log_w, weir_var u) {
  const int rank = weir_var_shape(t, log_w).rank;
  const int64_t k = weir_var_dim(t, log_w, -1);
  const weir_var sums = weir_cumsum(t, weir_exp(t, weir_stop(t, log_w)), false);
  const weir_var total = weir_slice(t, sums, -1, k - 1, 1);
  const weir_var at = weir_mul(t, weiri_unsqueeze(t, u, rank - 1), total);
  const weir_var inner = weir_slice(t, sums, -1, 0, k - 1); /* [.., k - 1] */
  const weir_var passed = weir_lesseq(t, inner, at);        /* 1 1 .. 0 0 */
  const weir_var rows = weir_fill(t, weir_var_shape(t, at), 1.0);
  const weir_var from = weir_concat(t, 2, (weir_var[]){rows, passed}, -1);
  const weir_var zero = weir_fill(t, weir_var_shape(t, at), 0.0);
  const weir_var to = weir_concat(t, 2, (weir_var[]){passed, zero}, -1);
  return weir_sub(t, from, to);
}
