/* Files larger than the memory that tables may take: the same frames, splits, fits and
 * scores as in memory; orders of many rows hold every row once. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>

#include "base/bulk.h"
#include "base/rng.h"
#include "data_help.h"
#include "train/order.h"
#include "weir/config.h"
#include "weir/model.h"
#include "weir/train.h"

enum { N = 20000, SMALL = 100000 };

static weir_ctx *ctx_with(int64_t bytes) {
  weir_ctx *ctx = NULL;
  assert_ok(weir_ctx_create(&ctx, NULL));
  assert_ok(weir_ctx_set_memory(ctx, bytes, NULL));
  return ctx;
}

/* A table with every kind of trouble: a gap, a weight, text that comes late, context.
 */
static void write_mixed(char *path) {
  const int fd = mkstemp(path);
  FILE *f = fdopen(fd, "w");
  assert_non_null(f);
  fprintf(f, "a,b,turn,colour,w\n");
  const weiri_rng rng = {3, 1};
  for (int64_t i = 0; i < N; i++) {
    const double a = weiri_normal(rng, (uint64_t)i);
    fprintf(f, "%.17g,%.17g,%.6g,%s,%.6g\n", a, exp(0.3 * a), 7.0 * a,
        i > 15000 && i % 3 == 0 ? "late"
        : i % 2                 ? "even"
                                : "odd",
        0.5 + weiri_uniform(rng, (uint64_t)(i + N)));
    if (i == 9000) {
      fprintf(f, "1.5,,2,odd,1\n");
    }
  }
  assert_int_equal(fclose(f), 0);
}

static weir_schema *schema_of(weir_ctx *ctx, const char *path, int64_t sample) {
  weir_table *t = NULL;
  weir_schema *s = NULL;
  weir_read_opts read = WEIR_READ_OPTS_INIT;
  weir_schema_opts opts = WEIR_SCHEMA_OPTS_INIT;
  const char *types[] = {"b=positive", "turn=circular(0,5)", "w=weight"};
  read.sample = sample;
  opts.types = types;
  opts.n_types = 3;
  opts.context = "colour";
  assert_ok(weir_table_read(&t, ctx, path, &read));
  assert_ok(weir_schema_guess(&s, ctx, t, &opts));
  weir_table_destroy(&t);
  return s;
}

static void same_bytes(const double *a, const double *b, int64_t n) {
  assert_true((a == NULL) == (b == NULL));
  assert_true(a == NULL || memcmp(a, b, (size_t)n * sizeof *a) == 0);
}

static weir_model *fitted(
    weir_ctx *ctx, const weir_schema *schema, const weir_frame *f) {
  weir_model *m = NULL;
  weir_split *split = NULL;
  weir_spec *model = NULL, *train = NULL;
  weir_model_opts mopts = WEIR_MODEL_OPTS_INIT;
  weir_fit_opts fopts = WEIR_FIT_OPTS_INIT;
  const char *text = "{name: realnvp, transforms: 2, hidden_features: 8}";
  assert_ok(weir_config_parse(&model, ctx, text, strlen(text), "model"));
  text = "{steps: 12, batch_size: 300}";
  assert_ok(weir_config_parse(&train, ctx, text, strlen(text), "train"));
  mopts.config = model;
  fopts.config = train;
  assert_ok(weir_model_create(&m, ctx, schema, &mopts));
  assert_ok(weir_split_fraction(&split, ctx, weir_frame_rows(f), 0.2, 0.0, 5));
  weir_row_set rows = {f, NULL, 0}, valid = {f, NULL, 0};
  rows.rows = weir_split_rows(split, WEIR_SPLIT_TRAIN, &rows.n);
  valid.rows = weir_split_rows(split, WEIR_SPLIT_VALID, &valid.n);
  assert_ok(weir_fit(m, rows, valid, &fopts, NULL));
  weir_split_destroy(&split);
  weir_config_destroy(&model);
  weir_config_destroy(&train);
  return m;
}

