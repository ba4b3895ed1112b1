/* What a column is, by its values: the rules that weir_schema_guess states. */
#include <math.h>
#include <string.h>

#include "data/schema.h"
#include "data/table.h"

enum { TEXTS_MAX = 256 };

static bool is_number(const char *s) {
  double x;
  return weiri_parse_real(s, strlen(s), &x) && !isnan(x);
}

/* Of a column of categories: values present, and those whose name is a number. */
static void count_numbers(
    const weir_table *t, int64_t j, int64_t *present, int64_t *numbers) {
  const weir_column *c = &t->column[j];
  *present = *numbers = 0;
  for (int64_t i = 0; i < t->n; i++) {
    const double x = weiri_table_at(t, i * t->d + j);
    if (!isnan(x)) {
      *present += 1;
      *numbers += is_number(c->category[(int64_t)x]);
    }
  }
}

/* "-0,5": a number where the comma is the decimal point. */
static bool has_decimal_comma(const char *s) {
  char copy[64];
  const size_t n = strlen(s);
  const char *comma = strchr(s, ',');
  if (comma == NULL || n >= sizeof copy || is_number(s)) {
    return false;
  }
  memcpy(copy, s, n + 1);
  copy[comma - s] = '.';
  return is_number(copy);
}

static weir_status refuse_text(
    const weir_table *t, int64_t j, int64_t present, int64_t numbers) {
  const weir_column *c = &t->column[j];
  for (int64_t i = 0; i < t->n; i++) {
    const double x = weiri_table_at(t, i * t->d + j);
    if (isnan(x) || is_number(c->category[(int64_t)x])) {
      continue;
    }
    return weiri_table_fail(t, WEIR_E_DATA, i, j,
        "'%.60s' is not a number, but %lld of %lld values are (if it is a category: "
        "--column %.60s=categorical)",
        c->category[(int64_t)x], (long long)numbers, (long long)present, c->name);
  }
  return weiri_fail(WEIR_E_INTERNAL, "column '%s': no text", c->name);
}

static weir_status guess_text(const weir_table *t, int64_t j, weir_kind *out) {
  const weir_column *c = &t->column[j];
  int64_t present, numbers;
  count_numbers(t, j, &present, &numbers);
  if (numbers > 0 && 2 * numbers >= present && numbers < present) {
    return refuse_text(t, j, present, numbers);
  }
  if (has_decimal_comma(c->category[0])) {
    return weiri_fail(WEIR_E_DATA,
        "%s: column '%s': '%s' has a decimal comma; write numbers with a point",
        t->source, c->name, c->category[0]);
  }
  if (c->categories > TEXTS_MAX || 2 * c->categories > present) {
    return weiri_fail(WEIR_E_DATA,
        "%s: column '%s': %lld different texts in %lld rows, as '%.60s': leave it out "
        "with --column %.60s=ignored, or keep it with --column %.60s=categorical",
        t->source, c->name, (long long)c->categories, (long long)t->n, c->category[0],
        c->name, c->name);
  }
  *out = WEIR_KIND_CATEGORICAL;
  return WEIR_OK;
}

/* Whether all numbers are. */
static bool whole(const weir_table *t) {
  for (int64_t j = 0; j < t->d; j++) {
    if (t->column[j].category == NULL && t->column[j].cell != WEIR_CELL_INTEGER) {
      return false;
    }
  }
  return true;
}

weir_status weiri_schema_guess_kind(
    const weir_table *t, int64_t j, const weir_column_stats *stats, weir_kind *out) {
  if (t->labelled && j == t->d - 1) {
    *out = WEIR_KIND_CATEGORICAL;
    return WEIR_OK;
  }
  if (t->column[j].category != NULL) {
    return guess_text(t, j, out);
  }
  if (t->counts) {
    *out = WEIR_KIND_ORDINAL;
    return WEIR_OK;
  }
  *out = WEIR_KIND_REAL;
  if (t->height > 0) { /* pixels are all of one kind */
    *out = whole(t) ? WEIR_KIND_ORDINAL : WEIR_KIND_REAL;
    return WEIR_OK;
  }
  const int64_t present = stats->rows - stats->missing;
  if (stats->integers && stats->distinct == 2 && present > 2) {
    *out = WEIR_KIND_CATEGORICAL;
  } else if (stats->integers && stats->distinct > 2 && 2 * stats->distinct <= present) {
    *out = WEIR_KIND_ORDINAL;
  }
  return WEIR_OK;
}
