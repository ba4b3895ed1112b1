/* G = J diag(weight) J' of each row, J [d, p] the Jacobian of a network that is linear
 * around the row: J' = W_L D_{L-1} .. D_1 W_1, W_k [h_k, h_{k-1}] the layers, D_k the
 * diagonal of slopes of row i, h_0 = d, h_L = p (Park et al. 2019, section 3). Slopes
 * are constants.
 *
 * Rows are taken a few at a time; their tangents live in scratch memory, and the
 * adjoint computes them again. So memory holds n d^2 numbers, never n d p. */
#include <string.h>

#include "op/matrix.h"

/* Rows times d of one tile; parts of the gradient of the weights, each summed over its
 * own tiles in order. */
enum { TILE = 256, PARTS = 4, LAYERS = 16 };

typedef struct shape {
  int64_t n, d, p, layers;
  int64_t h[LAYERS + 1]; /* h[0] = d, h[layers] = p */
  int64_t widest, weights, rows, tiles;
} shape;

typedef struct job {
  const weiri_kern *kern;
  weir_dtype dtype;
  shape s;
  const weir_node *y;
  const void *gy;    /* adjoint: [n, d, d] */
  void *out;         /* G; adjoint: weight [n, p], then PARTS times all W */
  int64_t gemm_room; /* bytes of scratch for one product */
} job;

static shape shape_of(const weir_node *const *in, int64_t layers) {
  shape s = {.n = in[0]->shape.dim[0], .p = in[0]->shape.dim[1], .layers = layers};
  s.d = s.h[0] = in[1]->shape.dim[1];
  for (int64_t k = 1; k <= layers; k++) {
    s.h[k] = in[k]->shape.dim[0];
    s.widest = s.h[k] > s.widest ? s.h[k] : s.widest;
    s.weights += s.h[k] * s.h[k - 1];
  }
  s.rows = s.d > TILE ? 1 : TILE / (s.d > 0 ? s.d : 1);
  s.tiles = (s.n + s.rows - 1) / s.rows;
  return s;
}

