/* C = act(op(A) op(B) (+ C) (+ bias)), a packed product with a register tile.
 *
 * B is packed into panels of NR columns (a block of NC columns stays in the
 * second-level cache), A into panels of at most MR rows; k is cut into equal blocks, a
 * function of k alone. Every element of C is one chain of additions over ascending k
 * within a block, and blocks are added in order: the same additions whatever m and n
 * are and wherever the element lies, so callers split m at will and n at multiples
 * of 32. Triangular structure narrows the range of k of a panel, or skips panels. */

#define vec_any NAME(vec_any)
#define vec_int NAME(vec_int)
#define half NAME(half)
#define half_any NAME(half_any)
#define half_int NAME(half_int)
#ifndef WEIRI_UNROLL
#if !defined(__clang__)
#define WEIRI_UNROLL _Pragma("GCC unroll 16")
#elif __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
/* Checks on every access of an unrolled tile keep the compiler busy for minutes. */
#define WEIRI_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define WEIRI_UNROLL _Pragma("clang loop unroll(full)")
#endif
#endif

typedef T vec __attribute__((vector_size(sizeof(T) * W)));
typedef T vec_any
    __attribute__((vector_size(sizeof(T) * W), aligned(sizeof(T)), may_alias));
typedef __typeof__((vec){0} < (vec){0}) vec_int;
/* Half a vector, for few columns; there is none below 16 bytes. */
#define HW (BYTES > 16 ? W / 2 : W)
typedef T half __attribute__((vector_size(sizeof(T) * HW)));
typedef T half_any
    __attribute__((vector_size(sizeof(T) * HW), aligned(sizeof(T)), may_alias));
typedef __typeof__((half){0} < (half){0}) half_int;
#define NR (NV * W)
#define KC ((int64_t)(1536 / sizeof(T)))
#define NC ((int64_t)(1024 / sizeof(T)))

#include "kern/cpu/gemm_tile.inl"
#include "kern/cpu/gemm_pack.inl"

/* Where a call stands: block [k0, k1) of k, columns from col0 on packed at pb. */
typedef struct NAME(place) {
  const weiri_gemm *g;
  int64_t k0, k1, depth;
  int64_t col0, col1;
  T *pa, *pb, *edge; /* [depth, MR]; panels [depth, NR]; a tile [MR, NR] */
} NAME(place);

static int64_t NAME(depth)(int64_t k) {
  const int64_t blocks = (k + KC - 1) / KC;
  return blocks < 2 ? k : ((k + blocks - 1) / blocks + 7) / 8 * 8;
}

static size_t NAME(gemm_scratch)(const weiri_gemm *g) {
  const int64_t cols = g->n < NC ? (g->n + NR - 1) / NR * NR : NC;
  const int64_t rows = (MR + 15) / 16 * 16, depth = g->k < KC ? g->k : KC;
  return (size_t)((cols + rows) * (depth + 1) + rows * NR) * sizeof(T);
}

/* The range of k that columns [col, last] sum over, cut to the block. */
static void NAME(range)(
    const NAME(place) * at, int64_t col, int64_t last, int64_t *lo, int64_t *hi) {
  const weiri_gemm *g = at->g;
  *lo = g->k_lo == NULL || g->k_lo[col] < at->k0 ? at->k0 : g->k_lo[col];
  *hi = g->k_hi == NULL || g->k_hi[last] > at->k1 ? at->k1 : g->k_hi[last];
  *lo = *lo > at->k1 ? at->k1 : *lo;
  *hi = *hi < *lo ? *lo : *hi;
}

/* B is read where it lies when few rows would make use of a packed copy. */
static bool NAME(in_place)(const weiri_gemm *g, int64_t cols) {
  const bool few = g->m <= gemm_table[TYPE].in_place;
  return !g->tb && cols == NR &&
         (g->kernel == WEIRI_GEMM_BY_TABLE ? few : g->kernel == WEIRI_GEMM_IN_PLACE);
}

static void NAME(pack_panels)(const NAME(place) * at) {
  for (int64_t col = at->col0; col < at->col1; col += NR) {
    const int64_t cols = at->col1 - col < NR ? at->col1 - col : NR;
    int64_t lo, hi;
    NAME(range)(at, col, col + cols - 1, &lo, &hi);
    if (!NAME(in_place)(at->g, cols)) {
      NAME(pack_b)
      (at->g, col, cols, cols > W ? NR : W, lo, hi,
          at->pb + (col - at->col0) * at->depth + (lo - at->k0) * NR);
    }
  }
}

