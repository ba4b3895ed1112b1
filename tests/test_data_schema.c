/* Schemas: what is guessed, asked for, refused, warned of, stored and shown. */
#include "data_help.h"

#include <jansson.h>

static weir_status guess(weir_schema **out, weir_ctx *ctx, const weir_table *t,
    const char *context, int64_t n, const char *const *types) {
  weir_schema_opts o = WEIR_SCHEMA_OPTS_INIT;
  o.context = context;
  o.n_types = n;
  o.types = types;
  return weir_schema_guess(out, ctx, t, &o);
}

/* Rows of: real u, grid of 0.1 g, integer i, flag f, text s, angle a, number z. */
static weir_table *sample(weir_ctx *ctx, int rows) {
  char *text = malloc((size_t)rows * 128 + 64), *p = text;
  assert_non_null(text);
  p += sprintf(p, "u,g,i,f,s,a,z\n");
  for (int k = 0; k < rows; k++) {
    const double u = fmod(0.61803398875 * (k + 1), 1.0);
    p += sprintf(p, "%.9f,%d.%d,%d,%d,%s,%.6f,%d\n", u, (k * 7 % 23) / 10,
        (k * 7 % 23) % 10, k * k % 17, k * 5 % 7 > 2, k % 3 ? "north" : "south",
        720 * u - 360, k + 1);
  }
  weir_table *t = table_of(ctx, text);
  free(text);
  return t;
}

static const char *type_of(const weir_schema *s, const char *name) {
  static char buf[128];
  const weir_column_type t = weir_schema_type(s, weir_schema_find(s, name));
  return weir_column_type_text(&t, buf, sizeof buf);
}

static void guesses(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_table *t = sample(&c.ctx, 1000);
  weir_schema *s = NULL;
  assert_ok(guess(&s, &c.ctx, t, NULL, 0, NULL));
  assert_string_equal(type_of(s, "u"), "real");
  assert_string_equal(type_of(s, "g"), "real");
  assert_string_equal(type_of(s, "i"), "ordinal");
  assert_string_equal(type_of(s, "f"), "categorical");
  assert_string_equal(type_of(s, "s"), "categorical");
  assert_string_equal(type_of(s, "z"), "real");
  assert_int_equal(weir_schema_events(s), 7);
  assert_int_equal(weir_schema_context_width(s), 0);
  assert_string_equal(weir_schema_column(s, 3).category[1], "1");
  assert_true(weir_schema_guessed(s, 0));
  assert_int_equal(weir_schema_warnings(s), 1);
  const weir_data_warning w = weir_schema_warning(s, 0);
  assert_string_equal(w.column, "g");
  assert_string_equal(w.option, "g=ordinal(0.1)");
  assert_non_null(strstr(w.text, "only 23 of 1000 values are distinct"));
  assert_non_null(strstr(w.text, "--column g=ordinal(0.1)"));
  weir_schema_destroy(&s);
  weir_table_destroy(&t);
  counting_check(&c);
}

static void asked(void **state) {
  (void)state;
  static const char *const types[] = {"u=interval(0,1)", "g=ordinal(0.1)", "i=integer",
      "a=circular(-360, 360)", "z=weight", "f=ignored", "s=categorical"};
  counting c;
  counting_init(&c, 0);
  weir_table *t = sample(&c.ctx, 200);
  weir_schema *s = NULL;
  assert_ok(guess(&s, &c.ctx, t, "s, a", 7, types));
  assert_string_equal(type_of(s, "u"), "interval(0,1)");
  assert_string_equal(type_of(s, "g"), "ordinal(0.1)");
  assert_string_equal(type_of(s, "i"), "ordinal");
  assert_string_equal(type_of(s, "a"), "context(circular(-360,360))");
  assert_string_equal(type_of(s, "s"), "context(categorical)");
  assert_string_equal(type_of(s, "z"), "weight");
  assert_string_equal(type_of(s, "f"), "ignored");
  assert_int_equal(weir_schema_events(s), 3);
  assert_int_equal(weir_schema_event(s, 2), 2);
  assert_int_equal(weir_schema_contexts(s), 2);
  assert_int_equal(weir_schema_context(s, 0), 4);
  assert_int_equal(weir_schema_context_width(s), 4);
  assert_int_equal(weir_schema_warnings(s), 0);
  weir_schema_destroy(&s);
  weir_table_destroy(&t);
  counting_check(&c);
}

