/* Every instruction-set level this machine runs against the reference kernels. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "kern/cpu/levels.h"

static const char *const levels[] = {"base", "v3", "v4"};
static const weiri_rng rng = {7, 1};

static void *fill(weir_dtype t, int64_t n, uint64_t at) {
  void *x = aligned_alloc(64, (size_t)(n * 8 + 64) / 64 * 64 + 64);
  assert_non_null(x);
  weiri_fill_normal(rng, at, n, t, x);
  return x;
}

static double value(weir_dtype t, const void *x, int64_t i) {
  return t == WEIR_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

static void zero(weir_dtype t, void *x, int64_t i) {
  if (t == WEIR_F32) {
    ((float *)x)[i] = 0;
  } else {
    ((double *)x)[i] = 0;
  }
}

static void run_gemm(const weiri_kern *k, weir_dtype t, const weiri_gemm *g) {
  void *scratch = aligned_alloc(64, (k->gemm_scratch[t](g) + 127) / 64 * 64);
  assert_non_null(scratch);
  k->gemm[t](g, scratch);
  free(scratch);
}

/* Prefixes that grow from 0 to at most `most` over n units. */
static int64_t *prefixes(int64_t n, int64_t most) {
  int64_t *p = malloc((size_t)(n + 1) * sizeof *p);
  assert_non_null(p);
  for (int64_t j = 0; j < n; j++) {
    p[j] = j * (most + 1) / (n > 0 ? n : 1);
  }
  return p;
}

static void close_to(weir_dtype t, const void *a, const void *b, int64_t n, double k) {
  const double eps = t == WEIR_F32 ? 6e-8 : 1.2e-16;
  for (int64_t i = 0; i < n; i++) {
    const double x = value(t, a, i), y = value(t, b, i);
    if (!(fabs(x - y) <= eps * (8.0 + 4.0 * k) * (1.0 + fabs(y)))) {
      fail_msg("element %lld: %.17g, reference %.17g", (long long)i, x, y);
    }
  }
}

static void *magnitudes(weir_dtype t, int64_t n, const void *x) {
  void *y = fill(t, n, 0);
  for (int64_t i = 0; i < n; i++) {
    if (t == WEIR_F32) {
      ((float *)y)[i] = fabsf(((const float *)x)[i]);
    } else {
      ((double *)y)[i] = fabs(((const double *)x)[i]);
    }
  }
  return y;
}

/* Rounding of a sum of k products, in any order, is below lambda sqrt(k + 2) u S with S
 * the sum of their magnitudes, but for a chance of 2 exp(-lambda^2 / 2) (Higham and
 * Mary 2019, theorem 2.4); lambda is 4, and relu and tanh do not stretch it. The
 * reference sums in float64, so in float64 it errs as much. A missing term of average
 * size is larger. before: what c held, [m, n]. */
static void check_product(
    weir_dtype t, const weiri_gemm *g, const weiri_gemm *ref, const void *before) {
  const double u = t == WEIR_F32 ? 6e-8 : 2 * 1.2e-16, n = sqrt((double)g->k + 2.0);
  weiri_gemm all = *g;
  void *a = magnitudes(t, g->m * g->k, g->a), *b = magnitudes(t, g->n * g->k, g->b);
  void *c = magnitudes(t, g->m * g->n, before);
  void *bias = g->bias == NULL ? NULL : magnitudes(t, g->n, g->bias);
  void *plus = g->plus == NULL ? NULL : magnitudes(t, g->m * g->n, g->plus);
  all.a = a, all.b = b, all.c = c, all.bias = bias, all.act = WEIRI_ACT_NONE;
  all.gate = NULL, all.plus = plus;
  weiri_kern_ref.gemm[t](&all, NULL);
  for (int64_t i = 0; i < g->m * g->n; i++) {
    const double x = value(t, g->c, i), y = value(t, ref->c, i), s = value(t, c, i);
    const double bound = 4.0 * n * u * s;
    if (!(fabs(x - y) <= bound + 8.0 * u * fabs(y))) {
      fail_msg("element %lld: %.17g, reference %.17g", (long long)i, x, y);
    }
    assert_true(g->k == 0 || s == 0.0 || bound < s / (double)g->k);
  }
  free(a), free(b), free(c), free(bias), free(plus);
}

