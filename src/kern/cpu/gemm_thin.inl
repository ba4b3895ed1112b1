/* Shapes that register tiles serve badly; the same chains of additions as theirs.
 *   one row:        nothing is packed; B is streamed once, several vectors of columns
 * at a time, transposed in registers where its rows lie along k narrow results: n below
 * a vector: the transposed product, whose long side fills the vectors (gradients of
 * weights with few inputs, layers with few outputs) */

#define four NAME(four)
#define four_any NAME(four_any)
#define eight NAME(eight)
#define eight_any NAME(eight_any)
#define GROUPS 4
#define VECTORS 8 /* of columns, streamed together */
#define FEW 2

typedef T eight __attribute__((vector_size(sizeof(T) * 8)));
typedef T eight_any
    __attribute__((vector_size(sizeof(T) * 8), aligned(sizeof(T)), may_alias));

static T NAME(activated)(const weiri_gemm *g, T v) {
  switch (g->act) {
  case WEIRI_ACT_RELU:
    return v <= 0 ? 0 : v; /* a NaN stays */
  case WEIRI_ACT_TANH:
    return NAME(vtanh)(v);
  case WEIRI_ACT_NONE:
  default:
    return v;
  }
}

/* Sums of one block of k into an element of C. */
static inline void NAME(deliver)(const NAME(place) * at, int64_t i, int64_t j, T sum) {
  const weiri_gemm *g = at->g;
  T *c = (T *)g->c + i * g->ldc + j;
  T v = g->accumulate || at->k0 > 0 ? *c + sum : sum;
  if (at->k1 == g->k) {
    v = g->bias == NULL ? v : v + ((const T *)g->bias)[j];
    v = NAME(finished)(g, i * g->ldc + j, NAME(activated)(g, v));
  }
  *c = v;
}

/* ---- one row ---- */

static bool NAME(is_row)(const weiri_gemm *g) {
  const weiri_gemm_table *table = &gemm_table[TYPE];
  const bool wanted = g->tb ? table->row_along : table->row_across;
  return g->m == 1 && g->n_hi == NULL &&
         (g->kernel == WEIRI_GEMM_BY_TABLE ? wanted : g->kernel == WEIRI_GEMM_ROW);
}

/* sum over lo <= p < hi of a[p] b[p ldb + j] for nv vectors of columns. */
static inline __attribute__((always_inline)) void NAME(stream)(
    const int nv, int64_t k, const T *a, int64_t as, const T *b, int64_t ldb, T *out) {
  vec acc[VECTORS];
  WEIRI_UNROLL
  for (int j = 0; j < nv; j++) {
    acc[j] = (vec){0};
  }
  for (int64_t p = 0; p < k; p++, a += as, b += ldb) {
    const T x = *a;
    WEIRI_UNROLL
    for (int j = 0; j < nv; j++) {
      const vec sum = acc[j], one = *(const vec_any *)(const void *)(b + j * W);
      acc[j] = sum + x * one;
    }
  }
  WEIRI_UNROLL
  for (int j = 0; j < nv; j++) {
    *(vec_any *)(void *)(out + j * W) = acc[j];
  }
}

/* Rows i and i + 4, side by side. */
#define PAIR(i)                                                                        \
  __builtin_shufflevector(*(const four_any *)(const void *)(from + (i)*ld),            \
      *(const four_any *)(const void *)(from + ((i) + 4) * ld), 0, 1, 2, 3, 4, 5, 6,   \
      7)

/* w[q][i] = from[i ld + q], q < 4, i < 8 */
static inline __attribute__((always_inline)) void NAME(turned_eight)(
    const T *from, int64_t ld, eight *w) {
  const eight a = PAIR(0), b = PAIR(1), c = PAIR(2), d = PAIR(3);
  const eight p = __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
  const eight q = __builtin_shufflevector(c, d, 0, 8, 1, 9, 4, 12, 5, 13);
  const eight r = __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
  const eight s = __builtin_shufflevector(c, d, 2, 10, 3, 11, 6, 14, 7, 15);
  w[0] = __builtin_shufflevector(p, q, 0, 1, 8, 9, 4, 5, 12, 13);
  w[1] = __builtin_shufflevector(p, q, 2, 3, 10, 11, 6, 7, 14, 15);
  w[2] = __builtin_shufflevector(r, s, 0, 1, 8, 9, 4, 5, 12, 13);
  w[3] = __builtin_shufflevector(r, s, 2, 3, 10, 11, 6, 7, 14, 15);
}
#undef PAIR