static void bad_types(void **state) {
  (void)state;
  static const struct {
    const char *type, *context, *words;
  } cases[] = {{"uu=real", NULL, "t.csv: no column 'uu', did you mean 'u'?"},
      {"u=posititve", NULL, "column 'u'|'posititve'|did you mean 'positive'?"},
      {"u", NULL, "expected name=type"},
      {"u=interval", NULL, "interval with 2 numbers"},
      {"u=interval(1,0)", NULL, "lo < hi"}, {"u=interval(0,1", NULL, "malformed type"},
      {"u=interval(0,x)", NULL, "malformed type"},
      {"u=ordinal(-1)", NULL, "step|must be > 0"},
      {"u=circular(1)", NULL, "two numbers"}, {"u=real(1)", NULL, "malformed type"},
      {"u=context(weight)", NULL, "unknown type 'weight'"},
      {"u=weight", "u", "both context and weight"}, {"u=real", "q", "no column 'q'"}};
  counting c;
  counting_init(&c, 0);
  weir_table *t = sample(&c.ctx, 50);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    weir_schema *s = NULL;
    assert_int_equal(
        guess(&s, &c.ctx, t, cases[i].context, 1, &cases[i].type), WEIR_E_CONFIG);
    assert_words(cases[i].words);
    assert_null(s);
  }
  static const char *const weights[] = {"u=weight", "z=weight"};
  weir_schema *s = NULL;
  assert_int_equal(guess(&s, &c.ctx, t, NULL, 2, weights), WEIR_E_CONFIG);
  assert_words("'u' and 'z' are both weights");
  assert_int_equal(guess(&s, &c.ctx, t, "u,g,i,f,s,a,z", 0, NULL), WEIR_E_CONFIG);
  assert_words("no column is left");
  weir_table_destroy(&t);
  counting_check(&c);
}

