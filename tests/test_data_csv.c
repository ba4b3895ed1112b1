/* CSV: delimiters, headers, quotes, line ends, missing values, and what is refused. */
#include "data_help.h"

static void same_numbers(void **state) {
  (void)state;
  static const char *const texts[] = {"a,b\n1,2\n3.5,-4e2\n", "a;b\n1;2\n3.5;-4e2",
      "a\tb\r\n1\t2\r\n3.5\t-4e2\r\n", "a b\n1   2\n  3.5 -4e2  \n",
      "\xef\xbb\xbf\x61,b\n1,2\n\n3.5,-4e2\n\n\n",
      "\"a\",\"b\"\n\"1\",2\n3.5,\"-4e2\"\n", "a , b\r1, 2\r3.5 ,-4e2\r"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    counting c;
    counting_init(&c, 0);
    weir_table *t = table_of(&c.ctx, texts[i]);
    assert_int_equal(weir_table_rows(t), 2);
    assert_int_equal(weir_table_columns(t), 2);
    assert_string_equal(weir_table_column(t, 0).name, "a");
    assert_int_equal(weir_table_find(t, "b"), 1);
    assert_true(weir_table_named(t));
    assert_true(at(t, 0, 0) == 1 && at(t, 0, 1) == 2);
    assert_true(at(t, 1, 0) == 3.5 && at(t, 1, 1) == -400);
    assert_int_equal(weir_table_column(t, 0).cell, WEIR_CELL_REAL);
    assert_int_equal(weir_table_column(t, 1).cell, WEIR_CELL_INTEGER);
    weir_table_destroy(&t);
    counting_check(&c);
  }
}

static void lines_and_texts(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_table *t = table_of(
      &c.ctx, "n,s\n1,\"two\nlines\"\n\n2,\"say \"\"hi\"\"\"\n3,zoe\n4,10\n5,9\n");
  assert_int_equal(weir_table_rows(t), 5);
  assert_int_equal(weir_table_line(t, 0), 2);
  assert_int_equal(weir_table_line(t, 1), 5);
  assert_int_equal(weir_table_line(t, 4), 8);
  assert_string_equal(weir_table_line_word(t), "line");
  const weir_column s = weir_table_column(t, 1);
  assert_int_equal(s.cell, WEIR_CELL_CATEGORY);
  assert_int_equal(s.categories, 5);
  assert_string_equal(s.category[0], "9"); /* numbers first, by value */
  assert_string_equal(s.category[1], "10");
  assert_string_equal(name_at(t, 0, 1), "two\nlines");
  assert_string_equal(name_at(t, 1, 1), "say \"hi\"");
  assert_string_equal(name_at(t, 3, 1), "10");
  weir_table_destroy(&t);
  counting_check(&c);
}

static void missing(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_table *t = table_of(&c.ctx, "a,b,c\n,x,1\nNA,,?\nnan,\"NA\",null\n2,y,-inf\n");
  assert_int_equal(weir_table_rows(t), 4);
  assert_true(isnan(at(t, 0, 0)) && isnan(at(t, 1, 0)) && isnan(at(t, 2, 0)));
  assert_true(isnan(at(t, 1, 1)) && isnan(at(t, 1, 2)) && isnan(at(t, 2, 2)));
  assert_string_equal(name_at(t, 2, 1), "NA"); /* quoted: text */
  assert_true(isinf(at(t, 3, 2)));
  weir_table_destroy(&t);
  counting_check(&c);
}

static void headers(void **state) {
  (void)state;
  static const struct {
    const char *text, *first;
    int64_t rows;
    bool named;
  } cases[] = {{"1,2\n3,4\n", "x1", 2, false}, {"g,2\nh,4\n", "x1", 2, false},
      {"p,q\n3,4\n", "p", 1, true}, {"p\n3\n4\n", "p", 2, true},
      {",q\n3,4\n", "x1", 1, true}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    counting c;
    counting_init(&c, 0);
    weir_table *t = table_of(&c.ctx, cases[i].text);
    assert_int_equal(weir_table_rows(t), cases[i].rows);
    assert_string_equal(weir_table_column(t, 0).name, cases[i].first);
    assert_int_equal(weir_table_named(t), cases[i].named);
    weir_table_destroy(&t);
    counting_check(&c);
  }
}

