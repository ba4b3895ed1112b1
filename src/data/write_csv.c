/* CSV and TSV output (RFC 4180): names and categories are quoted where a reader would
 * take them for something else; numbers are the shortest decimals that read back. */
#include <math.h>
#include <string.h>

#include "data/csv_scan.h"
#include "data/writer.h"

static char delimiter(const weir_writer *w) {
  return w->format == WEIRI_TSV ? '\t' : ',';
}

/* Whether text needs quotes: it holds a delimiter, a quote or a line end, has outer
 * blanks, or would be read as missing. A number among categories needs none. */
static bool needs_quotes(const char *s) {
  const size_t n = strlen(s);
  const weiri_field f = {.s = s, .len = n};
  return n == 0 || strpbrk(s, ",;\t\"\n\r") != NULL || s[0] == ' ' || s[n - 1] == ' ' ||
         weiri_csv_missing(&f);
}

static weir_status put_text(weir_writer *w, const char *s) {
  if (!needs_quotes(s)) {
    return weiri_sink_write(&w->sink, s, strlen(s));
  }
  WEIR_TRY(weiri_sink_write(&w->sink, "\"", 1));
  for (const char *quote; (quote = strchr(s, '"')) != NULL; s = quote + 1) {
    WEIR_TRY(weiri_sink_write(&w->sink, s, (size_t)(quote - s)));
    WEIR_TRY(weiri_sink_write(&w->sink, "\"\"", 2));
  }
  WEIR_TRY(weiri_sink_write(&w->sink, s, strlen(s)));
  return weiri_sink_write(&w->sink, "\"", 1);
}

static weir_status put_end(weir_writer *w, int64_t j) {
  const char c = j + 1 == w->d ? '\n' : delimiter(w);
  return weiri_sink_write(&w->sink, &c, 1);
}

weir_status weiri_csv_begin(weir_writer *w) {
  for (int64_t j = 0; j < w->d; j++) {
    WEIR_TRY(put_text(w, w->column[j].name));
    WEIR_TRY(put_end(w, j));
  }
  return WEIR_OK;
}

static weir_status put_value(weir_writer *w, int64_t i, int64_t j, double x) {
  const weir_column *c = &w->column[j];
  if (isnan(x)) { /* a blank line would be skipped by readers */
    return w->d > 1 ? WEIR_OK : weiri_sink_write(&w->sink, "NaN", 3);
  }
  if (c->cell == WEIR_CELL_CATEGORY) {
    return x >= 0 && x < (double)c->categories && x == floor(x)
               ? put_text(w, c->category[(int64_t)x])
               : weiri_writer_fail(w, i, j, x, "the index of a category");
  }
  if (c->cell == WEIR_CELL_INTEGER && x != floor(x)) {
    return weiri_writer_fail(w, i, j, x, "a whole number");
  }
  char buf[32];
  const bool single = c->cell == WEIR_CELL_REAL32 && (double)(float)x == x;
  const int n = weiri_print_real(buf, x, single);
  return weiri_sink_write(&w->sink, buf, (size_t)n);
}

weir_status weiri_csv_rows(weir_writer *w, int64_t n, const double *values) {
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < w->d; j++) {
      WEIR_TRY(put_value(w, i, j, values[i * w->d + j]));
      WEIR_TRY(put_end(w, j));
    }
  }
  return WEIR_OK;
}
