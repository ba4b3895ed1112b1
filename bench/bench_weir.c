/* Weir as one of the runners of bench/run.py, through the public API alone.
 *
 *     bench_weir OP MODEL FEATURES ROWS THREADS [KIND]
 *
 * OP is train (ROWS: the batch), log_prob, sample (ROWS of each call) or row (log_prob
 * of one row with a prepared evaluator); MODEL the model section as JSON; KIND what the
 * rows are: normal (numbers) or bits (square black-and-white images).
 *
 * Protocol: after the first call a line of JSON (parameters, checks); then every line N
 * on standard input is answered by the seconds that N calls took; q or the end of input
 * is answered by the peak memory in KiB and, of training, the mean objective of the
 * first step and of the last ones. Training steps run inside of weir_fit, whose
 * progress callback waits for orders: what is timed is what a user gets. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "weir/about.h"
#include "weir/config.h"
#include "weir/weir.h"

typedef struct bench {
  const char *op;
  int64_t d, rows;
  weir_ctx *ctx;
  weir_spec *spec;
  weir_table *table;
  weir_schema *schema;
  weir_frame *frame;
  weir_model *model;
  weir_evaluator *one;
  double *x, *out, *log_prob;
  int64_t calls; /* left of the order */
  double start;
  double first, last; /* objective of training */
} bench;

/* ---- data ---- */

/* Columns that depend on each other: x_j = 0.6 x_{j-1} + 0.8 e_j. */
static double *make_rows(int64_t n, int64_t d, bool bits) {
  double *x = malloc((size_t)(n * d) * sizeof *x);
  uint64_t state = 88172645463325252u;
  double before = 0.0;
  for (int64_t i = 0; x != NULL && i < n * d; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    double sum = -2.0; /* of four uniform numbers: near normal, of variance 1 / 3 */
    for (int k = 0; k < 4; k++) {
      sum += (double)(state >> (16 * k) & 65535) / 65536.0;
    }
    sum *= 1.7320508075688772;
    before = i % d == 0 ? sum : 0.6 * before + 0.8 * sum;
    x[i] = bits ? (before > 0.5 ? 1.0 : 0.0) : before;
  }
  return x;
}

static void fail(const char *what) {
  fprintf(stderr, "bench_weir: %s\n", what);
  exit(1);
}

static void put_be32(unsigned char *to, int64_t v) {
  for (int i = 0; i < 4; i++) {
    to[i] = (unsigned char)(v >> (24 - 8 * i) & 255);
  }
}

/* Rows of bits as images of an IDX file, which is read and removed. */
static void read_images(bench *b, int64_t n, const double *x) {
  int64_t side = 1;
  while (side * side < b->d) {
    side++;
  }
  char path[] = "/tmp/bench_weir-XXXXXX";
  const int fd = mkstemp(path);
  FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
  unsigned char head[16] = {0, 0, 8, 3};
  if (f == NULL || side * side != b->d) {
    fail("no file for images, or rows that are not square");
  }
  put_be32(head + 4, n);
  put_be32(head + 8, side);
  put_be32(head + 12, side);
  fwrite(head, 1, sizeof head, f);
  for (int64_t i = 0; i < n * b->d; i++) {
    fputc(x[i] > 0.5, f);
  }
  if (fclose(f) != 0) {
    fail("images cannot be written");
  }
  weir_read_opts opts = WEIR_READ_OPTS_INIT;
  opts.format = "idx";
  must(weir_table_read(&b->table, b->ctx, path, &opts));
  unlink(path);
}

static void make_frame(bench *b, int64_t n, bool bits) {
  double *x = make_rows(n, b->d, bits);
  if (x == NULL) {
    fail("out of memory");
  }
  static const char *const real[] = {"*=real"};
  weir_schema_opts opts = WEIR_SCHEMA_OPTS_INIT;
  opts.allow_constant = true;
  if (bits) {
    read_images(b, n, x);
  } else {
    must(weir_table_from_arrays(&b->table, b->ctx, n, b->d, x, NULL, NULL));
    opts.n_types = 1;
    opts.types = real;
  }
  free(x);
  must(weir_schema_guess(&b->schema, b->ctx, b->table, &opts));
  must(weir_frame_create(&b->frame, b->ctx, b->schema, b->table, NULL));
}

