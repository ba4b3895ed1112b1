/* Speed of flows as they are used: a training step, log_prob and draws of the models of
 * published experiments, in milliseconds (median of rounds) on 1 and 2 threads.
 *   bench_flow [case [threads [seconds]]]
 * Rows are standard normal numbers: only sizes matter here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/option.h"
#include "base/rng.h"
#include "train/train.h"
#include "weir/weir.h"

typedef enum verb { TRAIN, LOG_PROB, DRAW } verb;

typedef struct flow_case {
  const char *name;
  int64_t features, rows; /* rows of a batch, or of one call */
  verb what;
  const char *model; /* YAML */
} flow_case;

#define NSF                                                                            \
  "transforms: 10, hidden_features: 256, hidden_layers: 2, bins: 8, dropout: 0}"
#define MAF                                                                            \
  "transforms: 5, hidden_features: 512, hidden_layers: 2, batch_norm: false, "         \
  "dropout: 0}"
#define MADE                                                                           \
  "transforms: 5, hidden_features: 1024, hidden_layers: 1, batch_norm: false, "        \
  "dropout: 0}"

static const flow_case cases[] = {
    {"nsf-train", 6, 512, TRAIN, "{name: nsf, " NSF},
    {"nsf-logprob", 6, 4096, LOG_PROB, "{name: nsf, " NSF},
    {"nsf-ar-train", 6, 512, TRAIN, "{name: nsf-ar, " NSF},
    {"nsf-ar-draw", 6, 1000, DRAW, "{name: nsf-ar, " NSF},
    {"maf-train", 43, 512, TRAIN, "{name: maf, " MAF},
    {"maf-train-100", 43, 100, TRAIN, "{name: maf, " MAF},
    {"maf-draw", 43, 1000, DRAW, "{name: maf, " MAF},
    {"made-draw", 784, 100, DRAW, "{name: maf, " MADE},
    {"realnvp-train", 8, 512, TRAIN,
        "{name: realnvp, transforms: 10, hidden_features: 256, hidden_layers: 2, "
        "dropout: 0}"},
    {"small-train", 2, 256, TRAIN,
        "{name: realnvp, transforms: 8, hidden_features: 64, hidden_layers: 2, "
        "dropout: 0}"},
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(weir_status status) {
  if (status != WEIR_OK) {
    fprintf(stderr, "bench_flow: %s\n", weir_error());
    exit(1);
  }
}

static json_t *spec(const weir_ctx *ctx, const char *text) {
  json_t *out = NULL;
  must(weiri_config_parse(ctx, text, strlen(text), "bench", &out));
  return out;
}

typedef struct bench {
  const flow_case *c;
  weir_ctx *ctx;
  weir_table *table;
  weir_schema *schema;
  weir_frame *frame;
  weir_model *model;
  weiri_loop loop;
  double *x, *out;
} bench;

static void open_data(bench *b) {
  const int64_t d = b->c->features, n = 4 * b->c->rows;
  b->x = malloc((size_t)(n * d) * sizeof *b->x);
  b->out = malloc((size_t)n * sizeof *b->out);
  char **names = calloc((size_t)d, sizeof *names);
  for (int64_t i = 0; i < d; i++) {
    names[i] = malloc(16);
    snprintf(names[i], 16, "x%d", (int)i);
  }
  weiri_fill_normal((weiri_rng){1, 2}, 0, n * d, WEIR_F64, b->x);
  must(weir_table_from_arrays(
      &b->table, b->ctx, n, d, b->x, (const char *const *)names, "bench"));
  weir_schema_opts so = WEIR_SCHEMA_OPTS_INIT;
  must(weir_schema_guess(&b->schema, b->ctx, b->table, &so));
  must(weir_frame_create(&b->frame, b->ctx, b->schema, b->table, NULL));
  for (int64_t i = 0; i < d; i++) {
    free(names[i]);
  }
  free(names);
}

static void open_bench(bench *b, int threads) {
  weir_ctx_opts o = WEIR_CTX_OPTS_INIT;
  o.threads = threads;
  must(weir_ctx_create(&b->ctx, &o));
  open_data(b);
  weir_model_opts mo = WEIR_MODEL_OPTS_INIT;
  json_t *model = spec(b->ctx, b->c->model), *train;
  mo.config = model;
  must(weir_model_create(&b->model, b->ctx, b->schema, &mo));
  json_decref(model);
  if (b->c->what != TRAIN) {
    return;
  }
  char text[128];
  snprintf(
      text, sizeof text, "{batch_size: %d, epochs: 1000000, ema: 0}", (int)b->c->rows);
  train = spec(b->ctx, text);
  weir_fit_opts fo = WEIR_FIT_OPTS_INIT;
  fo.config = train;
  const weir_row_set rows = {b->frame, NULL, 4 * b->c->rows},
                     none = {b->frame, NULL, 0};
  must(weiri_loop_create(&b->loop, b->model, rows, none, &fo));
  json_decref(train);
}

static void close_bench(bench *b) {
  if (b->c->what == TRAIN) {
    weiri_loop_destroy(&b->loop);
  }
  weir_model_destroy(&b->model);
  weir_frame_destroy(&b->frame);
  weir_schema_destroy(&b->schema);
  weir_table_destroy(&b->table);
  weir_ctx_destroy(&b->ctx);
  free(b->x);
  free(b->out);
}

static void once(bench *b) {
  weir_sample_opts o = WEIR_SAMPLE_OPTS_INIT;
  switch (b->c->what) {
  case TRAIN:
    must(weiri_loop_step(&b->loop));
    break;
  case LOG_PROB:
    must(weir_model_log_prob(b->model, b->c->rows, b->x, 0, NULL, b->out));
    break;
  case DRAW:
    must(weir_model_sample(b->model, b->c->rows, 0, NULL, &o, b->x, NULL));
    break;
  }
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void run_case(const flow_case *c, int threads, double seconds) {
  enum { MOST = 10000 };
  static double took[MOST];
  bench b = {.c = c};
  open_bench(&b, threads);
  for (int i = 0; i < 3; i++) {
    once(&b);
  }
  const double start = now();
  int n = 0;
  while (n < MOST && (n < 5 || now() - start < seconds)) {
    const double t = now();
    once(&b);
    took[n++] = now() - t;
  }
  qsort(took, (size_t)n, sizeof *took, ascending);
  printf("%-14s %d threads %9.3f ms (least %.3f, %d rounds)\n", c->name, threads,
      1e3 * took[n / 2], 1e3 * took[0], n);
  fflush(stdout);
  close_bench(&b);
}

int main(int argc, char **argv) {
  const int threads = argc > 2 ? atoi(argv[2]) : 0;
  const double seconds = argc > 3 ? atof(argv[3]) : 1.0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (argc > 1 && strcmp(argv[1], "all") != 0 &&
        strcmp(argv[1], cases[i].name) != 0) {
      continue;
    }
    for (int t = 1; t <= 2; t++) {
      if (threads == 0 || threads == t) {
        run_case(&cases[i], t, seconds);
      }
    }
  }
  return 0;
}
