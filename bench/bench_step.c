/* Where a training step goes: its parts and its kernels by operation, in milliseconds
 * (medians of rounds), with the floating-point operations of the products and the bytes
 * that every kernel reads and writes at least.
 *
 *     bench_step MODEL FEATURES BATCH THREADS [ROUNDS]
 *
 * MODEL is a model section in YAML. Rows are standard normal numbers: only sizes matter
 * here. forward is a step without its gradient, recorded apart; backward the rest. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "base/option.h"
#include "base/rng.h"
#include "train/train.h"
#include "weir/weir.h"

enum { OPS = 64 };

typedef struct bench {
  int64_t d, batch;
  int rounds;
  weir_ctx *ctx;
  weir_table *table;
  weir_schema *schema;
  weir_frame *frame;
  weir_model *model;
  weiri_loop loop;
} bench;

/* One operation of the plan. */
typedef struct tally {
  const char *name;
  int64_t calls;
  double seconds, flops, bytes;
} tally;

static json_t *spec(const weir_ctx *ctx, const char *text) {
  json_t *out = NULL;
  must(weiri_config_parse(ctx, text, strlen(text), "bench", &out));
  return out;
}

static void open_data(bench *b) {
  const int64_t n = 4 * b->batch;
  double *x = malloc((size_t)(n * b->d) * sizeof *x);
  if (x == NULL) {
    exit(1);
  }
  weiri_fill_normal((weiri_rng){1, 2}, 0, n * b->d, WEIR_F64, x);
  must(weir_table_from_arrays(&b->table, b->ctx, n, b->d, x, NULL, "bench"));
  free(x);
  must(weir_schema_guess(&b->schema, b->ctx, b->table, NULL));
  must(weir_frame_create(&b->frame, b->ctx, b->schema, b->table, NULL));
}

static void open_bench(bench *b, const char *model, int threads) {
  weir_ctx_opts o = WEIR_CTX_OPTS_INIT;
  o.threads = threads;
  must(weir_ctx_create(&b->ctx, &o));
  open_data(b);
  weir_model_opts mo = WEIR_MODEL_OPTS_INIT;
  json_t *config = spec(b->ctx, model);
  mo.config = config;
  must(weir_model_create(&b->model, b->ctx, b->schema, &mo));
  json_decref(config);
  char text[96];
  snprintf(text, sizeof text, "{batch_size: %" PRId64 ", epochs: 1000000}", b->batch);
  json_t *train = spec(b->ctx, text);
  weir_fit_opts fo = WEIR_FIT_OPTS_INIT;
  fo.config = train;
  const weir_row_set rows = {b->frame, NULL, 4 * b->batch}, none = {b->frame, NULL, 0};
  must(weiri_loop_create(&b->loop, b->model, rows, none, &fo));
  json_decref(train);
}

static void close_bench(bench *b) {
  weiri_loop_destroy(&b->loop);
  weir_model_destroy(&b->model);
  weir_frame_destroy(&b->frame);
  weir_schema_destroy(&b->schema);
  weir_table_destroy(&b->table);
  weir_ctx_destroy(&b->ctx);
}

/* ---- counting ---- */

static double size_of(const weir_node *node) {
  return (double)weir_shape_size(&node->shape);
}

/* Multiplications and additions of a product: its result times the summed length. */
static double flops_of(const weir_node *y) {
  const char *const products[] = {"linear", "matmul", "prefix_product", "product_and"};
  for (int i = 0; i < 4; i++) {
    if (strncmp(y->op->name, products[i], strlen(products[i])) == 0 && y->n_in > 1) {
      const double all = size_of(y) * size_of(y->in[0]) * size_of(y->in[1]);
      double inner = 1.0; /* (m k)(k n) / (m n) = k^2 */
      inner = all / (size_of(y) * size_of(y));
      double k = inner;
      for (int n = 0; n < 60 && k > 0.0; n++) {
        k = 0.5 * (k + inner / k);
      }
      return 2.0 * size_of(y) * k;
    }
  }
  return 0.0;
}

