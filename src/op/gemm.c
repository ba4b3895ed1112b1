/* A matrix product over the team: rows, or columns in panels, are shared out. The
 * kernel gives every element the same bits however it is called, so the split is free.
 * Who takes rows packs all of B, who takes columns all of A: the larger side is cut. */
#include "op/op.h"

#define PANEL 32
#define ALONE 4e5 /* operations of a row that one thread does at once */

typedef struct job {
  const weiri_kern *kern;
  weiri_gemm g;
  weir_dtype dtype;
  bool by_rows;
  int64_t step;  /* rows per chunk */
  int64_t parts; /* chunks of columns */
  double *squares;
} job;

static const void *skip(const void *p, int64_t n, weir_dtype dtype) {
  return p == NULL ? NULL : (const char *)p + (size_t)n * weir_dtype_size(dtype);
}

/* Numbers of k that the panel from col on sums over. */
static int64_t depth(const weiri_gemm *g, int64_t col) {
  const int64_t last = (col + PANEL < g->n ? col + PANEL : g->n) - 1;
  const int64_t hi = g->k_hi == NULL ? g->k : g->k_hi[last];
  const int64_t lo = g->k_lo == NULL ? 0 : g->k_lo[col];
  return 1 + (hi > lo ? hi - lo : 0);
}

/* The first column of part i: parts are of equal work, in whole panels. */
static int64_t first_column(const job *j, int64_t i) {
  int64_t all = 0, before = 0, col = 0;
  for (int64_t c = 0; c < j->g.n; c += PANEL) {
    all += depth(&j->g, c);
  }
  while (col < j->g.n && before * j->parts < i * all) {
    before += depth(&j->g, col);
    col += PANEL;
  }
  return col < j->g.n ? col : j->g.n;
}

/* Part i of the product. */
static weiri_gemm part(const job *j, int64_t i) {
  weiri_gemm g = j->g;
  const int64_t first = j->by_rows ? i * j->step : first_column(j, i);
  const int64_t end = j->by_rows ? first + j->step : first_column(j, i + 1);
  const int64_t total = j->by_rows ? g.m : g.n;
  const int64_t count = (end < total ? end : total) - first;
  if (j->by_rows) {
    g.m = count;
    g.a = skip(g.a, g.ta ? first : first * g.lda, j->dtype);
    g.c = (char *)g.c + (size_t)(first * g.ldc) * weir_dtype_size(j->dtype);
    g.gate = skip(g.gate, first * g.ldc, j->dtype);
    g.plus = skip(g.plus, first * g.ldc, j->dtype);
    g.n_hi = g.n_hi == NULL ? NULL : g.n_hi + first;
  } else {
    g.n = count;
    g.b = skip(g.b, g.tb ? first * g.ldb : first, j->dtype);
    g.c = (char *)g.c + (size_t)first * weir_dtype_size(j->dtype);
    g.bias = skip(g.bias, first, j->dtype);
    g.gate = skip(g.gate, first, j->dtype);
    g.plus = skip(g.plus, first, j->dtype);
    g.k_hi = g.k_hi == NULL ? NULL : g.k_hi + first;
    g.k_lo = g.k_lo == NULL ? NULL : g.k_lo + first;
  }
  return g;
}

/* Sums of squares of rows [first, first + count). What lies beyond a prefix is zero and
 * may be left out at a multiple of 32 without changing a bit. */
static void square_rows(const job *j, int64_t first, int64_t count) {
  for (int64_t i = first; i < first + count && i < j->g.m; i++) {
    const int64_t hi = j->g.n_hi == NULL ? j->g.n : (j->g.n_hi[i] + 31) / 32 * 32;
    j->squares[i] = j->kern->sum_squares[j->dtype](
        hi < j->g.n ? hi : j->g.n, skip(j->g.c, i * j->g.ldc, j->dtype));
  }
}

static void square_chunk(void *arg, int64_t i, void *scratch) {
  (void)scratch;
  square_rows(arg, i * PANEL, PANEL);
}

static void chunk(void *arg, int64_t i, void *scratch) {
  const job *j = arg;
  if (j->by_rows && j->step >= j->g.m) {
    j->kern->gemm[j->dtype](&j->g, scratch);
  } else {
    const weiri_gemm g = part(j, i);
    j->kern->gemm[j->dtype](&g, scratch);
  }
  if (j->squares != NULL && j->by_rows) {
    square_rows(j, i * j->step, j->step);
  }
}

void weiri_gemm_run(weir_tape *t, const weiri_gemm *g) {
  weiri_gemm_squares(t, g, NULL);
}

void weiri_gemm_squares(weir_tape *t, const weiri_gemm *g, double *squares) {
  for (int64_t i = 0; squares != NULL && i < g->m; i++) {
    squares[i] = 0.0;
  }
  if (g->m == 0 || g->n == 0) {
    return;
  }
  const double work = 2.0 * (double)g->m * (double)g->n * (double)g->k;
  if (g->m == 1 && g->padded && work < ALONE) {
    weiri_tape_kern(t)->gemm[weir_tape_dtype(t)](g, NULL);
    return;
  }
  const int threads = weiri_team_threads(weiri_tape_team(t), work);
  job j = {weiri_tape_kern(t), *g, weir_tape_dtype(t), true, g->m, 1, squares};
  if (threads > 1 && g->n_hi != NULL) {
    /* Triangular rows are of unequal length: smaller parts, dealt out in turn. */
    const int64_t parts = 8 * (int64_t)threads;
    j.step = ((g->m + parts - 1) / parts + 15) / 16 * 16;
  } else if (threads > 1 && g->n > g->m && g->n >= 2 * PANEL) {
    j.by_rows = false;
    j.parts = threads;
  } else if (threads > 1) {
    j.step = (g->m + threads - 1) / threads;
  }
  const int64_t chunks = j.by_rows ? (g->m + j.step - 1) / j.step : j.parts;
  /* Scratch for the whole: the same however the next product of this shape is cut. */
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), chunks, work,
                         j.kern->gemm_scratch[j.dtype](g), chunk, &j));
  if (squares != NULL && !j.by_rows) {
    weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), (g->m + PANEL - 1) / PANEL,
                           2.0 * (double)(g->m * g->n), 0, square_chunk, &j));
  }
}