/* What follows the activation of the element at this place of C. */
static inline T NAME(finished)(const weiri_gemm *g, int64_t at, T v) {
  v *= g->gate == NULL || ((const T *)g->gate)[at] > 0 ? (T)1 : (T)0;
  return g->plus == NULL ? v : v + ((const T *)g->plus)[at];
}

/* A tile that is not stored as it is: part of its columns, or tanh. Computed beside C.
 */
static void NAME(edge_tile)(const NAME(place) * at, NAME(spot) s, int64_t row,
    int64_t rows, int64_t col, int64_t cols, bool last) {
  const weiri_gemm *g = at->g;
  T bias[NR] = {0};
  T *c = s.c;
  for (int64_t i = 0; s.add && i < rows; i++) {
    memcpy(at->edge + i * NR, c + i * g->ldc, (size_t)cols * sizeof(T));
  }
  if (s.bias != NULL) {
    memcpy(bias, s.bias, (size_t)cols * sizeof(T));
    s.bias = bias;
  }
  s.c = at->edge, s.ldc = NR;
  s.gate = s.plus = NULL;
  NAME(run_tile)(rows, NAME(vectors)(cols), &s);
  for (int64_t i = 0; last && g->act == WEIRI_ACT_TANH && i < rows * NR; i++) {
    at->edge[i] = NAME(vtanh)(at->edge[i]);
  }
  for (int64_t i = 0; last && (g->gate != NULL || g->plus != NULL) && i < rows; i++) {
    for (int64_t j = 0; j < cols; j++) {
      T *v = at->edge + i * NR + j;
      *v = NAME(finished)(g, (row + i) * g->ldc + col + j, *v);
    }
  }
  for (int64_t i = 0; i < rows; i++) {
    int64_t width = cols;
    if (g->n_hi != NULL) {
      const int64_t hi = g->n_hi[row + i] - col;
      width = hi < 0 ? 0 : hi < cols ? hi : cols;
    }
    memcpy(c + i * g->ldc, at->edge + i * NR, (size_t)width * sizeof(T));
    if (width < cols && !g->accumulate) {
      memset(c + i * g->ldc + width, 0, (size_t)(cols - width) * sizeof(T));
    }
  }
}

/* Columns of rows [row, row + rows) beyond all their prefixes become zero. */
static void NAME(clear)(
    const weiri_gemm *g, int64_t row, int64_t rows, int64_t col, int64_t col1) {
  for (int64_t i = row; !g->accumulate && i < row + rows; i++) {
    memset((T *)g->c + i * g->ldc + col, 0, (size_t)(col1 - col) * sizeof(T));
  }
}

/* Rows [row, row + rows) times columns [col, col + cols) of the panel at `panel`. */
static void NAME(part)(const NAME(place) * at, int64_t row, int64_t rows, int64_t panel,
    int64_t col, int64_t cols, int64_t a0) {
  const weiri_gemm *g = at->g;
  const int64_t width = at->col1 - panel < NR ? at->col1 - panel : NR;
  const bool first = at->k0 == 0, last = at->k1 == g->k;
  int64_t lo, hi;
  NAME(range)(at, col, col + cols - 1, &lo, &hi);
  if (lo == hi && !first && !last) {
    return;
  }
  const bool direct = NAME(in_place)(g, width);
  const int64_t at_c = row * g->ldc + col;
  const T *packed =
      at->pb + (panel - at->col0) * at->depth + (lo - at->k0) * NR + (col - panel);
  const NAME(spot) s = {.k = hi - lo,
      .a = at->pa + (lo - a0) * MR,
      .as = MR,
      .b = direct ? (const T *)g->b + lo * g->ldb + col : packed,
      .bs = direct ? g->ldb : NR,
      .c = (T *)g->c + at_c,
      .ldc = g->ldc,
      .gate = last && g->gate != NULL ? (const T *)g->gate + at_c : NULL,
      .plus = last && g->plus != NULL ? (const T *)g->plus + at_c : NULL,
      .bias = last && g->bias != NULL ? (const T *)g->bias + col : NULL,
      .add = g->accumulate || !first,
      .relu = last && g->act == WEIRI_ACT_RELU};
  const bool whole = cols == W || cols == NR;
  const bool inside = g->n_hi == NULL || g->n_hi[row] >= col + cols;
  if (whole && inside && !(last && g->act == WEIRI_ACT_TANH)) {
    NAME(run_tile)(rows, cols / W, &s);
  } else {
    NAME(edge_tile)(at, s, row, rows, col, cols, last);
  }
}

