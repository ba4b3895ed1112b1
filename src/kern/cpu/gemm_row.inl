/* One row times B whose rows are padded to whole vectors: outputs lie side by side, so
 * up to VECTORS chains of multiply-adds run beside each other and nothing is
 * transposed. A chain is latency from one end to the other, so everything else is kept
 * short: what follows the sums is done in registers. The same sums as those of the
 * tiles. */

/* Columns col .. col + nv W of the row. */
static inline __attribute__((always_inline)) void NAME(row_vectors)(
    const int nv, const weiri_gemm *g, int64_t depth, int64_t col) {
  const int64_t end = col + nv * W < g->n ? col + nv * W : g->n;
  const int64_t lo = g->k_lo == NULL ? 0 : g->k_lo[col];
  const int64_t hi = g->k_hi == NULL ? g->k : g->k_hi[end - 1];
  const T *a = g->a;
  vec all[VECTORS], acc[VECTORS];
  WEIRI_UNROLL
  for (int j = 0; j < nv; j++) {
    all[j] = (vec){0};
  }
  for (int64_t k0 = 0; k0 < g->k; k0 += depth) {
    const int64_t k1 = k0 + depth < hi ? k0 + depth : hi;
    const T *b = (const T *)g->b + col;
    WEIRI_UNROLL
    for (int j = 0; j < nv; j++) {
      acc[j] = (vec){0};
    }
    for (int64_t p = lo > k0 ? lo : k0; p < k1; p++) {
      const T x = a[p];
      WEIRI_UNROLL
      for (int j = 0; j < nv; j++) {
        const vec sum = acc[j],
                  one = *(const vec_any *)(const void *)(b + p * g->ldb + j * W);
        acc[j] = sum + x * one;
      }
    }
    WEIRI_UNROLL
    for (int j = 0; j < nv; j++) {
      all[j] = k0 == 0 ? acc[j] : all[j] + acc[j];
    }
  }
  const bool whole = end == col + nv * W && g->act != WEIRI_ACT_TANH &&
                     g->gate == NULL && g->plus == NULL;
  if (!whole) {
    T out[VECTORS * W];
    WEIRI_UNROLL
    for (int j = 0; j < nv; j++) {
      *(vec_any *)(void *)(out + j * W) = all[j];
    }
    const NAME(place) at = {.g = g, .k1 = g->k};
    NAME(deliver_row)(&at, col, end - col, out);
    return;
  }
  T *c = (T *)g->c + col;
  const T *bias = g->bias == NULL ? NULL : (const T *)g->bias + col;
  WEIRI_UNROLL
  for (int j = 0; j < nv; j++) {
    vec v = all[j];
    v = bias == NULL ? v : v + *(const vec_any *)(const void *)(bias + j * W);
    if (g->act == WEIRI_ACT_RELU) {
      v = (vec)((vec_int)v & ~(v <= (vec){0}));
    }
    *(vec_any *)(void *)(c + j * W) = v;
  }
}

#define CASE(nv)                                                                       \
  case nv:                                                                             \
    NAME(row_vectors)(nv, g, depth, col);                                              \
    break;
static void NAME(gemm_row)(const weiri_gemm *g) {
  const int64_t depth = NAME(depth)(g->k);
  for (int64_t col = 0; col < g->n; col += VECTORS * W) {
    const int64_t vectors = (g->n - col + W - 1) / W;
    /* clang-format off */
    switch (vectors) {
      CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)
    default:
      NAME(row_vectors)(VECTORS, g, depth, col);
      break;
    }
    /* clang-format on */
  }
}
#undef CASE
