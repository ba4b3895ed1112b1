/* Packing for the matrix product: rows that lie along k are transposed in blocks of
 * four, rows that lie across k are copied. */

typedef T four __attribute__((vector_size(sizeof(T) * 4)));
typedef T four_any
    __attribute__((vector_size(sizeof(T) * 4), aligned(sizeof(T)), may_alias));

static inline __attribute__((always_inline)) void NAME(transpose_4)(
    const T *from, int64_t ld, T *to, int64_t step) {
  const four a = *(const four_any *)(const void *)from;
  const four b = *(const four_any *)(const void *)(from + ld);
  const four c = *(const four_any *)(const void *)(from + 2 * ld);
  const four d = *(const four_any *)(const void *)(from + 3 * ld);
  const four p = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const four q = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const four r = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const four s = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(four_any *)(void *)to = __builtin_shufflevector(p, q, 0, 1, 4, 5);
  *(four_any *)(void *)(to + step) = __builtin_shufflevector(p, q, 2, 3, 6, 7);
  *(four_any *)(void *)(to + 2 * step) = __builtin_shufflevector(r, s, 0, 1, 4, 5);
  *(four_any *)(void *)(to + 3 * step) = __builtin_shufflevector(r, s, 2, 3, 6, 7);
}

/* to[p step + i] = from[i ld + p] for i < rows, p < k. The last four rows may overlap
 * the ones before. */
static void NAME(transpose)(
    const T *from, int64_t ld, int64_t rows, int64_t k, T *to, int64_t step) {
  const int64_t whole = rows < 4 ? 0 : k / 4 * 4;
  for (int64_t g = 0; whole > 0 && g < rows; g += 4) {
    const int64_t i = g < rows - 4 ? g : rows - 4;
    for (int64_t p = 0; p < whole; p += 4) {
      NAME(transpose_4)(from + i * ld + p, ld, to + p * step + i, step);
    }
  }
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t p = whole; p < k; p++) {
      to[p * step + i] = from[i * ld + p];
    }
  }
}

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
    NAME(transpose)(a + first * g->lda + lo, g->lda, rows, hi - lo, to, MR);
  }
}

/* Columns first .. first + cols - 1 of op(B), lo <= k < hi, as [k, NR]; columns up to
 * width are zero. */
static void NAME(pack_b)(const weiri_gemm *g, int64_t first, int64_t cols,
    int64_t width, int64_t lo, int64_t hi, T *to) {
  const T *b = g->b;
  if (g->tb) {
    NAME(transpose)(b + first * g->ldb + lo, g->ldb, cols, hi - lo, to, NR);
  } else {
    NAME(copy)(b + lo * g->ldb + first, g->ldb, cols, NR, hi - lo, to, NR);
  }
  for (int64_t p = 0; cols < width && p < hi - lo; p++) {
    for (int64_t j = cols; j < width; j++) {
      to[p * NR + j] = 0;
    }
  }
}
