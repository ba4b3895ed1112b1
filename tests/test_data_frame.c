/* Frames: a schema on another table, domains by row, context codes; splits; and back.
 */
#include "data_help.h"

static const char TRAIN[] = "id,x,p,q,a,n,s,w,k\n"
                            "1,0.5,1,0.2,10,1,u,1,1.5\n2,1.5,2,0.3,370,2,v,2,2.5\n"
                            "3,-2.5,3.5,0.4,-10,3,u,1,0.5\n4,3.25,4,0.9,90,1,w,4,9\n";
static const char *const TYPES[] = {"id=ignored", "p=positive", "q=interval(0,1)",
    "a=circular(0,360)", "n=integer", "s=categorical", "w=weight", "k=context"};

static weir_schema *schema_of(weir_ctx *ctx, const char *context) {
  weir_table *t = table_of(ctx, TRAIN);
  weir_schema *s = NULL;
  weir_schema_opts o = WEIR_SCHEMA_OPTS_INIT;
  o.n_types = 8;
  o.types = TYPES;
  o.context = context;
  assert_ok(weir_schema_guess(&s, ctx, t, &o));
  weir_table_destroy(&t);
  return s;
}

static void values(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_schema *s = schema_of(&c.ctx, NULL);
  /* another order of columns, one more, and categories in another order */
  weir_table *t = table_of(&c.ctx, "s,extra,k,w,n,a,q,p,x\nw,0,7,3,5,-90,0.5,1,2\n"
                                   "v,0,8,1,-4,720,0.25,2,3\n");
  weir_frame *f = NULL;
  assert_ok(weir_frame_create(&f, &c.ctx, s, t, NULL));
  assert_int_equal(weir_frame_rows(f), 2);
  static const double want[] = {2, 1, 0.5, 270, 5, 2, 3, 2, 0.25, 0, -4, 1};
  for (int i = 0; i < 12; i++) {
    assert_true(weir_frame_x(f)[i] == want[i]);
  }
  assert_true(weir_frame_context(f)[0] == 7 && weir_frame_context(f)[1] == 8);
  assert_true(weir_frame_weights(f)[0] == 1.5 && weir_frame_weights(f)[1] == 0.5);
  assert_non_null(strstr(weir_frame_note(f), "1 column passed over ('extra')"));
  weir_frame_destroy(&f);
  weir_frame_opts o = WEIR_FRAME_OPTS_INIT;
  weir_table_destroy(&t);
  t = table_of(&c.ctx, "k\n4\n5\n");
  o.parts = WEIR_FRAME_CONTEXT;
  assert_ok(weir_frame_create(&f, &c.ctx, s, t, &o));
  assert_null(weir_frame_x(f));
  assert_null(weir_frame_note(f));
  assert_true(weir_frame_context(f)[1] == 5);
  weir_frame_destroy(&f);
  weir_table_destroy(&t);
  weir_schema_destroy(&s);
  counting_check(&c);
}

static void refused(void **state) {
  (void)state;
  static const struct {
    const char *row;
    weir_status status;
    const char *words;
  } cases[] = {{"1,,1,.5,0,1,u,1,1", WEIR_E_DATA, "t.csv: line 3, column 'x'|missing"},
      {"1,abc,1,.5,0,1,u,1,1", WEIR_E_DATA, "line 3, column 'x'|'abc' is not a number"},
      {"1,\"1,5\",1,.5,0,1,u,1,1", WEIR_E_DATA, "'1,5' is not a number|point"},
      {"1,inf,1,.5,0,1,u,1,1", WEIR_E_DATA, "column 'x'|infinite"},
      {"1,1,0,.5,0,1,u,1,1", WEIR_E_DATA, "column 'p'|0 is not > 0"},
      {"1,1,1,1,0,1,u,1,1", WEIR_E_DATA, "column 'q'|1 is on the edge"},
      {"1,1,1,-.5,0,1,u,1,1", WEIR_E_DATA, "column 'q'|-0.5 is outside"},
      {"1,1,1,.5,0,1.5,u,1,1", WEIR_E_DATA, "column 'n'|1.5 is not a whole number"},
      {"1,1,1,.5,0,1,z,1,1", WEIR_E_DATA,
          "column 's'|'z' is none of the 3 categories|'u', 'v', ..."},
      {"1,1,1,.5,0,1,u,0,1", WEIR_E_DATA, "column 'w'|weight 0 is not > 0"},
      {"1,1,1,.5,0,1,u,1,nan", WEIR_E_DATA, "column 'k'|missing"}};
  counting c;
  counting_init(&c, 0);
  weir_schema *s = schema_of(&c.ctx, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[256];
    (void)snprintf(text, sizeof text, "id,x,p,q,a,n,s,w,k\n1,1,1,.5,0,1,u,1,1\n%s\n",
        cases[i].row);
    weir_table *t = table_of(&c.ctx, text);
    weir_frame *f = NULL;
    assert_int_equal(weir_frame_create(&f, &c.ctx, s, t, NULL), cases[i].status);
    assert_words(cases[i].words);
    assert_null(f);
    weir_table_destroy(&t);
  }
  weir_table *t = table_of(&c.ctx, "X,p,q,a,n,s,k\n1,1,.5,0,1,u,1\n");
  weir_frame *f = NULL;
  assert_int_equal(weir_frame_create(&f, &c.ctx, s, t, NULL), WEIR_E_MISMATCH);
  assert_words("t.csv|has no column 'x', which the model needs");
  weir_table_destroy(&t);
  t = table_of(&c.ctx, "1,1\n2,2\n");
  assert_int_equal(weir_frame_create(&f, &c.ctx, s, t, NULL), WEIR_E_MISMATCH);
  assert_words("2 unnamed columns, the model needs 7");
  weir_table_destroy(&t);
  weir_schema_destroy(&s);
  counting_check(&c);
}

