/* Speed of convolutions in GFLOP/s: forward, data gradient and weight gradient of this
 * field's shapes, on 1 and 2 threads, images with channels last throughout. With
 * WEIR_BENCH_ONEDNN (version 2), that library beside them in the layout that it asks
 * for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "op/conv.h"

#ifdef WEIR_BENCH_ONEDNN
#include <dnnl.h>
#if DNNL_VERSION_MAJOR != 2
#undef WEIR_BENCH_ONEDNN
#endif
#endif
#ifdef WEIR_BENCH_ONEDNN
#include <omp.h>
#endif

typedef enum pass { FORWARD, DATA, WEIGHT } pass;
enum { PASSES = 3, ROUNDS = 15 };

static void fill(float *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    x[i] = (float)(i * 7919 % 1000) / 500.0f - 1.0f;
  }
}

static float *numbers(int64_t n) {
  float *x = aligned_alloc(64, (size_t)(n * 4 + 127) / 64 * 64);
  if (x == NULL) {
    exit(1);
  }
  fill(x, n);
  return x;
}

typedef struct buffers {
  weir_shape sx, sw, sy;
  float *x, *w, *y;
} buffers;

static double own(const weiri_conv *g, const buffers *b, pass p, int threads) {
  weir_ctx_opts o = WEIR_CTX_OPTS_INIT;
  o.threads = threads;
  weir_ctx *ctx = NULL;
  weir_tape *t = NULL;
  double best = 1e9;
  if (weir_ctx_create(&ctx, &o) != WEIR_OK ||
      weir_tape_create(&t, ctx, WEIR_F32) != WEIR_OK) {
    exit(1);
  }
  for (int round = 0; round < ROUNDS; round++) {
    weir_tape_reset(t);
    const weir_var x = weir_leaf_borrow(t, b->sx, b->x);
    const weir_var w = weir_leaf_borrow(t, b->sw, b->w);
    const weir_var y = weir_leaf_borrow(t, b->sy, b->y);
    const double start = now();
    const weir_var none = weir_var_none();
    const weir_var r = p == FORWARD ? weiri_conv_apply(t, g, x, w, none)
                       : p == DATA  ? weiri_conv_back(t, g, y, w, none)
                                    : weiri_conv_weight(t, g, x, y);
    const double seconds = now() - start;
    best = weir_var_ok(r) && seconds < best ? seconds : best;
  }
  weir_tape_destroy(&t);
  weir_ctx_destroy(&ctx);
  return best;
}

#ifdef WEIR_BENCH_ONEDNN
static dnnl_memory_desc_t desc(int64_t a, int64_t b, int64_t c, int64_t d) {
  dnnl_memory_desc_t m;
  const dnnl_dims_t dims = {a, b, c, d};
  dnnl_memory_desc_init_by_tag(&m, 4, dims, dnnl_f32, dnnl_format_tag_any);
  return m;
}

static dnnl_memory_t memory(
    const_dnnl_primitive_desc_t pd, dnnl_query_t what, dnnl_engine_t engine) {
  const dnnl_memory_desc_t *m = dnnl_primitive_desc_query_md(pd, what, 0);
  dnnl_memory_t out = NULL;
  void *data = NULL;
  dnnl_memory_create(&out, m, engine, DNNL_MEMORY_ALLOCATE);
  dnnl_memory_get_data_handle(out, &data);
  fill(data, (int64_t)(dnnl_memory_desc_get_size(m) / sizeof(float)));
  return out;
}

static double onednn(const weiri_conv *g, pass p, int threads) {
  omp_set_num_threads(threads);
  const dnnl_memory_desc_t x = desc(g->n, g->c, g->h, g->w),
                           w = desc(g->oc, g->c, g->kh, g->kw),
                           y = desc(g->n, g->oc, g->oh, g->ow);
  const dnnl_dims_t stride = {g->stride, g->stride}, pad = {g->pad, g->pad};
  const dnnl_dims_t end = {(g->oh - 1) * g->stride + g->kh - g->h - g->pad,
      (g->ow - 1) * g->stride + g->kw - g->w - g->pad};
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  dnnl_engine_create(&engine, dnnl_cpu, 0);
  dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
  dnnl_convolution_desc_t cd;
  dnnl_primitive_desc_t hint, pd;
  const dnnl_alg_kind_t alg = dnnl_convolution_direct;
  dnnl_convolution_forward_desc_init(
      &cd, dnnl_forward_training, alg, &x, &w, NULL, &y, stride, pad, end);
  dnnl_primitive_desc_create(&hint, &cd, NULL, engine, NULL);
  if (p == DATA) {
    dnnl_convolution_backward_data_desc_init(&cd, alg, &x, &w, &y, stride, pad, end);
  } else if (p == WEIGHT) {
    dnnl_convolution_backward_weights_desc_init(
        &cd, alg, &x, &w, NULL, &y, stride, pad, end);
  }
  dnnl_primitive_desc_create(&pd, &cd, NULL, engine, p == FORWARD ? NULL : hint);
  dnnl_primitive_t run;
  dnnl_primitive_create(&run, pd);
  static const dnnl_query_t query[PASSES][3] = {
      {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md},
      {dnnl_query_diff_dst_md, dnnl_query_weights_md, dnnl_query_diff_src_md},
      {dnnl_query_src_md, dnnl_query_diff_dst_md, dnnl_query_diff_weights_md}};
  static const int name[PASSES][3] = {{DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
      {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC},
      {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS}};
  dnnl_exec_arg_t args[3];
  for (int i = 0; i < 3; i++) {
    args[i].arg = name[p][i];
    args[i].memory = memory(pd, query[p][i], engine);
  }
  double best = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    const double start = now();
    dnnl_primitive_execute(run, stream, 3, args);
    dnnl_stream_wait(stream);
    const double seconds = now() - start;
    best = seconds < best ? seconds : best;
  }
  for (int i = 0; i < 3; i++) {
    dnnl_memory_destroy(args[i].memory);
  }
  dnnl_primitive_destroy(run);
  dnnl_primitive_desc_destroy(hint);
  dnnl_primitive_desc_destroy(pd);
  dnnl_stream_destroy(stream);
  dnnl_engine_destroy(engine);
  return best;
}
#endif

static void show(const weiri_conv *g) {
  static const char *const names[PASSES] = {"forward", "data", "weight"};
  const buffers b = {{4, {g->n, g->h, g->w, g->c}}, {4, {g->oc, g->kh, g->kw, g->c}},
      {4, {g->n, g->oh, g->ow, g->oc}}, numbers(g->n * g->h * g->w * g->c),
      numbers(g->oc * weiri_conv_patch(g)), numbers(g->n * g->oh * g->ow * g->oc)};
  for (pass p = FORWARD; p <= WEIGHT; p++) {
    printf("%lld x %lldx%lldx%lld %lldx%lld s%lld -> %lld  %-8s", (long long)g->n,
        (long long)g->h, (long long)g->w, (long long)g->c, (long long)g->kh,
        (long long)g->kw, (long long)g->stride, (long long)g->oc, names[p]);
    for (int threads = 1; threads <= 2; threads++) {
      printf("  %dt: weir %6.1f", threads,
          1e-9 * weiri_conv_work(g) / own(g, &b, p, threads));
#ifdef WEIR_BENCH_ONEDNN
      printf(" oneDNN %6.1f", 1e-9 * weiri_conv_work(g) / onednn(g, p, threads));
#endif
    }
    printf("\n");
  }
  free(b.x), free(b.w), free(b.y);
}

int main(void) {
  static const weiri_conv shapes[] = {
      {100, 28, 28, 1, 14, 14, 32, 4, 4, 2, 1},
      {100, 14, 14, 32, 7, 7, 64, 4, 4, 2, 1},
      {16, 32, 32, 64, 32, 32, 64, 3, 3, 1, 1},
      {16, 16, 16, 128, 16, 16, 128, 1, 1, 1, 0},
      {100, 14, 14, 32, 14, 14, 32, 3, 3, 1, 1},
  };
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    show(&shapes[i]);
  }
  return 0;
}
