/* gw[o, r, s, k] = sum_{n, i, j} y[n, i, j, o] x[n, i stride + r - pad, ..., k]: the
 * gradient of a convolution in its weights. The sum over places is cut into parts that
 * depend on the shape only; each is computed by itself, and then they are added. */
#include <string.h>

#include "op/conv.h"

enum { PARTS_MAX = 16 };
#define PART_WORK 4e6 /* operations that are worth a part */

typedef struct job {
  const weiri_kern *kern;
  const weiri_conv *g;
  weir_dtype dtype;
  const char *x, *y;
  char *out;
  int64_t parts, block;
  size_t patches;
} job;

static void chunk(void *arg, int64_t i, void *scratch) {
  const job *j = arg;
  const weiri_conv *g = j->g;
  const int64_t lines = weiri_conv_lines(g), k = weiri_conv_patch(g);
  const int64_t first = lines * i / j->parts, end = lines * (i + 1) / j->parts;
  const size_t number = weir_dtype_size(j->dtype);
  weiri_gemm product = {.m = g->oc,
      .n = k,
      .c = j->out + (size_t)(i * g->oc * k) * number,
      .lda = g->oc,
      .ldb = k,
      .ldc = k,
      .ta = true};
  for (int64_t line = first; line < end || line == first; line += j->block) {
    const int64_t count = end - line < j->block ? end - line : j->block;
    product.k = count * g->ow;
    product.a = j->y + (size_t)(line * g->ow * g->oc) * number;
    product.b = scratch;
    if (weiri_conv_pointwise(g)) {
      product.b = j->x + (size_t)(line * g->ow * k) * number;
    } else {
      weiri_patches(g, number, j->x, line, count, scratch);
    }
    j->kern->gemm[j->dtype](&product, (char *)scratch + j->patches);
    product.accumulate = true;
  }
}

/* [parts, oc, kh, kw, c] */
static void parts_eval(weir_tape *t, const weir_node *y) {
  const weiri_conv *g = y->attr;
  job j = {.kern = weiri_tape_kern(t),
      .g = g,
      .dtype = weir_tape_dtype(t),
      .x = y->in[0]->data,
      .y = y->in[1]->data,
      .out = y->data,
      .parts = y->shape.dim[0]};
  const size_t number = weir_dtype_size(j.dtype);
  const int64_t k = weiri_conv_patch(g);
  j.block = weiri_conv_block(g, number);
  j.patches = ((size_t)(j.block * g->ow * k) * number + 63) / 64 * 64;
  const weiri_gemm most = {.m = g->oc, .n = k, .k = j.block * g->ow, .ta = true};
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), j.parts, weiri_conv_work(g),
                         j.patches + j.kern->gemm_scratch[j.dtype](&most), chunk, &j));
}
static const weir_op_class parts_class = {
    "conv_weight_parts", parts_eval, NULL, NULL, NULL};

static void sum_eval(weir_tape *t, const weir_node *y) {
  const int64_t size = weir_shape_size(&y->shape);
  weiri_tape_kern(t)->sum_cols[weir_tape_dtype(t)](
      y->in[2]->shape.dim[0], size, y->in[2]->data, 0, size, y->data);
}

/* The parts are a function of the two others, so they have no gradient of their own. */
static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const weiri_conv *g = y->attr;
  if (want[0]) {
    gx[0] = weiri_conv_back(t, g, weir_node_var(t, y->in[1]), gy, weir_var_none());
  }
  if (want[1]) {
    gx[1] = weiri_conv_apply(t, g, weir_node_var(t, y->in[0]), gy, weir_var_none());
  }
}
static const weir_op_class sum_class = {"conv_weight", sum_eval, vjp, NULL, NULL};

weir_var weiri_conv_weight(weir_tape *t, const weiri_conv *g, weir_var x, weir_var y) {
  const weir_shape out = {4, {g->oc, g->kh, g->kw, g->c}};
  const double worth = weiri_conv_work(g) / PART_WORK;
  int64_t parts = worth < 1.0 ? 1 : worth > PARTS_MAX ? PARTS_MAX : (int64_t)worth;
  if (parts > weiri_conv_lines(g)) {
    parts = weiri_conv_lines(g) < 1 ? 1 : weiri_conv_lines(g);
  }
  const weir_shape many = {5, {parts, g->oc, g->kh, g->kw, g->c}};
  weir_var in[3] = {x, y, weir_var_none()};
  in[2] = weir_op_apply(t, &parts_class, many, 2, in, g, sizeof *g);
  return weir_op_apply(t, &sum_class, out, 3, in, g, sizeof *g);
}
