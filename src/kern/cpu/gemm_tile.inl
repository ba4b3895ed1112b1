/* The register tile: rows x (nv W) elements of C, each one chain of multiply-adds over
 * k in ascending order. One function per number of rows, so that no row is padding. */

/* A tile's operands: element (i, p) of A at a[p as + i], row p of B at b[p bs]. */
typedef struct NAME(spot) {
  int64_t k;
  const T *a, *b;
  int64_t as, bs;
  T *c;
  int64_t ldc;
  const T *bias; /* nv W numbers, or NULL */
  bool add, relu;
  const T *gate, *plus; /* as C, or NULL */
} NAME(spot);

#define EACH_ROW(i)                                                                    \
  WEIRI_UNROLL                                                                         \
  for (int i = 0; i < rows; i++)
#define EACH_VEC(j)                                                                    \
  WEIRI_UNROLL                                                                         \
  for (int j = 0; j < nv; j++)

/* V: the vector type, LANES numbers of which make one; V_ANY the same anywhere in
 * memory, V_INT its comparisons. */
#define DEFINE_TILE(name, V, V_ANY, V_INT, LANES)                                      \
  static inline __attribute__((always_inline)) void NAME(name)(                        \
      const int rows, const int nv, const NAME(spot) * s) {                            \
    V acc[MR][NV];                                                                     \
    EACH_ROW(i) {                                                                      \
      EACH_VEC(j) acc[i][j] = (V){0};                                                  \
    }                                                                                  \
    const T *a = s->a, *b = s->b;                                                      \
    const int64_t as = s->as, bs = s->bs;                                              \
    for (int64_t p = 0; p < s->k; p++, a += as, b += bs) {                             \
      V row[NV];                                                                       \
      EACH_VEC(j) row[j] = *(const V_ANY *)(const void *)(b + j * (LANES));            \
      EACH_ROW(i) {                                                                    \
        EACH_VEC(j) {                                                                  \
          /* Nothing between product and sum, so that every compiler fuses them. */    \
          const V sum = acc[i][j], one = row[j];                                       \
          const T x = a[i];                                                            \
          acc[i][j] = sum + x * one;                                                   \
        }                                                                              \
      }                                                                                \
    }                                                                                  \
    T *c = s->c;                                                                       \
    const int64_t ldc = s->ldc;                                                        \
    if (s->add) {                                                                      \
      EACH_ROW(i) {                                                                    \
        EACH_VEC(j)                                                                    \
        acc[i][j] =                                                                    \
            *(const V_ANY *)(const void *)(c + i * ldc + j * (LANES)) + acc[i][j];     \
      }                                                                                \
    }                                                                                  \
    if (s->bias != NULL) {                                                             \
      V bias[NV];                                                                      \
      EACH_VEC(j) bias[j] = *(const V_ANY *)(const void *)(s->bias + j * (LANES));     \
      EACH_ROW(i) {                                                                    \
        EACH_VEC(j) acc[i][j] += bias[j];                                              \
      }                                                                                \
    }                                                                                  \
    if (s->relu) { /* x where not x <= 0: a NaN stays */                               \
      EACH_ROW(i) {                                                                    \
        EACH_VEC(j) {                                                                  \
          acc[i][j] = (V)((V_INT)acc[i][j] & ~(acc[i][j] <= (V){0}));                  \
        }                                                                              \
      }                                                                                \
    }                                                                                  \
    if (s->gate != NULL) {                                                             \
      const V one = (V){0} + 1;                                                        \
      EACH_ROW(i) {                                                                    \
        EACH_VEC(j) {                                                                  \
          const V by =                                                                 \
              *(const V_ANY *)(const void *)(s->gate + i * ldc + j * (LANES));         \
          acc[i][j] *= (V)((V_INT)one & (by > (V){0}));                                \
        }                                                                              \
      }                                                                                \
    }                                                                                  \
    if (s->plus != NULL) {                                                             \
      EACH_ROW(i) {                                                                    \
        EACH_VEC(j)                                                                    \
        acc[i][j] += *(const V_ANY *)(const void *)(s->plus + i * ldc + j * (LANES));  \
      }                                                                                \
    }                                                                                  \
    EACH_ROW(i) {                                                                      \
      EACH_VEC(j) * (V_ANY *)(void *)(c + i * ldc + j * (LANES)) = acc[i][j];          \
    }                                                                                  \
  }
DEFINE_TILE(tile, vec, vec_any, vec_int, W)
DEFINE_TILE(tile_half, half, half_any, half_int, HW)
#undef DEFINE_TILE

#define TILE(r)                                                                        \
  static void NAME(tile_##r##_0)(const NAME(spot) * s) {                               \
    NAME(tile_half)(r, 1, s);                                                          \
  }                                                                                    \
  static void NAME(tile_##r##_1)(const NAME(spot) * s) {                               \
    NAME(tile)(r, 1, s);                                                               \
  }                                                                                    \
  static void NAME(tile_##r##_2)(const NAME(spot) * s) {                               \
    NAME(tile)(r, 2, s);                                                               \
  }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
#if MR > 6
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
#endif
#undef TILE

/* Vectors that hold this many columns; 0: half a vector. */
static int NAME(vectors)(int64_t cols) {
  return cols > W ? 2 : cols > HW ? 1 : 0;
}

static void NAME(run_tile)(int64_t rows, int64_t nv, const NAME(spot) * s) {
#define TILE(r) {NAME(tile_##r##_0), NAME(tile_##r##_1), NAME(tile_##r##_2)},
  static void (*const table[MR][NV + 1])(const NAME(spot) *) = {
    TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if MR > 6
        TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)
#endif
  };
  table[rows - 1][nv](s);
}
#undef TILE
#undef EACH_ROW
#undef EACH_VEC
