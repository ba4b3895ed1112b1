/* The definition of correct: every kernel written out, with libm, in float64. */

#define UNARY(name, expr)                                                              \
  static void NAME(name)(int64_t n, const void *px, void *py) {                        \
    for (int64_t i = 0; i < n; i++) {                                                  \
      const double x = (double)((const T *)px)[i];                                     \
      ((T *)py)[i] = (T)(expr);                                                        \
    }                                                                                  \
  }
UNARY(exp, exp(x))
UNARY(log, log(x))
UNARY(log1p, log1p(x))
UNARY(expm1, expm1(x))
UNARY(sqrt, sqrt(x))
UNARY(recip, 1 / x)
UNARY(square, x *x)
UNARY(abs, fabs(x))
UNARY(neg, -x)
UNARY(sign, (x > 0) - (x < 0))
UNARY(sin, sin(x))
UNARY(cos, cos(x))
UNARY(tanh, tanh(x))
UNARY(sigmoid, x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)))
UNARY(softplus, fmax(x, 0) + log1p(exp(-fabs(x))))
UNARY(logsigmoid, -(fmax(-x, 0) + log1p(exp(-fabs(x)))))
UNARY(relu, x > 0 ? x : 0 * x)
UNARY(step, x > 0)
UNARY(elu, x > 0 ? x : expm1(x))
UNARY(erf, erf(x))
UNARY(atan, atan(x))
#undef UNARY

#define BINARY(name, expr)                                                             \
  static void NAME(bin_##name)(                                                        \
      int64_t n, const void *pa, int64_t sa, const void *pb, int64_t sb, void *py) {   \
    for (int64_t i = 0; i < n; i++) {                                                  \
      const double a = (double)((const T *)pa)[i * sa];                                \
      const double b = (double)((const T *)pb)[i * sb];                                \
      ((T *)py)[i] = (T)(expr);                                                        \
    }                                                                                  \
  }
BINARY(add, a + b)
BINARY(sub, a - b)
BINARY(mul, a *b)
BINARY(div, a / b)
BINARY(max, a > b || isnan(a) ? a : b)
BINARY(min, a < b || isnan(a) ? a : b)
BINARY(less, a < b)
BINARY(lesseq, a <= b)
BINARY(pow, pow(a, b))
BINARY(gate, a *(b > 0))
#undef BINARY

static size_t NAME(gemm_scratch)(const weiri_gemm *g) {
  (void)g;
  return 0;
}

static double NAME(dot)(const weiri_gemm *g, int64_t i, int64_t j) {
  const T *a = g->a, *b = g->b;
  const int64_t lo = g->k_lo == NULL ? 0 : g->k_lo[j];
  const int64_t hi = g->k_hi == NULL ? g->k : g->k_hi[j];
  double sum = 0.0;
  for (int64_t k = lo; k < hi; k++) {
    sum += (double)(g->ta ? a[k * g->lda + i] : a[i * g->lda + k]) *
           (double)(g->tb ? b[j * g->ldb + k] : b[k * g->ldb + j]);
  }
  return sum;
}

static void NAME(gemm)(const weiri_gemm *g, void *scratch) {
  (void)scratch;
  for (int64_t i = 0; i < g->m; i++) {
    for (int64_t j = 0; j < g->n; j++) {
      T *c = (T *)g->c + i * g->ldc + j;
      if (g->n_hi != NULL && j >= g->n_hi[i]) {
        *c = g->accumulate ? *c : 0;
        continue;
      }
      double v = NAME(dot)(g, i, j) + (g->accumulate ? (double)*c : 0.0);
      v += g->bias == NULL ? 0.0 : (double)((const T *)g->bias)[j];
      v = g->act == WEIRI_ACT_RELU   ? fmax(v, 0.0)
          : g->act == WEIRI_ACT_TANH ? tanh(v)
                                     : v;
      v *= g->gate == NULL || ((const T *)g->gate)[i * g->ldc + j] > 0 ? 1.0 : 0.0;
      *c = (T)(v +
               (g->plus == NULL ? 0.0 : (double)((const T *)g->plus)[i * g->ldc + j]));
    }
  }
}

