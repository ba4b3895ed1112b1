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

/* Leaky ReLU or SiLU: x beside its other argument. */
static void activate_pair(const weiri_kern *k, weir_dtype dtype, weiri_activation a,
    int64_t count, const char *x, char *y) {
  double other[PIECE];
  for (int64_t i = 0; i < count; i += PIECE) {
    const int64_t n = count - i < PIECE ? count - i : PIECE;
    const size_t at = (size_t)i * weir_dtype_size(dtype);
    if (a == WEIRI_SILU) {
      k->sigmoid[dtype](n, x + at, other);
      k->bin_mul[dtype](n, x + at, 1, other, 1, y + at);
    } else {
      k->affine[dtype](n, LEAK, 0.0, x + at, other);
      k->bin_max[dtype](n, x + at, 1, other, 1, y + at);
    }
  }
}

void weiri_activate_numbers(const weiri_kern *k, weir_dtype dtype, weiri_activation a,
    int64_t n, const void *x, void *y) {
  weiri_unary_fn *const *const fns[] = {
      k->relu, k->tanh, k->elu, k->sigmoid, k->softplus};
  if (a == WEIRI_LEAKY_RELU || a == WEIRI_SILU) {
    activate_pair(k, dtype, a, n, x, y);
  } else {
    fns[a][dtype](n, x, y);
  }
}

/* slope *= sigmoid(x) */
static void silu_share(
    const weiri_kern *k, weir_dtype dtype, int64_t count, const char *x, char *slope) {
  double s[PIECE];
  for (int64_t i = 0; i < count; i += PIECE) {
    const int64_t n = count - i < PIECE ? count - i : PIECE;
    const size_t at = (size_t)i * weir_dtype_size(dtype);
    k->sigmoid[dtype](n, x + at, s);
    k->bin_mul[dtype](n, slope + at, 1, s, 1, slope + at);
  }
}

void weiri_activate_slopes(const weiri_kern *k, weir_dtype dtype, weiri_activation a,
    int64_t n, const void *x, const void *y, void *slope) {
  const float zero_f32 = 0.0f;
  const double zero_f64 = 0.0;
  const void *zero = dtype == WEIR_F32 ? (const void *)&zero_f32 : &zero_f64;
  switch (a) {
  case WEIRI_RELU:
    k->step[dtype](n, y, slope);
    break;
  case WEIRI_LEAKY_RELU:
    k->step[dtype](n, y, slope);
    k->affine[dtype](n, 1.0 - LEAK, LEAK, slope, slope);
    break;
  case WEIRI_TANH:
    k->square[dtype](n, y, slope);
    k->affine[dtype](n, -1.0, 1.0, slope, slope);
    break;
  case WEIRI_ELU: /* 1, or exp(x) = y + 1 */
    k->bin_min[dtype](n, y, 1, zero, 0, slope);
    k->affine[dtype](n, 1.0, 1.0, slope, slope);
    break;
  case WEIRI_SIGMOID:
    k->affine[dtype](n, -1.0, 1.0, y, slope);
    k->bin_mul[dtype](n, slope, 1, y, 1, slope);
    break;
  case WEIRI_SOFTPLUS: /* sigmoid(x) = 1 - exp(-y) */
    k->neg[dtype](n, y, slope);
    k->expm1[dtype](n, slope, slope);
    k->neg[dtype](n, slope, slope);
    break;
  case WEIRI_SILU: /* s + x s (1 - s) = s (1 + x - y), s = sigmoid(x) */
    k->bin_sub[dtype](n, x, 1, y, 1, slope);
    k->affine[dtype](n, 1.0, 1.0, slope, slope);
    silu_share(k, dtype, n, x, slope);
    break;
  }
}

weir_var weiri_dropout_mask(
    weir_run *run, const char *path, double p, int64_t n, int64_t width) {
  if (p == 0.0 || weir_run_mode(run) != WEIR_TRAIN) {
    return weir_var_none();
  }
  weir_tape *t = weir_run_tape(run);
  const weir_var u = weir_run_uniform(run, path, n, width);
  const weir_var kept = weir_less(t, u, weir_fill(t, weir_shape_0(), 1.0 - p));
  return weir_scale(t, kept, 1.0 / (1.0 - p));
}

weir_var weiri_dropout(weir_run *run, const char *path, double p, weir_var x) {
  weir_tape *t = weir_run_tape(run);
  const weir_var mask =
      weiri_dropout_mask(run, path, p, weir_var_dim(t, x, 0), weir_var_dim(t, x, 1));
  return weir_var_ok(mask) ? weir_mul(t, x, mask) : x;
}
