/* The machine's ceilings, for the floors of bench/run.py: float32 products in GFLOP/s
 * (the best of weir's kernel, OpenBLAS and oneDNN, one product of 1,024 x 1,024 x 1,024
 * per thread), triads a = b + c x over arrays in memory and in the second-level cache
 * in GB/s.
 *
 *     bench_peak [SECONDS]      prints a line of JSON for 1 and 2 threads
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "kern/kern.h"

#ifdef WEIR_BENCH_OPENBLAS
#include <cblas.h>
void openblas_set_num_threads(int);
#endif
#ifdef WEIR_BENCH_ONEDNN
#include <dnnl.h>
#endif

enum { SIZE = 1024, MEMORY = 1 << 24, CACHE = 1 << 15, THREADS = 2 };

typedef struct worker worker;
typedef void task(worker *w);
struct worker {
  task *run;
  double work; /* of one call: operations or bytes */
  double seconds, rate;
  float *a, *b, *c;
  void *scratch;
  int64_t n;
};

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

static void product_own(worker *w) {
  const weiri_kern *kern = weiri_kern_select(NULL);
  weiri_gemm g = {SIZE, SIZE, SIZE, .a = w->a, .b = w->b, .c = w->c};
  g.lda = g.ldb = g.ldc = SIZE;
  if (w->scratch == NULL) {
    w->scratch = numbers((int64_t)kern->gemm_scratch[WEIR_F32](&g) / 4 + 64);
  }
  kern->gemm[WEIR_F32](&g, w->scratch);
}

#ifdef WEIR_BENCH_OPENBLAS
static void product_openblas(worker *w) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIZE, SIZE, SIZE, 1.0f, w->a,
      SIZE, w->b, SIZE, 0.0f, w->c, SIZE);
}
#endif
#ifdef WEIR_BENCH_ONEDNN
static void product_onednn(worker *w) {
  dnnl_sgemm(
      'N', 'N', SIZE, SIZE, SIZE, 1.0f, w->a, SIZE, w->b, SIZE, 0.0f, w->c, SIZE);
}
#endif

static void triad(worker *w) {
  for (int64_t i = 0; i < w->n; i++) {
    w->a[i] = w->b[i] + 0.5f * w->c[i];
  }
}

static void *measure(void *arg) {
  worker *w = arg;
  double calls = 0.0;
  w->run(w);
  const double start = now();
  double end = start;
  while (end - start < w->seconds) {
    for (int i = 0; i < (w->n == CACHE ? 100 : 1); i++) {
      w->run(w);
      calls += 1.0;
    }
    end = now();
  }
  w->rate = calls * w->work / (end - start);
  return NULL;
}

/* Sum of the rates of all threads, in 1e9 per second; the best of three rounds. */
static double rate(task *run, double work, int64_t n, int threads, double seconds) {
  worker w[THREADS];
  pthread_t id[THREADS];
  double best = 0.0;
  for (int t = 0; t < threads; t++) {
    w[t] =
        (worker){run, work, seconds, 0.0, numbers(n), numbers(n), numbers(n), NULL, n};
  }
  for (int round = 0; round < 3; round++) {
    double sum = 0.0;
    for (int t = 1; t < threads; t++) {
      if (pthread_create(&id[t], NULL, measure, &w[t]) != 0) {
        exit(1);
      }
    }
    measure(&w[0]);
    for (int t = 1; t < threads; t++) {
      pthread_join(id[t], NULL);
    }
    for (int t = 0; t < threads; t++) {
      sum += 1e-9 * w[t].rate;
    }
    best = sum > best ? sum : best;
  }
  for (int t = 0; t < threads; t++) {
    free(w[t].a), free(w[t].b), free(w[t].c), free(w[t].scratch);
  }
  return best;
}

static double products(int threads, double seconds) {
  static task *const tasks[] = {
      product_own,
#ifdef WEIR_BENCH_OPENBLAS
      product_openblas,
#endif
#ifdef WEIR_BENCH_ONEDNN
      product_onednn,
#endif
  };
  double best = 0.0;
  for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
    const double r =
        rate(tasks[i], 2.0 * SIZE * SIZE * SIZE, SIZE * SIZE, threads, seconds);
    best = r > best ? r : best;
  }
  return best;
}

int main(int argc, char **argv) {
  const double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.3;
  /* oneDNN and OpenBLAS ask when they are loaded. */
  const char *omp = getenv("OMP_NUM_THREADS");
  if (omp == NULL || strcmp(omp, "1") != 0) {
    setenv("OMP_NUM_THREADS", "1", 1);
    execv("/proc/self/exe", argv);
  }
#ifdef WEIR_BENCH_OPENBLAS
  openblas_set_num_threads(1);
#endif
  printf("{");
  for (int t = 1; t <= THREADS; t++) {
    printf("\"%d\": {\"gemm\": %.1f, \"memory\": %.1f, \"cache\": %.1f}%s", t,
        products(t, seconds), rate(triad, 12.0 * MEMORY, MEMORY, t, seconds),
        rate(triad, 12.0 * CACHE, CACHE, t, seconds), t < THREADS ? ", " : "}\n");
  }
  return 0;
}