/* One shape in one form: 0 plain, 1 k_hi, 2 k_lo, 3 n_hi. */
static void check_gemm(const weiri_kern *kern, weir_dtype t, int64_t m, int64_t n,
    int64_t k, int trans, int form) {
  weiri_gemm g = {.m = m, .n = n, .k = k, .ta = trans & 1, .tb = trans & 2};
  g.lda = g.ta ? m : k;
  g.ldb = g.tb ? k : n;
  g.ldc = n;
  void *a = fill(t, m * k, 0), *b = fill(t, n * k, 1000), *bias = fill(t, n, 5000);
  void *c = fill(t, m * n, 9000), *r = fill(t, m * n, 9000);
  void *gate = fill(t, m * n, 20000), *plus = fill(t, m * n, 40000);
  int64_t *p = prefixes(form == 3 ? m : n, form == 3 ? n : k);
  g.a = a, g.b = b, g.c = c, g.bias = form == 0 ? bias : NULL;
  g.accumulate = form == 0 && (m + n) % 2 == 0;
  g.act = form != 0 ? WEIRI_ACT_NONE : m % 3 == 0 ? WEIRI_ACT_RELU : WEIRI_ACT_TANH;
  g.gate = form != 3 && (m + k) % 2 == 1 ? gate : NULL;
  g.plus = form != 3 && (n + k) % 3 == 0 ? plus : NULL;
  g.k_hi = form == 1 ? p : NULL;
  g.k_lo = form == 2 ? p : NULL;
  g.n_hi = form == 3 ? p : NULL;
  for (int64_t j = 0; (form == 1 || form == 2) && j < n; j++) {
    for (int64_t q = 0; q < k; q++) { /* zero by structure, as callers promise */
      if (form == 1 ? q >= p[j] : q < p[j]) {
        zero(t, b, g.tb ? j * k + q : q * n + j);
      }
    }
  }
  run_gemm(kern, t, &g);
  weiri_gemm ref = g;
  ref.c = r;
  void *before = fill(t, m * n, 9000);
  weiri_kern_ref.gemm[t](&ref, NULL);
  check_product(t, &g, &ref, before);
  free(a), free(b), free(bias), free(c), free(r), free(before), free(p);
  free(gate), free(plus);
}

static void test_gemm(void **state) {
  (void)state;
  static const int64_t sizes[] = {0, 1, 2, 3, 7, 8, 15, 17, 33, 64, 65, 130};
  const int count = (int)(sizeof sizes / sizeof *sizes);
  for (int l = 0; l < 3; l++) {
    const weiri_kern *kern = weiri_kern_select(levels[l]);
    for (int i = 0; kern != NULL && i < count * count * count; i++) {
      const int64_t m = sizes[i % count], n = sizes[i / count % count];
      const int64_t k = sizes[i / count / count];
      check_gemm(kern, WEIR_F32, m, n, k, i % 4, (i / 4 + l) % 4);
      check_gemm(kern, WEIR_F64, m, n, k, (i + 1) % 4, (i / 3 + l) % 4);
    }
    if (kern != NULL) {
      check_gemm(kern, WEIR_F32, 30, 70, 5000, 2, 0);
      check_gemm(kern, WEIR_F32, 30, 70, 5000, 2, 1);
      check_gemm(kern, WEIR_F32, 30, 70, 5000, 0, 2);
    }
  }
}

