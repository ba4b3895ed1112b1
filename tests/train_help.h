/* A small table, its split and a model on it, for tests of training. */
#ifndef TRAIN_HELP_H
#define TRAIN_HELP_H

#define _POSIX_C_SOURCE 200809L /* mkstemp */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "base/option.h"
#include "base/rng.h"
#include "train/train.h"
#include "weir/weir.h"

#define OK(expr)                                                                       \
  do {                                                                                 \
    if ((expr) != WEIR_OK) {                                                           \
      fail_msg("%s", weir_error());                                                    \
    }                                                                                  \
  } while (0)

/* cmocka compares as float. */
#define assert_near(a, b, tolerance)                                                   \
  do {                                                                                 \
    const double a_ = (a), b_ = (b);                                                   \
    if (!(fabs(a_ - b_) <= (tolerance))) {                                             \
      fail_msg("%.12g is not within %g of %.12g", a_, (double)(tolerance), b_);        \
    }                                                                                  \
  } while (0)

typedef struct bench {
  weir_ctx *ctx;
  weir_table *table;
  weir_schema *schema;
  weir_frame *frame;
  weir_split *split;
  weir_row_set train, valid;
  weir_model *model;
} bench;

/* A spec from YAML; NULL for NULL. The caller's to json_decref. */
static inline json_t *spec_of(const weir_ctx *ctx, const char *text) {
  json_t *spec = NULL;
  if (text != NULL && weiri_config_parse(ctx, text, strlen(text), "test", &spec)) {
    fail_msg("%s", weir_error());
  }
  return spec;
}

/* Rows of a bent two-dimensional cloud and one column of whole numbers. */
static inline double *cloud(int64_t n, uint64_t seed) {
  const weiri_rng rng = {seed, weiri_stream("test.cloud", 0)};
  double *x = malloc((size_t)(3 * n) * sizeof *x);
  assert_non_null(x);
  for (int64_t i = 0; i < n; i++) {
    const double a = weiri_normal(rng, (uint64_t)(3 * i));
    const double b = weiri_normal(rng, (uint64_t)(3 * i + 1));
    x[3 * i] = 100.0 + 3.0 * a;
    x[3 * i + 1] = 0.5 * a * a + 0.3 * b;
    x[3 * i + 2] = floor(4.0 * weiri_uniform(rng, (uint64_t)(6 * n + i)));
  }
  return x;
}

static inline weir_ctx *context_of(int threads, weir_log_fn log, void *user) {
  weir_ctx_opts o = WEIR_CTX_OPTS_INIT;
  weir_ctx *ctx = NULL;
  o.threads = threads;
  o.log = log;
  o.log_user = user;
  OK(weir_ctx_create(&ctx, &o));
  return ctx;
}

/* n grey images of 4 x 4 pixels, by way of an NPY file. */
static inline void pictures(weir_table **out, weir_ctx *ctx, int64_t n, uint64_t seed) {
  char path[] = "/tmp/weir-pictures-XXXXXX";
  char head[128];
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE *f = fdopen(fd, "wb");
  assert_non_null(f);
  snprintf(head, sizeof head,
      "{'descr': '|u1', 'fortran_order': False, 'shape': (%d, 4, 4), }", (int)n);
  fprintf(f, "\x93NUMPY%c%c%c%c%-117s\n", 1, 0, 118, 0, head);
  uint64_t z = seed;
  for (int64_t i = 0; i < 16 * n; i++) {
    z = z * 6364136223846793005u + 1442695040888963407u;
    fputc((int)(z >> 56), f);
  }
  assert_int_equal(fclose(f), 0);
  OK(weir_table_read(out, ctx, path, NULL));
  remove(path);
}

/* The third column is ordinal, so that training draws random numbers; presets for
 * images get images. Takes ctx. */
static inline void bench_open(
    bench *b, weir_ctx *ctx, int64_t n, uint64_t seed, const char *config) {
  static const char *const names[] = {"x", "y", "k"};
  static const char *const types[] = {"x=real", "y=real", "k=ordinal"};
  weir_schema_opts so = WEIR_SCHEMA_OPTS_INIT;
  memset(b, 0, sizeof *b);
  b->ctx = ctx;
  if (strcmp(config, "vae-conv") == 0) {
    pictures(&b->table, ctx, n, seed);
  } else {
    double *x = cloud(n, seed);
    so.types = types;
    so.n_types = 3;
    OK(weir_table_from_arrays(&b->table, ctx, n, 3, x, names, "cloud"));
    free(x);
  }
  OK(weir_schema_guess(&b->schema, ctx, b->table, &so));
  OK(weir_frame_create(&b->frame, ctx, b->schema, b->table, NULL));
  OK(weir_split_fraction(&b->split, ctx, n, 0.25, 0.0, 1));
  b->train.frame = b->valid.frame = b->frame;
  b->train.rows = weir_split_rows(b->split, WEIR_SPLIT_TRAIN, &b->train.n);
  b->valid.rows = weir_split_rows(b->split, WEIR_SPLIT_VALID, &b->valid.n);
  weir_model_opts mo = WEIR_MODEL_OPTS_INIT;
  json_t *spec = spec_of(ctx, config);
  mo.config = spec;
  mo.seed = seed;
  OK(weir_model_create(&b->model, ctx, b->schema, &mo));
  json_decref(spec);
}

static inline void bench_close(bench *b) {
  weir_model_destroy(&b->model);
  weir_split_destroy(&b->split);
  weir_frame_destroy(&b->frame);
  weir_schema_destroy(&b->schema);
  weir_table_destroy(&b->table);
  weir_ctx_destroy(&b->ctx);
}

/* Trains with the train section in YAML; other options from opts (NULL: none). */
static inline weir_status bench_fit(
    bench *b, const char *train, const weir_fit_opts *opts, weir_fit_result *result) {
  weir_fit_opts o = WEIR_FIT_OPTS_INIT;
  if (opts != NULL) {
    o = *opts;
  }
  json_t *spec = spec_of(b->ctx, train);
  o.config = spec;
  weir_fit_result unwanted;
  const weir_status status =
      weir_fit(b->model, b->train, b->valid, &o, result == NULL ? &unwanted : result);
  json_decref(spec);
  return status;
}

/* Every number of the model is the same. */
static inline void assert_same_model(const weir_model *a, const weir_model *b) {
  const size_t size = weir_dtype_size(weiri_params_dtype(a->params));
  const size_t n = (size_t)weiri_params_block_size(a->params) * size;
  const size_t s = (size_t)weiri_params_stats_size(a->params) * size;
  assert_int_equal(weiri_params_block_size(b->params) * (int64_t)size, n);
  assert_memory_equal(weiri_params_block(a->params), weiri_params_block(b->params), n);
  assert_memory_equal(weiri_params_stats(a->params), weiri_params_stats(b->params), s);
  assert_memory_equal(
      a->origin, b->origin, (size_t)weir_model_features(a) * sizeof(double));
}

/* Numbers of the model have changed since it was made. */
static inline double weights_norm(const weir_model *m) {
  const int64_t n = weiri_params_block_size(m->params);
  return m->ctx->kern->sum_squares[weiri_params_dtype(m->params)](
      n, weiri_params_block(m->params));
}

#define MIXTURE "{name: gmm, components: 3}"
#define LAYERED                                                                        \
  "{name: flow, layers: [batch_norm, {name: lu_linear}, scaling, batch_norm], base: "  \
  "{name: gmm, components: 2}}"

#endif
