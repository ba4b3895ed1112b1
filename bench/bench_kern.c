/* Speed of the kernels on one thread: matrix products in GFLOP/s beside the measured
 * peak of fused multiply-adds, and elementwise functions in millions of elements per
 * second. With WEIR_BENCH_OPENBLAS or WEIR_BENCH_ONEDNN, those libraries beside them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "kern/kern.h"

#ifdef WEIR_BENCH_OPENBLAS
#include <cblas.h>
void openblas_set_num_threads(int);
#endif
#ifdef WEIR_BENCH_ONEDNN
#include <dnnl.h>
#endif

typedef void body(void *arg);

/* Best seconds of one call among rounds of about 1 ms. */
static double best_of(body *run, void *arg) {
  double best = 1e9;
  run(arg);
  const double t0 = now();
  run(arg);
  const double once = now() - t0 + 1e-9;
  const int calls = once > 0.001 ? 1 : (int)(0.001 / once) + 1;
  for (int round = 0; round < 40; round++) {
    const double start = now();
    for (int i = 0; i < calls; i++) {
      run(arg);
    }
    const double each = (now() - start) / calls;
    best = each < best ? each : best;
  }
  return best;
}

static float *numbers(int64_t n) {
  float *x = aligned_alloc(64, (size_t)(n * 4 + 127) / 64 * 64);
  if (x == NULL) {
    exit(1);
  }
  for (int64_t i = 0; i < n; i++) {
    x[i] = (float)(i * 7919 % 1000) / 500.0f - 1.0f;
  }
  return x;
}

typedef struct product {
  const weiri_kern *kern;
  weiri_gemm g;
  void *scratch;
} product;

static void run_own(void *arg) {
  const product *p = arg;
  p->kern->gemm[WEIR_F32](&p->g, p->scratch);
}

#ifdef WEIR_BENCH_OPENBLAS
static void run_openblas(void *arg) {
  const weiri_gemm *g = &((product *)arg)->g;
  cblas_sgemm(CblasRowMajor, g->ta ? CblasTrans : CblasNoTrans,
      g->tb ? CblasTrans : CblasNoTrans, (int)g->m, (int)g->n, (int)g->k, 1.0f, g->a,
      (int)g->lda, g->b, (int)g->ldb, 0.0f, g->c, (int)g->ldc);
}
#endif
#ifdef WEIR_BENCH_ONEDNN
static void run_onednn(void *arg) {
  const weiri_gemm *g = &((product *)arg)->g;
  dnnl_sgemm(g->ta ? 'T' : 'N', g->tb ? 'T' : 'N', g->m, g->n, g->k, 1.0f, g->a, g->lda,
      g->b, g->ldb, 0.0f, g->c, g->ldc);
}
#endif

/* The peak: a product whose operands stay in the first-level cache, nothing packed. */
static double peak(const weiri_kern *kern) {
  float *a = numbers(64 * 256), *b = numbers(256 * 256), *c = numbers(64 * 256);
  double best = 0.0;
  for (int64_t rows = 4; rows <= 24; rows++) {
    product p = {.kern = kern, .g = {rows, 32, 240, .a = a, .b = b, .c = c}};
    p.g.lda = rows, p.g.ldb = p.g.ldc = 32, p.g.ta = true;
    p.scratch = numbers((int64_t)kern->gemm_scratch[0](&p.g) / 4 + 64);
    const double rate = 2e-9 * (double)(rows * 32 * 240) / best_of(run_own, &p);
    best = rate > best ? rate : best;
    free(p.scratch);
  }
  free(a), free(b), free(c);
  return best;
}

typedef struct shape {
  const char *what;
  int64_t m, n, k;
  int ta, tb, triangular; /* triangular: 1 k_hi, 2 k_lo, 3 n_hi */
} shape;

