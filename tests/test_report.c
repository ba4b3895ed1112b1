/* The report: statistics against known values, plots, escaping, the whole page. */
#include <locale.h>
#include <unistd.h>

#include "base/file.h"
#include "report/html.h"
#include "report/view.h"
#include "train_help.h"

/* ---- statistics ---- */

static void ks_known_values(void **state) {
  (void)state;
  const double u[] = {0.1, 0.3, 0.8, 0.9};
  /* F_4 just below 0.8 is 1/2: the gap there, 0.3, is the widest. */
  const weiri_effect one = weiri_ks_uniform(4, u);
  assert_near(one.value, 0.3, 1e-15);
  const double middle = 0.0;
  assert_near(weiri_ks_normal(1, &middle).value, 0.5, 1e-15);
  const double a[] = {1, 1, 2, 3}, b[] = {1, 2, 2, 2};
  assert_near(weiri_ks_two(4, a, 4, b).value, 0.25, 1e-15);
  assert_near(weiri_ks_two(4, a, 4, a).value, 0.0, 0.0);
  const double hole[] = {1, 2, 3, NAN};
  assert_near(weiri_ks_two(4, hole, 4, hole).value, 0.0, 0.0);
  const double far[] = {7, 8};
  assert_near(weiri_ks_two(4, a, 2, far).value, 1.0, 0.0);
}

/* Massart's band covers the true distance, here 0, in at least 95 % of samples. */
static void ks_interval_covers(void **state) {
  (void)state;
  enum { N = 200, RUNS = 400 };
  double z[N];
  int missed = 0;
  for (int r = 0; r < RUNS; r++) {
    const weiri_rng rng = {5, weiri_stream("test.ks", (uint64_t)r)};
    weiri_fill_normal(rng, 0, N, WEIR_F64, z);
    weiri_sort(N, z);
    missed += weiri_ks_normal(N, z).lo > 0.0;
  }
  assert_true(missed <= 0.05 * RUNS + 5.0 * sqrt(0.05 * 0.95 * RUNS));
  for (int i = 0; i < N; i++) {
    z[i] += 1.0; /* the distance becomes 2 Phi(1/2) - 1 = 0.3829 */
  }
  const weiri_effect shifted = weiri_ks_normal(N, z);
  assert_true(shifted.lo > 0.2 && shifted.lo < 0.3829 && shifted.hi > 0.3829);
}

static void moments_with_intervals(void **state) {
  (void)state;
  const double x[] = {1, 2, 3, 4};
  const weiri_effect mean = weiri_mean_effect(4, x), sd = weiri_sd_effect(4, x);
  assert_near(mean.value, 2.5, 1e-15);
  assert_near(mean.hi - mean.value, 1.959963984540054 * sd.value / 2.0, 1e-12);
  assert_near(sd.value, sqrt(5.0 / 3.0), 1e-15);
  const double xy[] = {1, 2, 2, 4, 3, 6, 4, 8};
  assert_near(weiri_correlation(4, 2, xy, 0, 1), 1.0, 1e-15);
}

/* Two points against two: by hand E = 2 * 1 - 1/2 - 1/2 with a pooled sd of 1. */
static void energy_by_hand(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(1, NULL, NULL);
  const double a[] = {0, 1}, b[] = {2, 3};
  const double sd = sqrt(5.0 / 3.0); /* of 0, 1, 2, 3 */
  weiri_energy e;
  OK(weiri_energy_test(&e, ctx, 2, 1, a, b, 99, 1));
  assert_near(e.statistic, (2.0 * 2.0 - 0.5 - 0.5) / sd, 1e-6);
  assert_near(e.ratio, 3.0 / 4.0, 1e-6);
  weiri_free(ctx, e.null);
  weir_ctx_destroy(&ctx);
}

