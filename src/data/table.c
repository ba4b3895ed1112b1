/* Tables in memory: named columns of float64, row-major. */
#include "data/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/reader.h"

enum { NAMES_BLOCK = 1 << 12 };

char *weiri_table_strdup(weir_table *t, const char *s) {
  const size_t size = strlen(s) + 1;
  char *copy = weiri_arena_take(t->arena, size);
  if (copy != NULL) {
    memcpy(copy, s, size);
  }
  return copy;
}

void weiri_table_move(weir_table *t, int64_t from, int64_t to) {
  if (from != to) {
    if (t->bytes != NULL) {
      memcpy(t->bytes + to * t->d, t->bytes + from * t->d, (size_t)t->d);
    } else {
      memcpy(t->owned + to * t->d, t->owned + from * t->d,
          (size_t)t->d * sizeof *t->owned);
    }
    if (t->line != NULL) {
      t->line[to] = t->line[from];
    }
  }
}

/* The bytes as float64, in room for so many rows; NULL: no memory. */
static double *expanded(const weir_table *t, int64_t rows) {
  double *x = weiri_alloc(t->ctx, (size_t)(rows * t->d) * sizeof *x);
  for (int64_t i = 0; x != NULL && i < t->n * t->d; i++) {
    x[i] = (double)t->bytes[i];
  }
  return x;
}

weir_status weiri_table_widen(weir_table *t, int64_t rows) {
  if (t->bytes == NULL) {
    return WEIR_OK;
  }
  t->owned = expanded(t, rows);
  if (t->owned == NULL) {
    return WEIR_E_MEMORY;
  }
  t->values = t->owned;
  weiri_free(t->ctx, t->bytes);
  t->bytes = NULL;
  return WEIR_OK;
}

weir_status weiri_table_put(weir_table *t, int64_t i, double x) {
  if (t->bytes != NULL && !weiri_is_byte(x)) {
    WEIR_TRY(weiri_table_widen(t, t->n));
  }
  if (t->bytes != NULL) {
    t->bytes[i] = (unsigned char)x;
  } else {
    t->owned[i] = x;
  }
  return WEIR_OK;
}

int64_t weiri_find_column(const weir_column *column, int64_t d, const char *name) {
  for (int64_t j = 0; j < d; j++) {
    if (strcmp(column[j].name, name) == 0) {
      return j;
    }
  }
  return -1;
}

const char *weiri_near_column(const weir_ctx *ctx, const weir_column *column, int64_t d,
    const char *name, char *buf, size_t size) {
  buf[0] = '\0';
  const char **names = weiri_calloc(ctx, (size_t)d + 1, sizeof *names);
  if (names == NULL) {
    return buf;
  }
  for (int64_t j = 0; j < d; j++) {
    names[j] = column[j].name;
  }
  const char *near = weiri_nearest(name, names);
  if (near != NULL) {
    (void)snprintf(buf, size, ", did you mean '%s'?", near);
  }
  weiri_free(ctx, names);
  return buf;
}

/* Names all columns; a repeated name is an error. */
static weir_status set_names(weir_table *t, const char *const *names) {
  weiri_dict seen;
  weiri_dict_init(&seen, t->ctx);
  weir_status status = WEIR_OK;
  for (int64_t j = 0; j < t->d; j++) {
    char made[32];
    (void)snprintf(made, sizeof made, "x%lld", (long long)j + 1);
    const bool given = names != NULL && names[j] != NULL && names[j][0] != '\0';
    const char *name = given ? names[j] : made;
    bool is_new;
    int64_t index;
    WEIR_TRY_GOTO(done, weiri_dict_add(&seen, name, strlen(name), &index, &is_new));
    if (!is_new) {
      status =
          weiri_fail(WEIR_E_DATA, "%s: columns %lld and %lld have the same name '%s'",
              t->source, (long long)index + 1, (long long)j + 1, name);
      goto done;
    }
    t->column[j].name = weiri_table_strdup(t, name);
    if (t->column[j].name == NULL) {
      status = WEIR_E_MEMORY;
      goto done;
    }
  }
done:
  weiri_dict_free(&seen);
  return status;
}

