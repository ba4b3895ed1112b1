/* Where one row through a prepared plan goes: its kernels in order, in nanoseconds
 * (least of rounds, the clock's own time taken off), and the whole.
 *
 *     bench_row MODEL FEATURES [ROWS] [THREADS]
 *
 * MODEL is a model section in YAML. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "base/option.h"
#include "base/rng.h"
#include "model/model.h"
#include "part/replay.h"
#include "weir/weir.h"

#define ROUNDS 20000

typedef struct bench {
  int64_t d, rows;
  double *x;
  weir_ctx *ctx;
  weir_table *table;
  weir_schema *schema;
  weir_model *model;
  const double *in;
} bench;

static void open_bench(bench *b, const char *model, int threads) {
  const int64_t n = b->rows < 64 ? 64 : b->rows;
  weir_ctx_opts o = WEIR_CTX_OPTS_INIT;
  o.threads = threads;
  must(weir_ctx_create(&b->ctx, &o));
  b->x = malloc((size_t)(n * b->d) * sizeof *b->x);
  if (b->x == NULL) {
    exit(1);
  }
  weiri_fill_normal((weiri_rng){1, 2}, 0, n * b->d, WEIR_F64, b->x);
  must(weir_table_from_arrays(&b->table, b->ctx, n, b->d, b->x, NULL, "bench"));
  must(weir_schema_guess(&b->schema, b->ctx, b->table, NULL));
  json_t *config = NULL;
  must(weiri_config_parse(b->ctx, model, strlen(model), "bench", &config));
  weir_model_opts mo = WEIR_MODEL_OPTS_INIT;
  mo.config = config;
  must(weir_model_create(&b->model, b->ctx, b->schema, &mo));
  json_decref(config);
  b->in = b->x;
}

static void close_bench(bench *b) {
  weir_model_destroy(&b->model);
  weir_schema_destroy(&b->schema);
  weir_table_destroy(&b->table);
  weir_ctx_destroy(&b->ctx);
  free(b->x);
}

static void record(void *self, weir_run *run, int64_t n, weiri_results *results) {
  bench *b = self;
  const weir_var x = weiri_model_rows(b->model, run, n, &b->in);
  weir_dist_parts(b->model->dist, run, x, weir_var_none());
  weiri_results_add(results, weiri_run_total(run, 0), NULL);
}

static void print_shape(const weir_node *y) {
  printf(" [");
  for (int i = 0; i < y->shape.rank; i++) {
    printf("%s%" PRId64, i > 0 ? ", " : "", y->shape.dim[i]);
  }
  printf("]");
}

/* Kernel i alone, over and over, in nanoseconds. */
static double alone(const weir_node *y, weir_run *run) {
  const double start = now();
  for (int i = 0; i < ROUNDS; i++) {
    y->op->eval(run->tape, y);
  }
  return 1e9 * (now() - start) / ROUNDS;
}

static void kernels(weir_run *run, const weiri_plan *p) {
  double sum = 0.0;
  for (int64_t i = 0; i < weiri_plan_kernels(p); i++) {
    const weir_node *y = weiri_plan_node(p, i);
    const double ns = alone(y, run);
    sum += ns;
    printf("%8.1f ns  %s", ns, y->op->name);
    print_shape(y);
    for (int k = 0; k < y->n_in; k++) {
      print_shape(y->in[k]);
    }
    printf("\n");
  }
  printf("%8.1f ns  in %" PRId64 " kernels\n", sum, weiri_plan_kernels(p));
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: bench_row MODEL FEATURES [ROWS] [THREADS]\n");
    return 2;
  }
  bench b = {.d = atoll(argv[2]), .rows = argc > 3 ? atoll(argv[3]) : 1};
  open_bench(&b, argv[1], argc > 4 ? atoi(argv[4]) : 1);
  weir_run *run = NULL;
  must(weiri_run_create(
      &run, b.ctx, weiri_params_dtype(b.model->params), b.model->params));
  run->no_grad = true;
  weiri_replay *replay = NULL;
  const weiri_repeat repeat = {record, NULL, &b, 1, false, false, true};
  must(weiri_replay_create(&replay, run, &repeat));
  must(weiri_replay_step(replay, b.rows));
  kernels(run, weiri_replay_plan(replay, b.rows));
  const double start = now();
  for (int i = 0; i < ROUNDS; i++) {
    must(weiri_replay_step(replay, b.rows));
  }
  printf("%8.1f ns  a step\n", 1e9 * (now() - start) / ROUNDS);
  weiri_replay_destroy(&replay);
  weiri_run_destroy(&run);
  close_bench(&b);
  return 0;
}