static void refused(void **state) {
  (void)state;
  static const struct {
    const char *text;
    weir_status status;
    const char *words;
  } cases[] = {{"", WEIR_E_FORMAT, "t.csv|empty"}, {"\n\n \n", WEIR_E_FORMAT, "empty"},
      {"a,b\n", WEIR_E_DATA, "no rows"},
      {"a,b\n1,2\n3\n", WEIR_E_FORMAT, "t.csv: line 3: has 1 field, line 1 has 2"},
      {"a,b\n1,2\n\n3,4,5\n", WEIR_E_FORMAT, "line 4: has 3 fields"},
      {"a,a\n1,2\n", WEIR_E_DATA, "columns 1 and 2|same name 'a'"},
      {"a,b\n1,\"2\n3,4\n", WEIR_E_FORMAT, "line 2|not closed"},
      {"a,b\n1,\xff\xfe\n", WEIR_E_FORMAT, "line 2, column 'b'|UTF-8"},
      {"a,\xe9\n1,2\n", WEIR_E_FORMAT, "line 1|column 2|UTF-8"},
      {"\xff\xfe\x61,b\n", WEIR_E_FORMAT, "UTF-16"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    counting c;
    counting_init(&c, 0);
    weir_table *t = NULL;
    assert_int_equal(read_text(&t, &c.ctx, cases[i].text), cases[i].status);
    assert_null(t);
    assert_words(cases[i].words);
    counting_check(&c);
  }
}

static void nul_bytes(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_table *t = NULL;
  char text[6000];
  memset(text, '1', sizeof text);
  text[5000] = '\0';
  assert_int_equal(read_bytes(&t, &c.ctx, text, sizeof text), WEIR_E_FORMAT);
  assert_words("NUL byte");
  counting_check(&c);
}

/* More rows than one buffer and one block hold, read whole and streamed. */
static void long_file(void **state) {
  (void)state;
  enum { ROWS = 60000 };
  counting c;
  counting_init(&c, 0);
  char *text = malloc(ROWS * 24 + 10), *p = text;
  assert_non_null(text);
  p += sprintf(p, "i,s\n");
  for (int i = 0; i < ROWS; i++) {
    p += sprintf(p, "%d,\"c%d\"\r\n", i, i % 3);
  }
  weir_table *t = table_of(&c.ctx, text);
  assert_int_equal(weir_table_rows(t), ROWS);
  for (int i = 0; i < ROWS; i++) {
    assert_true(at(t, i, 0) == i && at(t, i, 1) == i % 3);
  }
  weir_table_destroy(&t);
  weir_source *source = NULL;
  weir_reader *r = NULL;
  assert_ok(weiri_source_memory(&source, &c.ctx, "t.csv", text, strlen(text), 0));
  assert_ok(weiri_reader_open_source(&r, &source, NULL));
  assert_int_equal(weir_reader_rows(r), -1);
  int64_t row = 0;
  for (;;) {
    assert_ok(weir_reader_next(r, 7001, &t));
    if (t == NULL) {
      break;
    }
    assert_true(weir_table_rows(t) == 7001 || row + weir_table_rows(t) == ROWS);
    assert_true(at(t, 0, 0) == (double)row);
    assert_int_equal(weir_table_line(t, 0), row + 2);
    row += weir_table_rows(t);
    weir_table_destroy(&t);
  }
  assert_int_equal(row, ROWS);
  weir_reader_close(&r);
  free(text);
  counting_check(&c);
}

static void options(void **state) {
  (void)state;
  static const char text[] = "1;2\n3;4\n";
  counting c;
  counting_init(&c, 0);
  weir_read_opts o = WEIR_READ_OPTS_INIT;
  o.header = 1;
  o.delimiter = ';';
  weir_source *source = NULL;
  weir_table *t = NULL;
  assert_ok(weiri_source_memory(&source, &c.ctx, "t", text, strlen(text), 0));
  assert_ok(weiri_table_read_source(&t, &source, &o));
  assert_string_equal(weir_table_column(t, 1).name, "2");
  assert_int_equal(weir_table_rows(t), 1);
  weir_table_destroy(&t);
  o.format = "xls";
  assert_ok(weiri_source_memory(&source, &c.ctx, "t", text, strlen(text), 0));
  assert_int_equal(weiri_table_read_source(&t, &source, &o), WEIR_E_CONFIG);
  assert_words("unknown data format 'xls'");
  assert_int_equal(
      weiri_source_memory(&source, &c.ctx, "t", text, strlen(text), 5), WEIR_E_FORMAT);
  assert_words("more than the allowed 5 bytes");
  counting_check(&c);
}

static void files(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_table *t = NULL;
  assert_int_equal(weir_table_read(&t, &c.ctx, "/no/such.csv", NULL), WEIR_E_IO);
  assert_words("/no/such.csv|cannot open|No such file");
  assert_int_equal(
      weir_table_read(&t, &c.ctx, WEIR_SOURCE_DIR "/cmake", NULL), WEIR_E_DATA);
  assert_words("is a directory");
  counting_check(&c);
}

static weir_status read_mixed(weir_ctx *ctx) {
  weir_table *t = NULL;
  const weir_status status = read_text(&t, ctx, "a,b\n1,x\n2,\"y\"\"z\"\n3,7\n");
  if (status == WEIR_OK) {
    assert_string_equal(name_at(t, 1, 1), "y\"z");
  }
  weir_table_destroy(&t);
  return status;
}

static void memory(void **state) {
  (void)state;
  fail_each(read_mixed);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(same_numbers),
      cmocka_unit_test(lines_and_texts), cmocka_unit_test(missing),
      cmocka_unit_test(headers), cmocka_unit_test(refused), cmocka_unit_test(nul_bytes),
      cmocka_unit_test(long_file), cmocka_unit_test(options), cmocka_unit_test(files),
      cmocka_unit_test(memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