static void refused_tables(void **state) {
  (void)state;
  static const struct {
    const char *text, *words;
  } cases[] = {{"a,b\n1,2\n", "t.csv|only 1 row"},
      {"a,b\n1.5,1\n2,abc\n3,3\n",
          "t.csv: line 3, column 'b': 'abc' is not a number|2 of 3|b=categorical"},
      {"a,b\n1.5,u1\n2.5,u2\n3,u3\n",
          "column 'b': 3 different texts|--column b=ignored"},
      {"a,b\n1.5,7\n2.5,7\n", "column 'b' is constant, 7 in all rows"},
      {"a,b\n1.5,q\n2.5,q\n", "column 'b' is constant, q in all rows"},
      {"a,b\n1.5,\n2.5,NA\n", "column 'b' has no values"},
      {"a,b,c\n1.5,2,1.5\n2.5,4,2.5\n", "columns 'a' and 'c' are identical"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    counting c;
    counting_init(&c, 0);
    weir_table *t = table_of(&c.ctx, cases[i].text);
    weir_schema *s = NULL;
    assert_int_equal(guess(&s, &c.ctx, t, NULL, 0, NULL), WEIR_E_DATA);
    assert_words(cases[i].words);
    weir_table_destroy(&t);
    counting_check(&c);
  }
}

static void spikes(void **state) {
  (void)state;
  enum { N = 400 };
  double x[N][2];
  for (int i = 0; i < N; i++) {
    x[i][0] = i % 20 == 0 ? 0.0 : sqrt(i + 2.0);
    x[i][1] = sqrt(i + 3.0);
  }
  counting c;
  counting_init(&c, 0);
  weir_table *t = NULL;
  weir_schema *s = NULL;
  static const char *const names[] = {"rain", "wind"};
  assert_ok(weir_table_from_arrays(&t, &c.ctx, N, 2, &x[0][0], names, NULL));
  assert_ok(guess(&s, &c.ctx, t, NULL, 0, NULL));
  assert_int_equal(weir_schema_warnings(s), 1);
  assert_non_null(strstr(weir_schema_warning(s, 0).text, "5 % of the rows are 0"));
  assert_string_equal(weir_schema_warning(s, 0).option, "rain=ignored");
  weir_schema_destroy(&s);
  weir_table_destroy(&t);
  counting_check(&c);
}

static void statistics(void **state) {
  (void)state;
  static const double x[] = {3, NAN, 1, 1, 2.5, INFINITY, 4};
  counting c;
  counting_init(&c, 0);
  weir_table *t = NULL;
  weir_column_stats s;
  assert_ok(weir_table_from_arrays(&t, &c.ctx, 7, 1, x, NULL, NULL));
  assert_ok(weir_table_stats(t, 0, &s));
  assert_int_equal(s.rows, 7);
  assert_int_equal(s.missing, 1);
  assert_int_equal(s.distinct, 4);
  assert_true(s.min == 1 && s.max == 4 && s.mode == 1 && s.mode_count == 2);
  assert_true(fabs(s.mean - 2.3) < 1e-14);
  assert_true(fabs(s.sd - sqrt(6.8 / 4)) < 1e-14);
  assert_false(s.integers);
  assert_true(s.step == 0.5);
  assert_int_equal(weir_table_stats(t, 1, &s), WEIR_E_ARGUMENT);
  weir_table_destroy(&t);
  counting_check(&c);
}

static void json_round_trip(void **state) {
  (void)state;
  static const char *const types[] = {
      "u=interval(0,1)", "g=ordinal(0.1,0.05)", "a=circular(-360,360)", "z=weight"};
  counting c;
  counting_init(&c, 0);
  weir_table *t = sample(&c.ctx, 1000);
  weir_schema *s = NULL, *back = NULL;
  char *one = NULL, *two = NULL, *shown = NULL;
  assert_ok(guess(&s, &c.ctx, t, "s", 1, types));
  assert_ok(weir_schema_to_json(s, &one));
  assert_ok(weir_schema_from_json(&back, &c.ctx, one));
  assert_ok(weir_schema_to_json(back, &two));
  assert_string_equal(one, two);
  assert_non_null(strstr(one, "\"warnings\":[{\"column\":\"g\""));
  assert_ok(weir_schema_show(back, &shown));
  assert_non_null(strstr(shown, "u       interval(0,1)\n"));
  assert_non_null(
      strstr(shown, "s       context(categorical) (guessed)  north, south\n"));
  weir_text_free(&c.ctx, one);
  weir_text_free(&c.ctx, two);
  weir_text_free(&c.ctx, shown);
  weir_schema_destroy(&back);
  weir_schema_destroy(&s);
  weir_table_destroy(&t);
  counting_check(&c);
}

static void bad_json(void **state) {
  (void)state;
  static const struct {
    const char *json;
    weir_status status;
  } cases[] = {{"{", WEIR_E_FORMAT}, {"{}", WEIR_E_FORMAT}, {"[1]", WEIR_E_FORMAT},
      {"{\"version\":2,\"columns\":[1]}", WEIR_E_VERSION},
      {"{\"version\":1,\"columns\":[]}", WEIR_E_FORMAT},
      {"{\"version\":1,\"columns\":[1]}", WEIR_E_FORMAT},
      {"{\"version\":1,\"columns\":[{\"name\":\"a\",\"type\":\"rael\",\"cell\":"
       "\"real\"}"
       "]}",
          WEIR_E_CONFIG},
      {"{\"version\":1,\"columns\":[{\"name\":\"a\",\"type\":\"real\",\"cell\":\"x\"}]"
       "}",
          WEIR_E_FORMAT},
      {"{\"version\":1,\"columns\":[{\"name\":\"a\",\"type\":\"categorical\",\"cell\":"
       "\"real\"}]}",
          WEIR_E_FORMAT},
      {"{\"version\":1,\"columns\":[{\"name\":\"a\",\"type\":\"categorical\",\"cell\":"
       "\"category\",\"categories\":[\"p\",\"p\"]}]}",
          WEIR_E_FORMAT},
      {"{\"version\":1,\"columns\":[{\"name\":\"a\",\"type\":\"ignored\",\"cell\":"
       "\"real\"}]}",
          WEIR_E_CONFIG}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    counting c;
    counting_init(&c, 0);
    weir_schema *s = NULL;
    assert_int_equal(weir_schema_from_json(&s, &c.ctx, cases[i].json), cases[i].status);
    assert_null(s);
    counting_check(&c);
  }
}

static void tree(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_table *t = sample(&c.ctx, 100);
  weir_schema *s = NULL;
  weir_schema_opts o = WEIR_SCHEMA_OPTS_INIT;
  json_t *columns = json_pack("{s:s, s:s}", "a", "circular(-360,360)", "z", "ignored");
  o.columns = columns;
  assert_ok(weir_schema_guess(&s, &c.ctx, t, &o));
  assert_string_equal(type_of(s, "a"), "circular(-360,360)");
  weir_schema_destroy(&s);
  (void)json_object_set_new(columns, "nope", json_string("real"));
  assert_int_equal(weir_schema_guess(&s, &c.ctx, t, &o), WEIR_E_CONFIG);
  assert_words("data.columns: |no column 'nope'");
  (void)json_object_del(columns, "nope");
  (void)json_object_set_new(columns, "u", json_integer(3));
  assert_int_equal(weir_schema_guess(&s, &c.ctx, t, &o), WEIR_E_CONFIG);
  assert_words("data.columns.u: expected a type");
  json_decref(columns);
  weir_table_destroy(&t);
  counting_check(&c);
}

static weir_status all_steps(weir_ctx *ctx) {
  static const char text[] = "a,s,k\n1.5,x,0\n2.5,y,1\n3.5,x,0\n4.25,y,0\n";
  weir_table *t = NULL;
  weir_schema *s = NULL, *back = NULL;
  weir_frame *f = NULL;
  char *json = NULL;
  weir_status status = read_text(&t, ctx, text);
  if (status == WEIR_OK) {
    status = guess(&s, ctx, t, "k", 0, NULL);
  }
  if (status == WEIR_OK) {
    status = weir_schema_to_json(s, &json);
  }
  if (status == WEIR_OK) {
    status = weir_schema_from_json(&back, ctx, json);
  }
  if (status == WEIR_OK) {
    status = weir_frame_create(&f, ctx, back, t, NULL);
  }
  if (status == WEIR_OK) {
    assert_true(weir_frame_x(f)[7] == 1.0);
  }
  weir_frame_destroy(&f);
  weir_text_free(ctx, json);
  weir_schema_destroy(&back);
  weir_schema_destroy(&s);
  weir_table_destroy(&t);
  return status;
}

static void memory(void **state) {
  (void)state;
  fail_each(all_steps);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(guesses), cmocka_unit_test(asked),
      cmocka_unit_test(bad_types), cmocka_unit_test(refused_tables),
      cmocka_unit_test(spikes), cmocka_unit_test(statistics),
      cmocka_unit_test(json_round_trip), cmocka_unit_test(bad_json),
      cmocka_unit_test(tree), cmocka_unit_test(memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