weir_status weiri_table_create(weir_table **out, weir_ctx *ctx, int64_t d,
    const char *const *names, const char *source) {
  *out = NULL;
  weir_table *t = weiri_calloc(ctx, 1, sizeof *t);
  if (t == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_status status = WEIR_E_MEMORY;
  t->ctx = ctx;
  t->d = d;
  t->named = names != NULL;
  WEIR_TRY_GOTO(failed, weiri_arena_create(&t->arena, ctx, NAMES_BLOCK));
  t->source = weiri_table_strdup(t, source);
  t->column = weiri_calloc(ctx, (size_t)d, sizeof *t->column);
  if (t->source == NULL || t->column == NULL) {
    status = WEIR_E_MEMORY;
    goto failed;
  }
  WEIR_TRY_GOTO(failed, set_names(t, names));
  *out = t;
  return WEIR_OK;
failed:
  weir_table_destroy(&t);
  return status;
}

void weir_table_destroy(weir_table **table) {
  weir_table *t = *table;
  if (t == NULL) {
    return;
  }
  weiri_free(t->ctx, t->column);
  weiri_free(t->ctx, t->owned);
  weiri_free(t->ctx, t->bytes);
  weiri_free(t->ctx, t->line);
  weiri_arena_destroy(&t->arena);
  weir_reader_close(&t->keeper);
  weiri_free(t->ctx, t);
  *table = NULL;
}

weir_status weir_table_from_arrays(weir_table **out, weir_ctx *ctx, int64_t n,
    int64_t d, const double *values, const char *const *names, const char *source) {
  *out = NULL;
  if (n < 1 || d < 1 || values == NULL || n > (INT64_MAX >> 4) / d) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "a table needs values and at least 1 row and 1 column, got %lld x %lld",
        (long long)n, (long long)d);
  }
  for (int64_t j = 0; names != NULL && j < d; j++) {
    if (names[j] == NULL || names[j][0] == '\0' ||
        !weiri_is_utf8(names[j], strlen(names[j]))) {
      return weiri_fail(
          WEIR_E_ARGUMENT, "name of column %lld: empty or not UTF-8", (long long)j + 1);
    }
  }
  weir_table *t = NULL;
  const weir_status status =
      weiri_table_create(&t, ctx, d, names, source != NULL ? source : "data");
  if (status != WEIR_OK) {
    return status == WEIR_E_DATA ? WEIR_E_ARGUMENT : status;
  }
  const size_t size = (size_t)n * (size_t)d * sizeof(double);
  t->owned = weiri_alloc(ctx, size);
  if (t->owned == NULL) {
    weir_table_destroy(&t);
    return WEIR_E_MEMORY;
  }
  memcpy(t->owned, values, size);
  t->values = t->owned;
  t->n = n;
  weiri_table_find_cells(t, false);
  *out = t;
  return WEIR_OK;
}

static weir_cell cell_of(const weir_table *t, int64_t j, bool single) {
  bool any = false;
  for (int64_t i = 0; i < t->n; i++) {
    const double x = weiri_table_at(t, i * t->d + j);
    if (isnan(x)) {
      continue;
    }
    any = true;
    if (!(fabs(x) < 9007199254740992.0) || x != floor(x)) {
      return single ? WEIR_CELL_REAL32 : WEIR_CELL_REAL;
    }
  }
  return any && !single ? WEIR_CELL_INTEGER
         : single       ? WEIR_CELL_REAL32
                        : WEIR_CELL_REAL;
}

void weiri_table_find_cells(weir_table *t, bool single) {
  for (int64_t j = 0; j < t->d; j++) {
    if (t->column[j].category == NULL) {
      t->column[j].cell = cell_of(t, j, single);
    }
  }
}