static void dropped(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_schema *s = schema_of(&c.ctx, NULL);
  weir_table *t = table_of(&c.ctx, "id,x,p,q,a,n,s,w,k\n,1,1,.5,0,1,u,1,1\n"
                                   "1,,1,.5,0,1,u,1,1\n1,2,1,.5,0,1,?,1,1\n"
                                   "1,3,1,.5,0,1,v,1,1\n");
  weir_frame *f = NULL;
  weir_frame_opts o = WEIR_FRAME_OPTS_INIT;
  o.drop_missing = true;
  assert_ok(weir_frame_create(&f, &c.ctx, s, t, &o));
  assert_int_equal(weir_frame_rows(f), 2); /* an ignored column may miss values */
  assert_int_equal(weir_frame_dropped(f), 2);
  assert_int_equal(weir_frame_row(f, 1), 3);
  assert_true(weir_frame_x(f)[6] == 3);
  assert_non_null(strstr(weir_frame_note(f), "2 of 4 rows dropped"));
  weir_frame_destroy(&f);
  weir_table_destroy(&t);
  weir_schema_destroy(&s);
  counting_check(&c);
}

static void borrowed(void **state) {
  (void)state;
  static const double x[] = {1, 2.5, 3, 4.5, 5.5, 9};
  counting c;
  counting_init(&c, 0);
  weir_table *t = NULL, *u = NULL;
  weir_schema *s = NULL;
  weir_frame *f = NULL, *g = NULL;
  char a[65], b[65];
  assert_ok(weir_table_from_arrays(&t, &c.ctx, 3, 2, x, NULL, NULL));
  assert_ok(weir_table_from_arrays(&u, &c.ctx, 2, 2, x, NULL, NULL));
  assert_ok(weir_schema_guess(&s, &c.ctx, t, NULL));
  assert_ok(weir_frame_create(&f, &c.ctx, s, t, NULL));
  assert_ok(weir_frame_create(&g, &c.ctx, s, u, NULL));
  assert_ptr_equal(weir_frame_x(f), weir_table_values(t));
  weir_frame_digest(f, a);
  weir_frame_digest(g, b);
  assert_int_equal(strlen(a), 64);
  assert_string_not_equal(a, b);
  weir_frame_destroy(&g);
  weir_frame_destroy(&f);
  weir_schema_destroy(&s);
  weir_table_destroy(&u);
  weir_table_destroy(&t);
  counting_check(&c);
}

/* Numbers of a frame, made a table again, are the table. */
static void and_back(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_schema *s = schema_of(&c.ctx, "s,a");
  weir_table *t = table_of(&c.ctx, TRAIN), *back = NULL;
  weir_frame *f = NULL;
  assert_ok(weir_frame_create(&f, &c.ctx, s, t, NULL));
  assert_int_equal(weir_schema_context_width(s), 6);
  assert_ok(weir_schema_to_table(
      &back, &c.ctx, s, 4, weir_frame_x(f), weir_frame_context(f)));
  assert_int_equal(weir_table_columns(back), 7); /* no id, no w */
  for (int64_t j = 0; j < 7; j++) {
    const weir_column to = weir_table_column(back, j);
    const int64_t k = weir_table_find(t, to.name);
    assert_true(k >= 0);
    for (int64_t i = 0; i < 4; i++) {
      const double want =
          strcmp(to.name, "a") == 0 ? fmod(at(t, i, k) + 360, 360) : at(t, i, k);
      assert_true(fabs(at(back, i, j) - want) < 1e-12);
    }
  }
  assert_string_equal(name_at(back, 3, weir_table_find(back, "s")), "w");
  const double bad[] = {1, 1, 1, -1, 1, 1, 1, 1};
  weir_table_destroy(&back);
  assert_ok(weir_schema_to_table(&back, &c.ctx, s, 1, bad, NULL));
  assert_int_equal(weir_table_columns(back), 4);
  weir_table_destroy(&back);
  weir_frame_destroy(&f);
  weir_schema_destroy(&s);
  weir_table_destroy(&t);
  counting_check(&c);
}