/* Equal distributions: p is uniform; a shift by half a deviation is found. */
static void energy_null_and_power(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(1, NULL, NULL);
  enum { N = 100, RUNS = 60 };
  double a[2 * N], b[2 * N];
  int small = 0;
  for (int r = 0; r < RUNS; r++) {
    const weiri_rng rng = {6, weiri_stream("test.energy", (uint64_t)r)};
    weiri_energy e;
    weiri_fill_normal(rng, 0, 2 * N, WEIR_F64, a);
    weiri_fill_normal(rng, 2 * N, 2 * N, WEIR_F64, b);
    OK(weiri_energy_test(&e, ctx, N, 2, a, b, 99, (uint64_t)r));
    assert_true(e.statistic >= 0.0 && e.p >= 0.01 && e.p <= 1.0);
    small += e.p <= 0.2;
    weiri_free(ctx, e.null);
  }
  assert_true(fabs(small - 0.2 * RUNS) < 5.0 * sqrt(0.16 * RUNS));
  for (int i = 0; i < 2 * N; i++) {
    b[i] += 0.7;
  }
  weiri_energy e;
  OK(weiri_energy_test(&e, ctx, N, 2, a, b, 99, 3));
  assert_near(e.p, 0.01, 1e-12);
  assert_true(e.statistic > e.null_95 && e.null_95 > e.null_mean);
  weiri_free(ctx, e.null);
  weir_ctx_destroy(&ctx);
}

static void histogram_counts(void **state) {
  (void)state;
  const double x[] = {0.0, 0.1, 0.5, 1.0, 2.0};
  double share[2];
  weiri_histogram(5, x, 0.0, 1.0, 2, share);
  assert_near(share[0], 0.4, 1e-15);
  assert_near(share[1], 0.4, 1e-15); /* 0.5 and the right edge; 2 is outside */
}

/* ---- page ---- */

static void text_is_escaped(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(1, NULL, NULL);
  weiri_page p;
  weiri_page_open(&p, ctx);
  weiri_putf(&p, "<b>%s</b>%d %g %f %4%%", "<a href=\"x\">&'\n", (int64_t)-7, 0.123456,
      2.25, -0.5);
  weiri_put_real(&p, NAN, 3);
  weiri_put(&p, "");
  assert_int_equal(p.status, WEIR_OK);
  const char *want = "<b>&lt;a href=&quot;x&quot;&gt;&amp;&#39; </b>-7 0.1235 2.2 "
                     "-0.5000%&ndash;";
  assert_int_equal(p.size, strlen(want));
  assert_memory_equal(p.text, want, p.size);
  weiri_page_close(&p);
  weir_ctx_destroy(&ctx);
}

static void ticks_are_round(void **state) {
  (void)state;
  assert_near(weiri_tick_step(10.0, 5), 2.0, 1e-15);
  assert_near(weiri_tick_step(0.7, 5), 0.1, 1e-15);
  assert_near(weiri_tick_step(1234.0, 4), 200.0, 1e-12);
  assert_near(weiri_tick_step(0.0, 4), 1.0, 0.0);
  const weiri_plot f = {NULL, 10.0, 110.0, 5.0, 55.0, -1.0, 1.0, 0.0, 4.0};
  assert_near(weiri_plot_x(&f, 0.0), 60.0, 1e-12);
  assert_near(weiri_plot_y(&f, 4.0), 5.0, 1e-12);
}

/* ---- whole ---- */

static char *read_text(const weir_ctx *ctx, const char *path, size_t *size) {
  void *text = NULL;
  OK(weiri_file_read_all(ctx, path, &text, size));
  return text;
}

/* Tags open and close in pairs. */
static int count(const char *text, const char *word) {
  int n = 0;
  for (const char *s = strstr(text, word); s != NULL; s = strstr(s + 1, word)) {
    n++;
  }
  return n;
}

static void assert_pairs(const char *text) {
  static const char *const tags[] = {
      "section", "table", "tr", "td", "svg", "figure", "div", "p", "span", "details"};
  for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
    char open[32], with[32], close[32];
    snprintf(open, sizeof open, "<%s>", tags[i]);
    snprintf(with, sizeof with, "<%s ", tags[i]);
    snprintf(close, sizeof close, "</%s>", tags[i]);
    if (count(text, open) + count(text, with) != count(text, close)) {
      fail_msg("<%s>: %d opened, %d closed", tags[i],
          count(text, open) + count(text, with), count(text, close));
    }
  }
}