static weir_status check_names(
    const weir_table *t, int64_t column, int64_t k, const char *const *names) {
  weiri_dict seen;
  weiri_dict_init(&seen, t->ctx);
  weir_status status = WEIR_OK;
  for (int64_t i = 0; i < k && status == WEIR_OK; i++) {
    bool is_new = false;
    int64_t index;
    if (names[i] == NULL || !weiri_is_utf8(names[i], strlen(names[i]))) {
      status = weiri_fail(WEIR_E_ARGUMENT, "column '%s': category %lld is not UTF-8",
          t->column[column].name, (long long)i);
      break;
    }
    status = weiri_dict_add(&seen, names[i], strlen(names[i]), &index, &is_new);
    if (status == WEIR_OK && !is_new) {
      status = weiri_fail(WEIR_E_ARGUMENT, "column '%s': category '%s' twice",
          t->column[column].name, names[i]);
    }
  }
  weiri_dict_free(&seen);
  return status;
}

weir_status weir_table_set_categories(
    weir_table *table, int64_t column, int64_t k, const char *const *names) {
  if (column < 0 || column >= table->d || k < 1 || names == NULL) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "categories need a column in [0, %lld) and at least one name",
        (long long)table->d);
  }
  WEIR_TRY(check_names(table, column, k, names));
  for (int64_t i = 0; i < table->n; i++) {
    const double x = weiri_table_at(table, i * table->d + column);
    if (!isnan(x) && !(x >= 0 && x < (double)k && x == floor(x))) {
      return weiri_table_fail(table, WEIR_E_DATA, i, column,
          "%g is not an index of one of %lld categories", x, (long long)k);
    }
  }
  const char **copy = weiri_arena_take(table->arena, (size_t)k * sizeof *copy);
  for (int64_t i = 0; copy != NULL && i < k; i++) {
    copy[i] = weiri_table_strdup(table, names[i]);
    if (copy[i] == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  if (copy == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_column *c = &table->column[column];
  *c = (weir_column){c->name, WEIR_CELL_CATEGORY, k, copy};
  return WEIR_OK;
}

weir_status weiri_table_fail(const weir_table *t, weir_status code, int64_t row,
    int64_t column, const char *fmt, ...) {
  char text[512];
  va_list ap;
  va_start(ap, fmt);
  (void)vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  if (column < 0) {
    return weiri_fail(code, "%s: %s %lld: %s", t->source, weir_table_line_word(t),
        (long long)weir_table_line(t, row), text);
  }
  return weiri_fail(code, "%s: %s %lld, column '%.200s': %s", t->source,
      weir_table_line_word(t), (long long)weir_table_line(t, row),
      t->column[column].name, text);
}

int64_t weir_table_rows(const weir_table *table) {
  return table->n;
}

int64_t weir_table_columns(const weir_table *table) {
  return table->d;
}

const double *weir_table_values(const weir_table *table) {
  if (table->values == NULL && table->bytes != NULL) {
    weir_table *t = (weir_table *)(uintptr_t)table;
    t->owned = expanded(t, t->n);
    t->values = t->owned;
  }
  return table->values;
}

int64_t weir_table_bytes(const weir_table *table) {
  const int64_t cells = table->n * table->d;
  return (table->bytes != NULL ? cells : 0) +
         (table->values != NULL ? cells * (int64_t)sizeof(double) : 0);
}

double weir_table_value(const weir_table *table, int64_t row, int64_t column) {
  return weiri_table_at(table, row * table->d + column);
}

weir_column weir_table_column(const weir_table *table, int64_t j) {
  return table->column[j];
}

int64_t weir_table_find(const weir_table *table, const char *name) {
  return weiri_find_column(table->column, table->d, name);
}

bool weir_table_named(const weir_table *table) {
  return table->named;
}

const char *weir_table_source(const weir_table *table) {
  return table->source;
}

int64_t weir_table_line(const weir_table *table, int64_t row) {
  return table->line != NULL ? table->line[row] : table->first + row + 1;
}

const char *weir_table_line_word(const weir_table *table) {
  return table->line != NULL ? "line" : "row";
}