/* Row i alone, from B as [k, n] with rows padded to 16 numbers or 32. */
static void check_padded(
    const weiri_kern *kern, weir_dtype t, const weiri_gemm *g, int64_t i) {
  const size_t size = t == WEIR_F32 ? 4 : 8;
  const int64_t pitch = (g->n + 15) / 16 * 16;
  weiri_gemm h = *g;
  char *b = fill(t, g->k * pitch, 0), *c = fill(t, g->n, 3);
  memset(b, 0, (size_t)(g->k * pitch) * size);
  for (int64_t p = 0; p < g->k; p++) {
    for (int64_t j = 0; j < g->n; j++) {
      const int64_t from = g->tb ? j * g->ldb + p : p * g->ldb + j;
      memcpy(b + (size_t)(p * pitch + j) * size,
          (const char *)g->b + (size_t)from * size, size);
    }
  }
  h.m = 1, h.tb = false, h.padded = true, h.ldb = pitch;
  h.a = (const char *)g->a + (size_t)(i * g->lda) * size;
  h.b = b;
  h.gate = g->gate == NULL ? NULL : (const char *)g->gate + (size_t)(i * g->n) * size;
  h.plus = g->plus == NULL ? NULL : (const char *)g->plus + (size_t)(i * g->n) * size;
  h.c = c;
  run_gemm(kern, t, &h);
  assert_memory_equal(
      c, (const char *)g->c + (size_t)(i * g->n) * size, (size_t)g->n * size);
  free(b), free(c);
}

/* A product computed in parts has the bits of the whole. */
static void test_gemm_split(void **state) {
  (void)state;
  const int64_t m = 61, n = 200, k = 77;
  float *a = fill(WEIR_F32, m * k, 0), *b = fill(WEIR_F32, n * k, 9);
  float *whole = fill(WEIR_F32, m * n, 3), *parts = fill(WEIR_F32, m * n, 4);
  int64_t *p = prefixes(n, k);
  for (int64_t j = 0; j < n; j++) {
    for (int64_t q = p[j]; q < k; q++) {
      b[j * k + q] = 0;
    }
  }
  for (int l = 0; l < 3; l++) {
    const weiri_kern *kern = weiri_kern_select(levels[l]);
    if (kern == NULL) {
      continue;
    }
    weiri_gemm g = {.m = m,
        .n = n,
        .k = k,
        .a = a,
        .b = b,
        .c = whole,
        .lda = k,
        .ldb = k,
        .ldc = n,
        .tb = true,
        .k_hi = p};
    run_gemm(kern, WEIR_F32, &g);
    for (int64_t i = 0; i < m; i += 5) {
      for (int64_t j = 0; j < n; j += 64) {
        weiri_gemm h = g;
        h.a = a + i * k, h.b = b + j * k, h.c = parts + i * n + j, h.k_hi = p + j;
        h.m = m - i < 5 ? m - i : 5;
        h.n = n - j < 64 ? n - j : 64;
        run_gemm(kern, WEIR_F32, &h);
      }
    }
    assert_memory_equal(whole, parts, (size_t)(m * n) * sizeof *whole);
    check_padded(kern, WEIR_F32, &g, 7);
  }
  free(a), free(b), free(whole), free(parts), free(p);
}

/* Columns [j0, n) of row i of a product, alone: other kernels, the same bits. */
static void check_part(const weiri_kern *kern, weir_dtype t, const weiri_gemm *g,
    int64_t rows, int64_t i, int64_t j0, int64_t n) {
  const size_t size = t == WEIR_F32 ? 4 : 8;
  weiri_gemm h = *g;
  void *c = fill(t, rows * g->ldc, 3);
  h.m = rows, h.n = n - j0;
  h.a = (const char *)g->a + (size_t)(g->ta ? i : i * g->lda) * size;
  h.b = (const char *)g->b + (size_t)(g->tb ? j0 * g->ldb : j0) * size;
  h.bias = (const char *)g->bias + (size_t)j0 * size;
  h.gate = (const char *)g->gate + (size_t)(i * g->ldc + j0) * size;
  h.plus = (const char *)g->plus + (size_t)(i * g->ldc + j0) * size;
  h.c = c;
  run_gemm(kern, t, &h);
  for (int64_t r = 0; r < rows; r++) {
    const char *whole = (const char *)g->c + (size_t)((i + r) * g->ldc + j0) * size;
    assert_memory_equal(
        (char *)c + (size_t)(r * g->ldc) * size, whole, (size_t)(n - j0) * size);
  }
  free(c);
}

