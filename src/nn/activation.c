/* Nonlinearities of networks, and dropout (Srivastava et al. 2014, inverted). */
#include "nn/nn.h"

#define LEAK 0.01

static weir_var leaky_relu(weir_tape *t, weir_var x) {
  return weir_max(t, x, weir_scale(t, x, LEAK));
}

/* Swish (Ramachandran et al. 2017) */
static weir_var silu(weir_tape *t, weir_var x) {
  return weir_mul(t, x, weir_sigmoid(t, x));
}

weir_var weiri_activate(weir_tape *t, weiri_activation a, weir_var x) {
  static weir_var (*const fn[])(weir_tape *, weir_var) = {
      weir_relu, weir_tanh, weir_elu, weir_sigmoid, weir_softplus, leaky_relu, silu};
  return fn[a](t, x);
}

weir_var weiri_activation_slope(weir_tape *t, weiri_activation a, weir_var y) {
  if (a == WEIRI_LEAKY_RELU) {
    return weir_affine(t, weir_step(t, y), 1.0 - LEAK, LEAK);
  }
  return a == WEIRI_RELU ? weir_step(t, y) : weir_var_none();
}

enum { PIECE = 256 };

/* Leaky ReLU or SiLU of a row in place: x beside its other argument. */
static void activate_pair(
    const weiri_kern *k, weir_dtype dtype, weiri_activation a, int64_t count, char *x) {
  double other[PIECE];
  for (int64_t i = 0; i < count; i += PIECE) {
    const int64_t n = count - i < PIECE ? count - i : PIECE;
    char *at = x + (size_t)i * weir_dtype_size(dtype);
    if (a == WEIRI_SILU) {
      k->sigmoid[dtype](n, at, other);
      k->bin_mul[dtype](n, at, 1, other, 1, at);
    } else {
      k->affine[dtype](n, LEAK, 0.0, at, other);
      k->bin_max[dtype](n, at, 1, other, 1, at);
    }
  }
}

void weiri_activate_columns(weir_tape *t, weiri_activation a, int64_t n, int64_t ld,
    int64_t first, int64_t count, void *x) {
  const weiri_kern *k = weiri_tape_kern(t);
  weiri_unary_fn *const *const fns[] = {
      k->relu, k->tanh, k->elu, k->sigmoid, k->softplus};
  const weir_dtype dtype = weir_tape_dtype(t);
  const size_t size = weir_dtype_size(dtype);
  for (int64_t i = 0; i < n; i++) {
    char *row = (char *)x + (size_t)(i * ld + first) * size;
    if (a == WEIRI_LEAKY_RELU || a == WEIRI_SILU) {
      activate_pair(k, dtype, a, count, row);
    } else {
      fns[a][dtype](count, row, row);
    }
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
