/* The adjoint of a convolution in its image: y[n, i stride + r - pad, j stride + s -
 * pad, k] += x[n, i, j, o] w[o, r, s, k], plus bias[k]. Products with the weights give
 * the patches of a block of images, which are added into place. */
#include <string.h>

#include "op/conv.h"

static void start(const weiri_conv_job *j, int64_t first, int64_t images) {
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
  const weiri_conv_job *j = arg;
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
  weiri_conv_job j = weiri_conv_job_of(t, y);
  const weiri_conv *g = j.g;
  if (weir_shape_size(&y->shape) == 0) {
    return;
  }
  const int64_t lines = weiri_conv_block(g, weir_dtype_size(j.dtype));
  j.images = lines < g->oh ? 1 : lines / g->oh;
  j.block = lines < g->oh ? lines : j.images * g->oh;
  const weiri_gemm most = {.m = j.block * g->ow, .n = weiri_conv_patch(g), .k = g->oc};
  weiri_conv_run(t, &j, (g->n + j.images - 1) / j.images, &most, chunk);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  weiri_conv_gradients(t, y, gy, want, gx, weiri_conv_apply, true);
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