/* The same call gives the same bytes; a metrics file and a command show up escaped. */
static void page_is_whole(void **state) {
  (void)state;
  bench b;
  bench_open(&b, context_of(2, NULL, NULL), 400, 3, "{name: gaussian}");
  OK(bench_fit(&b, "{steps: 60, eval_every: 20}", NULL, NULL));
  const char *metrics = "report_test.jsonl";
  const char *lines = "{\"step\": 1, \"train\": -3, \"valid\": -3.5, \"lr\": 0.1}\n"
                      "{\"step\": 2, \"train\": -2, \"valid\": null, \"lr\": 0.1}\nnot";
  OK(weiri_file_write_atomic(b.ctx, metrics, lines, strlen(lines)));
  weir_report_opts o = WEIR_REPORT_OPTS_INIT;
  o.path = "report_test.html";
  o.title = "a <b> & c";
  o.command = "weir report 'x' <y>";
  o.metrics = metrics;
  o.table = b.table;
  o.permutations = 50;
  char *text[2];
  size_t size[2];
  for (int i = 0; i < 2; i++) {
    OK(weir_report_write(b.model, b.train, b.valid, &o));
    text[i] = read_text(b.ctx, o.path, &size[i]);
  }
  assert_int_equal(size[0], size[1]);
  assert_memory_equal(text[0], text[1], size[0]);
  assert_pairs(text[0]);
  assert_int_equal(count(text[0], "<section "), 12);
  assert_non_null(strstr(text[0], "<h1>a &lt;b&gt; &amp; c</h1>"));
  assert_non_null(strstr(text[0], "weir report &#39;x&#39; &lt;y&gt;"));
  assert_non_null(strstr(text[0], "2 evaluations up to step 2"));
  assert_non_null(strstr(text[0], "Gaussian, full covariance"));
  assert_null(strstr(text[0], "http"));
  assert_null(strstr(text[0], "<script"));
  assert_null(strstr(text[0], "nan"));
  weir_score s;
  char mean[32];
  OK(weir_model_score(b.model, b.valid, &s));
  snprintf(mean, sizeof mean, "%.4f", s.mean_log_prob);
  assert_non_null(strstr(text[0], mean));
  weiri_free(b.ctx, text[0]);
  weiri_free(b.ctx, text[1]);
  unlink(metrics);
  unlink(o.path);
  bench_close(&b);
}

/* One column, two rows: nothing divides by zero, nothing is out of bounds. */
static void the_smallest_page(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(1, NULL, NULL);
  const double x[] = {1.5, 2.5, 3.5, 0.5};
  const weir_row_set none = {0};
  weir_table *table = NULL;
  weir_schema *schema = NULL;
  weir_frame *frame = NULL;
  weir_model *model = NULL;
  OK(weir_table_from_arrays(&table, ctx, 4, 1, x, NULL, NULL));
  OK(weir_schema_guess(&schema, ctx, table, NULL));
  OK(weir_frame_create(&frame, ctx, schema, table, NULL));
  json_t *spec = spec_of(ctx, "{name: gaussian}");
  weir_model_opts mo = WEIR_MODEL_OPTS_INIT;
  mo.config = spec;
  OK(weir_model_create(&model, ctx, schema, &mo));
  const weir_row_set two = {frame, NULL, 2};
  weir_report_opts o = WEIR_REPORT_OPTS_INIT;
  o.path = "report_small.html";
  o.permutations = 1;
  OK(weir_report_write(model, none, two, &o));
  size_t size;
  char *text = read_text(ctx, o.path, &size);
  assert_pairs(text);
  assert_non_null(strstr(text, "holds no training record"));
  assert_non_null(strstr(text, "nothing to draw"));
  assert_non_null(strstr(text, "weir selftest MODEL DATA"));
  weiri_free(ctx, text);
  unlink(o.path);
  json_decref(spec);
  weir_model_destroy(&model);
  weir_frame_destroy(&frame);
  weir_schema_destroy(&schema);
  weir_table_destroy(&table);
  weir_ctx_destroy(&ctx);
}