static double bytes_of(const weir_node *y) {
  double n = size_of(y);
  for (int i = 0; i < y->n_in; i++) {
    n += size_of(y->in[i]);
  }
  return 4.0 * n;
}

static tally *row_of(tally *table, int *n, const char *name) {
  for (int i = 0; i < *n; i++) {
    if (strcmp(table[i].name, name) == 0) {
      return &table[i];
    }
  }
  table[*n < OPS - 1 ? *n : OPS - 1].name = name;
  return &table[*n < OPS - 1 ? (*n)++ : OPS - 1];
}

static int slower(const void *a, const void *b) {
  const double x = ((const tally *)a)->seconds, y = ((const tally *)b)->seconds;
  return (x < y) - (x > y);
}

/* One shape of product: the sizes of its result and of its first two arguments. */
typedef struct shape {
  const char *name;
  int64_t size[6], calls;
  double seconds, flops;
} shape;

static void sizes_of(const weir_node *y, int64_t *size) {
  const weir_node *of[3] = {y, y->in[0], y->in[1]};
  for (int i = 0; i < 3; i++) {
    size[2 * i] = of[i]->shape.rank > 0 ? of[i]->shape.dim[0] : 1;
    size[2 * i + 1] = of[i]->shape.rank > 1 ? of[i]->shape.dim[1] : 1;
  }
}

/* Products by shape, in the order in which they come. */
static void products(const bench *b, const weiri_plan *p) {
  const weiri_gradient *g = b->loop.gradient;
  shape table[OPS];
  int n = 0;
  for (int64_t i = 0; i < b->rounds * weiri_plan_kernels(p); i++) {
    const weir_node *y = weiri_plan_node(p, i % weiri_plan_kernels(p));
    shape s = {.name = y->op->name, .flops = flops_of(y)};
    const double start = now();
    y->op->eval(g->run->tape, y);
    s.seconds = now() - start;
    if (s.flops == 0.0) {
      continue;
    }
    sizes_of(y, s.size);
    int k = 0;
    while (k < n && (strcmp(table[k].name, s.name) != 0 ||
                        memcmp(table[k].size, s.size, sizeof s.size) != 0)) {
      k++;
    }
    if (k == n && n < OPS) {
      table[n++] = s;
    } else if (k < n) {
      table[k].seconds += s.seconds;
      table[k].flops += s.flops;
    }
    table[k < n ? k : 0].calls += k < n;
  }
  printf("%-18s %-32s %6s %10s %8s\n", "product", "result = first, second", "calls",
      "ms", "GFLOP/s");
  for (int i = 0; i < n; i++) {
    const int64_t *s = table[i].size;
    char text[80];
    snprintf(text, sizeof text, "%lldx%lld = %lldx%lld, %lldx%lld", (long long)s[0],
        (long long)s[1], (long long)s[2], (long long)s[3], (long long)s[4],
        (long long)s[5]);
    printf("%-18s %-32s %6.0f %10.4f %8.1f\n", table[i].name, text,
        (double)table[i].calls / b->rounds, 1e3 * table[i].seconds / b->rounds,
        1e-9 * table[i].flops / table[i].seconds);
  }
}

static void kernels(const bench *b) {
  const weiri_gradient *g = b->loop.gradient;
  const weiri_plan *p = weiri_replay_plan(g->replay, b->batch);
  tally table[OPS] = {{0}};
  int n = 0;
  if (p == NULL) {
    printf("the step cannot be planned\n");
    return;
  }
  for (int round = 0; round < b->rounds; round++) {
    weir_tape_reset(g->run->tape);
    for (int64_t i = 0; i < weiri_plan_kernels(p); i++) {
      const weir_node *y = weiri_plan_node(p, i);
      tally *t = row_of(table, &n, y->op->name);
      const double start = now();
      y->op->eval(g->run->tape, y);
      t->seconds += now() - start;
      t->calls++;
      t->flops += flops_of(y);
      t->bytes += bytes_of(y);
    }
  }
  qsort(table, (size_t)n, sizeof *table, slower);
  printf("%-18s %6s %10s %10s %9s\n", "kernel", "calls", "ms", "Mflop", "MB");
  double sum[4] = {0};
  for (int i = 0; i < n; i++) {
    const double r = (double)b->rounds, calls = (double)table[i].calls / r;
    printf("%-18s %6.0f %10.4f %10.2f %9.3f\n", table[i].name, calls,
        1e3 * table[i].seconds / r, 1e-6 * table[i].flops / r,
        1e-6 * table[i].bytes / r);
    sum[0] += calls, sum[1] += table[i].seconds / r;
    sum[2] += table[i].flops / r, sum[3] += table[i].bytes / r;
  }
  printf("%-18s %6.0f %10.4f %10.2f %9.3f\n", "all", sum[0], 1e3 * sum[1],
      1e-6 * sum[2], 1e-6 * sum[3]);
  products(b, p);
  printf("block of the plan: %.2f MB\n", 1e-6 * (double)weiri_plan_bytes(p));
}