static char *at(const job *j, const void *p, int64_t i) {
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
  /* gw[i] = sum over a of u v / 2: [rows, p] from [rows d, p] */                      \
  static void halves_##name(                                                           \
      int64_t rows, int64_t d, int64_t p, const T *u, const T *v, T *gw) {             \
    for (int64_t i = 0; i < rows; i++) {                                               \
      for (int64_t k = 0; k < p; k++) {                                                \
        T sum = 0;                                                                     \
        for (int64_t a = 0; a < d; a++) {                                              \
          sum += u[(i * d + a) * p + k] * v[(i * d + a) * p + k];                      \
        }                                                                              \
        gw[i * p + k] = sum / 2;                                                       \
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

static void bend(const job *j, int64_t rows, int64_t h, const void *slope, void *x) {
  j->dtype == WEIR_F32 ? bend_f32(rows, j->s.d, h, slope, x)
                       : bend_f64(rows, j->s.d, h, slope, x);
}

/* ---- tangents ---- */

typedef struct tile {
  int64_t first, rows;
  char *tangent[LAYERS + 1]; /* [1 .. layers]: [rows d, h] */
  char *other, *spare;       /* [rows d, widest] */
  char *square;              /* [rows, d, d] */
  char *gemm;
} tile;

static size_t tile_bytes(const job *j) {
  const shape *s = &j->s;
  int64_t numbers = s->rows * s->d * (2 * s->widest + s->d) + 64;
  for (int64_t k = 1; k <= s->layers; k++) {
    numbers += s->rows * s->d * s->h[k] + 16;
  }
  return (size_t)numbers * weir_dtype_size(j->dtype) + (size_t)j->gemm_room;
}

static tile lay_out(const job *j, int64_t i, char *scratch) {
  const shape *s = &j->s;
  tile t = {.first = i * s->rows};
  t.rows = s->n - t.first < s->rows ? s->n - t.first : s->rows;
  t.gemm = scratch;
  char *next = scratch + j->gemm_room;
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

/* tangent[k] of all layers; tangent[layers] is J. */
static void tangents(const job *j, const tile *t) {
  const shape *s = &j->s;
  const int64_t m = t->rows * s->d;
  for (int64_t k = 1; k <= s->layers; k++) {
    if (k == 1) {
      j->dtype == WEIR_F32 ? seed_f32(t->rows, s->d, s->h[1], weights(j, 1),
                                 (float *)(void *)t->tangent[1])
                           : seed_f64(t->rows, s->d, s->h[1], weights(j, 1),
                                 (double *)(void *)t->tangent[1]);
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
      bend(j, t->rows, s->h[k], slopes(j, t, k), t->tangent[k]);
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

static void forward_tile(void *arg, int64_t i, void *scratch) {
  const job *j = arg;
  const shape *s = &j->s;
  const tile t = lay_out(j, i, scratch);
  const char *tangent = t.tangent[s->layers];
  tangents(j, &t);
  memcpy(t.other, tangent, (size_t)(t.rows * s->d * s->p) * weir_dtype_size(j->dtype));
  bend(j, t.rows, s->p, at(j, j->y->in[0]->data, t.first * s->p), t.other);
  each_row(
      j, &t, s->d, s->p, true, t.other, tangent, at(j, j->out, t.first * s->d * s->d));
}

/* ---- the adjoint: with S = gG + gG', gJ = S J diag(w), gw = diag(J' S J) / 2 ---- */

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

static void backward_tile(const job *j, const tile *t, char *gw) {
  const shape *s = &j->s;
  const char *w = at(j, j->y->in[0]->data, t->first * s->p);
  const char *g = at(j, j->gy, t->first * s->d * s->d);
  char *gu = t->other, *below = t->spare;
  tangents(j, t);
  j->dtype == WEIR_F32
      ? symmetric_f32(t->rows, s->d, (const void *)g, (float *)(void *)t->square)
      : symmetric_f64(t->rows, s->d, (const void *)g, (double *)(void *)t->square);
  each_row(j, t, s->p, s->d, false, t->square, t->tangent[s->layers], gu);
  char *out = at(j, j->out, t->first * s->p);
  j->dtype == WEIR_F32
      ? halves_f32(t->rows, s->d, s->p, (const void *)t->tangent[s->layers],
            (const void *)gu, (float *)(void *)out)
      : halves_f64(t->rows, s->d, s->p, (const void *)t->tangent[s->layers],
            (const void *)gu, (double *)(void *)out);
  bend(j, t->rows, s->p, w, gu);
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
    bend(j, t->rows, s->h[k - 1], slopes(j, t, k - 1), below);
    char *hold = gu;
    gu = below;
    below = hold;
  }
  j->dtype == WEIR_F32
      ? unseed_f32(t->rows, s->d, s->h[1], (const void *)gu, (float *)(void *)gw)
      : unseed_f64(t->rows, s->d, s->h[1], (const void *)gu, (double *)(void *)gw);
}

static void backward_part(void *arg, int64_t i, void *scratch) {
  const job *j = arg;
  char *gw = at(j, j->out, j->s.n * j->s.p + i * j->s.weights);
  memset(gw, 0, (size_t)j->s.weights * weir_dtype_size(j->dtype));
  for (int64_t k = i; k < j->s.tiles; k += PARTS) {
    const tile t = lay_out(j, k, scratch);
    backward_tile(j, &t, gw);
  }
}

/* ---- the two operations ---- */

/* The largest product of a tile decides about scratch. */
static int64_t gemm_room(const job *j) {
  const int64_t side = j->s.widest > TILE ? j->s.widest : TILE;
  const weiri_gemm g = {.m = side > j->s.d ? side : j->s.d,
      .n = side,
      .k = side,
      .lda = side,
      .ldb = side,
      .ldc = side,
      .ta = true,
      .tb = true};
  return ((int64_t)j->kern->gemm_scratch[j->dtype](&g) + 63) / 64 * 64;
}

static job job_of(weir_tape *t, const weir_node *y, int64_t layers) {
  job j = {weiri_tape_kern(t), weir_tape_dtype(t), shape_of(y->in, layers), y, NULL,
      y->data, 0};
  j.gemm_room = gemm_room(&j);
  return j;
}

static double flops(const shape *s) {
  double sum = (double)s->d * (double)s->p;
  for (int64_t k = 2; k <= s->layers; k++) {
    sum += (double)s->h[k] * (double)s->h[k - 1];
  }
  return 2.0 * sum * (double)s->d * (double)s->n;
}

static void eval(weir_tape *t, const weir_node *y) {
  job j = job_of(t, y, *(const int64_t *)y->attr);
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), j.s.tiles, flops(&j.s),
                         tile_bytes(&j), forward_tile, &j));
}

static void adjoint_eval(weir_tape *t, const weir_node *y) {
  job j = job_of(t, y, *(const int64_t *)y->attr);
  j.gy = y->in[y->n_in - 1]->data;
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), PARTS, 3.0 * flops(&j.s),
                         tile_bytes(&j), backward_part, &j));
}
static const weir_op_class adjoint_class = {
    "jacobian_gram_adjoint", adjoint_eval, NULL, NULL, NULL};

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const int64_t layers = *(const int64_t *)y->attr;
  const shape s = shape_of(y->in, layers);
  weir_var in[2 * LAYERS + 1];
  for (int i = 0; i < y->n_in; i++) {
    in[i] = weir_node_var(t, y->in[i]);
  }
  in[y->n_in] = gy;
  const weir_var all =
      weir_op_apply(t, &adjoint_class, weir_shape_1(s.n * s.p + PARTS * s.weights),
          y->n_in + 1, in, &layers, sizeof layers);
  if (want[0]) {
    gx[0] = weir_reshape(t, weir_slice(t, all, 0, 0, s.n * s.p), y->in[0]->shape);
  }
  const weir_var parts =
      weir_reshape(t, weir_slice(t, all, 0, s.n * s.p, PARTS * s.weights),
          weir_shape_2(PARTS, s.weights));
  const weir_var sum = weir_sum(t, parts, 0);
  int64_t first = 0;
  for (int64_t k = 1; k <= layers; k++) {
    const int64_t size = s.h[k] * s.h[k - 1];
    if (want[k]) {
      gx[k] = weir_reshape(t, weir_slice(t, sum, 0, first, size), y->in[k]->shape);
    }
    first += size;
  }
}