/* Draws, integral transform and latents of a model with a context, categories, a grid
 * and weights; its selftest is shown. */
static void a_page_of_many_kinds(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(2, NULL, NULL);
  enum { N = 120 };
  double x[N * 5];
  const weiri_rng rng = {9, weiri_stream("test.kinds", 0)};
  for (int i = 0; i < N; i++) {
    const uint64_t at = (uint64_t)(5 * i);
    for (int j = 0; j < 5; j++) {
      x[5 * i + j] = weiri_normal(rng, at + (uint64_t)j);
    }
    x[5 * i + 1] = floor(3.0 * weiri_uniform(rng, at + 5 * N));
    x[5 * i + 2] = (double)(i % 3);
    x[5 * i + 4] = exp(x[5 * i + 4]);
  }
  static const char *const names[] = {"r", "k", "cat", "given", "w"};
  static const char *const kinds[] = {
      "k=ordinal", "cat=categorical", "given=context(real)", "w=weight"};
  static const char *const classes[] = {"<i>", "b & b", "c"};
  weir_schema_opts so = WEIR_SCHEMA_OPTS_INIT;
  so.types = kinds;
  so.n_types = 4;
  weir_table *table = NULL;
  weir_schema *schema = NULL;
  weir_frame *frame = NULL;
  weir_model *model = NULL;
  weir_selftest_result *checks = NULL;
  OK(weir_table_from_arrays(&table, ctx, N, 5, x, names, "kinds"));
  OK(weir_table_set_categories(table, 2, 3, classes));
  OK(weir_schema_guess(&schema, ctx, table, &so));
  OK(weir_frame_create(&frame, ctx, schema, table, NULL));
  OK(weir_model_create(&model, ctx, schema, NULL));
  const weir_row_set rows = {frame, NULL, N};
  OK(weir_selftest(&checks, model, rows, NULL));
  weir_report_opts o = WEIR_REPORT_OPTS_INIT;
  o.path = "report_kinds.html";
  o.permutations = 20;
  o.selftest = checks;
  OK(weir_report_write(model, rows, rows, &o));
  size_t size;
  char *text = read_text(ctx, o.path, &size);
  assert_pairs(text);
  assert_non_null(strstr(text, "&lt;i&gt;, b &amp; b, c"));
  assert_null(strstr(text, "<i>"));
  assert_non_null(strstr(text, "given the same contexts"));
  assert_non_null(strstr(text, "a lower bound"));
  assert_non_null(strstr(text, "weighted by the weight column"));
  for (int64_t i = 0; i < weir_selftest_checks(checks); i++) {
    assert_non_null(strstr(text, weir_selftest_check(checks, i).name));
  }
  weiri_free(ctx, text);
  unlink(o.path);
  weir_selftest_destroy(&checks);
  weir_model_destroy(&model);
  weir_frame_destroy(&frame);
  weir_schema_destroy(&schema);
  weir_table_destroy(&table);
  weir_ctx_destroy(&ctx);
}

/* Grey levels of a model that binarises are binarised before they are compared with its
 * draws of 0 and 255: a model that is right of the binarised rows is seen to be. Grey
 * levels u are uniform, so 255 comes with probability 1/2 whatever the column. */
