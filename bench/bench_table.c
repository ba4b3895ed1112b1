/* Measures the kernels of matrix products against each other on this machine, for every
 * instruction-set level that it has, and prints the table to commit as
 * src/kern/cpu/gemm_table.h. One thread, the machine otherwise idle.
 *     bench_table >src/kern/cpu/gemm_table.h */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "kern/kern.h"

enum { ROOM = 512 * 512 };

typedef struct desk {
  const weiri_kern *kern;
  weir_dtype dtype;
  void *a, *b, *c, *scratch;
} desk;

static void *numbers(weir_dtype dtype) {
  void *p = aligned_alloc(64, ROOM * sizeof(double));
  if (p == NULL) {
    exit(1);
  }
  for (int i = 0; i < ROOM; i++) {
    const double v = (double)(i * 7919 % 1000) / 500.0 - 1.0;
    if (dtype == WEIR_F32) {
      ((float *)p)[i] = (float)v;
    } else {
      ((double *)p)[i] = v;
    }
  }
  return p;
}

/* Least seconds of one call among rounds of half a millisecond. */
static double seconds(const desk *d, weiri_gemm g, weiri_gemm_kernel kernel) {
  g.a = d->a, g.b = d->b, g.c = d->c;
  g.lda = g.ta ? g.m : g.k;
  g.ldb = g.tb ? g.k : g.n;
  g.ldc = g.n;
  g.kernel = (int)kernel;
  double best = 1e9;
  int calls = 1;
  for (int round = 0; round < 30; round++) {
    const double start = now();
    for (int i = 0; i < calls; i++) {
      d->kern->gemm[d->dtype](&g, d->scratch);
    }
    const double each = (now() - start) / calls;
    best = each < best ? each : best;
    calls = each < 5e-4 ? (int)(5e-4 / each) + 1 : 1;
  }
  return best;
}

/* Geometric mean over square sizes of how much faster the kernel is than tiles. */
static double gain_of_row(const desk *d, bool tb) {
  static const int64_t sizes[] = {64, 100, 256, 500};
  double sum = 0.0;
  for (int i = 0; i < 4; i++) {
    const weiri_gemm g = {.m = 1, .n = sizes[i], .k = sizes[i], .tb = tb};
    sum += log(seconds(d, g, WEIRI_GEMM_TILES) / seconds(d, g, WEIRI_GEMM_ROW));
  }
  return exp(sum / 4.0);
}

/* The largest number of columns up to which NARROW wins. */
static int64_t narrow(const desk *d, bool ta) {
  for (int64_t n = 1; n <= d->kern->tile_rows; n++) {
    const weiri_gemm g = {.m = 256, .n = n, .k = ta ? 512 : 64, .ta = ta};
    if (seconds(d, g, WEIRI_GEMM_NARROW) > 0.98 * seconds(d, g, WEIRI_GEMM_TILES)) {
      return n - 1;
    }
  }
  return d->kern->tile_rows;
}

/* The largest number of rows, in tiles, up to which IN_PLACE wins at every width. */
static int64_t in_place(const desk *d) {
  const int64_t tile = d->kern->tile_rows;
  for (int64_t m = tile; m <= 24 * tile; m += m < 8 * tile ? tile : 4 * tile) {
    double worst = 1e9;
    for (int64_t n = 128; n <= 512; n *= 2) {
      const weiri_gemm g = {.m = m, .n = n, .k = 512};
      const double gain =
          seconds(d, g, WEIRI_GEMM_TILES) / seconds(d, g, WEIRI_GEMM_IN_PLACE);
      worst = gain < worst ? gain : worst;
    }
    if (worst < 1.02) {
      return m <= 8 * tile ? m - tile : m - 4 * tile;
    }
  }
  return 24 * tile;
}

static void print_type(const weiri_kern *kern, weir_dtype dtype) {
  desk d = {kern, dtype, numbers(dtype), numbers(dtype), numbers(dtype), NULL};
  const weiri_gemm largest = {.m = 512, .n = 512, .k = 512};
  d.scratch = aligned_alloc(64, (kern->gemm_scratch[dtype](&largest) + 127) / 64 * 64);
  if (d.scratch == NULL) {
    exit(1);
  }
  const double across = gain_of_row(&d, false), along = gain_of_row(&d, true);
  fprintf(stderr, "%s, %s: one row %.2f across, %.2f along\n", kern->isa,
      dtype == WEIR_F32 ? "float" : "double", across, along);
  printf("%s{%s, %s, %d, %d, %d}", dtype == WEIR_F32 ? "" : ", ",
      across > 1.02 ? "true" : "false", along > 1.02 ? "true" : "false",
      (int)narrow(&d, true), (int)in_place(&d), (int)narrow(&d, false));
  free(d.a), free(d.b), free(d.c), free(d.scratch);
}

int main(void) {
  static const char *const levels[] = {"base", "v3", "v4"};
  static const char *const names[] = {"BASE", "V3", "V4"};
  printf(
      "/* Which kernel serves which product: row_across, row_along, narrow, in_place, "
      "narrow_along\n * (kern.h), for float and double. Written by bench_table. */\n"
      "#ifndef WEIRI_GEMM_TABLE_H\n#define WEIRI_GEMM_TABLE_H\n\n/* clang-format off "
      "*/\n");
  for (int l = 0; l < 3; l++) {
    const weiri_kern *kern = weiri_kern_select(levels[l]);
    if (kern == NULL) {
      fprintf(stderr, "bench_table: this machine has no level %s\n", levels[l]);
      return 1;
    }
    printf("#define WEIRI_TABLE_%s {", names[l]);
    print_type(kern, WEIR_F32);
    print_type(kern, WEIR_F64);
    printf("}\n");
  }
  printf("/* clang-format on */\n\n#endif\n");
  return 0;
}
