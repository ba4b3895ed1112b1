/* J L J' of a few rows at a time: their tangents J = W_1' D_1 W_2' .. live in scratch
 * memory, and the adjoint computes them again. With S = gG + gG' and U = S J,
 *     gJ = U L,  gw = diag(J' U) / 2,  gc = -(J' U within blocks) c. */
#include "op/jacobian.h"

#include <string.h>

/* Rows times d of one tile. */
enum { TILE = 256, LAYERS = WEIRI_JAC_LAYERS };

typedef weiri_jac_job job;
typedef weiri_jac_shape shape;

static void *at(const job *j, const void *p, int64_t i) {
  return (char *)(uintptr_t)p + (size_t)i * weir_dtype_size(j->dtype);
}

static void product(const job *j, const weiri_gemm *g, void *scratch) {
  if (g->m > 0 && g->n > 0) {
    j->kern->gemm[j->dtype](g, scratch);
  }
}

/* ---- elementwise, in both number types ---- */

#define ELEMENTWISE(T, name)                                                           \
  /* x [rows d, h], each row of d times its slopes [rows, h] */                        \
  static void bend_##name(int64_t rows, int64_t d, int64_t h, const T *slope, T *x) {  \
    for (int64_t i = 0; i < rows * d; i++) {                                           \
      const T *s = slope + i / d * h;                                                  \
      for (int64_t k = 0; k < h; k++) {                                                \
        x[i * h + k] *= s[k];                                                          \
      }                                                                                \
    }                                                                                  \
  }                                                                                    \
  /* x [rows d, p] times L: x w - (x c) c within each block of b */                    \
  static void measure_##name(                                                          \
      int64_t rows, int64_t d, int64_t p, int64_t b, const T *w, const T *c, T *x) {   \
    for (int64_t i = 0; i < rows * d; i++) {                                           \
      const T *wi = w + i / d * p, *ci = c + i / d * p;                                \
      T *xi = x + i * p;                                                               \
      for (int64_t from = 0; from < p; from += b) {                                    \
        T along = 0;                                                                   \
        for (int64_t k = from; k < from + b; k++) {                                    \
          along += xi[k] * ci[k];                                                      \
        }                                                                              \
        for (int64_t k = from; k < from + b; k++) {                                    \
          xi[k] = xi[k] * wi[k] - along * ci[k];                                       \
        }                                                                              \
      }                                                                                \
    }                                                                                  \
  }                                                                                    \
  /* W [h, d] transposed, once per row: [rows d, h] */                                 \
  static void seed_##name(int64_t rows, int64_t d, int64_t h, const T *w, T *x) {      \
    for (int64_t i = 0; i < rows * d; i++) {                                           \
      for (int64_t k = 0; k < h; k++) {                                                \
        x[i * h + k] = w[k * d + i % d];                                               \
      }                                                                                \
    }                                                                                  \
  }                                                                                    \
  /* the adjoint of seed, added to gw [h, d] */                                        \
  static void unseed_##name(int64_t rows, int64_t d, int64_t h, const T *x, T *gw) {   \
    for (int64_t i = 0; i < rows * d; i++) {                                           \
      for (int64_t k = 0; k < h; k++) {                                                \
        gw[k * d + i % d] += x[i * h + k];                                             \
      }                                                                                \
    }                                                                                  \
  }                                                                                    \
  /* gw [rows, p] = sum over a of u v / 2, u and v [rows d, p] */                      \
  static void halves_##name(                                                           \
      int64_t rows, int64_t d, int64_t p, const T *u, const T *v, T *gw) {             \
    memset(gw, 0, (size_t)(rows * p) * sizeof *gw);                                    \
    for (int64_t i = 0; i < rows * d; i++) {                                           \
      T *g = gw + i / d * p;                                                           \
      for (int64_t k = 0; k < p; k++) {                                                \
        g[k] += u[i * p + k] * v[i * p + k] / 2;                                       \
      }                                                                                \
    }                                                                                  \
  }                                                                                    \
  /* gc [rows, p] = - sum over a of u (v c), within blocks of b */                     \
  static void shares_##name(int64_t rows, int64_t d, int64_t p, int64_t b, const T *u, \
      const T *v, const T *c, T *gc) {                                                 \
    memset(gc, 0, (size_t)(rows * p) * sizeof *gc);                                    \
    for (int64_t i = 0; i < rows * d; i++) {                                           \
      const T *ci = c + i / d * p;                                                     \
      T *gi = gc + i / d * p;                                                          \
      for (int64_t from = 0; from < p; from += b) {                                    \
        T along = 0;                                                                   \
        for (int64_t k = from; k < from + b; k++) {                                    \
          along += v[i * p + k] * ci[k];                                               \
        }                                                                              \
        for (int64_t k = from; k < from + b; k++) {                                    \
          gi[k] -= along * u[i * p + k];                                               \
        }                                                                              \
      }                                                                                \
    }                                                                                  \
  }                                                                                    \
  /* g + g' of each [d, d] */                                                          \
  static void symmetric_##name(int64_t rows, int64_t d, const T *g, T *s) {            \
    for (int64_t i = 0; i < rows * d * d; i++) {                                       \
      const int64_t r = i / (d * d), a = i / d % d, b = i % d;                         \
      s[i] = g[i] + g[r * d * d + b * d + a];                                          \
    }                                                                                  \
  }