static void check_thin(const weiri_kern *kern, weir_dtype t, int64_t n, int64_t k,
    int trans, weiri_act act) {
  enum { M = 40 };
  weiri_gemm g = {.m = M, .n = n, .k = k, .ta = trans & 1, .tb = trans & 2, .act = act};
  g.lda = g.ta ? M : k;
  g.ldb = g.tb ? k : n;
  g.ldc = n;
  void *a = fill(t, M * k, 0), *b = fill(t, n * k, 5), *bias = fill(t, n, 7);
  void *c = fill(t, M * n, 3), *gate = fill(t, M * n, 11), *plus = fill(t, M * n, 13);
  g.a = a, g.b = b, g.c = c, g.bias = bias, g.gate = gate, g.plus = plus;
  run_gemm(kern, t, &g);
  for (int64_t i = 0; i < M; i += 13) {
    check_part(kern, t, &g, 1, i, 0, n);
    if (!g.ta) {
      check_padded(kern, t, &g, i);
    }
  }
  const int64_t last = (n - 1) / 32 * 32;
  check_part(kern, t, &g, M, 0, last, n);
  free(a), free(b), free(bias), free(c), free(gate), free(plus);
}

/* One row, and few columns, have the bits that they have in a larger product. */
static void test_gemm_thin(void **state) {
  (void)state;
  static const int64_t ns[] = {1, 3, 8, 67, 71, 150, 300}, ks[] = {1, 6, 100, 900};
  for (int l = 0; l < 3; l++) {
    const weiri_kern *kern = weiri_kern_select(levels[l]);
    for (int i = 0; kern != NULL && i < 7 * 4 * 4; i++) {
      const int64_t n = ns[i % 7], k = ks[i / 7 % 4];
      check_thin(kern, WEIR_F32, n, k, i / 28, (weiri_act)(i % 3));
      check_thin(kern, WEIR_F64, n, k, i / 28, (weiri_act)((i + 1) % 3));
    }
  }
}

typedef struct unary_case {
  const char *name;
  size_t slot; /* offset of the slot in weiri_kern */
  long double (*exact)(long double);
  double lo, hi; /* range in which ulps are bounded */
  double ulps;
} unary_case;

static long double sigmoid(long double x) {
  return 1 / (1 + expl(-x));
}
static long double softplus(long double x) {
  return (x > 0 ? x : 0) + log1pl(expl(-fabsl(x)));
}
static long double logsigmoid(long double x) {
  return -softplus(-x);
}
static long double recip(long double x) {
  return 1 / x;
}

#define AT(name) offsetof(weiri_kern, name)
static const unary_case unary[] = {
    {"exp", AT(exp), expl, -87, 88.5, 1.5},
    {"expm1", AT(expm1), expm1l, -30, 88.5, 2.5},
    {"log", AT(log), logl, 1e-37, 1e37, 1.5},
    {"log1p", AT(log1p), log1pl, -0.999, 1e6, 2.5},
    {"tanh", AT(tanh), tanhl, -12, 12, 3.5},
    {"sigmoid", AT(sigmoid), sigmoid, -80, 20, 3.5},
    {"softplus", AT(softplus), softplus, -80, 80, 3.5},
    {"logsigmoid", AT(logsigmoid), logsigmoid, -80, 80, 3.5},
    {"sqrt", AT(sqrt), sqrtl, 0, 1e30, 0.51},
    {"recip", AT(recip), recip, 1e-30, 1e30, 0.51},
    {"sin", AT(sin), sinl, -30, 30, 1.5},
    {"cos", AT(cos), cosl, -30, 30, 1.5},
    {"sin", AT(sin), sinl, -1e6, 1e6, 1.5},
    {"cos", AT(cos), cosl, -1e6, 1e6, 1.5},
    {"sin", AT(sin), sinl, 1e6, 1e15, 1.5},
    {"erf", AT(erf), erfl, -4, 4, 1.5},
    {"atan", AT(atan), atanl, -1e3, 1e3, 2.0},
};

/* Points spread evenly and by magnitude over [lo, hi]. */
static double point(const unary_case *c, int64_t i) {
  const double u = weiri_uniform(rng, (uint64_t)i);
  if (i % 2 == 0) {
    return c->lo + u * (c->hi - c->lo);
  }
  const double x = exp(log(1e-20) + u * (log(fabs(c->hi)) - log(1e-20)));
  const double y = i % 4 == 1 && c->lo < 0 ? -x : x;
  return y < c->lo ? c->lo : y > c->hi ? c->hi : y;
}

