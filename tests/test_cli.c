/* The program's own pieces: the parser of its option tables, nearest names, the least
 * likely rows, quoting. The files are taken in whole, as they are no part of a library.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/args.c"
#include "cli/latent.c"
#include "cli/lowest.c"
#include "cli/nearest.c"
#include "cli/out.c"
#include "cli/say.c"

static const cli_opt own[] = {{"output", 'o', CLI_FILE, "FILE", "", 0, 0, NULL, NULL},
    {"number", 'n', CLI_INT, "N", "", 1, 100, NULL, NULL},
    {"rate", 0, CLI_REAL, "R", "", 0, 1, NULL, NULL},
    {"free", 0, CLI_REAL, "R", "", 0, 0, NULL, NULL},
    {"dtype", 0, CLI_TEXT, "TYPE", "", 0, 0, "f32|f64", NULL}, {0}};
static const cli_opt shared[] = {
    {"quiet", 'q', CLI_FLAG, NULL, "", 0, 0, NULL, NULL}, {0}};
static const cli_verb verb = {.name = "try",
    .words = "A [B]",
    .min_words = 1,
    .max_words = 2,
    .options = (const cli_opt *const[]){own, shared, NULL}};

static int parse(cli_args *args, int argc, const char *const *argv) {
  return cli_args_parse(args, &verb, argc, (char **)(uintptr_t)argv);
}
#define PARSE(args, ...)                                                               \
  parse(args, (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)),      \
      (const char *const[]){__VA_ARGS__})

static void forms_of_options(void **state) {
  (void)state;
  cli_args a;
  assert_int_equal(
      PARSE(&a, "x", "--number=7", "-ofile", "--rate", "0.5", "-q", "y"), 0);
  assert_int_equal(a.n_words, 2);
  assert_string_equal(a.words[1], "y");
  assert_int_equal(cli_int(&a, "number", 0), 7);
  assert_string_equal(cli_text(&a, "output", ""), "file");
  assert_true(cli_real(&a, "rate", 0.0) == 0.5);
  assert_true(cli_has(&a, "quiet"));
  assert_false(cli_has(&a, "dtype"));
  assert_string_equal(cli_text(&a, "dtype", "otherwise"), "otherwise");
  cli_args_free(&a);

  /* The last of repeated values counts; all are kept in order. */
  assert_int_equal(PARSE(&a, "x", "-n", "3", "-n", "4"), 0);
  assert_int_equal(cli_int(&a, "number", 0), 4);
  assert_int_equal(a.n_values, 2);
  cli_args_free(&a);

  /* "-" is a word; after "--" everything is; a negative value is a value. */
  assert_int_equal(PARSE(&a, "-", "--free", "-2.5", "--", "--rate"), 0);
  assert_string_equal(a.words[0], "-");
  assert_string_equal(a.words[1], "--rate");
  assert_true(cli_real(&a, "free", 0.0) == -2.5);
  cli_args_free(&a);

  /* Help wins over what is missing. */
  assert_int_equal(PARSE(&a, "--help", "--nonsense"), 0);
  assert_true(a.help);
  cli_args_free(&a);
}