ELEMENTWISE(float, f32)
ELEMENTWISE(double, f64)

/* Calls the one for the number type; every argument that may be a pointer is void. */
#define TYPED(j, name, ...)                                                            \
  ((j)->dtype == WEIR_F32 ? name##_f32(__VA_ARGS__) : name##_f64(__VA_ARGS__))

/* ---- tangents ---- */

typedef struct tile {
  int64_t first, rows;
  void *tangent[LAYERS + 1]; /* [1 .. layers]: [rows d, h] */
  void *other, *spare;       /* [rows d, widest] */
  void *square;              /* [rows, d, d] */
  void *gemm;
} tile;

static size_t tile_bytes(const job *j) {
  const shape *s = &j->s;
  int64_t numbers = s->rows * s->d * (2 * s->widest + s->d) + 64;
  for (int64_t k = 1; k <= s->layers; k++) {
    numbers += s->rows * s->d * s->h[k] + 16;
  }
  return (size_t)numbers * weir_dtype_size(j->dtype) + (size_t)j->gemm_room;
}

static tile lay_out(const job *j, int64_t i, void *scratch) {
  const shape *s = &j->s;
  tile t = {.first = i * s->rows};
  t.rows = s->n - t.first < s->rows ? s->n - t.first : s->rows;
  t.gemm = scratch;
  void *next = (char *)scratch + j->gemm_room;
  for (int64_t k = 1; k <= s->layers; k++) {
    t.tangent[k] = next;
    next = at(j, next, (s->rows * s->d * s->h[k] + 15) / 16 * 16);
  }
  t.other = next;
  t.spare = at(j, t.other, (s->rows * s->d * s->widest + 15) / 16 * 16);
  t.square = at(j, t.spare, (s->rows * s->d * s->widest + 15) / 16 * 16);
  return t;
}

static const void *weights(const job *j, int64_t k) {
  return j->y->in[k]->data;
}

static const void *slopes(const job *j, const tile *t, int64_t k) {
  return at(j, j->y->in[j->s.layers + k]->data, t->first * j->s.h[k]);
}

/* The share of the tile's rows; NULL: none. */
static const void *share(const job *j, const tile *t) {
  return j->s.block == 0 ? NULL
                         : at(j, j->y->in[2 * j->s.layers]->data, t->first * j->s.p);
}

/* x [rows d, p] times L */
static void measure(const job *j, const tile *t, void *x) {
  const shape *s = &j->s;
  const void *w = at(j, j->y->in[0]->data, t->first * s->p);
  if (s->block == 0) {
    TYPED(j, bend, t->rows, s->d, s->p, w, x);
  } else {
    TYPED(j, measure, t->rows, s->d, s->p, s->block, w, share(j, t), x);
  }
}

/* tangent[k] of all layers; tangent[layers] is J. */
static void tangents(const job *j, const tile *t) {
  const shape *s = &j->s;
  const int64_t m = t->rows * s->d;
  for (int64_t k = 1; k <= s->layers; k++) {
    if (k == 1) {
      TYPED(j, seed, t->rows, s->d, s->h[1], weights(j, 1), t->tangent[1]);
    } else {
      const weiri_gemm g = {.m = m,
          .n = s->h[k],
          .k = s->h[k - 1],
          .a = t->tangent[k - 1],
          .b = weights(j, k),
          .c = t->tangent[k],
          .lda = s->h[k - 1],
          .ldb = s->h[k - 1],
          .ldc = s->h[k],
          .tb = true};
      product(j, &g, t->gemm);
    }
    if (k < s->layers) {
      TYPED(j, bend, t->rows, s->d, s->h[k], slopes(j, t, k), t->tangent[k]);
    }
  }
}

/* Of each row: c [d, n] = a [d, k] b, or a b'. */
static void each_row(const job *j, const tile *t, int64_t n, int64_t k, bool tb,
    const void *a, const void *b, void *c) {
  const int64_t d = j->s.d;
  for (int64_t i = 0; i < t->rows; i++) {
    const weiri_gemm g = {.m = d,
        .n = n,
        .k = k,
        .a = at(j, a, i * d * k),
        .b = at(j, b, i * (tb ? n * k : k * n)),
        .c = at(j, c, i * d * n),
        .lda = k,
        .ldb = tb ? k : n,
        .ldc = n,
        .tb = tb};
    product(j, &g, t->gemm);
  }
}

void weiri_jac_forward(void *arg, int64_t i, void *scratch) {
  const job *j = arg;
  const shape *s = &j->s;
  const tile t = lay_out(j, i, scratch);
  const void *tangent = t.tangent[s->layers];
  tangents(j, &t);
  memcpy(t.other, tangent, (size_t)(t.rows * s->d * s->p) * weir_dtype_size(j->dtype));
  measure(j, &t, t.other);
  each_row(
      j, &t, s->d, s->p, true, t.other, tangent, at(j, j->out, t.first * s->d * s->d));
}

/* ---- the adjoint ---- */

/* gW += gU' T for the layer above T. */
static void add_weight(
    const job *j, const tile *t, int64_t k, const void *gu, void *gw) {
  const shape *s = &j->s;
  const weiri_gemm g = {.m = s->h[k],
      .n = s->h[k - 1],
      .k = t->rows * s->d,
      .a = gu,
      .b = t->tangent[k - 1],
      .c = gw,
      .lda = s->h[k],
      .ldb = s->h[k - 1],
      .ldc = s->h[k - 1],
      .ta = true,
      .accumulate = true};
  product(j, &g, t->gemm);
}

/* U = S J in t->other, the gradients of L from it, and then U L. */
static void pull_measure(const job *j, const tile *t) {
  const shape *s = &j->s;
  const int64_t p = s->p, d = s->d, rows = t->rows;
  const void *tangent = t->tangent[s->layers];
  TYPED(j, symmetric, rows, d, at(j, j->gy, t->first * d * d), t->square);
  each_row(j, t, p, d, false, t->square, tangent, t->other);
  TYPED(j, halves, rows, d, p, t->other, tangent, at(j, j->out, t->first * p));
  if (s->block > 0) {
    TYPED(j, shares, rows, d, p, s->block, t->other, tangent, share(j, t),
        at(j, j->out, (s->n + t->first) * p));
  }
  measure(j, t, t->other);
}

static void backward_tile(const job *j, const tile *t, void *gw) {
  const shape *s = &j->s;
  void *gu = t->other, *below = t->spare;
  tangents(j, t);
  pull_measure(j, t);
  int64_t place = s->weights;
  for (int64_t k = s->layers; k > 1; k--) {
    place -= s->h[k] * s->h[k - 1];
    add_weight(j, t, k, gu, at(j, gw, place));
    const weiri_gemm down = {.m = t->rows * s->d,
        .n = s->h[k - 1],
        .k = s->h[k],
        .a = gu,
        .b = weights(j, k),
        .c = below,
        .lda = s->h[k],
        .ldb = s->h[k - 1],
        .ldc = s->h[k - 1]};
    product(j, &down, t->gemm);
    TYPED(j, bend, t->rows, s->d, s->h[k - 1], slopes(j, t, k - 1), below);
    void *hold = gu;
    gu = below;
    below = hold;
  }
  TYPED(j, unseed, t->rows, s->d, s->h[1], gu, gw);
}

void weiri_jac_backward(void *arg, int64_t i, void *scratch) {
  const job *j = arg;
  void *gw = at(j, j->out, weiri_jac_parts_at(&j->s) + i * j->s.weights);
  memset(gw, 0, (size_t)j->s.weights * weir_dtype_size(j->dtype));
  for (int64_t k = i; k < j->s.tiles; k += WEIRI_JAC_PARTS) {
    const tile t = lay_out(j, k, scratch);
    backward_tile(j, &t, gw);
  }
}

/* ---- sizes ---- */

int64_t weiri_jac_parts_at(const weiri_jac_shape *s) {
  return (s->block > 0 ? 2 : 1) * s->n * s->p;
}

void weiri_jac_split(weiri_jac_shape *s) {
  s->rows = s->d > TILE ? 1 : TILE / (s->d > 0 ? s->d : 1);
  s->tiles = (s->n + s->rows - 1) / s->rows;
}

/* The largest product of a tile decides about the product's own. */
size_t weiri_jac_room(weiri_jac_job *j) {
  const int64_t side = j->s.widest > TILE ? j->s.widest : TILE;
  const weiri_gemm g = {.m = side > j->s.d ? side : j->s.d,
      .n = side,
      .k = side,
      .lda = side,
      .ldb = side,
      .ldc = side,
      .ta = true,
      .tb = true};
  j->gemm_room = ((int64_t)j->kern->gemm_scratch[j->dtype](&g) + 63) / 64 * 64;
  return tile_bytes(j);
}
