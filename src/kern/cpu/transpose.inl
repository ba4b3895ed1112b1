/* Transposition in blocks of four, for packing and for splines. */

#define four NAME(four)
#define four_any NAME(four_any)
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
static void NAME(turn)(
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
static void NAME(transpose)(
    int64_t m, int64_t n, const void *x, int64_t ldx, void *y, int64_t ldy) {
  NAME(turn)(x, ldx, m, n, y, ldy);
}
#undef four
#undef four_any