static const shape shapes[] = {
    {"forward", 512, 256, 256, 0, 1, 0},
    {"data gradient", 512, 256, 256, 0, 0, 0},
    {"weight gradient", 256, 256, 512, 1, 0, 0},
    {"forward", 256, 256, 256, 0, 1, 0},
    {"forward", 100, 512, 512, 0, 1, 0},
    {"data gradient", 100, 512, 512, 0, 0, 0},
    {"weight gradient", 512, 512, 100, 1, 0, 0},
    {"forward", 100, 500, 784, 0, 1, 0},
    {"weight gradient", 784, 500, 100, 1, 0, 0},
    {"forward", 512, 69, 256, 0, 1, 0},
    {"forward", 512, 256, 3, 0, 1, 0},
    {"weight gradient", 256, 3, 512, 1, 0, 0},
    {"weight gradient", 256, 8, 512, 1, 0, 0},
    {"weight gradient", 8, 256, 512, 1, 0, 0},
    {"forward", 256, 64, 64, 0, 1, 0},
    {"weight gradient", 64, 64, 256, 1, 0, 0},
    {"forward", 512, 8, 256, 0, 1, 0},
    {"one row", 1, 512, 512, 0, 1, 0},
    {"one row", 1, 64, 64, 0, 1, 0},
    {"one row", 1, 512, 512, 0, 0, 0},
    {"prefix forward", 512, 256, 256, 0, 1, 1},
    {"prefix data gradient", 512, 256, 256, 0, 0, 2},
    {"prefix weight gradient", 256, 256, 512, 1, 0, 3},
};

static void bench_shape(const weiri_kern *kern, const shape *s, double top) {
  float *a = numbers(s->m * s->k), *b = numbers(s->n * s->k);
  float *c = numbers(s->m * s->n);
  int64_t prefix[1024];
  product p = {kern, {s->m, s->n, s->k, .a = a, .b = b, .c = c}, NULL};
  p.g.ta = s->ta, p.g.tb = s->tb;
  p.g.lda = s->ta ? s->m : s->k, p.g.ldb = s->tb ? s->k : s->n, p.g.ldc = s->n;
  const int64_t many = s->triangular == 3 ? s->m : s->n;
  const int64_t most = s->triangular == 3 ? s->n : s->k;
  for (int64_t i = 0; i < many; i++) {
    prefix[i] = (i + 1) * most / many;
  }
  p.g.k_hi = s->triangular == 1 ? prefix : NULL;
  p.g.k_lo = s->triangular == 2 ? prefix : NULL;
  p.g.n_hi = s->triangular == 3 ? prefix : NULL;
  p.scratch = numbers((int64_t)kern->gemm_scratch[0](&p.g) / 4 + 64);
  const double flops =
      2e-9 * (double)(s->m * s->n * s->k) * (s->triangular ? 0.5 : 1.0);
  const double own = flops / best_of(run_own, &p);
  printf("  %-23s %4d %4d %4d %8.1f (%3.0f%%)", s->what, (int)s->m, (int)s->n,
      (int)s->k, own, 100.0 * own / top);
  if (!s->triangular) {
#ifdef WEIR_BENCH_OPENBLAS
    printf("  OpenBLAS %6.1f", flops / best_of(run_openblas, &p));
#endif
#ifdef WEIR_BENCH_ONEDNN
    printf("  oneDNN %6.1f", flops / best_of(run_onednn, &p));
#endif
  }
  printf("\n");
  free(a), free(b), free(c), free(p.scratch);
}

typedef struct sweep {
  weiri_unary_fn *fn;
  int64_t n;
  void *x, *y;
} sweep;

static void run_sweep(void *arg) {
  const sweep *s = arg;
  s->fn(s->n, s->x, s->y);
}

static void bench_unary(const weiri_kern *kern) {
  enum { N = 4096 };
  float *y = numbers(2 * N);
  double wide[N];
  for (int i = 0; i < N; i++) {
    wide[i] = (double)(i % 997) / 200.0 + 0.01;
  }
  float *narrow = numbers(N);
  for (int i = 0; i < N; i++) {
    narrow[i] = (float)wide[i];
  }
#define X(name)                                                                        \
  {                                                                                    \
    sweep f = {kern->name[WEIR_F32], N, narrow, y};                                    \
    sweep d = {kern->name[WEIR_F64], N, wide, y};                                      \
    printf("  %-11s %8.0f %8.0f\n", #name, 1e-6 * N / best_of(run_sweep, &f),          \
        1e-6 * N / best_of(run_sweep, &d));                                            \
  }
  WEIRI_UNARY_LIST(X)
#undef X
  free(y), free(narrow);
}

/* bench_kern [level] */
int main(int argc, char **argv) {
  const weiri_kern *kern = weiri_kern_select(argc > 1 ? argv[1] : NULL);
  if (kern == NULL) {
    fprintf(stderr, "bench_kern: this machine has no level '%s'\n", argv[1]);
    return 2;
  }
#ifdef WEIR_BENCH_OPENBLAS
  openblas_set_num_threads(1);
#endif
  const double top = peak(kern);
  printf("level %s, peak %.1f GFLOP/s (float)\n", kern->isa, top);
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    bench_shape(kern, &shapes[i], top);
  }
  printf("  elements/us     float   double\n");
  bench_unary(kern);
  return 0;
}