/* J [n, d, p] from matrix products. */
static weir_var expand(weir_tape *t, const weir_node *y) {
  const int64_t layers = *(const int64_t *)y->attr;
  const shape s = shape_of(y->in, layers);
  const int turn[2] = {1, 0};
  weir_var j = weir_broadcast(t,
      weir_reshape(t, weir_transpose(t, weir_node_var(t, y->in[1]), turn),
          weir_shape_3(1, s.d, s.h[1])),
      weir_shape_3(s.n, s.d, s.h[1]));
  for (int64_t k = 2; k <= layers; k++) {
    const weir_var slope = weir_stop(t, weir_node_var(t, y->in[layers + k - 1]));
    j = weir_mul(t, j, weir_reshape(t, slope, weir_shape_3(s.n, 1, s.h[k - 1])));
    const weir_var rows = weir_reshape(t, j, weir_shape_2(s.n * s.d, s.h[k - 1]));
    j = weir_reshape(t, weir_matmul(t, rows, weir_node_var(t, y->in[k]), false, true),
        weir_shape_3(s.n, s.d, s.h[k]));
  }
  const weir_var w =
      weir_reshape(t, weir_node_var(t, y->in[0]), weir_shape_3(s.n, 1, s.p));
  return weir_matmul(t, weir_mul(t, j, w), j, false, true);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  const weir_var w[2] = {in[1], in[2]};
  static const double bends[] = {1, 0, 0.1, 1, 1, 0, 1, 1, 0, 1};
  const weir_var slope = weir_leaf_f64(t, weir_shape_2(2, 5), bends);
  const weir_var one = weir_linear(t, in[2], weir_slice(t, in[2], 0, 0, 3),
      weir_var_none(), (weir_linear_opts){WEIR_ACT_NONE, NULL}); /* [4, 3] */
  return weir_add(t, weir_jacobian_gram(t, in[0], 2, w, &slope),
      weir_jacobian_gram(t, in[0], 1, &one, NULL));
}
static const weir_probe probe = {
    3, {{2, {2, 4}}, {2, {5, 3}}, {2, {4, 5}}}, 0.1, 1, build};
const weir_op_class weir_op_jacobian_gram = {
    "jacobian_gram", eval, vjp, expand, &probe};

static bool fits(
    weir_tape *t, weir_var weight, int n, const weir_var *w, const weir_var *slope) {
  const weir_shape s = weir_var_shape(t, weight);
  bool ok = s.rank == 2 && n >= 1 && n <= LAYERS;
  for (int k = 0; ok && k < n; k++) {
    const weir_shape a = weir_var_shape(t, w[k]);
    ok = a.rank == 2 && (k == 0 || a.dim[1] == weir_var_dim(t, w[k - 1], 0));
    if (ok && k < n - 1) {
      const weir_shape b = weir_var_shape(t, slope[k]),
                       c = weir_shape_2(s.dim[0], a.dim[0]);
      ok = weir_shape_equal(&b, &c);
    }
  }
  return ok && weir_var_dim(t, w[n - 1], 0) == s.dim[1];
}

weir_var weir_jacobian_gram(
    weir_tape *t, weir_var weight, int n, const weir_var *w, const weir_var *slope) {
  weir_var in[2 * LAYERS] = {weight};
  bool ok = weir_var_ok(weight);
  for (int k = 0; k < n && k < LAYERS; k++) {
    in[1 + k] = w[k];
    ok = ok && weir_var_ok(w[k]);
    if (k < n - 1) {
      in[1 + n + k] = slope[k];
      ok = ok && weir_var_ok(slope[k]);
    }
  }
  if (!ok) {
    return weir_var_none();
  }
  if (!fits(t, weight, n, w, slope)) {
    char text[128];
    const weir_shape s = weir_var_shape(t, weight);
    return weir_op_fail(t, WEIR_E_SHAPE,
        "jacobian_gram: %d layers do not fit together and to the weight %s", n,
        weiri_shape_text(&s, text));
  }
  const int64_t d = weir_var_dim(t, w[0], 1), layers = n;
  return weir_op_apply(t, &weir_op_jacobian_gram,
      weir_shape_3(weir_var_dim(t, weight, 0), d, d), 2 * n, in, &layers,
      sizeof layers);
}