static void NAME(affine)(int64_t n, double alpha, double beta, const void *x, void *y) {
  for (int64_t i = 0; i < n; i++) {
    ((T *)y)[i] = (T)(alpha * (double)((const T *)x)[i] + beta);
  }
}

static void NAME(transpose)(
    int64_t m, int64_t n, const void *x, int64_t ldx, void *y, int64_t ldy) {
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) {
      ((T *)y)[j * ldy + i] = ((const T *)x)[i * ldx + j];
    }
  }
}

static void NAME(accumulate)(int64_t n, const void *x, void *y) {
  for (int64_t i = 0; i < n; i++) {
    ((T *)y)[i] += ((const T *)x)[i];
  }
}

static double NAME(sum)(int64_t n, const void *x) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) {
    sum += (double)((const T *)x)[i];
  }
  return sum;
}

static double NAME(sum_squares)(int64_t n, const void *x) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) {
    sum += (double)((const T *)x)[i] * (double)((const T *)x)[i];
  }
  return sum;
}

static void NAME(sum_rows)(int64_t m, int64_t n, const void *x, void *y) {
  for (int64_t i = 0; i < m; i++) {
    ((T *)y)[i] = (T)NAME(sum)(n, (const T *)x + i * n);
  }
}

static void NAME(sum_cols)(
    int64_t m, int64_t n, const void *x, int64_t j0, int64_t j1, void *y) {
  for (int64_t j = j0; j < j1; j++) {
    double sum = 0.0;
    for (int64_t i = 0; i < m; i++) {
      sum += (double)((const T *)x)[i * n + j];
    }
    ((T *)y)[j] = (T)sum;
  }
}

static double NAME(row_lse)(int64_t n, const T *x) {
  double best = -(double)INFINITY, sum = 0.0;
  for (int64_t j = 0; j < n; j++) {
    best = (double)x[j] > best || isnan(x[j]) ? (double)x[j] : best;
  }
  for (int64_t j = 0; j < n && isfinite(best); j++) {
    sum += exp((double)x[j] - best);
  }
  return isfinite(best) ? best + log(sum) : best;
}

static void NAME(logsumexp_rows)(int64_t m, int64_t n, const void *x, void *y) {
  for (int64_t i = 0; i < m; i++) {
    ((T *)y)[i] = (T)NAME(row_lse)(n, (const T *)x + i * n);
  }
}

static void NAME(softmax_rows)(int64_t m, int64_t n, const void *x, void *y) {
  for (int64_t i = 0; i < m; i++) {
    const double lse = NAME(row_lse)(n, (const T *)x + i * n);
    for (int64_t j = i * n; j < (i + 1) * n; j++) {
      ((T *)y)[j] = (T)exp((double)((const T *)x)[j] - lse);
    }
  }
}

static void NAME(adam)(int64_t n, void *w, void *m, void *v, const void *g, double lr,
    double decay, double beta1, double beta2, double eps, double c1, double c2,
    double scale) {
  for (int64_t i = 0; i < n; i++) {
    const double q = scale * (double)((const T *)g)[i];
    const double a = beta1 * (double)((T *)m)[i] + (1 - beta1) * q;
    const double b = beta2 * (double)((T *)v)[i] + (1 - beta2) * q * q;
    ((T *)m)[i] = (T)a;
    ((T *)v)[i] = (T)b;
    ((T *)w)[i] =
        (T)((1 - decay) * (double)((T *)w)[i] - lr * (a / c1) / (sqrt(b / c2) + eps));
  }
}

static void NAME(ema)(int64_t n, double decay, const void *x, void *y) {
  for (int64_t i = 0; i < n; i++) {
    ((T *)y)[i] =
        (T)(decay * (double)((T *)y)[i] + (1 - decay) * (double)((const T *)x)[i]);
  }
}
