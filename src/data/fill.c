/* What a schema's columns are: as asked for, else as guessed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/schema.h"
#include "data/table.h"
#include "data/type.h"

enum { CATEGORIES_MAX = 1 << 16 };

/* What has been asked for, per column. */
typedef struct wish {
  weiri_type_text type;
  bool any;
} wish;

typedef struct wishes {
  const weir_table *table;
  wish *w; /* [columns] */
} wishes;

static weir_status find(const wishes *w, const char *name, int64_t *j) {
  const weir_table *t = w->table;
  *j = weir_table_find(t, name);
  if (*j >= 0) {
    return WEIR_OK;
  }
  char near[300];
  return weiri_fail(WEIR_E_CONFIG, "%s: no column '%.200s'%s", t->source, name,
      weiri_near_column(t->ctx, t->column, t->d, name, near, sizeof near));
}

/* Later wishes win; a bare role keeps the kind that was asked for before. */
static weir_status ask_one(wishes *w, int64_t j, const char *name, const char *type) {
  weiri_type_text asked;
  WEIR_TRY(weiri_type_parse(type, name, &asked));
  wish *have = &w->w[j];
  if (have->any && have->type.has_kind && !asked.has_kind) {
    const weir_role role = asked.type.role;
    asked = have->type;
    asked.type.role = role;
  }
  have->type = asked;
  have->any = true;
  return WEIR_OK;
}

/* "*" is every column, unless one is called so. */
static weir_status ask(wishes *w, const char *name, const char *type) {
  int64_t j;
  if (strcmp(name, "*") == 0 && weir_table_find(w->table, name) < 0) {
    for (j = 0; j < w->table->d - (int64_t)w->table->labelled; j++) {
      WEIR_TRY(ask_one(w, j, name, type));
    }
    return WEIR_OK;
  }
  WEIR_TRY(find(w, name, &j));
  return ask_one(w, j, name, type);
}

static weir_status ask_tree(wishes *w, const json_t *columns) {
  const char *name;
  json_t *value;
  if (columns != NULL && !json_is_object(columns) && !json_is_null(columns)) {
    return weiri_fail(
        WEIR_E_CONFIG, "data.columns: expected a mapping of name to type");
  }
  json_object_foreach((json_t *)(uintptr_t)columns, name, value) {
    if (!json_is_string(value)) {
      return weiri_fail(WEIR_E_CONFIG,
          "data.columns.%s: expected a type as text, such as \"interval(0,1)\"", name);
    }
    const weir_status status = ask(w, name, json_string_value(value));
    if (status != WEIR_OK) {
      return weiri_where(status, "data.columns");
    }
  }
  return WEIR_OK;
}

/* "name=type": the last = divides, for types have none. */
static weir_status ask_text(wishes *w, const char *text) {
  const weir_ctx *ctx = w->table->ctx;
  const char *equals = strrchr(text, '=');
  if (equals == NULL || equals == text) {
    return weiri_fail(WEIR_E_CONFIG, "'%s': expected name=type", text);
  }
  char *name = weiri_format(ctx, "%.*s", (int)(equals - text), text);
  if (name == NULL) {
    return WEIR_E_MEMORY;
  }
  const weir_status status = ask(w, name, equals + 1);
  weiri_free(ctx, name);
  return status;
}

static weir_status make_context(wishes *w, const char *name) {
  int64_t j;
  WEIR_TRY(find(w, name, &j));
  wish *have = &w->w[j];
  const weir_role role = have->any ? have->type.type.role : WEIR_ROLE_EVENT;
  if (role == WEIR_ROLE_WEIGHT || role == WEIR_ROLE_IGNORED) {
    return weiri_fail(WEIR_E_CONFIG, "column '%s': both context and %s", name,
        role == WEIR_ROLE_WEIGHT ? "weight" : "ignored");
  }
  if (!have->any) {
    have->type = (weiri_type_text){.type = weiri_type_plain(WEIR_KIND_REAL)};
    have->any = true;
  }
  have->type.type.role = WEIR_ROLE_CONTEXT;
  return WEIR_OK;
}

/* "a,b,c"; a name with a comma in it can be made context by its type. */
static weir_status ask_context(wishes *w, const char *list) {
  const weir_ctx *ctx = w->table->ctx;
  for (const char *s = list; s != NULL && *s != '\0';) {
    s += strspn(s, " ");
    const size_t len = strcspn(s, ",");
    size_t end = len;
    while (end > 0 && s[end - 1] == ' ') {
      end--;
    }
    char *name = weiri_format(ctx, "%.*s", (int)end, s);
    if (name == NULL) {
      return WEIR_E_MEMORY;
    }
    const weir_status status = make_context(w, name);
    weiri_free(ctx, name);
    WEIR_TRY(status);
    s += len + (s[len] == ',');
  }
  return WEIR_OK;
}

