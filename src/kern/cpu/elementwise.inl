/* Elementwise functions of one and two arguments for one number type. */

#define UNARY(name, expr)                                                              \
  static void NAME(name)(int64_t n, const void *px, void *py) {                        \
    const T *restrict in = px;                                                         \
    T *restrict out = py;                                                              \
    for (int64_t i = 0; i < n; i++) {                                                  \
      const T x = in[i];                                                               \
      out[i] = (expr);                                                                 \
    }                                                                                  \
  }

UNARY(exp, NAME(vexp)(x))
UNARY(log, NAME(vlog)(x))
UNARY(log1p, NAME(vlog1p)(x))
UNARY(expm1, NAME(vexpm1)(x))
UNARY(sqrt, LIBM(sqrt)(x))
UNARY(recip, 1 / x)
UNARY(square, x *x)
UNARY(abs, x < 0 ? -x : x + 0)
UNARY(neg, -x)
UNARY(sign, (T)((x > 0) - (x < 0)))
UNARY(tanh, NAME(vtanh)(x))
UNARY(sigmoid, NAME(vsigmoid)(x))
UNARY(softplus, NAME(vsoftplus)(x))
UNARY(logsigmoid, -NAME(vsoftplus)(-x))
UNARY(relu, x > 0 ? x : 0 * x)
UNARY(step, x > 0 ? (T)1 : (T)0)
UNARY(elu, x > 0 ? x : NAME(vexpm1)(x))
UNARY(erf, NAME(verf)(x))
UNARY(atan, NAME(vatan)(x))

/* In blocks: all elements by the short reduction, then libm for the huge ones, so that
 * a result does not depend on its neighbours. */
static void NAME(turned_all)(int64_t n, const T *in, T *out, int turn, T (*exact)(T)) {
  enum { BLOCK = 128 };
  T y[BLOCK];
  for (int64_t at = 0; at < n; at += BLOCK) {
    const int64_t count = n - at < BLOCK ? n - at : BLOCK;
    const T *x = in + at;
    for (int64_t i = 0; i < count; i++) {
      y[i] = NAME(turned)(x[i], turn);
    }
    for (int64_t i = 0; i < count; i++) {
      const T a = x[i] < 0 ? -x[i] : x[i];
      if (!(a <= (T)TRIG_MAX)) {
        y[i] = exact(x[i]);
      }
    }
    memcpy(out + at, y, (size_t)count * sizeof(T));
  }
}

static void NAME(sin)(int64_t n, const void *x, void *y) {
  NAME(turned_all)(n, x, y, 0, LIBM(sin));
}

static void NAME(cos)(int64_t n, const void *x, void *y) {
  NAME(turned_all)(n, x, y, 1, LIBM(cos));
}

/* The three stride patterns that matter are loops of their own. */
#define BINARY(name, expr)                                                             \
  static void NAME(bin_##name)(                                                        \
      int64_t n, const void *pa, int64_t sa, const void *pb, int64_t sb, void *py) {   \
    const T *restrict u = pa;                                                          \
    const T *restrict v = pb;                                                          \
    T *restrict out = py;                                                              \
    if (sa == 1 && sb == 1) {                                                          \
      for (int64_t i = 0; i < n; i++) {                                                \
        const T a = u[i], b = v[i];                                                    \
        out[i] = (expr);                                                               \
      }                                                                                \
    } else if (sa == 1) {                                                              \
      const T b = v[0];                                                                \
      for (int64_t i = 0; i < n; i++) {                                                \
        const T a = u[i];                                                              \
        out[i] = (expr);                                                               \
      }                                                                                \
    } else {                                                                           \
      const T a = u[0];                                                                \
      for (int64_t i = 0; i < n; i++) {                                                \
        const T b = v[i * sb];                                                         \
        out[i] = (expr);                                                               \
      }                                                                                \
    }                                                                                  \
  }

BINARY(add, a + b)
BINARY(sub, a - b)
BINARY(mul, a *b)
BINARY(div, a / b)
BINARY(max, a > b || a != a ? a : b)
BINARY(min, a < b || a != a ? a : b)
BINARY(less, a < b ? (T)1 : (T)0)
BINARY(lesseq, a <= b ? (T)1 : (T)0)
BINARY(pow, LIBM(pow)(a, b))
BINARY(gate, a *(b > 0 ? (T)1 : (T)0))

static void NAME(affine)(
    int64_t n, double alpha, double beta, const void *px, void *py) {
  const T *restrict x = px;
  T *restrict y = py;
  const T a = (T)alpha, b = (T)beta;
  for (int64_t i = 0; i < n; i++) {
    y[i] = a * x[i] + b;
  }
}

static void NAME(accumulate)(int64_t n, const void *px, void *py) {
  const T *restrict x = px;
  T *restrict y = py;
  for (int64_t i = 0; i < n; i++) {
    y[i] += x[i];
  }
}

static void NAME(ema)(int64_t n, double decay, const void *px, void *py) {
  const T *restrict x = px;
  T *restrict y = py;
  const T keep = (T)decay, take = (T)(1.0 - decay);
  for (int64_t i = 0; i < n; i++) {
    y[i] = keep * y[i] + take * x[i];
  }
}

static void NAME(adam)(int64_t n, void *pw, void *pm, void *pv, const void *pg,
    double lr, double decay, double beta1, double beta2, double eps, double c1,
    double c2, double scale) {
  T *restrict w = pw;
  T *restrict m = pm;
  T *restrict v = pv;
  const T *restrict g = pg;
  const T b1 = (T)beta1, b2 = (T)beta2, a1 = (T)(1.0 - beta1), a2 = (T)(1.0 - beta2);
  const T rate = (T)(lr / c1), root = (T)(1.0 / c2), e = (T)eps, s = (T)scale;
  const T keep = (T)(1.0 - decay);
  for (int64_t i = 0; i < n; i++) {
    const T q = s * g[i];
    m[i] = b1 * m[i] + a1 * q;
    v[i] = b2 * v[i] + a2 * q * q;
    w[i] = keep * w[i] - rate * m[i] / (LIBM(sqrt)(v[i] * root) + e);
  }
}