/* ---- orders ---- */

/* Waits for the next order; false at the end. */
static bool next_order(bench *b) {
  char line[64];
  if (b->start > 0.0) {
    printf("%.9f\n", now() - b->start);
    fflush(stdout);
  }
  if (fgets(line, sizeof line, stdin) == NULL || line[0] == 'q') {
    return false;
  }
  b->calls = strtoll(line, NULL, 10);
  b->start = now();
  return b->calls > 0;
}

static void say_ready(const bench *b, const char *checks) {
  printf("{\"parameters\": %" PRId64 ", \"isa\": \"%s\", \"version\": \"%s\", "
         "\"commit\": \"%s\", \"first\": %.9f, \"checks\": {%s}}\n",
      weir_model_parameters(b->model), weir_ctx_isa(b->ctx), weir_version(),
      weir_about_build().commit, now(), checks);
  fflush(stdout);
}

/* ---- training ---- */

static bool after_step(void *user, const weir_progress *p) {
  bench *b = user;
  b->last = p->train_log_prob;
  if (p->step == 1) {
    char text[96];
    b->first = p->train_log_prob;
    snprintf(text, sizeof text, "\"finite\": %s",
        isfinite(p->train_log_prob) ? "true" : "false");
    say_ready(b, text);
    return next_order(b);
  }
  return --b->calls > 0 ? true : next_order(b);
}

static void train(bench *b) {
  weir_spec *config = NULL;
  must(weir_config_create(&config, b->ctx));
  char set[64];
  snprintf(set, sizeof set, "batch_size=%" PRId64, b->rows);
  must(weir_config_set(b->ctx, config, set));
  static const char *const fixed[] = {"epochs=1000000", "schedule=constant", "warmup=0",
      "clip=0", "learning_rate=0.0001", "optimizer=adam"};
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
    must(weir_config_set(b->ctx, config, fixed[i]));
  }
  weir_fit_opts opts = WEIR_FIT_OPTS_INIT;
  opts.config = config;
  opts.progress = after_step;
  opts.user = b;
  const weir_row_set rows = {b->frame, NULL, weir_frame_rows(b->frame)};
  const weir_row_set none = {NULL, NULL, 0};
  const weir_status status = weir_fit(b->model, rows, none, &opts, NULL);
  if (status != WEIR_E_CANCELLED) {
    must(status);
  }
  weir_config_destroy(&config);
}

/* ---- densities and draws ---- */

static void call(bench *b) {
  if (strcmp(b->op, "sample") == 0) {
    must(weir_model_sample(b->model, b->rows, 1, NULL, NULL, b->out, NULL));
  } else if (b->one != NULL) {
    must(weir_evaluator_log_prob(b->one, 1, b->x, NULL, b->log_prob, NULL));
  } else {
    must(weir_model_log_prob(b->model, b->rows, b->x, 0, NULL, b->log_prob));
  }
}

static bool finite_all(int64_t n, const double *v) {
  for (int64_t i = 0; i < n; i++) {
    if (!isfinite(v[i])) {
      return false;
    }
  }
  return true;
}

/* Largest |z| of the mean and of the mean square of numbers that should be standard
 * normal. */
static double moments(int64_t n, const double *v) {
  double mean = 0.0, square = 0.0;
  for (int64_t i = 0; i < n; i++) {
    mean += v[i] / (double)n;
    square += v[i] * v[i] / (double)n;
  }
  const double a = fabs(mean) * sqrt((double)n);
  const double b = fabs(square - 1.0) * sqrt((double)n / 2.0);
  return a > b ? a : b;
}

/* Draws: latents are standard normal, and the density given with the draws is that of
 * the rows. Densities: finite, and the same row by row as together. */
