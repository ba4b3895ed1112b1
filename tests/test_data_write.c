/* Writers: what is written reads back the same; nothing partial under the final name.
 */
#define _POSIX_C_SOURCE 200809L
#include "data_help.h"

#include "base/file.h"

#include <signal.h>
#include <sys/stat.h>

static char folder[64];

static const char *path_of(const char *name) {
  static char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static int make_folder(void **state) {
  (void)state;
  (void)snprintf(folder, sizeof folder, "weir-write-XXXXXX");
  return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
  (void)state;
  return rmdir(folder); /* fails when a test left something */
}

static void assert_same(const weir_table *a, const weir_table *b) {
  assert_int_equal(weir_table_rows(a), weir_table_rows(b));
  assert_int_equal(weir_table_columns(a), weir_table_columns(b));
  for (int64_t j = 0; j < weir_table_columns(a); j++) {
    const weir_column x = weir_table_column(a, j), y = weir_table_column(b, j);
    assert_string_equal(x.name, y.name);
    assert_int_equal(x.cell, y.cell);
    assert_int_equal(x.categories, y.categories);
    for (int64_t i = 0; i < x.categories; i++) {
      assert_string_equal(x.category[i], y.category[i]);
    }
    for (int64_t i = 0; i < weir_table_rows(a); i++) {
      const double u = at(a, i, j), v = at(b, i, j);
      assert_true(u == v || (isnan(u) && isnan(v)));
    }
  }
}

static void csv_round_trip(void **state) {
  (void)state;
  static const char *const files[] = {"t.csv", "t.tsv", "t"};
  for (size_t i = 0; i < 3; i++) {
    counting c;
    counting_init(&c, 0);
    weir_table *t = table_of(&c.ctx,
        "\"a,b\",\"q\"\"q\",s t,n\n0.1,1e300,\"NA\",1\n-2.5e-310,,\"x\ty\",-3\n"
        "0.30000000000000004,-inf,\" lead\",9007199254740991\n1,2,\"multi\nline\",\n");
    weir_table *back = NULL;
    assert_ok(weir_table_write(t, path_of(files[i]), NULL));
    assert_ok(weir_table_read(&back, &c.ctx, path_of(files[i]), NULL));
    assert_same(t, back);
    weir_table_destroy(&back);
    weir_table_destroy(&t);
    assert_int_equal(unlink(path_of(files[i])), 0);
    counting_check(&c);
  }
}

/* An extension that is no format is an error, unless the format is said; a version in a
 * name is no extension. */
static void names_say_the_format(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  const weir_column column = {"k", WEIR_CELL_REAL, 0, NULL};
  weir_writer *w = NULL;
  const char *const bad[] = {"t.xlsx", "a.b/t.parquet", "t.csv.gz"};
  for (int i = 0; i < 3; i++) {
    assert_int_equal(
        weir_writer_open(&w, &c.ctx, bad[i], NULL, 1, &column, 0), WEIR_E_CONFIG);
    assert_non_null(strstr(weir_error(), bad[i]));
    assert_null(w);
  }
  const char *const good[] = {"t-v1.2", "t.1", "t.NPY", ".t", "t."};
  for (int i = 0; i < 5; i++) {
    assert_ok(weir_writer_open(&w, &c.ctx, path_of(good[i]), NULL, 1, &column, 0));
    weir_writer_destroy(&w);
  }
  assert_ok(weir_writer_open(&w, &c.ctx, path_of("t.xlsx"), "csv", 1, &column, 0));
  weir_writer_destroy(&w);
  counting_check(&c);
}

static void csv_bytes(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  static const char *const names[] = {"u", "v"};
  const weir_column columns[] = {{"k", WEIR_CELL_INTEGER, 0, NULL},
      {"c", WEIR_CELL_CATEGORY, 2, names}, {"f", WEIR_CELL_REAL32, 0, NULL},
      {"log_prob", WEIR_CELL_REAL, 0, NULL}};
  const double x[] = {3, 1, (double)0.1f, -0.1, -4, 0, NAN, -INFINITY};
  weir_writer *w = NULL;
  void *data = NULL;
  size_t size;
  assert_ok(weir_writer_open(&w, &c.ctx, path_of("o"), "csv", 4, columns, -1));
  assert_ok(weir_writer_rows(w, 1, x));
  assert_ok(weir_writer_rows(w, 1, x + 4));
  assert_int_equal(access(path_of("o"), F_OK), -1); /* not before close */
  assert_ok(weir_writer_close(&w));
  assert_null(w);
  assert_ok(weiri_file_read_all(&c.ctx, path_of("o"), &data, &size));
  assert_string_equal((char *)data, "k,c,f,log_prob\n3,v,0.1,-0.1\n-4,u,,-inf\n");
  weiri_free(&c.ctx, data);
  assert_int_equal(unlink(path_of("o")), 0);
  counting_check(&c);
}

static void npy_round_trip(void **state) {
  (void)state;
  static const struct {
    weir_cell cell;
    int64_t rows;
    const char *descr;
  } cases[] = {{WEIR_CELL_REAL, 3, "<f8"}, {WEIR_CELL_REAL32, -1, "<f4"},
      {WEIR_CELL_INTEGER, -1, "<i8"}, {WEIR_CELL_INTEGER, 3, "<i8"}};
  const double x[] = {1, -2, 3, 4, 1e6, 6};
  for (size_t i = 0; i < 4; i++) {
    counting c;
    counting_init(&c, 0);
    const weir_column columns[] = {
        {"a", cases[i].cell, 0, NULL}, {"b", cases[i].cell, 0, NULL}};
    for (int64_t d = 1; d <= 2; d++) {
      weir_writer *w = NULL;
      weir_table *t = NULL;
      void *data = NULL;
      size_t size;
      assert_ok(weir_writer_open(
          &w, &c.ctx, path_of("o.npy"), NULL, d, columns, cases[i].rows));
      assert_ok(weir_writer_rows(w, 2, x));
      assert_ok(weir_writer_rows(w, 1, x + 2 * d));
      assert_ok(weir_writer_close(&w));
      assert_ok(weir_table_read(&t, &c.ctx, path_of("o.npy"), NULL));
      assert_int_equal(weir_table_rows(t), 3);
      assert_int_equal(weir_table_columns(t), d);
      for (int64_t k = 0; k < 3 * d; k++) {
        assert_true(weir_table_values(t)[k] == x[k]);
      }
      assert_ok(weiri_file_read_all(&c.ctx, path_of("o.npy"), &data, &size));
      assert_non_null(strstr((char *)data + 10, cases[i].descr));
      assert_non_null(strstr((char *)data + 10, d == 1 ? "(3,)" : "(3, 2)"));
      weiri_free(&c.ctx, data);
      weir_table_destroy(&t);
    }
    assert_int_equal(unlink(path_of("o.npy")), 0);
    counting_check(&c);
  }
}

static void refused(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  const weir_column k = {"k", WEIR_CELL_INTEGER, 0, NULL};
  static const char *const names[] = {"u"};
  const weir_column s = {"s", WEIR_CELL_CATEGORY, 1, names};
  const double half = 0.5, one = 1, none = NAN;
  static const char *const formats[] = {"csv", "npy"};
  weir_writer *w = NULL;
  for (int i = 0; i < 2; i++) {
    assert_ok(weir_writer_open(&w, &c.ctx, path_of("o"), formats[i], 1, &k, 2));
    assert_int_equal(weir_writer_rows(w, 1, &half), WEIR_E_DATA);
    assert_words("output row 1, column 'k': 0.5, expected a whole number");
    weir_writer_destroy(&w);
    assert_ok(weir_writer_open(&w, &c.ctx, path_of("o"), formats[i], 1, &s, 2));
    assert_int_equal(weir_writer_rows(w, 1, &one), WEIR_E_DATA);
    assert_words("index of a category");
    weir_writer_destroy(&w);
    assert_ok(weir_writer_open(&w, &c.ctx, path_of("o"), formats[i], 1, &k, 1));
    assert_int_equal(weir_writer_close(&w), WEIR_E_ARGUMENT);
    assert_words("0 rows written, 1 announced");
    assert_null(w);
    assert_int_equal(access(path_of("o"), F_OK), -1);
  }
  assert_ok(weir_writer_open(&w, &c.ctx, path_of("o"), "npy", 1, &k, 1));
  assert_int_equal(weir_writer_rows(w, 1, &none), WEIR_E_DATA);
  weir_writer_destroy(&w);
  assert_int_equal(
      weir_writer_open(&w, &c.ctx, path_of("o"), "xls", 1, &k, 1), WEIR_E_CONFIG);
  assert_words("'xls'");
  assert_int_equal(
      weir_writer_open(&w, &c.ctx, "/no/such/o.csv", NULL, 1, &k, 1), WEIR_E_IO);
  assert_words("/no/such");
  counting_check(&c);
}

/* A pipe that nobody reads ends the output without an error. */
static void closed_pipe(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  int pipe_ends[2];
  assert_int_equal(pipe(pipe_ends), 0);
  (void)fflush(stdout);
  const int saved = dup(STDOUT_FILENO);
  (void)close(pipe_ends[0]);
  (void)dup2(pipe_ends[1], STDOUT_FILENO);
  (void)close(pipe_ends[1]);
  void (*before)(int) = signal(SIGPIPE, SIG_IGN);
  const weir_column k = {"k", WEIR_CELL_REAL, 0, NULL};
  static double x[50000];
  weir_writer *w = NULL;
  const weir_status opened = weir_writer_open(&w, &c.ctx, "-", NULL, 1, &k, -1);
  const weir_status written = weir_writer_rows(w, 50000, x);
  const bool closed = weir_writer_closed(w);
  const weir_status finished = weir_writer_close(&w);
  (void)signal(SIGPIPE, before);
  (void)dup2(saved, STDOUT_FILENO);
  (void)close(saved);
  assert_int_equal(opened, WEIR_OK);
  assert_int_equal(written, WEIR_OK);
  assert_true(closed);
  assert_int_equal(finished, WEIR_OK);
  counting_check(&c);
}

static weir_status write_some(weir_ctx *ctx) {
  static const char *const names[] = {"u", "v"};
  const weir_column columns[] = {
      {"k", WEIR_CELL_INTEGER, 0, NULL}, {"c", WEIR_CELL_CATEGORY, 2, names}};
  const double x[] = {3, 1};
  weir_writer *w = NULL;
  WEIR_TRY(weir_writer_open(&w, ctx, path_of("m"), "csv", 2, columns, 1));
  const weir_status status = weir_writer_rows(w, 1, x);
  if (status != WEIR_OK) {
    weir_writer_destroy(&w);
    return status;
  }
  WEIR_TRY(weir_writer_close(&w));
  return unlink(path_of("m")) == 0 ? WEIR_OK : WEIR_E_IO;
}

static void memory(void **state) {
  (void)state;
  fail_each(write_some);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(csv_round_trip),
      cmocka_unit_test(names_say_the_format), cmocka_unit_test(csv_bytes),
      cmocka_unit_test(npy_round_trip), cmocka_unit_test(refused),
      cmocka_unit_test(closed_pipe), cmocka_unit_test(memory)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