static weir_status ask_all(wishes *w, const weir_schema_opts *opts) {
  WEIR_TRY(ask_tree(w, opts->columns));
  for (int64_t i = 0; i < opts->n_types; i++) {
    WEIR_TRY(ask_text(w, opts->types[i]));
  }
  return ask_context(w, opts->context);
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The distinct finite values of a column, ascending, into x; returns how many. */
static int64_t distinct_values(const weir_table *t, int64_t j, double *x) {
  int64_t n = 0, k = 0;
  for (int64_t i = 0; i < t->n; i++) {
    const double v = weiri_table_at(t, i * t->d + j);
    if (isfinite(v)) {
      x[n++] = v;
    }
  }
  qsort(x, (size_t)n, sizeof *x, compare);
  for (int64_t i = 0; i < n; i++) {
    if (k == 0 || x[i] != x[k - 1]) {
      x[k++] = x[i];
    }
  }
  return k;
}

/* Categories of a column of numbers: its values, by their shortest decimals. */
static weir_status number_categories(
    weir_schema *s, const weir_table *t, int64_t j, double *x) {
  weir_column c = t->column[j];
  const int64_t k = distinct_values(t, j, x);
  if (k > CATEGORIES_MAX || k == 0) {
    return weiri_fail(WEIR_E_DATA, "%s: column '%s': %lld categories, expected 1 to %d",
        t->source, c.name, (long long)k, CATEGORIES_MAX);
  }
  const char **names = weiri_arena_take(s->arena, (size_t)k * sizeof *names);
  for (int64_t i = 0; names != NULL && i < k; i++) {
    char buf[32];
    (void)weiri_print_real(buf, x[i], c.cell == WEIR_CELL_REAL32);
    names[i] = weiri_schema_strdup(s, buf);
    if (names[i] == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  if (names == NULL) {
    return WEIR_E_MEMORY;
  }
  c.cell = WEIR_CELL_CATEGORY;
  c.categories = k;
  c.category = names;
  return weiri_schema_set_column(s, j, &c);
}

static weir_status fill_column(weir_schema *s, const weir_table *t, int64_t j) {
  weir_column c = t->column[j];
  const weir_role role = s->type[j].role;
  const bool used = role == WEIR_ROLE_EVENT || role == WEIR_ROLE_CONTEXT;
  if (used && s->type[j].kind == WEIR_KIND_CATEGORICAL && c.category == NULL) {
    double *x = weiri_calloc(t->ctx, (size_t)t->n, sizeof *x);
    if (x == NULL) {
      return WEIR_E_MEMORY;
    }
    const weir_status status = number_categories(s, t, j, x);
    weiri_free(t->ctx, x);
    return status;
  }
  if (!used || s->type[j].kind != WEIR_KIND_CATEGORICAL) {
    c.cell = c.category == NULL ? c.cell : WEIR_CELL_REAL;
    c.categories = 0;
    c.category = NULL;
  }
  return weiri_schema_set_column(s, j, &c);
}

static weir_status fill(weir_schema *s, const weir_table *t,
    const weir_column_stats *stats, const wish *w) {
  for (int64_t j = 0; j < s->n; j++) {
    s->type[j] = w[j].any ? w[j].type.type : weiri_type_plain(WEIR_KIND_REAL);
    if (!w[j].any && t->labelled && j == s->n - 1) {
      s->type[j].role = WEIR_ROLE_IGNORED;
    }
    const weir_role role = s->type[j].role;
    const bool used = role == WEIR_ROLE_EVENT || role == WEIR_ROLE_CONTEXT;
    s->guessed[j] = used && !(w[j].any && w[j].type.has_kind);
    if (s->guessed[j]) {
      weir_kind kind;
      WEIR_TRY(weiri_schema_guess_kind(t, j, &stats[j], &kind));
      s->type[j] = weiri_type_plain(kind);
      s->type[j].role = role;
      s->type[j].hi = s->levels > 0 && kind == WEIR_KIND_ORDINAL
                          ? (double)(s->levels - 1)
                          : s->type[j].hi;
    }
    WEIR_TRY(fill_column(s, t, j));
  }
  return WEIR_OK;
}

weir_status weiri_schema_fill(weir_schema *s, const weir_table *t,
    const weir_column_stats *stats, const weir_schema_opts *opts) {
  wishes w = {t, weiri_calloc(t->ctx, (size_t)t->d, sizeof *w.w)};
  if (w.w == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_status status = ask_all(&w, opts);
  if (status == WEIR_OK) {
    status = fill(s, t, stats, w.w);
  }
  weiri_free(t->ctx, w.w);
  return status;
}
