/* A matrix product over the team: rows, or columns in panels of 64, are shared out. The
 * kernel gives every element the same bits however it is called, so the split is free.
 */
#include "op/op.h"

#define PANEL 64
#define ROWS_MIN 32

typedef struct job {
  const weiri_kern *kern;
  weiri_gemm g;
  weir_dtype dtype;
  bool by_rows;
  int64_t step; /* rows or columns per chunk */
} job;

static const void *skip(const void *p, int64_t n, weir_dtype dtype) {
  return p == NULL ? NULL : (const char *)p + (size_t)n * weir_dtype_size(dtype);
}

/* Part i of the product. */
static weiri_gemm part(const job *j, int64_t i) {
  weiri_gemm g = j->g;
  const int64_t first = i * j->step, total = j->by_rows ? g.m : g.n;
  const int64_t count = total - first < j->step ? total - first : j->step;
  if (j->by_rows) {
    g.m = count;
    g.a = skip(g.a, g.ta ? first : first * g.lda, j->dtype);
    g.c = (char *)g.c + (size_t)(first * g.ldc) * weir_dtype_size(j->dtype);
    g.n_hi = g.n_hi == NULL ? NULL : g.n_hi + first;
  } else {
    g.n = count;
    g.b = skip(g.b, g.tb ? first * g.ldb : first, j->dtype);
    g.c = (char *)g.c + (size_t)first * weir_dtype_size(j->dtype);
    g.bias = skip(g.bias, first, j->dtype);
    g.k_hi = g.k_hi == NULL ? NULL : g.k_hi + first;
    g.k_lo = g.k_lo == NULL ? NULL : g.k_lo + first;
  }
  return g;
}

static void chunk(void *arg, int64_t i, void *scratch) {
  const job *j = arg;
  const weiri_gemm g = part(j, i);
  j->kern->gemm[j->dtype](&g, scratch);
}

void weiri_gemm_run(weir_tape *t, const weiri_gemm *g) {
  if (g->m == 0 || g->n == 0) {
    return;
  }
  const double work = 2.0 * (double)g->m * (double)g->n * (double)g->k;
  const int threads = weiri_team_threads(weiri_tape_team(t), work);
  job j = {weiri_tape_kern(t), *g, weir_tape_dtype(t), true, g->m};
  if (threads > 1 && g->n_hi == NULL && g->m < ROWS_MIN * threads &&
      g->n >= 2 * PANEL) {
    j.by_rows = false;
    const int64_t panels = (g->n + PANEL - 1) / PANEL;
    j.step = (panels + threads - 1) / threads * PANEL;
  } else if (threads > 1) {
    /* Triangular rows are of unequal length: smaller parts, dealt out in turn. */
    const int64_t parts = g->n_hi != NULL ? 8 * (int64_t)threads : threads;
    j.step = ((g->m + parts - 1) / parts + 15) / 16 * 16;
  }
  const int64_t total = j.by_rows ? g->m : g->n;
  /* Scratch for the whole: the same however the next product of this shape is cut. */
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), (total + j.step - 1) / j.step,
                         work, j.kern->gemm_scratch[j.dtype](g), chunk, &j));
}
