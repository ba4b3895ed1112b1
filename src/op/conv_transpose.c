/* The adjoint of a convolution in its image: y[n, i stride + r - pad, j stride + s -
 * pad, k] += x[n, i, j, o] w[o, r, s, k], plus bias[k]. Products with the weights give
 * the patches of a block of images, which are added into place. */
#include <string.h>

#include "op/conv.h"

typedef struct job {
  const weiri_kern *kern;
  const weiri_conv *g;
  weir_dtype dtype;
  const char *x, *w, *bias;
  char *y;
  int64_t images, block; /* images per chunk, lines per product */
  size_t patches;
} job;

static void start(const job *j, int64_t first, int64_t images) {
  const weiri_conv *g = j->g;
  const size_t pixel = (size_t)g->c * weir_dtype_size(j->dtype);
  const int64_t pixels = images * g->h * g->w;
  char *y = j->y + (size_t)(first * g->h * g->w) * pixel;
  if (j->bias == NULL) {
    memset(y, 0, (size_t)pixels * pixel);
    return;
  }
  for (int64_t i = 0; i < pixels; i++) {
    memcpy(y + (size_t)i * pixel, j->bias, pixel);
  }
}

static void chunk(void *arg, int64_t i, void *scratch) {
  const job *j = arg;
  const weiri_conv *g = j->g;
  const int64_t first = i * j->images, left = g->n - first;
  const int64_t images = left < j->images ? left : j->images;
  const int64_t k = weiri_conv_patch(g), end = (first + images) * g->oh;
  const size_t number = weir_dtype_size(j->dtype);
  start(j, first, images);
  for (int64_t line = first * g->oh; line < end; line += j->block) {
    const int64_t count = end - line < j->block ? end - line : j->block;
    const weiri_gemm product = {.m = count * g->ow,
        .n = k,
        .k = g->oc,
        .a = j->x + (size_t)(line * g->ow * g->oc) * number,
        .b = j->w,
        .c = scratch,
        .lda = g->oc,
        .ldb = k,
        .ldc = k};
    j->kern->gemm[j->dtype](&product, (char *)scratch + j->patches);
    weiri_unpatch(g, j->kern, j->dtype, scratch, line, count, j->y);
  }
}

static void eval(weir_tape *t, const weir_node *y) {
  const weiri_conv *g = y->attr;
  job j = {.kern = weiri_tape_kern(t),
      .g = g,
      .dtype = weir_tape_dtype(t),
      .x = y->in[0]->data,
      .w = y->in[1]->data,
      .bias = y->n_in > 2 ? y->in[2]->data : NULL,
      .y = y->data};
  const size_t number = weir_dtype_size(j.dtype);
  const int64_t k = weiri_conv_patch(g);
  if (weir_shape_size(&y->shape) == 0) {
    return;
  }
  const int64_t lines = weiri_conv_block(g, number);
  j.images = lines < g->oh ? 1 : lines / g->oh;
  j.block = lines < g->oh ? lines : j.images * g->oh;
  j.patches = ((size_t)(j.block * g->ow * k) * number + 63) / 64 * 64;
  const weiri_gemm most = {.m = j.block * g->ow, .n = k, .k = g->oc};
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t),
                         (g->n + j.images - 1) / j.images, weiri_conv_work(g),
                         j.patches + j.kern->gemm_scratch[j.dtype](&most), chunk, &j));
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const weiri_conv *g = y->attr;
  const weir_var x = weir_node_var(t, y->in[0]), w = weir_node_var(t, y->in[1]);
  if (want[0]) {
    gx[0] = weiri_conv_apply(t, g, gy, w, weir_var_none());
  }
  if (want[1]) {
    gx[1] = weiri_conv_weight(t, g, gy, x);
  }
  if (y->n_in > 2 && want[2]) {
    gx[2] = weiri_conv_bias(t, gy);
  }
}

static weir_var build(weir_tape *t, const weir_var *in) {
  const weir_conv_opts opts = {.stride = 2, .pad = 1, .height = 6};
  return weir_conv_transpose(t, in[0], in[1], in[2], opts); /* [2, 6, 3, 3] */
}
static const weir_probe probe = {
    3, {{4, {2, 3, 2, 2}}, {4, {2, 3, 3, 3}}, {1, {3}}}, -1, 1, build};
const weir_op_class weir_op_conv_transpose = {
    "conv_transpose", eval, vjp, NULL, &probe};

weir_var weiri_conv_back(
    weir_tape *t, const weiri_conv *g, weir_var y, weir_var w, weir_var bias) {
  const weir_var in[3] = {y, w, bias};
  const weir_shape out = {4, {g->n, g->h, g->w, g->c}};
  return weir_op_apply(
      t, &weir_op_conv_transpose, out, weir_var_ok(bias) ? 3 : 2, in, g, sizeof *g);
}

weir_var weir_conv_transpose(
    weir_tape *t, weir_var x, weir_var w, weir_var bias, weir_conv_opts opts) {
  weiri_conv g;
  return weiri_conv_shapes(t, "conv_transpose", x, w, bias, &opts, true, &g)
             ? weiri_conv_back(t, &g, x, w, bias)
             : weir_var_none();
}
