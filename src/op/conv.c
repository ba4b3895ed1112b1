/* y[n, i, j, o] = bias[o] + sum_{r, s, k} x[n, i stride + r - pad, j stride + s - pad,
 * k] w[o, r, s, k], x zero outside: patches times weights, a block of lines at a time,
 * so that a block's patches stay in the cache. */
#include "op/conv.h"

static void chunk(void *arg, int64_t i, void *scratch) {
  const weiri_conv_job *j = arg;
  const weiri_conv *g = j->g;
  const int64_t first = i * j->block, left = weiri_conv_lines(g) - first;
  const int64_t count = left < j->block ? left : j->block, k = weiri_conv_patch(g);
  const size_t number = weir_dtype_size(j->dtype);
  const char *patches = scratch;
  if (weiri_conv_pointwise(g)) {
    patches = j->x + (size_t)(first * g->ow * k) * number;
  } else {
    weiri_patches(g, number, j->x, first, count, scratch);
  }
  const weiri_gemm product = {.m = count * g->ow,
      .n = g->oc,
      .k = k,
      .a = patches,
      .b = j->w,
      .c = j->y + (size_t)(first * g->ow * g->oc) * number,
      .lda = k,
      .ldb = k,
      .ldc = g->oc,
      .tb = true,
      .bias = j->bias};
  j->kern->gemm[j->dtype](&product, (char *)scratch + j->patches);
}

static void eval(weir_tape *t, const weir_node *y) {
  weiri_conv_job j = weiri_conv_job_of(t, y);
  const weiri_conv *g = j.g;
  if (weir_shape_size(&y->shape) == 0) {
    return;
  }
  j.block = weiri_conv_block(g, weir_dtype_size(j.dtype));
  const weiri_gemm most = {
      .m = j.block * g->ow, .n = g->oc, .k = weiri_conv_patch(g), .tb = true};
  weiri_conv_run(t, &j, (weiri_conv_lines(g) + j.block - 1) / j.block, &most, chunk);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  weiri_conv_gradients(t, y, gy, want, gx, weiri_conv_back, false);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  const weir_conv_opts near = {.stride = 1, .pad = 1}, far = {.stride = 2, .pad = 0};
  const weir_var a = weir_conv(t, in[0], in[1], in[2], near); /* [2, 5, 4, 3] */
  const weir_var b = weir_conv(t, in[0], in[1], weir_var_none(), far); /* [2,2,1,3] */
  return weir_concat(t, 2,
      (const weir_var[]){
          weir_reshape(t, a, weir_shape_1(120)), weir_reshape(t, b, weir_shape_1(12))},
      0);
}
static const weir_probe probe = {
    3, {{4, {2, 5, 4, 2}}, {4, {3, 3, 3, 2}}, {1, {3}}}, -1, 1, build};
const weir_op_class weir_op_conv = {"conv", eval, vjp, NULL, &probe};

weir_var weiri_conv_apply(
    weir_tape *t, const weiri_conv *g, weir_var x, weir_var w, weir_var bias) {
  const weir_var in[3] = {x, w, bias};
  const weir_shape out = {4, {g->n, g->oh, g->ow, g->oc}};
  return weir_op_apply(
      t, &weir_op_conv, out, weir_var_ok(bias) ? 3 : 2, in, g, sizeof *g);
}

static bool refuse(
    weir_tape *t, const char *name, weir_var image, weir_var w, const char *expected) {
  const weir_shape sx = weir_var_shape(t, image), sw = weir_var_shape(t, w);
  char a[128], b[128];
  (void)weir_op_fail(t, WEIR_E_SHAPE, "%s: image %s with weights %s: %s", name,
      weiri_shape_text(&sx, a), weiri_shape_text(&sw, b), expected);
  return false;
}

/* Sizes of the other side; false where the kernel does not fit in. */
static bool other_side(weiri_conv *g, const weir_conv_opts *opts, bool transposed) {
  if (!transposed) {
    g->oh = (g->h + 2 * g->pad - g->kh) / g->stride + 1;
    g->ow = (g->w + 2 * g->pad - g->kw) / g->stride + 1;
    return g->h + 2 * g->pad >= g->kh && g->w + 2 * g->pad >= g->kw;
  }
  const int64_t h = (g->oh - 1) * g->stride + g->kh - 2 * g->pad;
  const int64_t w = (g->ow - 1) * g->stride + g->kw - 2 * g->pad;
  g->h = opts->height == 0 ? h : opts->height;
  g->w = opts->width == 0 ? w : opts->width;
  return g->h > 0 && g->w > 0 && g->h >= h && g->h < h + g->stride && g->w >= w &&
         g->w < w + g->stride;
}

bool weiri_conv_shapes(weir_tape *t, const char *name, weir_var image, weir_var w,
    weir_var bias, const weir_conv_opts *opts, bool transposed, weiri_conv *g) {
  const weir_shape sx = weir_var_shape(t, image), sw = weir_var_shape(t, w);
  const weir_shape sb = weir_var_shape(t, bias);
  if (!weir_var_ok(image) || !weir_var_ok(w)) {
    return false;
  }
  if (sx.rank != 4 || sw.rank != 4) {
    return refuse(t, name, image, w, "expected [n, h, w, c] and [out, kh, kw, c]");
  }
  if (opts->stride < 1 || opts->pad < 0 || sw.dim[1] < 1 || sw.dim[2] < 1) {
    return refuse(t, name, image, w, "expected stride >= 1, pad >= 0, a kernel");
  }
  *g = (weiri_conv){.n = sx.dim[0],
      .oc = sw.dim[0],
      .kh = sw.dim[1],
      .kw = sw.dim[2],
      .c = sw.dim[3],
      .stride = opts->stride,
      .pad = opts->pad};
  int64_t *const side[] = {transposed ? &g->oh : &g->h, transposed ? &g->ow : &g->w};
  *side[0] = sx.dim[1];
  *side[1] = sx.dim[2];
  if (sx.dim[3] != (transposed ? g->oc : g->c)) {
    return refuse(t, name, image, w, "the channels differ");
  }
  const int64_t outputs = transposed ? g->c : g->oc;
  if (weir_var_ok(bias) && (sb.rank != 1 || sb.dim[0] != outputs)) {
    return refuse(t, name, image, w, "the bias has another number of channels");
  }
  return other_side(g, opts, transposed) ||
         refuse(t, name, image, w, "the kernel does not fit the image");
}

weir_var weir_conv(
    weir_tape *t, weir_var x, weir_var w, weir_var bias, weir_conv_opts opts) {
  weiri_conv g;
  return weiri_conv_shapes(t, "conv", x, w, bias, &opts, false, &g)
             ? weiri_conv_apply(t, &g, x, w, bias)
             : weir_var_none();
}
