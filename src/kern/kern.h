/* Arithmetic on raw pointers. One table of kernels per instruction-set level, the same
 * sources compiled once per level; ref/ is the portable definition of correct.
 * T below is float or double: every slot has two entries, [WEIR_F32] and [WEIR_F64]. */
#ifndef WEIRI_KERN_H
#define WEIRI_KERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/dtype.h"

/* What a matrix product does to its result before storing it. */
typedef enum weiri_act { WEIRI_ACT_NONE, WEIRI_ACT_RELU, WEIRI_ACT_TANH } weiri_act;

/* C[m, n] = act(opA(A)[m, k] opB(B)[k, n] (+ C) (+ bias[n])) (* (gate > 0)) (+ plus),
 * row-major; gate and plus are [m, n] and lie as C does.
 * a is [m, k] with row stride lda, or [k, m] when ta; b is [k, n] with row stride ldb,
 * or [n, k] when tb.
 * Triangular structure, all optional (NULL: full):
 *   k_hi[n], nondecreasing: column j sums over k < k_hi[j] only (a prefix); entries of
 * B beyond are zero, so a block of columns may use the largest of its k_hi; k_lo[n],
 * nondecreasing: column j sums over k >= k_lo[j] only; same remark; n_hi[m],
 * nondecreasing: of row i only columns j < n_hi[i] are wanted; the others are stored as
 * exact zero (when accumulate: left alone). Every element of C is the same sum in the
 * same order whatever m, n, and the part of a larger product that a call computes:
 * callers split m at will, n at multiples of 32. */
typedef struct weiri_gemm {
  int64_t m, n, k;
  const void *a, *b;
  void *c;
  int64_t lda, ldb, ldc;
  bool ta, tb, accumulate;
  bool padded; /* rows of B go on with zeros to 16 numbers or a multiple; not with tb */
  const void *bias;
  weiri_act act;
  const void *gate, *plus; /* not with n_hi */
  const int64_t *k_hi, *k_lo, *n_hi;
  int kernel; /* weiri_gemm_kernel: 0, the table decides */
} weiri_gemm;

/* Kernels of the product. All give every element the same bits. Where one cannot serve,
 * tiles do. */
typedef enum weiri_gemm_kernel {
  WEIRI_GEMM_BY_TABLE,
  WEIRI_GEMM_TILES,    /* register tiles, both operands packed */
  WEIRI_GEMM_IN_PLACE, /* register tiles, B as it lies */
  WEIRI_GEMM_ROW,      /* one row, B streamed */
  WEIRI_GEMM_NARROW    /* few columns: the transposed product */
} weiri_gemm_kernel;

/* Which kernel serves which shape, for a level and a number type. Measured by
 * bench_table and kept in kern/cpu/gemm_table.h; never timed at run time. */
typedef struct weiri_gemm_table {
  bool row_across;      /* ROW where m is 1 and rows of B lie across k */
  bool row_along;       /* the same where they lie along k */
  int64_t narrow;       /* NARROW up to this many columns, A given as [k, m] */
  int64_t in_place;     /* IN_PLACE up to this many rows, whole panels across k */
  int64_t narrow_along; /* NARROW up to this many columns, A given as [m, k] */
} weiri_gemm_table;

/* Elementwise functions of one argument (kern/cpu/elementwise.inl). The domain
 * is all floats: what is undefined gives NaN as libm does. */
/* clang-format off */
#define WEIRI_UNARY_LIST(X)                                                              \
  X(exp) X(log) X(log1p) X(expm1) X(sqrt) X(recip) X(square) X(abs) X(neg) X(sign)       \
  X(sin) X(cos) X(tanh) X(sigmoid) X(softplus) X(logsigmoid) X(relu) X(step) X(elu)      \
  X(erf) X(atan)
/* clang-format on */

/* Elementwise functions of two arguments. */
#define WEIRI_BINARY_LIST(X)                                                           \
  X(add) X(sub) X(mul) X(div) X(max) X(min) X(less) X(lesseq) X(pow) X(gate)

/* y[i] = f(x[i]) */
typedef void weiri_unary_fn(int64_t n, const void *x, void *y);
/* y[i] = f(a[i * sa], b[i * sb]); strides 0 or 1 */
typedef void weiri_binary_fn(
    int64_t n, const void *a, int64_t sa, const void *b, int64_t sb, void *y);