static void test_same_as_in_memory(void **state) {
  (void)state;
  char path[] = "/tmp/test_large_XXXXXX";
  write_mixed(path);
  weir_ctx *big = ctx_with((int64_t)1 << 30), *small = ctx_with(SMALL);
  bool large = true;
  assert_ok(weir_file_is_large(&large, big, path, NULL));
  assert_false(large);
  assert_ok(weir_file_is_large(&large, small, path, NULL));
  assert_true(large);
  weir_schema *schema[2] = {schema_of(big, path, 0), schema_of(small, path, N + 1)};
  char *json[2];
  assert_ok(weir_schema_to_json(schema[0], &json[0]));
  assert_ok(weir_schema_to_json(schema[1], &json[1]));
  assert_string_equal(json[0], json[1]);
  weir_table *t = NULL;
  weir_frame *f[2] = {NULL, NULL};
  weir_frame_opts opts = WEIR_FRAME_OPTS_INIT;
  assert_int_equal(
      weir_frame_read(&f[1], small, schema[1], path, NULL, &opts), WEIR_E_DATA);
  assert_words("line 9003|missing value|'b'");
  opts.drop_missing = true;
  assert_ok(weir_table_read(&t, big, path, NULL));
  assert_ok(weir_frame_create(&f[0], big, schema[0], t, &opts));
  assert_ok(weir_frame_read(&f[1], small, schema[1], path, NULL, &opts));
  assert_int_equal(weir_frame_rows(f[0]), N);
  assert_int_equal(weir_frame_rows(f[1]), N);
  same_bytes(weir_frame_x(f[0]), weir_frame_x(f[1]), 3 * N);
  same_bytes(weir_frame_context(f[0]), weir_frame_context(f[1]), 3 * N);
  same_bytes(weir_frame_weights(f[0]), weir_frame_weights(f[1]), N);
  assert_int_equal(weir_frame_row(f[1], 9001), 9002);
  assert_string_equal(weir_frame_note(f[0]), weir_frame_note(f[1]));
  char digest[2][65];
  weir_frame_digest(f[0], digest[0]);
  weir_frame_digest(f[1], digest[1]);
  assert_string_equal(digest[0], digest[1]);
  weir_model *m[2] = {fitted(big, schema[0], f[0]), fitted(small, schema[1], f[1])};
  weir_score score[2];
  for (int i = 0; i < 2; i++) {
    assert_ok(weir_model_score(m[i], (weir_row_set){f[i], NULL, N}, &score[i]));
  }
  assert_true(isfinite(score[0].mean_log_prob));
  assert_memory_equal(&score[0].mean_log_prob, &score[1].mean_log_prob, sizeof(double));
  assert_memory_equal(
      &score[0].standard_error, &score[1].standard_error, sizeof(double));
  weir_ctx *ctx[2] = {big, small};
  for (int i = 0; i < 2; i++) {
    weir_text_free(ctx[i], json[i]);
    weir_model_destroy(&m[i]);
    weir_frame_destroy(&f[i]);
    weir_schema_destroy(&schema[i]);
  }
  weir_table_destroy(&t);
  weir_ctx_destroy(&big);
  weir_ctx_destroy(&small);
  (void)unlink(path);
}

/* An NPY file of 64 MiB where tables may take 1: used in place, and let go of. */
static void test_mapped(void **state) {
  (void)state;
  enum { PERIOD = 63, ROWS = PERIOD * 16645, COLUMNS = 8 };
  char path[] = "/tmp/test_large_XXXXXX";
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  char head[128];
  memset(head, ' ', sizeof head);
  memcpy(head, "\x93NUMPY\x01\x00\x76\x00", 10);
  const char *dict = "{'descr': '<f8', 'fortran_order': False, 'shape': (1048635, 8)}";
  memcpy(head + 10, dict, strlen(dict));
  head[127] = '\n';
  assert_int_equal(write(fd, head, sizeof head), sizeof head);
  double row[PERIOD * COLUMNS];
  for (int i = 0; i < PERIOD * COLUMNS; i++) {
    row[i] = weiri_normal((weiri_rng){1, 1}, (uint64_t)i);
  }
  for (int i = 0; i < ROWS / PERIOD; i++) {
    assert_int_equal(write(fd, row, sizeof row), sizeof row);
  }
  assert_int_equal(close(fd), 0);
  weir_ctx *ctx = ctx_with((int64_t)1 << 20);
  weir_table *t = NULL;
  weir_schema *schema = NULL;
  weir_frame *f = NULL;
  weir_read_opts read = WEIR_READ_OPTS_INIT;
  read.sample = 1000;
  assert_ok(weir_table_read(&t, ctx, path, &read));
  assert_true(weir_table_rows(t) > 500 && weir_table_rows(t) <= 1000);
  assert_true(weir_table_values(t)[COLUMNS] == row[2048 % PERIOD * COLUMNS]);
  assert_ok(weir_schema_guess(&schema, ctx, t, NULL));
  weir_table_destroy(&t);
  assert_ok(weir_frame_read(&f, ctx, schema, path, NULL, NULL));
  assert_int_equal(weir_frame_rows(f), ROWS);
  assert_true(weir_frame_x(f)[COLUMNS * (ROWS - 1)] == row[62 * COLUMNS]);
  char digest[65];
  weir_frame_digest(f, digest);
  FILE *status = fopen("/proc/self/status", "r");
  char line[256];
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, "RssFile:", 8) == 0) { /* KiB; the file has 65,536 */
      assert_true(strtol(line + 8, NULL, 10) < 50000);
    }
  }
  if (status != NULL) {
    assert_int_equal(fclose(status), 0);
  }
  weir_frame_destroy(&f);
  weir_schema_destroy(&schema);
  weir_ctx_destroy(&ctx);
  (void)unlink(path);
}