/* The same for 8 ng columns whose numbers lie along k, ldb apart. */
static inline __attribute__((always_inline)) void NAME(stream_turned)(
    const int ng, int64_t k, const T *a, int64_t as, const T *b, int64_t ldb, T *out) {
  eight acc[GROUPS];
  WEIRI_UNROLL
  for (int g = 0; g < ng; g++) {
    acc[g] = (eight){0};
  }
  int64_t p = 0;
  for (; p + 4 <= k; p += 4) {
    const T x[4] = {a[p * as], a[(p + 1) * as], a[(p + 2) * as], a[(p + 3) * as]};
    WEIRI_UNROLL
    for (int g = 0; g < ng; g++) {
      eight w[4];
      NAME(turned_eight)(b + 8 * g * ldb + p, ldb, w);
      WEIRI_UNROLL
      for (int q = 0; q < 4; q++) {
        const eight sum = acc[g], one = w[q];
        acc[g] = sum + x[q] * one;
      }
    }
  }
  for (; p < k; p++) {
    const T x = a[p * as];
    for (int g = 0; g < ng; g++) {
      const T *w = b + 8 * g * ldb + p;
      const eight sum = acc[g], one = {w[0], w[ldb], w[2 * ldb], w[3 * ldb], w[4 * ldb],
                                    w[5 * ldb], w[6 * ldb], w[7 * ldb]};
      acc[g] = sum + x * one;
    }
  }
  WEIRI_UNROLL
  for (int g = 0; g < ng; g++) {
    *(eight_any *)(void *)(out + 8 * g) = acc[g];
  }
}

/* The same for a few columns, bs apart; bk: from one k to the next. */
static inline __attribute__((always_inline)) void NAME(stream_few)(const int columns,
    int64_t k, const T *a, int64_t as, const T *b, int64_t bs, int64_t bk, T *out) {
  T acc[FEW] = {0};
  for (int64_t p = 0; p < k; p++) {
    const T x = a[p * as];
    WEIRI_UNROLL
    for (int j = 0; j < columns; j++) {
      const T sum = acc[j], one = b[j * bs + p * bk];
      acc[j] = sum + x * one;
      __asm__ volatile(""); /* else products are made vectors, and no longer fused */
    }
  }
  WEIRI_UNROLL
  for (int j = 0; j < columns; j++) {
    out[j] = acc[j];
  }
}

/* How many of the columns that are left the widest of the above takes. */
static int64_t NAME(row_width)(bool tb, int64_t left) {
  if (tb) {
    return left >= 8 * GROUPS ? 8 * GROUPS : left >= 8 ? 8 : left >= FEW ? FEW : 1;
  }
  return left >= VECTORS * W ? VECTORS * W
         : left >= 2 * W     ? 2 * W
         : left >= W         ? W
         : left >= FEW       ? FEW
                             : 1;
}

/* Some columns from col on, as many as one of the above takes: how many that was. */
static int64_t NAME(row_part)(const NAME(place) * at, int64_t col, T *out) {
  const weiri_gemm *g = at->g;
  const int64_t as = g->ta ? g->lda : 1, width = NAME(row_width)(g->tb, g->n - col);
  int64_t lo, hi;
  NAME(range)(at, col, col + width - 1, &lo, &hi);
  const T *a = (const T *)g->a + lo * as;
  const T *b = (const T *)g->b + (g->tb ? col * g->ldb + lo : lo * g->ldb + col);
  const int64_t bs = g->tb ? g->ldb : 1, bk = g->tb ? 1 : g->ldb;
  if (width == 1) {
    NAME(stream_few)(1, hi - lo, a, as, b, bs, bk, out);
  } else if (width == FEW) {
    NAME(stream_few)(FEW, hi - lo, a, as, b, bs, bk, out);
  } else if (g->tb && width == 8) {
    NAME(stream_turned)(1, hi - lo, a, as, b, g->ldb, out);
  } else if (g->tb) {
    NAME(stream_turned)(GROUPS, hi - lo, a, as, b, g->ldb, out);
  } else if (width == W) {
    NAME(stream)(1, hi - lo, a, as, b, g->ldb, out);
  } else if (width == 2 * W) {
    NAME(stream)(2, hi - lo, a, as, b, g->ldb, out);
  } else {
    NAME(stream)(VECTORS, hi - lo, a, as, b, g->ldb, out);
  }
  return width;
}