static void check_unary(const weiri_kern *kern, const unary_case *c, weir_dtype t) {
  enum { N = 20001 };
  weiri_unary_fn *const *fn =
      (weiri_unary_fn *const *)(const void *)((const char *)kern + c->slot);
  void *x = fill(t, N, 0), *y = fill(t, N, 0);
  for (int64_t i = 0; i < N; i++) {
    if (t == WEIR_F32) {
      ((float *)x)[i] = (float)point(c, i);
    } else {
      ((double *)x)[i] = point(c, i);
    }
  }
  fn[t](N, x, y);
  for (int64_t i = 0; i < N; i++) {
    const long double exact = c->exact((long double)value(t, x, i));
    const double ulp =
        t == WEIR_F32
            ? (double)(nextafterf(fabsf((float)exact), INFINITY) - fabsf((float)exact))
            : nextafter(fabs((double)exact), INFINITY) - fabs((double)exact);
    const double error = (double)fabsl((long double)value(t, y, i) - exact);
    if (!(error <= c->ulps * ulp)) {
      fail_msg(
          "%s %s of %.17g: %.2f ulp", kern->isa, c->name, value(t, x, i), error / ulp);
    }
  }
  free(x), free(y);
}

static void test_unary_ulps(void **state) {
  (void)state;
  for (int l = 0; l < 3; l++) {
    const weiri_kern *kern = weiri_kern_select(levels[l]);
    for (size_t i = 0; kern != NULL && i < sizeof unary / sizeof *unary; i++) {
      check_unary(kern, &unary[i], WEIR_F32);
      check_unary(kern, &unary[i], WEIR_F64);
    }
  }
}

/* An element has the same bits alone and anywhere in an array: threads may cut arrays
 * where they like. */
static void test_position(void **state) {
  (void)state;
  enum { N = 203 };
  const weir_dtype types[] = {WEIR_F32, WEIR_F64};
  for (int l = 0; l < 3; l++) {
    const weiri_kern *kern = weiri_kern_select(levels[l]);
    for (int t = 0; kern != NULL && t < 2; t++) {
      const size_t size = weir_dtype_size(types[t]);
      char *x = fill(types[t], N, 40), *y = fill(types[t], N, 0);
#define X(name)                                                                        \
  kern->name[t](N, x, y);                                                              \
  for (size_t i = 0; i < N; i++) {                                                     \
    double one;                                                                        \
    kern->name[t](1, x + i * size, &one);                                              \
    assert_memory_equal(&one, y + i * size, size);                                     \
  }
      WEIRI_UNARY_LIST(X)
#undef X
      free(x), free(y);
    }
  }
}

static void test_special_values(void **state) {
  (void)state;
  for (int l = 0; l < 3; l++) {
    const weiri_kern *kern = weiri_kern_select(levels[l]);
    const double in[8] = {INFINITY, -INFINITY, NAN, 0, -1, 1e308, -1e308, 5e-324};
    double y[8];
    if (kern == NULL) {
      continue;
    }
    kern->exp[WEIR_F64](8, in, y);
    assert_true(isinf(y[0]) && y[1] == 0 && isnan(y[2]) && y[3] == 1 && isinf(y[5]));
    kern->log[WEIR_F64](8, in, y);
    assert_true(isinf(y[0]) && isnan(y[1]) && isnan(y[2]) && y[3] == -INFINITY);
    assert_true(isnan(y[4]) && fabs(y[7] - log(5e-324)) < 1e-10);
    kern->tanh[WEIR_F64](8, in, y);
    assert_true(y[0] == 1 && y[1] == -1 && isnan(y[2]) && y[3] == 0 && y[7] == 5e-324);
    kern->softplus[WEIR_F64](8, in, y);
    assert_true(isinf(y[0]) && y[1] == 0 && isnan(y[2]) && y[5] == 1e308);
    kern->sin[WEIR_F64](8, in, y);
    assert_true(isnan(y[0]) && isnan(y[1]) && isnan(y[2]) && y[3] == 0);
    assert_true(fabs(y[4] - sin(-1)) < 1e-15 && y[7] == 5e-324);
    kern->cos[WEIR_F64](8, in, y);
    assert_true(isnan(y[0]) && isnan(y[2]) && y[3] == 1 && y[7] == 1);
    kern->atan[WEIR_F64](8, in, y);
    assert_true(y[0] == atan(INFINITY) && y[1] == -y[0] && isnan(y[2]) && y[3] == 0);
    assert_true(y[5] == y[0] && y[7] == 5e-324);
    kern->erf[WEIR_F64](8, in, y);
    assert_true(y[0] == 1 && y[1] == -1 && isnan(y[2]) && y[3] == 0 && y[5] == 1);
    const float tiny[3] = {1e-45f, 1e-38f, 3e38f};
    float z[3];
    kern->log[WEIR_F32](3, tiny, z);
    assert_true(fabsf(z[0] - logf(1e-45f)) < 1e-4f && fabsf(z[2] - 88.596f) < 1e-2f);
  }
}

