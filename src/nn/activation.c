/* Nonlinearities of networks, and dropout (Srivastava et al. 2014, inverted). */
#include "nn/nn.h"

weir_var weiri_activate(weir_tape *t, weiri_activation a, weir_var x) {
  static weir_var (*const fn[])(weir_tape *, weir_var) = {
      weir_relu, weir_tanh, weir_elu, weir_sigmoid, weir_softplus};
  return fn[a](t, x);
}

void weiri_activate_columns(weir_tape *t, weiri_activation a, int64_t n, int64_t ld,
    int64_t first, int64_t count, void *x) {
  const weiri_kern *k = weiri_tape_kern(t);
  weiri_unary_fn *const *const fns[] = {
      k->relu, k->tanh, k->elu, k->sigmoid, k->softplus};
  const weir_dtype dtype = weir_tape_dtype(t);
  const size_t size = weir_dtype_size(dtype);
  weiri_unary_fn *fn = fns[a][dtype];
  for (int64_t i = 0; i < n; i++) {
    char *row = (char *)x + (size_t)(i * ld + first) * size;
    fn(count, row, row);
  }
}

weir_var weiri_dropout(weir_run *run, const char *path, double p, weir_var x) {
  if (p == 0.0 || weir_run_mode(run) != WEIR_TRAIN) {
    return x;
  }
  weir_tape *t = weir_run_tape(run);
  const weir_var u =
      weir_run_uniform(run, path, weir_var_dim(t, x, 0), weir_var_dim(t, x, 1));
  const weir_var kept = weir_less(t, u, weir_fill(t, weir_shape_0(), 1.0 - p));
  return weir_mul(t, x, weir_scale(t, kept, 1.0 / (1.0 - p)));
}