/* Grid values come out as the decimals that went in. */
static void grids(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  char text[4096], *p = text + sprintf(text, "g,y\n");
  for (int i = 0; i < 100; i++) {
    p += sprintf(p, "%d.%d,%d.25\n", i % 30 / 10, i % 10, i * i);
  }
  weir_table *t = table_of(&c.ctx, text), *back = NULL;
  weir_schema *s = NULL;
  weir_frame *f = NULL;
  weir_schema_opts o = WEIR_SCHEMA_OPTS_INIT;
  static const char *const type = "g=ordinal(0.1)";
  o.n_types = 1;
  o.types = &type;
  assert_ok(weir_schema_guess(&s, &c.ctx, t, &o));
  assert_ok(weir_frame_create(&f, &c.ctx, s, t, NULL));
  assert_ok(weir_schema_to_table(&back, &c.ctx, s, 100, weir_frame_x(f), NULL));
  for (int64_t i = 0; i < 200; i++) {
    assert_true(weir_table_values(back)[i] == weir_table_values(t)[i]);
  }
  weir_table_destroy(&back);
  weir_frame_destroy(&f);
  weir_schema_destroy(&s);
  weir_table_destroy(&t);
  counting_check(&c);
}

static void random_splits(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_split *s = NULL, *same = NULL, *other = NULL;
  assert_ok(weir_split_fraction(&s, &c.ctx, 1000, 0.1, 0.2, 5));
  assert_ok(weir_split_fraction(&same, &c.ctx, 1000, 0.1, 0.2, 5));
  assert_ok(weir_split_fraction(&other, &c.ctx, 1000, 0.1, 0.2, 6));
  static const int64_t want[] = {700, 100, 200};
  int seen[1000] = {0};
  bool differs = false;
  for (int k = 0; k < 3; k++) {
    int64_t n, m, l;
    const int64_t *a = weir_split_rows(s, (weir_split_set)k, &n);
    const int64_t *b = weir_split_rows(same, (weir_split_set)k, &m);
    const int64_t *d = weir_split_rows(other, (weir_split_set)k, &l);
    assert_int_equal(n, want[k]);
    for (int64_t i = 0; i < n; i++) {
      seen[a[i]]++;
      assert_int_equal(a[i], b[i]);
      assert_true(i == 0 || a[i] > a[i - 1]);
      differs = differs || a[i] != d[i];
    }
  }
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(seen[i], 1);
  }
  assert_true(differs);
  weir_split_destroy(&other);
  weir_split_destroy(&same);
  weir_split_destroy(&s);
  assert_int_equal(weir_split_fraction(&s, &c.ctx, 10, 0.5, 0.5, 0), WEIR_E_CONFIG);
  assert_words("none to train on");
  assert_int_equal(weir_split_fraction(&s, &c.ctx, 10, 1.5, 0, 0), WEIR_E_CONFIG);
  assert_words("valid is 1.5");
  assert_int_equal(weir_split_fraction(&s, &c.ctx, 10, NAN, 0, 0), WEIR_E_CONFIG);
  counting_check(&c);
}

static void masks(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_table *t =
      table_of(&c.ctx, "a,m,b\n1,train,0\n2,test,1\n3,train,0\n4,valid,2\n5,train,0\n");
  weir_split *s = NULL;
  int64_t n;
  assert_ok(weir_split_mask(&s, &c.ctx, t, "m", 5, NULL, 0, 0));
  assert_int_equal(weir_split_rows(s, WEIR_SPLIT_VALID, &n)[0], 3);
  assert_int_equal(n, 1);
  weir_split_destroy(&s);
  static const int64_t rows[] = {0, 1, 2, 4};
  assert_ok(weir_split_mask(&s, &c.ctx, t, "b", 4, rows, 0.3, 1));
  assert_int_equal(weir_split_rows(s, WEIR_SPLIT_TEST, &n)[0], 1);
  (void)weir_split_rows(s, WEIR_SPLIT_VALID, &n);
  assert_int_equal(n, 1);
  (void)weir_split_rows(s, WEIR_SPLIT_TRAIN, &n);
  assert_int_equal(n, 2);
  weir_split_destroy(&s);
  assert_int_equal(weir_split_mask(&s, &c.ctx, t, "a", 5, NULL, 0, 0), WEIR_E_DATA);
  assert_words("line 4, column 'a'|mask '3'");
  assert_int_equal(weir_split_mask(&s, &c.ctx, t, "mm", 5, NULL, 0, 0), WEIR_E_CONFIG);
  assert_words("no mask column 'mm'|'m'");
  assert_int_equal(weir_split_mask(&s, &c.ctx, t, "m", 6, NULL, 0, 0), WEIR_E_DATA);
  assert_words("5 rows, the data 6");
  weir_table_destroy(&t);
  counting_check(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(values),
      cmocka_unit_test(refused), cmocka_unit_test(dropped), cmocka_unit_test(borrowed),
      cmocka_unit_test(and_back), cmocka_unit_test(grids),
      cmocka_unit_test(random_splits), cmocka_unit_test(masks)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
