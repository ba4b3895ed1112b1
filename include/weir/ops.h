/** The operations of the tape: a function per line of ops.def. */
#ifndef WEIR_OPS_H
#define WEIR_OPS_H

#include "weir/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Activation fused into weir_linear. */
typedef enum weir_act { WEIR_ACT_NONE, WEIR_ACT_RELU, WEIR_ACT_TANH } weir_act;

typedef struct weir_linear_opts {
  weir_act act;
  /** [h], nondecreasing, borrowed as long as the tape's step: the triangular structure
   * of a masked network whose units are in degree order. Entries of w beyond the prefix
   * must be zero, and stay zero: their gradient is zero. NULL: dense. */
  const int64_t *prefix;
} weir_linear_opts;

/** Which triangle of a matrix weir_solve_tri reads, and how. */
typedef struct weir_tri_opts {
  bool lower;     /**< the lower triangle, else the upper */
  bool transpose; /**< solve with a' */
  bool unit;      /**< the diagonal is 1 and not read */
} weir_tri_opts;

/** How a kernel moves over an image. */
typedef struct weir_conv_opts {
  int64_t stride; /**< pixels from one place to the next, both ways */
  int64_t pad;    /**< zeros around the image */
  /** conv_transpose: size of the result, 0: the smallest, (in - 1) stride + kernel - 2
   * pad; up to stride - 1 more (PyTorch's output_padding). */
  int64_t height, width;
} weir_conv_opts;

/** A function of rows for weir_custom: fills value[n] from x[n, d] and, when grad is
 * not NULL, grad[n, d] with the gradients. The same rows always give the same numbers.
 * Called from the thread that records or differentiates. Any other status than WEIR_OK
 * ends the step with it. */
typedef weir_status weir_custom_fn(
    void *user, int64_t n, int64_t d, const double *x, double *value, double *grad);

/** Ends of a rational-quadratic spline: slope 1 and the identity outside; bounded, for
 * values in [lo, hi] only; or glued to a circle. */
typedef enum weir_rqs_tails {
  WEIR_RQS_LINEAR,
  WEIR_RQS_BOUNDED,
  WEIR_RQS_CIRCULAR
} weir_rqs_tails;

/** A rational-quadratic spline (Durkan et al. 2019). params per element: 3 bins - 1, 3
 * bins
 * + 1 or 3 bins, by tails. scale multiplies the logits of widths and heights. */
typedef struct weir_rqs_opts {
  int64_t bins;
  weir_rqs_tails tails;
  double lo, hi, scale;
  bool inverse;
} weir_rqs_opts;

/** How weir_couple keeps a scale positive, as a function of its parameter u. */
typedef enum weir_scale_kind {
  WEIR_SCALE_EXP,      /**< exp(u) (Real NVP) */
  WEIR_SCALE_TANH_EXP, /**< exp(bound tanh(u / bound)) */
  WEIR_SCALE_SIGMOID,  /**< sigmoid(u + 2) + 1e-3 */
  WEIR_SCALE_SOFTPLUS, /**< softplus(u) + 1e-3 */
  WEIR_SCALE_NONE      /**< 1: theta is the shift alone (NICE) */
} weir_scale_kind;

/** Columns of weir_couple. theta of a column: u and the shift, or the shift alone. */
typedef struct weir_couple_opts {
  int64_t n;
  const int64_t *index; /**< [n] columns of x; the others pass */
  weir_scale_kind scale;
  double bound;
  bool inverse; /**< (x - shift) / s, and log_det of that */
} weir_couple_opts;

/** Of each row the matrix L = diag(weight) - share share' within each block of columns;
 * block 0: no share. weight and share [rows, p]. */
typedef struct weir_metric {
  weir_var weight, share;
  int64_t block;
} weir_metric;

#define WEIR_OP(name, params, doc) WEIR_API weir_var weir_##name params;
#include "weir/ops.def"
#undef WEIR_OP

/** Sums the axes that a broadcast from shape to the shape of x would have repeated. */
WEIR_API weir_var weir_sum_to(weir_tape *t, weir_var x, weir_shape shape);
/** alpha x */
static inline weir_var weir_scale(weir_tape *t, weir_var x, double alpha) {
  return weir_affine(t, x, alpha, 0.0);
}
/** x + beta */
static inline weir_var weir_shift(weir_tape *t, weir_var x, double beta) {
  return weir_affine(t, x, 1.0, beta);
}
/** Sum over the last axis: [n, d] to [n]. */
static inline weir_var weir_sum_last(weir_tape *t, weir_var x) {
  return weir_sum(t, x, -1);
}
/** Sum of everything, a scalar. */
WEIR_API weir_var weir_sum_all(weir_tape *t, weir_var x);
/** Mean of everything, a scalar. */
WEIR_API weir_var weir_mean_all(weir_tape *t, weir_var x);
/** j L j' [n, d, d] of each j [n, d, p]. */
WEIR_API weir_var weir_gram(weir_tape *t, weir_var j, weir_metric m);
/** x without gradient below lo and above hi: min(max(x, lo), hi). */
WEIR_API weir_var weir_clamp(weir_tape *t, weir_var x, double lo, double hi);

#ifdef __cplusplus
}
#endif
#endif
