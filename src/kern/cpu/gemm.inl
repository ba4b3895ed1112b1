/* C = act(op(A) op(B) (+ C) (+ bias)), a packed product with a register tile.
 *
 * B is packed into panels of NR columns, A into panels of MR rows, both padded with zeros,
 * and every tile of C is one sum over k in ascending order: the same additions whatever m
 * and n are and wherever the tile lies, so callers split m and n (at multiples of 64) at
 * will. Triangular structure narrows the range of k of a panel, or skips panels. */

typedef T vec __attribute__((vector_size(sizeof(T) * W)));
#define NR (NV * W)
#define KC 2048
#define MC (MR * 8)

/* out[MR, NR] = sum over k of a[k, MR] b[k, NR] */
static inline __attribute__((always_inline)) void NAME(micro)(
    int64_t k, const T *restrict a, const T *restrict b, T *restrict out) {
  vec acc[MR][NV];
#pragma GCC unroll 16
  for (int i = 0; i < MR; i++) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) {
      acc[i][j] = (vec){0};
    }
  }
  for (int64_t p = 0; p < k; p++) {
    vec bv[NV];
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) {
      bv[j] = *(const vec *)(const void *)(b + p * NR + j * W);
    }
#pragma GCC unroll 16
    for (int i = 0; i < MR; i++) {
      const vec av = (vec){0} + a[p * MR + i];
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) {
        acc[i][j] += av * bv[j];
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < MR; i++) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) {
      *(vec *)(void *)(out + i * NR + j * W) = acc[i][j];
    }
  }
}

/* Rows first .. first + rows - 1 of op(A), k0 <= k < k1, as [k, MR] with zeros below. */
static void NAME(pack_a)(const weiri_gemm *g, int64_t first, int64_t rows, int64_t k0,
    int64_t k1, T *restrict to) {
  const T *a = g->a;
  for (int64_t i = 0; i < MR; i++) {
    if (i >= rows) {
      for (int64_t p = k0; p < k1; p++) {
        to[(p - k0) * MR + i] = 0;
      }
    } else if (!g->ta) {
      const T *row = a + (first + i) * g->lda;
      for (int64_t p = k0; p < k1; p++) {
        to[(p - k0) * MR + i] = row[p];
      }
    }
  }
  for (int64_t p = k0; g->ta && p < k1; p++) {
    const T *row = a + p * g->lda + first;
    for (int64_t i = 0; i < rows; i++) {
      to[(p - k0) * MR + i] = row[i];
    }
  }
}

/* Columns first .. first + cols - 1 of op(B), k0 <= k < k1, as [k, NR] with zeros right. */
static void NAME(pack_b)(const weiri_gemm *g, int64_t first, int64_t cols, int64_t k0,
    int64_t k1, T *restrict to) {
  const T *b = g->b;
  for (int64_t p = k0; !g->tb && p < k1; p++) {
    const T *row = b + p * g->ldb + first;
    T *out = to + (p - k0) * NR;
    for (int64_t j = 0; j < cols; j++) {
      out[j] = row[j];
    }
    for (int64_t j = cols; j < NR; j++) {
      out[j] = 0;
    }
  }
  for (int64_t j = 0; g->tb && j < NR; j++) {
    if (j >= cols) {
      for (int64_t p = k0; p < k1; p++) {
        to[(p - k0) * NR + j] = 0;
      }
      continue;
    }
    const T *row = b + (first + j) * g->ldb;
    for (int64_t p = k0; p < k1; p++) {
      to[(p - k0) * NR + j] = row[p];
    }
  }
}

static inline T NAME(activate)(weiri_act act, T x) {
  return act == WEIRI_ACT_RELU   ? (x > 0 ? x : 0)
         : act == WEIRI_ACT_TANH ? NAME(vtanh)(x)
                                 : x;
}

