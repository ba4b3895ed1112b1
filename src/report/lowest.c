/* The least likely rows, and the selftest. */
#include <math.h>

#include "report/html.h"

enum { LOWEST = 10, COLUMNS = 12 };

static void value_cell(weiri_page *p, const weiri_facts *f, int64_t i, double x) {
  const weir_schema *s = weir_model_schema(f->model);
  const weir_column c = weir_schema_column(s, weir_schema_event(s, i));
  if (weiri_facts_categorical(f, i) && x >= 0.0 && x < (double)c.categories) {
    weiri_cell_text(p, c.category[(int64_t)x]);
  } else {
    weiri_cell_real(p, x);
  }
}

static void heads(
    weiri_page *p, const weiri_facts *f, const int64_t *column, int64_t shown) {
  weiri_put(p, "<div class=\"scroll\"><table><thead><tr><th class=\"n\">");
  weiri_put_text(
      p, f->opts->table == NULL ? "row" : weir_table_line_word(f->opts->table));
  weiri_put(p, "</th><th class=\"n\">log&nbsp;p</th>");
  for (int64_t k = 0; k < shown; k++) {
    weiri_putf(p, "<th class=\"n\">%s</th>", weiri_facts_name(f, column[k]));
  }
  weiri_put(p, "</tr></thead><tbody>\n");
}

void weiri_section_lowest(weiri_page *p, const weiri_facts *f) {
  const int64_t shown = f->d < COLUMNS ? f->d : COLUMNS;
  int64_t column[COLUMNS];
  weiri_facts_worst(f, shown, column);
  weiri_section_open(p, "lowest", "Least likely rows");
  weiri_putf(p,
      "<p>The rows on which the model puts the least density%s: an anomaly, a "
      "mistake in the data, or a place where the model is wrong.</p>\n",
      shown < f->d ? "; the columns shown are those that deviate most" : "");
  heads(p, f, column, shown);
  for (int64_t k = 0; k < LOWEST && k < f->test.n; k++) {
    const int64_t at = f->order[k];
    const int64_t row = f->test.rows == NULL ? at : f->test.rows[at];
    const int64_t in_table = weir_frame_row(f->test.frame, row);
    weiri_put(p, "<tr>");
    weiri_cell_int(p, f->opts->table == NULL
                          ? in_table + 1
                          : weir_table_line(f->opts->table, in_table));
    weiri_putf(p, "<td class=\"n\">%4</td>", f->log_prob[at]);
    for (int64_t j = 0; j < shown; j++) {
      value_cell(p, f, column[j], weir_frame_value(f->test.frame, row, column[j]));
    }
    weiri_put(p, "</tr>\n");
  }
  weiri_table_close(p);
  weiri_section_close(p);
}

static void check_row(weiri_page *p, const weir_check *c) {
  static const char *const cls[] = {"passed", "failed", "unchecked"};
  weiri_put(p, "<tr>");
  weiri_cell_text(p, c->name);
  weiri_putf(
      p, "<td class=\"%s\">%s</td>", cls[c->state], weir_check_state_text(c->state));
  weiri_cell_real(p, c->value);
  weiri_cell_real(p, c->error);
  weiri_cell_real(p, c->target);
  weiri_cell_real(p, c->tolerance);
  weiri_putf(p, "<td class=\"w\">%s</td></tr>\n", c->text);
}

void weiri_section_selftest(weiri_page *p, const weiri_facts *f) {
  const weir_selftest_result *r = f->opts->selftest;
  weiri_section_open(p, "selftest", "Selftest");
  if (r == NULL) {
    weiri_put(p, "<p>Not run for this report: <code>weir selftest MODEL DATA</code> "
                 "does.</p>\n");
  } else {
    weiri_putf(p, "<p>%d passed, %d failed, %d not checked.</p>\n",
        weir_selftest_count(r, WEIR_CHECK_PASSED),
        weir_selftest_count(r, WEIR_CHECK_FAILED),
        weir_selftest_count(r, WEIR_CHECK_NOT_CHECKED));
    weiri_table_open(p, "check|result|#value|#error|#target|#tolerance|what was done");
    for (int64_t i = 0; i < weir_selftest_checks(r); i++) {
      const weir_check c = weir_selftest_check(r, i);
      check_row(p, &c);
    }
    weiri_table_close(p);
  }
  weiri_section_close(p);
}
