/* Running sum along the last axis, from the end when reverse; the adjoint runs the
 * other way */
#include "op/rows.h"

#define CUMSUM(T, name)                                                                \
  static void name##_up(int64_t m, int64_t n, const void *px, void *py) {              \
    const T *x = px;                                                                   \
    T *y = py;                                                                         \
    for (int64_t i = 0; i < m; i++) {                                                  \
      T sum = 0;                                                                       \
      for (int64_t j = 0; j < n; j++) {                                                \
        y[i * n + j] = sum += x[i * n + j];                                            \
      }                                                                                \
    }                                                                                  \
  }                                                                                    \
  static void name##_down(int64_t m, int64_t n, const void *px, void *py) {            \
    const T *x = px;                                                                   \
    T *y = py;                                                                         \
    for (int64_t i = 0; i < m; i++) {                                                  \
      T sum = 0;                                                                       \
      for (int64_t j = n; j-- > 0;) {                                                  \
        y[i * n + j] = sum += x[i * n + j];                                            \
      }                                                                                \
    }                                                                                  \
  }
CUMSUM(float, f32)
CUMSUM(double, f64)

static void eval(weir_tape *t, const weir_node *y) {
  static weiri_rows_fn *const fn[2][2] = {{f32_up, f32_down}, {f64_up, f64_down}};
  const bool reverse = *(const bool *)y->attr;
  weiri_eval_rows(
      t, y, fn[weir_tape_dtype(t)][reverse], y->shape.dim[y->shape.rank - 1], 2.0);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  gx[0] = weir_cumsum(t, gy, !*(const bool *)y->attr);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_mul(t, weir_cumsum(t, in[0], false), weir_cumsum(t, in[0], true));
}
static const weir_probe probe = {1, {{2, {3, 5}}}, -3, 3, build};
const weir_op_class weir_op_cumsum = {"cumsum", eval, vjp, NULL, &probe};

weir_var weir_cumsum(weir_tape *t, weir_var x, bool reverse) {
  const weir_shape s = weir_var_shape(t, x);
  if (weir_var_ok(x) && s.rank == 0) {
    return weir_op_fail(t, WEIR_E_SHAPE, "cumsum: a scalar has no last axis");
  }
  return weir_op_apply(t, &weir_op_cumsum, s, 1, &x, &reverse, sizeof reverse);
}