static void like_with_like(void **state) {
  (void)state;
  enum { N = 600, D = 3 };
  static const char *const dists[] = {
      "{\"name\": \"flow\", \"layers\": [\"binarize\"], \"base\": \"bernoulli\"}",
      ("{\"name\": \"flow\", \"layers\": [{\"name\": \"binarize\", \"mode\": "
       "\"threshold\", \"threshold\": 0.25}], \"base\": \"bernoulli\"}"),
      "{\"name\": \"flow\", \"layers\": [\"to_unit\"], \"base\": \"logistic\"}"};
  weir_ctx *ctx = context_of(2, NULL, NULL);
  double x[N * D];
  const weiri_rng rng = {4, weiri_stream("test.grey", 0)};
  for (int i = 0; i < N * D; i++) {
    x[i] = floor(256.0 * weiri_uniform(rng, (uint64_t)i));
  }
  static const char *const kinds[] = {"*=ordinal(1,0,256)"};
  weir_schema_opts so = WEIR_SCHEMA_OPTS_INIT;
  so.types = kinds;
  so.n_types = 1;
  weir_table *table = NULL;
  weir_schema *schema = NULL;
  weir_frame *frame = NULL;
  OK(weir_table_from_arrays(&table, ctx, N, D, x, NULL, "grey"));
  OK(weir_schema_guess(&schema, ctx, table, &so));
  OK(weir_frame_create(&frame, ctx, schema, table, NULL));
  const weir_row_set none = {0}, rows = {frame, NULL, N};
  for (int k = 0; k < 3; k++) {
    weir_model *model = NULL;
    weiri_facts f;
    json_t *dist = json_loads(dists[k], 0, NULL), *config = json_object();
    OK(weiri_model_build(&model, ctx, schema, config, dist, WEIR_F64, 3));
    json_decref(dist);
    json_decref(config);
    weir_report_opts o = WEIR_REPORT_OPTS_INIT;
    o.permutations = 200;
    OK(weiri_facts_open(&f, model, none, rows, &o));
    double mean = 0.0;
    for (int i = 0; i < N * D; i++) {
      const double grey = f.data[i], y = f.compared[i];
      mean += y / 255.0 / (N * D);
      assert_true(k == 2 ? y == grey : y == 0.0 || y == 255.0);
      assert_true(k != 1 || (y > 0.0) == (grey > 63.75));
      assert_true(k != 0 || grey > 0.0 || y == 0.0);  /* never drawn of black, */
      assert_true(k != 0 || grey < 255.0 || y > 0.0); /* always of white */
    }
    if (k == 0) {
      assert_true(fabs(mean - 0.5) < 5.0 * 0.5 / sqrt(N * D));
      assert_true(f.energy.p > 0.001);
      for (int j = 0; j < D; j++) {
        assert_true(f.marginal[j].value < 0.15 && f.pit[j].value < 0.15);
      }
    } else {
      assert_true(
          f.energy.p < 0.01); /* 3/4 of the rows are white, or a wrong density */
    }
    assert_int_equal(strlen(weiri_facts_likeness(&f)) > 0, k < 2);
    weiri_facts_close(&f);
    weir_model_destroy(&model);
  }
  weir_frame_destroy(&frame);
  weir_schema_destroy(&schema);
  weir_table_destroy(&table);
  weir_ctx_destroy(&ctx);
}

static void what_cannot_be_is_refused(void **state) {
  (void)state;
  bench b;
  bench_open(&b, context_of(1, NULL, NULL), 100, 3, "{name: gaussian}");
  const weir_row_set none = {0};
  weir_row_set one = b.valid;
  weir_report_opts o = WEIR_REPORT_OPTS_INIT;
  assert_int_equal(weir_report_write(b.model, none, b.valid, &o), WEIR_E_ARGUMENT);
  o.path = "no/such/folder/report.html";
  assert_int_equal(weir_report_write(b.model, none, b.valid, &o), WEIR_E_IO);
  one.n = 1;
  assert_int_equal(weir_report_write(b.model, none, one, &o), WEIR_E_DATA);
  o.struct_size = 0;
  assert_int_equal(weir_report_write(b.model, none, b.valid, &o), WEIR_E_ARGUMENT);
  bench_close(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ks_known_values),
      cmocka_unit_test(ks_interval_covers),
      cmocka_unit_test(moments_with_intervals),
      cmocka_unit_test(energy_by_hand),
      cmocka_unit_test(energy_null_and_power),
      cmocka_unit_test(histogram_counts),
      cmocka_unit_test(text_is_escaped),
      cmocka_unit_test(ticks_are_round),
      cmocka_unit_test(page_is_whole),
      cmocka_unit_test(the_smallest_page),
      cmocka_unit_test(a_page_of_many_kinds),
      cmocka_unit_test(like_with_like),
      cmocka_unit_test(what_cannot_be_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
