/* Schemas: what each column of a table is. */
#include "data/schema.h"

#include <stdio.h>
#include <string.h>

#include "data/table.h"

enum { TEXTS_BLOCK = 1 << 12 };

char *weiri_schema_strdup(weir_schema *s, const char *text) {
  const size_t size = strlen(text) + 1;
  char *copy = weiri_arena_take(s->arena, size);
  if (copy != NULL) {
    memcpy(copy, text, size);
  }
  return copy;
}

weir_status weiri_schema_create(weir_schema **out, weir_ctx *ctx, int64_t n) {
  *out = NULL;
  weir_schema *s = weiri_calloc(ctx, 1, sizeof *s);
  if (s == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_status status = WEIR_OK;
  s->ctx = ctx;
  s->n = n;
  s->weight = -1;
  const size_t count = (size_t)n;
  WEIR_TRY_GOTO(failed, weiri_arena_create(&s->arena, ctx, TEXTS_BLOCK));
  s->column = weiri_calloc(ctx, count, sizeof *s->column);
  s->type = weiri_calloc(ctx, count, sizeof *s->type);
  s->guessed = weiri_calloc(ctx, count, sizeof *s->guessed);
  s->event = weiri_calloc(ctx, count, sizeof *s->event);
  s->context = weiri_calloc(ctx, count, sizeof *s->context);
  if (s->column == NULL || s->type == NULL || s->guessed == NULL || s->event == NULL ||
      s->context == NULL) {
    status = WEIR_E_MEMORY;
    goto failed;
  }
  *out = s;
  return WEIR_OK;
failed:
  weir_schema_destroy(&s);
  return status;
}

void weir_schema_destroy(weir_schema **schema) {
  weir_schema *s = *schema;
  if (s == NULL) {
    return;
  }
  weiri_free(s->ctx, s->column);
  weiri_free(s->ctx, s->type);
  weiri_free(s->ctx, s->guessed);
  weiri_free(s->ctx, s->event);
  weiri_free(s->ctx, s->context);
  weiri_free(s->ctx, s->warning);
  weiri_arena_destroy(&s->arena);
  weiri_free(s->ctx, s);
  *schema = NULL;
}

weir_status weiri_schema_set_column(
    weir_schema *s, int64_t j, const weir_column *column) {
  weir_column c = *column;
  const char **names = NULL;
  if (c.categories > 0) {
    names = weiri_arena_take(s->arena, (size_t)c.categories * sizeof *names);
    if (names == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  for (int64_t i = 0; i < c.categories; i++) {
    names[i] = weiri_schema_strdup(s, column->category[i]);
    if (names[i] == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  c.category = names;
  c.name = weiri_schema_strdup(s, column->name);
  s->column[j] = c;
  return c.name != NULL ? WEIR_OK : WEIR_E_MEMORY;
}

int64_t weiri_schema_code_width(const weir_schema *s, int64_t column) {
  switch (s->type[column].kind) {
  case WEIR_KIND_CIRCULAR:
    return 2;
  case WEIR_KIND_CATEGORICAL:
    return s->column[column].categories;
  default:
    return 1;
  }
}

weir_status weiri_schema_index(weir_schema *s) {
  s->events = s->contexts = s->context_width = 0;
  s->weight = -1;
  for (int64_t j = 0; j < s->n; j++) {
    switch (s->type[j].role) {
    case WEIR_ROLE_EVENT:
      s->event[s->events++] = j;
      break;
    case WEIR_ROLE_CONTEXT:
      s->context[s->contexts++] = j;
      s->context_width += weiri_schema_code_width(s, j);
      break;
    case WEIR_ROLE_WEIGHT:
      if (s->weight >= 0) {
        return weiri_fail(WEIR_E_CONFIG,
            "columns '%s' and '%s' are both weights, expected one",
            s->column[s->weight].name, s->column[j].name);
      }
      s->weight = j;
      break;
    case WEIR_ROLE_IGNORED:
      break;
    }
  }
  if (s->events == 0) {
    return weiri_fail(WEIR_E_CONFIG,
        "no column is left for the density: all are context, weight or ignored");
  }
  return WEIR_OK;
}

weir_status weiri_schema_add_warning(
    weir_schema *s, const char *column, const char *text, const char *option) {
  const size_t size = (size_t)(s->warnings + 1) * sizeof *s->warning;
  weir_data_warning *list = weiri_realloc(s->ctx, s->warning, size);
  if (list == NULL) {
    return WEIR_E_MEMORY;
  }
  s->warning = list;
  const weir_data_warning w = {weiri_schema_strdup(s, column),
      weiri_schema_strdup(s, text), weiri_schema_strdup(s, option)};
  if (w.column == NULL || w.text == NULL || w.option == NULL) {
    return WEIR_E_MEMORY;
  }
  s->warning[s->warnings++] = w;
  return WEIR_OK;
}

/* Pixels share their range: 2 levels where none is above 1, 256 where none is above
 * 255.
 */
static int64_t levels_of(const weir_table *t) {
  double lo = 0.0, hi = 0.0;
  for (int64_t i = 0; i < t->n * t->d; i++) {
    const bool label = t->labelled && i % t->d == t->d - 1;
    const double x = weiri_table_at(t, i);
    lo = !label && x < lo ? x : lo;
    hi = !label && x > hi ? x : hi;
  }
  return lo < 0.0 || hi > 255.0 ? 0 : hi > 1.0 ? 256 : 2;
}

/* Statistics of the columns of numbers; none are needed of pixels. */
static weir_status table_stats(const weir_table *t, weir_column_stats *stats) {
  for (int64_t j = 0; j < t->d && !t->counts && !weiri_table_pixels(t); j++) {
    if (t->column[j].category == NULL) {
      WEIR_TRY(weir_table_stats(t, j, &stats[j]));
    }
  }
  return WEIR_OK;
}

weir_status weir_schema_guess(weir_schema **out, weir_ctx *ctx, const weir_table *table,
    const weir_schema_opts *opts) {
  *out = NULL;
  weir_schema_opts full = WEIR_SCHEMA_OPTS_INIT;
  if (opts != NULL) {
    if (opts->struct_size == 0 || opts->struct_size > sizeof full) {
      return weiri_fail(WEIR_E_ARGUMENT,
          "weir_schema_opts: struct_size is %u, expected %zu",
          (unsigned)opts->struct_size, sizeof full);
    }
    memcpy(&full, opts, opts->struct_size);
  }
  if (table->n < 2) {
    return weiri_fail(WEIR_E_DATA,
        "%s: has only 1 row, a density needs at least 2 and many more to be good",
        table->source);
  }
  weir_schema *s = NULL;
  weir_status status = WEIR_OK;
  weir_column_stats *stats = weiri_calloc(ctx, (size_t)table->d, sizeof *stats);
  if (stats == NULL) {
    return WEIR_E_MEMORY;
  }
  WEIR_TRY_GOTO(done, weiri_schema_create(&s, ctx, table->d));
  s->named = table->named;
  s->counts = table->counts;
  s->levels = table->counts || table->height > 0 ? levels_of(table) : 0;
  WEIR_TRY_GOTO(done, table_stats(table, stats));
  WEIR_TRY_GOTO(done, weiri_schema_fill(s, table, stats, &full));
  WEIR_TRY_GOTO(done, weiri_schema_index(s));
  WEIR_TRY_GOTO(done, weiri_schema_find_image(s, table));
  WEIR_TRY_GOTO(done, weiri_schema_check(s, table, stats, full.allow_constant));
  *out = s;
  s = NULL;
done:
  weir_schema_destroy(&s);
  weiri_free(ctx, stats);
  return status;
}

int64_t weir_schema_columns(const weir_schema *schema) {
  return schema->n;
}

weir_column weir_schema_column(const weir_schema *schema, int64_t j) {
  return schema->column[j];
}

weir_column_type weir_schema_type(const weir_schema *schema, int64_t j) {
  return schema->type[j];
}

bool weir_schema_guessed(const weir_schema *schema, int64_t j) {
  return schema->guessed[j];
}

int64_t weir_schema_find(const weir_schema *schema, const char *name) {
  return weiri_find_column(schema->column, schema->n, name);
}

int64_t weir_schema_events(const weir_schema *schema) {
  return schema->events;
}

int64_t weir_schema_event(const weir_schema *schema, int64_t i) {
  return schema->event[i];
}

int64_t weir_schema_context_width(const weir_schema *schema) {
  return schema->context_width;
}

int64_t weir_schema_contexts(const weir_schema *schema) {
  return schema->contexts;
}

int64_t weir_schema_context(const weir_schema *schema, int64_t i) {
  return schema->context[i];
}

int64_t weir_schema_warnings(const weir_schema *schema) {
  return schema->warnings;
}

weir_data_warning weir_schema_warning(const weir_schema *schema, int64_t i) {
  return schema->warning[i];
}

void weir_text_free(weir_ctx *ctx, char *text) {
  weiri_free(ctx, text);
}