static void checks(bench *b, char *text, size_t size) {
  if (strcmp(b->op, "sample") == 0) {
    const size_t values = (size_t)(b->rows * b->d);
    double *z = malloc(values * sizeof *z);
    double *again = malloc((size_t)b->rows * sizeof *again), worst = 0.0;
    if (z == NULL || again == NULL) {
      exit(1);
    }
    must(weir_model_sample(b->model, b->rows, 1, NULL, NULL, b->out, b->log_prob));
    must(weir_model_log_prob(b->model, b->rows, b->out, 0, NULL, again));
    must(weir_model_encode(b->model, b->rows, b->out, 0, NULL, 0, z, NULL));
    for (int64_t i = 0; i < b->rows; i++) {
      const double off = fabs(again[i] - b->log_prob[i]);
      worst = off > worst ? off : worst;
    }
    snprintf(text, size,
        "\"finite\": %s, \"moments_z\": %.3f, \"density_difference\": %.3g",
        finite_all((int64_t)values, b->out) ? "true" : "false",
        moments((int64_t)values, z), worst / (double)b->d);
    free(z);
    free(again);
  } else {
    double alone;
    must(weir_model_log_prob(b->model, 1, b->x, 0, NULL, &alone));
    snprintf(text, size, "\"finite\": %s, \"density_difference\": %.3g",
        finite_all(b->rows, b->log_prob) ? "true" : "false",
        fabs(alone - b->log_prob[0]));
  }
}

static void evaluate(bench *b) {
  char text[256];
  const size_t n = (size_t)b->rows;
  b->x = make_rows(b->rows, b->d, false);
  b->out = malloc(n * (size_t)b->d * sizeof *b->out);
  b->log_prob = malloc(n * sizeof *b->log_prob);
  if (b->x == NULL || b->out == NULL || b->log_prob == NULL) {
    exit(1);
  }
  if (strcmp(b->op, "row") == 0) {
    must(weir_evaluator_create(&b->one, b->model));
  }
  call(b);
  checks(b, text, sizeof text);
  say_ready(b, text);
  while (next_order(b)) {
    for (int64_t i = 0; i < b->calls; i++) {
      call(b);
    }
  }
  weir_evaluator_destroy(&b->one);
  free(b->x);
  free(b->out);
  free(b->log_prob);
}

int main(int argc, char **argv) {
  if (argc < 6) {
    fprintf(stderr, "usage: bench_weir OP MODEL FEATURES ROWS THREADS [normal|bits]\n");
    return 2;
  }
  bench b = {.op = argv[1],
      .d = strtoll(argv[3], NULL, 10),
      .rows = strtoll(argv[4], NULL, 10)};
  const bool bits = argc > 6 && strcmp(argv[6], "bits") == 0;
  const bool training = strcmp(b.op, "train") == 0;
  weir_ctx_opts copts = WEIR_CTX_OPTS_INIT;
  copts.threads = (int)strtol(argv[5], NULL, 10);
  must(weir_ctx_create(&b.ctx, &copts));
  must(weir_config_parse(&b.spec, b.ctx, argv[2], strlen(argv[2]), "MODEL"));
  /* An epoch of 20 steps: batches are gathered from memory and not from cache. */
  make_frame(&b, training ? 20 * b.rows : 1000, bits);
  weir_model_opts mopts = WEIR_MODEL_OPTS_INIT;
  mopts.config = b.spec;
  mopts.seed = 1;
  must(weir_model_create(&b.model, b.ctx, b.schema, &mopts));
  if (training) {
    train(&b);
  } else {
    evaluate(&b);
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("%ld", usage.ru_maxrss);
  if (training) {
    printf(" %.9g %.9g", b.first, b.last);
  }
  printf("\n");
  weir_model_destroy(&b.model);
  weir_frame_destroy(&b.frame);
  weir_schema_destroy(&b.schema);
  weir_table_destroy(&b.table);
  weir_config_destroy(&b.spec);
  weir_ctx_destroy(&b.ctx);
  return 0;
}