/* ---- parts ---- */

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *v, int n) {
  qsort(v, (size_t)n, sizeof *v, ascending);
  return v[n / 2];
}

static void forward_only(void *self, weir_run *run, int64_t n, weiri_results *results) {
  bench *b = self;
  weir_var context;
  (void)n;
  const weir_var x = weiri_batch_leaves(&b->loop.batch, b->model, run, &context);
  weir_dist_parts(b->model->dist, run, x, context);
  weiri_results_add(results, weiri_run_total(run, 0), NULL);
}

static void parts(bench *b) {
  weiri_loop *l = &b->loop;
  weiri_replay *forward = NULL;
  const weiri_repeat repeat = {forward_only, NULL, b, 1, false, false, false};
  must(weiri_replay_create(&forward, l->gradient->run, &repeat));
  enum { WHOLE, GRADIENT, FORWARD, NORM, UPDATE, KINDS };
  double *took = calloc((size_t)(KINDS * b->rounds), sizeof *took), sum, weight, norm;
  bool finite;
  weiri_update u = {1e-4, 0.0, 0.9, 0.999, 1e-8, 1.0, 1};
  for (int i = 0; took != NULL && i < b->rounds; i++) {
    double *at = took + i, start = now();
    must(weiri_loop_step(l));
    at[WHOLE * b->rounds] = now() - start;
    start = now();
    must(weiri_replay_step(forward, b->batch));
    at[FORWARD * b->rounds] = now() - start;
    start = now();
    must(weiri_gradient_take(
        l->gradient, b->frame, l->state.step, &sum, &weight, &finite));
    at[GRADIENT * b->rounds] = now() - start;
    start = now();
    must(weiri_gradient_norm(l->gradient, &norm));
    at[NORM * b->rounds] = now() - start;
    start = now();
    u.t = i + 1;
    must(weiri_optim_step(l->optim, l->weights, l->gradient->block, &u));
    at[UPDATE * b->rounds] = now() - start;
  }
  double m[KINDS] = {0};
  for (int k = 0; took != NULL && k < KINDS; k++) {
    m[k] = 1e3 * median(took + k * b->rounds, b->rounds);
  }
  printf("step %.4f ms: forward %.4f, backward %.4f, norm %.4f, update %.4f, "
         "bookkeeping %.4f\n",
      m[WHOLE], m[FORWARD], m[GRADIENT] - m[FORWARD], m[NORM], m[UPDATE],
      m[WHOLE] - m[GRADIENT] - m[NORM] - m[UPDATE]);
  free(took);
  weiri_replay_destroy(&forward);
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: bench_step MODEL FEATURES BATCH THREADS [ROUNDS]\n");
    return 2;
  }
  bench b = {.d = atoll(argv[2]),
      .batch = atoll(argv[3]),
      .rounds = argc > 5 ? atoi(argv[5]) : 50};
  open_bench(&b, argv[1], atoi(argv[4]));
  printf("%s: %" PRId64 " columns, batch %" PRId64 ", %s threads, %" PRId64
         " parameters\n",
      argv[1], b.d, b.batch, argv[4], weir_model_parameters(b.model));
  parts(&b);
  kernels(&b);
  close_bench(&b);
  return 0;
}