static void test_permuted(void **state) {
  (void)state;
  static const int64_t sizes[] = {1, 2, 3, 5, 64, 1000, 4097};
  static char seen[4097];
  int64_t moved = 0;
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    memset(seen, 0, sizeof seen);
    for (int64_t i = 0; i < sizes[k]; i++) {
      const int64_t to = weiri_permuted((weiri_rng){7, k}, sizes[k], i);
      assert_true(to >= 0 && to < sizes[k] && !seen[to]);
      seen[to] = 1;
      moved += to != i;
    }
  }
  assert_true(moved > 5000);
}

/* Every row once an epoch, epochs differ, the order does not depend on how it is asked
 * for, and neighbours in the order are far apart in the file. */
static void test_order(void **state) {
  (void)state;
  const int64_t n = 2 * WEIRI_ROWS_MANY + 1234;
  weir_ctx *ctx = ctx_with(0);
  weiri_order o;
  char *seen = calloc((size_t)n, 1);
  int64_t *row = malloc(100000 * sizeof *row), again[50], same = 0;
  double apart = 0.0, late = 0.0;
  assert_true(seen != NULL && row != NULL);
  assert_ok(weiri_order_create(&o, ctx, n, 11));
  for (int64_t at = 0; at < n; at += 100000) {
    const int64_t count = n - at < 100000 ? n - at : 100000;
    weiri_order_take(&o, 3, at, count, row);
    for (int64_t i = 0; i < count; i++) {
      assert_true(row[i] >= 0 && row[i] < n && !seen[row[i]]);
      seen[row[i]] = 1;
      apart += i > 0 ? fabs((double)(row[i] - row[i - 1])) / (double)n : 0.0;
      late += at < n / 2 ? (double)row[i] / (double)n : 0.0;
    }
  }
  assert_true(
      fabs(apart / (double)n - 1.0 / 3.0) < 0.02); /* of independent places: 1/3 */
  assert_true(fabs(late / (0.5 * (double)n) - 0.5) < 0.1);
  weiri_order_take(&o, 3, WEIRI_ROWS_MANY - 20, 50, row);
  weiri_order_take(&o, 4, WEIRI_ROWS_MANY - 20, 50, again);
  for (int i = 0; i < 50; i++) {
    same += row[i] == again[i];
  }
  assert_true(same < 3);
  weiri_order_take(&o, 3, WEIRI_ROWS_MANY - 20, 50, again);
  assert_memory_equal(row, again, sizeof again);
  weiri_order_destroy(&o);
  free(seen);
  free(row);
  weir_ctx_destroy(&ctx);
}

/* Exact numbers of rows, each once, ascending, anywhere in the table. */
static void test_split_of_many(void **state) {
  (void)state;
  const int64_t n = WEIRI_ROWS_MANY + 77;
  weir_ctx *ctx = ctx_with(SMALL); /* the lists of rows are in files */
  weir_split *s = NULL;
  assert_ok(weir_split_fraction(&s, ctx, n, 0.1, 0.25, 9));
  int64_t count[3], total = 0;
  for (int k = 0; k < 3; k++) {
    const int64_t *rows = weir_split_rows(s, (weir_split_set)k, &count[k]);
    double mean = 0.0;
    for (int64_t i = 0; i < count[k]; i++) {
      assert_true(i == 0 || rows[i] > rows[i - 1]);
      mean += (double)rows[i] / (double)n / (double)count[k];
    }
    /* standard deviation of a mean of uniform numbers */
    assert_true(fabs(mean - 0.5) < 5.0 / sqrt(12.0 * (double)count[k]));
    total += count[k];
  }
  assert_int_equal(total, n);
  assert_int_equal(count[WEIR_SPLIT_VALID], (int64_t)nearbyint(0.1 * (double)n));
  assert_int_equal(count[WEIR_SPLIT_TEST], (int64_t)nearbyint(0.25 * (double)n));
  weir_split_destroy(&s);
  weir_ctx_destroy(&ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_as_in_memory),
      cmocka_unit_test(test_mapped),
      cmocka_unit_test(test_permuted),
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_split_of_many),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