/* Whether a panel is cheaper in two halves: where one of them sums over much less. */
static bool NAME(halves)(const NAME(place) * at, int64_t col, int64_t cols) {
  int64_t lo, hi, lo1, hi1, lo2, hi2;
  NAME(range)(at, col, col + cols - 1, &lo, &hi);
  NAME(range)(at, col, col + W - 1, &lo1, &hi1);
  NAME(range)(at, col + W, col + cols - 1, &lo2, &hi2);
  return (hi1 - lo1) + (hi2 - lo2) < 2 * (hi - lo) - (hi - lo) / 4;
}

/* Rows [row, row + rows) times the panel at col. */
static void NAME(panel)(
    const NAME(place) * at, int64_t row, int64_t rows, int64_t col, int64_t a0) {
  const weiri_gemm *g = at->g;
  const int64_t cols = at->col1 - col < NR ? at->col1 - col : NR;
  if (cols > W && g->n_hi != NULL && g->n_hi[row + rows - 1] <= col + W) {
    NAME(part)(at, row, rows, col, col, W, a0);
    NAME(clear)(g, row, rows, col + W, col + cols);
  } else if (cols > W && (g->k_lo != NULL || g->k_hi != NULL) &&
             NAME(halves)(at, col, cols)) {
    NAME(part)(at, row, rows, col, col, W, a0);
    NAME(part)(at, row, rows, col, col + W, cols - W, a0);
  } else {
    NAME(part)(at, row, rows, col, col, cols, a0);
  }
}

/* All rows times the packed panels, in blocks of equal height. */
static void NAME(rows)(const NAME(place) * at) {
  const weiri_gemm *g = at->g;
  int64_t lo, hi, none;
  NAME(range)(at, at->col0, at->col0, &lo, &none);
  NAME(range)(at, at->col1 - 1, at->col1 - 1, &none, &hi);
  hi = hi < lo ? lo : hi;
  const int64_t blocks = (g->m + MR - 1) / MR, least = g->m / blocks;
  for (int64_t row = 0, b = 0; b < blocks; b++) {
    const int64_t rows = least + (b < g->m % blocks);
    const int64_t end = g->n_hi == NULL ? at->col1 : g->n_hi[row + rows - 1];
    if (end > at->col0) {
      NAME(pack_a)(g, row, rows, lo, hi, at->pa);
    }
    for (int64_t col = at->col0; col < at->col1; col += NR) {
      if (col < end) {
        NAME(panel)(at, row, rows, col, lo);
      } else {
        NAME(clear)(g, row, rows, col, at->col1);
        break;
      }
    }
    row += rows;
  }
}

#include "kern/cpu/gemm_thin.inl"

static void NAME(gemm)(const weiri_gemm *g, void *scratch) {
  if (g->m == 0 || g->n == 0) {
    return;
  }
  if (g->m == 1 && g->padded && !g->accumulate) {
    NAME(gemm_row)(g);
    return;
  }
  const int64_t tall = (MR + 15) / 16 * 16;
  NAME(place) at = {.g = g, .depth = NAME(depth)(g->k), .edge = scratch};
  at.pa = at.edge + tall * NR;
  at.pb = at.pa + tall * (at.depth + 1);
  if (NAME(is_row)(g)) {
    NAME(row)(&at);
    return;
  }
  if (NAME(is_narrow)(g)) {
    NAME(narrow)(&at);
    return;
  }
  for (at.k0 = 0; at.k0 == 0 || at.k0 < g->k; at.k0 = at.k1) {
    at.k1 = g->k - at.k0 < at.depth ? g->k : at.k0 + at.depth;
    for (at.col0 = 0; at.col0 < g->n; at.col0 = at.col1) {
      at.col1 = g->n - at.col0 < NC ? g->n : at.col0 + NC;
      NAME(pack_panels)(&at);
      NAME(rows)(&at);
    }
    if (g->k == 0) {
      break;
    }
  }
}
#undef vec_any
#undef vec_int
#undef half
#undef half_any
#undef half_int
#undef HW
#undef NR
#undef KC
#undef NC
