/* Convolution as a matrix product over patches. With P [n oh ow, kh kw c] the patches
 * of x, one row for every place of the result, and w [oc, kh kw c]: conv(x, w) = P w',
 * conv_transpose(g, w) = P'(g w),   conv_weight(x, g) = g' P where P' adds patches back
 * into an image. Each is linear in both arguments, and each one's gradients are the
 * other two. */
#ifndef WEIRI_CONV_H
#define WEIRI_CONV_H

#include "op/op.h"

/* x [n, h, w, c], g [n, oh, ow, oc], weights [oc, kh, kw, c] */
typedef struct weiri_conv {
  int64_t n, h, w, c, oh, ow, oc, kh, kw, stride, pad;
} weiri_conv;

static inline int64_t weiri_conv_patch(const weiri_conv *g) {
  return g->kh * g->kw * g->c;
}
/* Rows of places: images times rows of each. */
static inline int64_t weiri_conv_lines(const weiri_conv *g) {
  return g->n * g->oh;
}
static inline double weiri_conv_work(const weiri_conv *g) {
  return 2.0 * (double)(weiri_conv_lines(g) * g->ow * g->oc) *
         (double)weiri_conv_patch(g);
}
/* A patch is one place of the image: P is x itself. */
static inline bool weiri_conv_pointwise(const weiri_conv *g) {
  return g->kh == 1 && g->kw == 1 && g->stride == 1 && g->pad == 0;
}
/* Lines whose patches together stay in the second-level cache, at least 1. */
int64_t weiri_conv_block(const weiri_conv *g, size_t number);

/* Patches of count lines from first on, [count ow, kh kw c]. */
void weiri_patches(const weiri_conv *g, size_t number, const char *x, int64_t first,
    int64_t count, char *patches);
/* Adds them back where they came from. */
void weiri_unpatch(const weiri_conv *g, const weiri_kern *kern, weir_dtype dtype,
    const char *patches, int64_t first, int64_t count, char *x);

/* What the threads of a convolution, or of a transposed one, share. */
typedef struct weiri_conv_job {
  const weiri_kern *kern;
  const weiri_conv *g;
  weir_dtype dtype;
  const char *x, *w, *bias; /* bias NULL: none */
  char *y;
  int64_t block, images; /* lines per product; transposed: images per chunk */
  size_t patches;        /* bytes of a block's */
} weiri_conv_job;

/* The rows of a node y = (x, w, bias), block and images not chosen yet. */
weiri_conv_job weiri_conv_job_of(weir_tape *t, const weir_node *y);
/* Runs the chunks; their scratch has the patches of a block, and behind them what the
 * largest product needs. */
void weiri_conv_run(weir_tape *t, weiri_conv_job *j, int64_t chunks,
    const weiri_gemm *most, void (*chunk)(void *job, int64_t i, void *scratch));
/* Gradients of y = (x, w, bias); back: what takes gy to gx[0]; transposed: y is on the
 * image's side. */
void weiri_conv_gradients(weir_tape *t, const weir_node *y, weir_var gy,
    const bool *want, weir_var *gx,
    weir_var (*back)(weir_tape *, const weiri_conv *, weir_var, weir_var, weir_var),
    bool transposed);

/* Checks shapes and sizes of x, w and g: fills all of *g, or poisons the tape in the
 * name of the operation. transposed: x is the result's side. */
bool weiri_conv_shapes(weir_tape *t, const char *name, weir_var image, weir_var w,
    weir_var bias, const weir_conv_opts *opts, bool transposed, weiri_conv *g);

/* The three, from a geometry that has been checked; bias may be none. */
weir_var weiri_conv_apply(
    weir_tape *t, const weiri_conv *g, weir_var x, weir_var w, weir_var bias);
weir_var weiri_conv_back(
    weir_tape *t, const weiri_conv *g, weir_var y, weir_var w, weir_var bias);
weir_var weiri_conv_weight(weir_tape *t, const weiri_conv *g, weir_var x, weir_var y);
/* Gradient of a bias: y [n, .., c] summed over all but the last axis. */
weir_var weiri_conv_bias(weir_tape *t, weir_var y);

#endif
