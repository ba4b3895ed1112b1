/* A schema for people: a line per column, aligned. */
#include <stdio.h>
#include <string.h>

#include "data/schema.h"

/* A text that grows; after a failure it stays failed. */
typedef struct text {
  const weir_ctx *ctx;
  char *s;
  size_t n, size;
  bool failed;
} text;

/* Characters of UTF-8: bytes that continue none. */
static size_t characters(const char *s) {
  size_t n = 0;
  for (; *s != '\0'; s++) {
    n += ((unsigned char)*s & 0xC0u) != 0x80u;
  }
  return n;
}

static void add(text *t, const char *s, size_t width) {
  const size_t len = strlen(s), wide = characters(s);
  const size_t pad = wide < width ? width - wide : 0;
  if (!t->failed && (t->s == NULL || t->n + len + pad + 1 > t->size)) {
    const size_t size = 2 * (t->n + len + pad) + 256;
    char *more = weiri_realloc(t->ctx, t->s, size);
    t->failed = more == NULL;
    t->s = more != NULL ? more : t->s;
    t->size = more != NULL ? size : t->size;
  }
  if (!t->failed) {
    memcpy(t->s + t->n, s, len);
    memset(t->s + t->n + len, ' ', pad);
    t->n += len + pad;
    t->s[t->n] = '\0';
  }
}

/* A name, on one line whatever is in it. */
static void add_name(text *t, const char *s, size_t width) {
  const size_t from = t->n;
  add(t, s, width);
  for (size_t i = from; !t->failed && i < t->n; i++) {
    if ((unsigned char)t->s[i] < 0x20) {
      t->s[i] = ' ';
    }
  }
}

static void add_categories(text *t, const weir_column *c) {
  enum { SHOWN = 6 };
  for (int64_t i = 0; i < c->categories && i < SHOWN; i++) {
    add(t, i == 0 ? "  " : ", ", 0);
    add_name(t, c->category[i], 0);
  }
  if (c->categories > SHOWN) {
    char more[48];
    (void)snprintf(more, sizeof more, ", ... (%lld in all)", (long long)c->categories);
    add(t, more, 0);
  }
}

/* The last of the columns from j on that are alike, where nobody has named them. */
static int64_t last_alike(const weir_schema *s, int64_t j) {
  const weir_column_type *a = &s->type[j];
  int64_t last = j;
  for (int64_t i = j + 1; !s->named && i < s->n; i++, last++) {
    const weir_column_type *b = &s->type[i];
    if (a->role != b->role || a->kind != b->kind || a->lo != b->lo || a->hi != b->hi ||
        a->step != b->step || a->offset != b->offset ||
        s->guessed[i] != s->guessed[j] || s->column[i].categories > 0 ||
        s->column[j].categories > 0) {
      break;
    }
  }
  return last;
}

weir_status weir_schema_show(const weir_schema *schema, char **out) {
  text t = {.ctx = schema->ctx};
  size_t width = strlen("column");
  for (int64_t j = 0; j < schema->n; j++) {
    const size_t len = characters(schema->column[j].name);
    width = len > width && len < 40 ? len : width;
  }
  add(&t, "column", width + 2);
  add(&t, "type\n", 0);
  for (int64_t j = 0; j < schema->n; j++) {
    char type[128], range[96];
    const int64_t last = last_alike(schema, j);
    if (last > j + 1) {
      (void)snprintf(range, sizeof range, "%.40s .. %.40s", schema->column[j].name,
          schema->column[last].name);
      add_name(&t, range, width);
      j = last;
    } else {
      add_name(&t, schema->column[j].name, width);
    }
    add(&t, "  ", 0);
    add(&t, weir_column_type_text(&schema->type[j], type, sizeof type), 0);
    if (schema->guessed[j]) {
      add(&t, " (guessed)", 0);
    }
    add_categories(&t, &schema->column[j]);
    add(&t, "\n", 0);
  }
  if (t.failed) {
    weiri_free(t.ctx, t.s);
    *out = NULL;
    return WEIR_E_MEMORY;
  }
  *out = t.s;
  return WEIR_OK;
}