/* Sums of one block of k into the row, from column col on. */
static void NAME(deliver_row)(
    const NAME(place) * at, int64_t col, int64_t width, T *out) {
  const weiri_gemm *g = at->g;
  T *c = (T *)g->c + col;
  for (int64_t j = 0; (g->accumulate || at->k0 > 0) && j < width; j++) {
    out[j] = c[j] + out[j];
  }
  if (at->k1 == g->k) {
    const T *bias = g->bias == NULL ? NULL : (const T *)g->bias + col;
    for (int64_t j = 0; bias != NULL && j < width; j++) {
      out[j] += bias[j];
    }
    for (int64_t j = 0; g->act == WEIRI_ACT_RELU && j < width; j++) {
      out[j] = out[j] <= 0 ? 0 : out[j]; /* a NaN stays */
    }
    for (int64_t j = 0; g->act == WEIRI_ACT_TANH && j < width; j++) {
      out[j] = NAME(vtanh)(out[j]);
    }
    for (int64_t j = 0; (g->gate != NULL || g->plus != NULL) && j < width; j++) {
      out[j] = NAME(finished)(g, col + j, out[j]);
    }
  }
  memcpy(c, out, (size_t)width * sizeof(T));
}

static void NAME(row)(NAME(place) * at) {
  const weiri_gemm *g = at->g;
  T out[VECTORS * W > 8 * GROUPS ? VECTORS * W : 8 * GROUPS];
  for (at->k0 = 0; at->k0 == 0 || at->k0 < g->k; at->k0 = at->k1) {
    at->k1 = g->k - at->k0 < at->depth ? g->k : at->k0 + at->depth;
    for (int64_t col = 0; col < g->n;) {
      const int64_t width = NAME(row_part)(at, col, out);
      NAME(deliver_row)(at, col, width, out);
      col += width;
    }
    if (g->k == 0) {
      break;
    }
  }
}

#include "kern/cpu/gemm_row.inl"

/* ---- narrow results ---- */

static bool NAME(is_narrow)(const weiri_gemm *g) {
  const weiri_gemm_table *table = &gemm_table[TYPE];
  const bool wanted = g->n <= (g->ta ? table->narrow : table->narrow_along);
  return g->n <= MR && g->m >= W && g->n_hi == NULL && g->k_hi == NULL &&
         g->k_lo == NULL &&
         (g->kernel == WEIRI_GEMM_BY_TABLE ? wanted : g->kernel == WEIRI_GEMM_NARROW);
}

/* Columns of the transposed product: rows of C. */
static void NAME(narrow_panel)(
    const NAME(place) * at, const weiri_gemm *turned, int64_t col) {
  const int64_t cols = turned->n - col < NR ? turned->n - col : NR;
  const bool direct = cols == NR && !turned->tb;
  if (!direct) {
    NAME(pack_b)(turned, col, cols, cols > W ? NR : W, at->k0, at->k1, at->pb);
  }
  const NAME(spot) s = {.k = at->k1 - at->k0,
      .a = at->pa,
      .as = MR,
      .b = direct ? (const T *)turned->b + at->k0 * turned->ldb + col : at->pb,
      .bs = direct ? turned->ldb : NR,
      .c = at->edge,
      .ldc = NR};
  NAME(run_tile)(turned->m, NAME(vectors)(cols), &s);
  for (int64_t i = 0; i < cols; i++) {
    for (int64_t j = 0; j < turned->m; j++) {
      NAME(deliver)(at, col + i, j, at->edge[j * NR + i]);
    }
  }
}

static void NAME(narrow)(NAME(place) * at) {
  const weiri_gemm *g = at->g;
  const weiri_gemm turned = {.m = g->n,
      .n = g->m,
      .k = g->k,
      .a = g->b,
      .b = g->a,
      .lda = g->ldb,
      .ldb = g->lda,
      .ta = !g->tb,
      .tb = !g->ta};
  for (at->k0 = 0; at->k0 == 0 || at->k0 < g->k; at->k0 = at->k1) {
    at->k1 = g->k - at->k0 < at->depth ? g->k : at->k0 + at->depth;
    NAME(pack_a)(&turned, 0, turned.m, at->k0, at->k1, at->pa);
    for (int64_t col = 0; col < turned.n; col += NR) {
      NAME(narrow_panel)(at, &turned, col);
    }
    if (g->k == 0) {
      break;
    }
  }
}
#undef four
#undef four_any
#undef eight
#undef eight_any
#undef GROUPS
#undef VECTORS
#undef FEW