/* Puts a tile in its place: adds what is there, then bias and activation at the end. */
static void NAME(store)(const weiri_gemm *g, const T *restrict tile, int64_t row,
    int64_t rows, int64_t col, int64_t cols, bool add, bool last) {
  const T *bias = last ? g->bias : NULL;
  const weiri_act act = last ? g->act : WEIRI_ACT_NONE;
  for (int64_t i = 0; i < rows; i++) {
    T *c = (T *)g->c + (row + i) * g->ldc + col;
    const T *t = tile + i * NR;
    int64_t width = cols;
    if (g->n_hi != NULL) {
      const int64_t hi = g->n_hi[row + i] - col;
      width = hi < 0 ? 0 : hi < cols ? hi : cols;
      for (int64_t j = width; j < cols && !g->accumulate; j++) {
        c[j] = 0;
      }
    }
    if (!add && bias == NULL && act == WEIRI_ACT_NONE) {
      for (int64_t j = 0; j < width; j++) {
        c[j] = t[j];
      }
      continue;
    }
    for (int64_t j = 0; j < width; j++) {
      const T sum = (add ? c[j] : 0) + t[j] + (bias == NULL ? 0 : bias[col + j]);
      c[j] = NAME(activate)(act, sum);
    }
  }
}

/* The range of k that panel [col, col + cols) sums over, cut to [k0, k1). */
static void NAME(range)(const weiri_gemm *g, int64_t col, int64_t cols, int64_t k0,
    int64_t k1, int64_t *lo, int64_t *hi) {
  *lo = g->k_lo == NULL || g->k_lo[col] < k0 ? k0 : g->k_lo[col];
  *hi = g->k_hi == NULL || g->k_hi[col + cols - 1] > k1 ? k1 : g->k_hi[col + cols - 1];
  *lo = *lo > k1 ? k1 : *lo;
  *hi = *hi < *lo ? *lo : *hi;
}

static int64_t NAME(up)(int64_t n, int64_t step) {
  return (n + step - 1) / step * step;
}

static size_t NAME(gemm_scratch)(const weiri_gemm *g) {
  const int64_t k = g->k < KC ? g->k : KC;
  return (size_t)((NAME(up)(g->n, NR) + MC) * (k + 1) + MR * NR) * sizeof(T) + 128;
}

/* One block of rows against every panel. */
static void NAME(row_block)(const weiri_gemm *g, int64_t row, int64_t rows, int64_t k0,
    int64_t k1, const T *pb, const T *pa, T *tile) {
  const bool first = k0 == 0, last = k1 >= g->k;
  for (int64_t col = 0; col < g->n; col += NR) {
    const int64_t cols = g->n - col < NR ? g->n - col : NR;
    int64_t lo, hi;
    NAME(range)(g, col, cols, k0, k1, &lo, &hi);
    const T *b = pb + col * (k1 - k0) + (lo - k0) * NR;
    for (int64_t i = 0; i < rows; i += MR) {
      const int64_t r = rows - i < MR ? rows - i : MR;
      const bool none = g->n_hi != NULL && g->n_hi[row + i + r - 1] <= col;
      NAME(micro)(none ? 0 : hi - lo, pa + i * (k1 - k0) + (lo - k0) * MR, b, tile);
      NAME(store)(g, tile, row + i, r, col, cols, g->accumulate || !first, last);
    }
  }
}

static void NAME(gemm)(const weiri_gemm *g, void *scratch) {
  T *tile = scratch;
  T *pa = tile + NAME(up)(MR * NR, 16);
  const int64_t depth = g->k < KC ? g->k : KC;
  T *pb = pa + NAME(up)(MC * depth, 16);
  for (int64_t k0 = 0; k0 == 0 || k0 < g->k; k0 += KC) {
    const int64_t k1 = g->k - k0 < KC ? g->k : k0 + KC;
    for (int64_t col = 0; col < g->n; col += NR) {
      int64_t lo, hi;
      const int64_t cols = g->n - col < NR ? g->n - col : NR;
      NAME(range)(g, col, cols, k0, k1, &lo, &hi);
      NAME(pack_b)(g, col, cols, lo, hi, pb + col * (k1 - k0) + (lo - k0) * NR);
    }
    for (int64_t row = 0; row < g->m; row += MC) {
      const int64_t rows = g->m - row < MC ? g->m - row : MC;
      for (int64_t i = 0; i < rows; i += MR) {
        NAME(pack_a)(g, row + i, rows - i < MR ? rows - i : MR, k0, k1,
            pa + i * (k1 - k0));
      }
      NAME(row_block)(g, row, rows, k0, k1, pb, pa, tile);
    }
  }
}
#undef NR
#undef KC
#undef MC
