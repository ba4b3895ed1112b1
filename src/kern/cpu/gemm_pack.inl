/* Packing for the matrix product: rows that lie along k are transposed in blocks of
 * four, rows that lie across k are copied. */

/* Copies k rows of cols numbers, cols being at most the constant `most`. */
static inline __attribute__((always_inline)) void NAME(copy)(const T *from, int64_t ld,
    int64_t cols, const int64_t most, int64_t k, T *to, int64_t step) {
  if (cols == most) {
    for (int64_t p = 0; p < k; p++) {
      memcpy(to + p * step, from + p * ld, (size_t)most * sizeof(T));
    }
    return;
  }
  for (int64_t p = 0; p < k; p++) {
    for (int64_t j = 0; j < cols; j++) {
      to[p * step + j] = from[p * ld + j];
    }
  }
}

/* Rows first .. first + rows - 1 of op(A), lo <= k < hi, as [k, MR]. */
static void NAME(pack_a)(
    const weiri_gemm *g, int64_t first, int64_t rows, int64_t lo, int64_t hi, T *to) {
  const T *a = g->a;
  if (g->ta) {
    /* Reading on into the next rows of C's block is cheaper than a short copy. */
    const int64_t cols = first + MR <= g->m ? MR : rows;
    NAME(copy)(a + lo * g->lda + first, g->lda, cols, MR, hi - lo, to, MR);
  } else {
    NAME(turn)(a + first * g->lda + lo, g->lda, rows, hi - lo, to, MR);
  }
}

/* Columns first .. first + cols - 1 of op(B), lo <= k < hi, as [k, NR]; columns up to
 * width are zero. */
static void NAME(pack_b)(const weiri_gemm *g, int64_t first, int64_t cols,
    int64_t width, int64_t lo, int64_t hi, T *to) {
  const T *b = g->b;
  if (g->tb) {
    NAME(turn)(b + first * g->ldb + lo, g->ldb, cols, hi - lo, to, NR);
  } else {
    NAME(copy)(b + lo * g->ldb + first, g->ldb, cols, NR, hi - lo, to, NR);
  }
  for (int64_t p = 0; cols < width && p < hi - lo; p++) {
    for (int64_t j = cols; j < width; j++) {
      to[p * NR + j] = 0;
    }
  }
}