static void refused_options(void **state) {
  (void)state;
  static const char *const cases[][3] = {{"x", "--numbre", "3"},
      {"x", "--number", "3.5"}, {"x", "--number", "0"}, {"x", "--number", "101"},
      {"x", "-n", "99999999999999999999"}, {"x", "--rate", "nan"},
      {"x", "--rate", "1.01"}, {"x", "--rate", "inf"}, {"x", "--rate", "0.5x"},
      {"x", "--dtype", "f16"}, {"x", "--dtype", "f3"}, {"x", "--output", ""},
      {"x", "y", "z"}, {"x", "y", "--quiet=1"}, {"x", "y", "-z"}, {"x", "y", "-qq"},
      {"x", "y", "--output"}, {"x", "y", "-n"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cli_args a;
    assert_int_equal(parse(&a, 3, cases[i]), CLI_USAGE);
    cli_args_free(&a);
  }
  cli_args a;
  assert_int_equal(parse(&a, 0, cases[0]), CLI_USAGE);
  cli_args_free(&a);
}

static void nearest_names(void **state) {
  (void)state;
  static const char *const names[] = {"fit", "eval", "logprob", "learning_rate"};
  assert_string_equal(cli_nearest("fti", names, 4), "fit");
  assert_string_equal(cli_nearest("eval", names, 4), "eval");
  assert_string_equal(cli_nearest("log-prob", names, 4), "logprob");
  assert_string_equal(cli_nearest("lerning_rate", names, 4), "learning_rate");
  assert_null(cli_nearest("zzzz", names, 4));
  assert_null(cli_nearest("", names, 4));
  assert_int_equal(edits("ca", "ac"), 1);
  assert_int_equal(edits("kitten", "sitting"), 3);
  assert_int_equal(edits("", "abc"), 3);
  assert_int_equal(edits("abc", ""), 3);
}

static void lowest_rows(void **state) {
  (void)state;
  enum { N = 200, KEEP = 7 };
  cli_lowest l;
  double all[N];
  assert_true(cli_lowest_create(&l, KEEP, 2));
  uint32_t s = 1;
  for (int i = 0; i < N; i++) {
    s = s * 1664525u + 1013904223u;
    all[i] = (double)(s >> 20); /* some equal */
    const double row[2] = {(double)i, all[i]};
    cli_lowest_add(&l, row);
  }
  const double gap[2] = {-1.0, NAN};
  cli_lowest_add(&l, gap);
  assert_int_equal(l.n, KEEP);
  for (int k = 0; k < KEEP; k++) {
    const double key = l.rows[2 * k + 1];
    int below = 0, equal_before = 0;
    for (int i = 0; i < N; i++) {
      below += all[i] < key;
      equal_before += all[i] == key && i < (int)l.rows[2 * k];
    }
    assert_int_equal(below + equal_before, k);
    assert_true(all[(int)l.rows[2 * k]] == key);
  }
  cli_lowest_free(&l);
}

static void quoted_words(void **state) {
  (void)state;
  static const char *const cases[][2] = {{"plain.csv", "plain.csv"}, {"", "''"},
      {"two words", "'two words'"}, {"it's", "'it'\\''s'"}, {"$x", "'$x'"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *q = cli_quote(cases[i][0]);
    assert_string_equal(q, cases[i][1]);
    free(q);
  }
  char buf[32];
  assert_string_equal(cli_bytes(1023, buf), "1023 bytes");
  assert_string_equal(cli_bytes(1536, buf), "1.5 KiB");
  assert_string_equal(cli_bytes(200.0 * 1048576.0, buf), "200 MiB");
}

static void categories_of_other_tables(void **state) {
  (void)state;
  static const char *const ab[] = {"a", "b"}, *const ba[] = {"b", "a", "c"},
                           *const numbers[] = {"1", "2.5"};
  const weir_column have = {"s", WEIR_CELL_CATEGORY, 3, ba},
                    want = {"s", WEIR_CELL_CATEGORY, 2, ab},
                    coded = {"s", WEIR_CELL_CATEGORY, 2, numbers},
                    real = {"s", WEIR_CELL_REAL, 0, NULL};
  assert_true(cli_category_as(&have, &want, 0.0) == 1.0);
  assert_true(cli_category_as(&have, &want, 1.0) == 0.0);
  assert_true(isnan(cli_category_as(&have, &want, 2.0)));
  assert_true(cli_category_as(&real, &coded, 2.5) == 1.0);
  assert_true(isnan(cli_category_as(&real, &coded, 3.0)));
  assert_true(cli_category_as(&real, &real, 3.0) == 3.0);
}

static void texts_written_whole(void **state) {
  (void)state;
  const char *path = "test_cli_text.tmp";
  assert_int_equal(cli_write_text(path, "one"), 0);
  assert_int_equal(cli_write_text(path, "two\n"), 0);
  char buf[16] = "";
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  assert_int_equal(fread(buf, 1, sizeof buf - 1, f), 4);
  fclose(f);
  assert_string_equal(buf, "two\n");
  assert_int_equal(cli_can_write(path), 0);
  remove(path);
  assert_int_equal(cli_can_write(path), 0);
  assert_int_not_equal(access(path, F_OK), 0);
  assert_int_equal(cli_write_text("no-such-folder/x", "one"), CLI_FAILED);
  assert_int_equal(cli_can_write("no-such-folder/x"), CLI_FAILED);
  assert_int_equal(cli_can_write("."), CLI_FAILED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(forms_of_options),
      cmocka_unit_test(refused_options),
      cmocka_unit_test(nearest_names),
      cmocka_unit_test(lowest_rows),
      cmocka_unit_test(quoted_words),
      cmocka_unit_test(categories_of_other_tables),
      cmocka_unit_test(texts_written_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