static void test_rows(void **state) {
  (void)state;
  enum { M = 19, N = 13 };
  for (int l = 0; l < 3; l++) {
    const weiri_kern *kern = weiri_kern_select(levels[l]);
    for (int t = 0; kern != NULL && t < 2; t++) {
      void *x = fill((weir_dtype)t, M * N, 1), *y = fill((weir_dtype)t, M * N, 2);
      void *r = fill((weir_dtype)t, M * N, 2);
      kern->softmax_rows[t](M, N, x, y);
      weiri_kern_ref.softmax_rows[t](M, N, x, r);
      close_to((weir_dtype)t, y, r, M * N, 1);
      kern->logsumexp_rows[t](M, N, x, y);
      weiri_kern_ref.logsumexp_rows[t](M, N, x, r);
      close_to((weir_dtype)t, y, r, M, 1);
      kern->sum_rows[t](M, N, x, y);
      weiri_kern_ref.sum_rows[t](M, N, x, r);
      close_to((weir_dtype)t, y, r, M, 1);
      kern->sum_cols[t](M, N, x, 2, N, y);
      weiri_kern_ref.sum_cols[t](M, N, x, 2, N, r);
      close_to((weir_dtype)t, y, r, N, 1);
      assert_true(fabs(kern->sum_squares[t](M * N, x) -
                       weiri_kern_ref.sum_squares[t](M * N, x)) < 1e-9);
      memcpy(r, y, M * N * weir_dtype_size((weir_dtype)t)); /* equal weights */
      for (int64_t i = 67; i < M * N; i++) {
        zero((weir_dtype)t, x, i);
      }
      const double part = kern->sum_squares[t](96, x);
      const double whole = kern->sum_squares[t](M * N, x);
      assert_memory_equal(&part, &whole, sizeof part);
      void *m = fill((weir_dtype)t, M * N, 7), *v = fill((weir_dtype)t, M * N, 8);
      void *m2 = fill((weir_dtype)t, M * N, 7), *v2 = fill((weir_dtype)t, M * N, 8);
      kern->square[t](M * N, v, v);
      kern->square[t](M * N, v2, v2);
      kern->adam[t](M * N, y, m, v, x, 0.01, 0.001, 0.9, 0.999, 1e-8, 0.5, 0.1, 0.7);
      weiri_kern_ref.adam[t](
          M * N, r, m2, v2, x, 0.01, 0.001, 0.9, 0.999, 1e-8, 0.5, 0.1, 0.7);
      close_to((weir_dtype)t, m, m2, M * N, 4);
      close_to((weir_dtype)t, v, v2, M * N, 4);
      close_to((weir_dtype)t, y, r, M * N, 4);
      free(x), free(y), free(r), free(m), free(v), free(m2), free(v2);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gemm),
      cmocka_unit_test(test_gemm_split),
      cmocka_unit_test(test_gemm_thin),
      cmocka_unit_test(test_unary_ulps),
      cmocka_unit_test(test_position),
      cmocka_unit_test(test_special_values),
      cmocka_unit_test(test_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