/* A rational-quadratic spline on [lo, hi] (Durkan et al. 2019). theta of an element:
 * bins width logits, bins height logits (both times scale), then slopes: bins - 1 with
 * linear tails (the ends have slope 1, identity outside), bins on a circle (the ends
 * share one), bins + 1 when bounded. */
typedef enum weiri_rqs_tails {
  WEIRI_RQS_LINEAR,
  WEIRI_RQS_BOUNDED,
  WEIRI_RQS_CIRCULAR
} weiri_rqs_tails;

typedef struct weiri_rqs {
  int64_t bins, params;
  weiri_rqs_tails tails;
  double lo, hi, scale;
  bool inverse;
} weiri_rqs;

/* Elements that the kernels of splines take at a time. */
#define WEIRI_RQS_BLOCK 32

typedef struct weiri_kern {
  const char *isa; /* "base", "v3", "v4" */
  weiri_gemm_table gemm_table[2];
  int64_t tile_rows, tile_columns[2]; /* of the register tile */
#define X(name) weiri_unary_fn *name[2];
  WEIRI_UNARY_LIST(X)
#undef X
#define X(name) weiri_binary_fn *bin_##name[2];
  WEIRI_BINARY_LIST(X)
#undef X
  /* Bytes of 64-byte aligned scratch that gemm needs for this shape; enough for every
   * smaller one. One row times a padded B needs none. */
  size_t (*gemm_scratch[2])(const weiri_gemm *g);
  void (*gemm[2])(const weiri_gemm *g, void *scratch);
  /* y[i] = alpha x[i] + beta */
  void (*affine[2])(int64_t n, double alpha, double beta, const void *x, void *y);
  /* y[j ldy + i] = x[i ldx + j] for i < m, j < n */
  void (*transpose[2])(
      int64_t m, int64_t n, const void *x, int64_t ldx, void *y, int64_t ldy);
  /* y[i] += x[i] */
  void (*accumulate[2])(int64_t n, const void *x, void *y);
  /* y[i] = sum_j x[i, j], j < n, accumulated in double in a fixed order */
  void (*sum_rows[2])(int64_t m, int64_t n, const void *x, void *y);
  /* y[j] = sum_i x[i, j], accumulated in double, i ascending; columns j0 <= j < j1 only
   */
  void (*sum_cols[2])(
      int64_t m, int64_t n, const void *x, int64_t j0, int64_t j1, void *y);
  /* Sum of x and of x^2 over n values, in double, fixed order; of squares, zeros at the
   * end may be cut off at a multiple of 32 without changing a bit */
  double (*sum[2])(int64_t n, const void *x);
  double (*sum_squares[2])(int64_t n, const void *x);
  /* Along rows of length n: y[i] = log sum_j exp x[i, j] */
  void (*logsumexp_rows[2])(int64_t m, int64_t n, const void *x, void *y);
  void (*softmax_rows[2])(int64_t m, int64_t n, const void *x, void *y);
  /* One sweep of Adam / AdamW over n parameters (Kingma & Ba 2015; Loshchilov & Hutter
   * 2019): w, first moment m, second moment v, gradient g. lr, decay (decoupled weight
   * decay times lr already), beta1, beta2, eps, bias corrections c1 = 1 - beta1^t,
   * c2 = 1 - beta2^t; the gradient is scaled by scale first (clipping). */
  void (*adam[2])(int64_t n, void *w, void *m, void *v, const void *g, double lr,
      double decay, double beta1, double beta2, double eps, double c1, double c2,
      double scale);
  /* n elements: z and log |dz/dx|; scratch of WEIRI_RQS_BLOCK params numbers */
  void (*rqs[2])(const weiri_rqs *s, int64_t n, const void *x, const void *theta,
      void *z, void *log_det, void *scratch);
  /* gx and gtheta [n, params] from gz and the gradient gl of the log-derivative */
  void (*rqs_adjoint[2])(const weiri_rqs *s, int64_t n, const void *x,
      const void *theta, const void *gz, const void *gl, void *gx, void *gtheta,
      void *scratch);
  /* y = decay y + (1 - decay) x: exponential moving average of parameters */
  void (*ema[2])(int64_t n, double decay, const void *x, void *y);
} weiri_kern;

/* The best table this machine runs, or the named one; NULL when the name is unknown or
 * the machine lacks it. */
const weiri_kern *weiri_kern_select(const char *isa);

#endif
