/* From blocks of rows to a table. The reader writes straight into the table's memory.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/table.h"

enum { BLOCK_VALUES = 1 << 16 };
static const uint64_t TEXT_NAN =
    0x7ffc000000000000u; /* quiet, index in the low 48 bits */
static const uint64_t TEXT_MASK = 0xffff000000000000u;

static double text_value(int64_t index) {
  const uint64_t bits = TEXT_NAN | (uint64_t)index;
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* Index of the text that a value stands for, or -1. */
static int64_t text_index(const double *x) {
  uint64_t bits;
  memcpy(&bits, x, sizeof bits);
  return (bits & TEXT_MASK) == TEXT_NAN ? (int64_t)(bits & ~TEXT_MASK) : -1;
}

weir_status weiri_builder_init(weiri_builder *b, weir_ctx *ctx,
    const weir_layout *layout, const char *source, int64_t block) {
  memset(b, 0, sizeof *b);
  const int64_t d = layout->columns;
  b->ctx = ctx;
  b->d = d;
  WEIR_TRY(weiri_table_create(&b->table, ctx, d, layout->names, source));
  b->table->counts = layout->counts;
  b->table->height = layout->height;
  b->table->width = layout->width;
  b->table->channels = layout->channels;
  b->labels = layout->labels;
  b->label = layout->label;
  const int64_t most = BLOCK_VALUES / d + 1;
  b->rows.capacity = block < most ? block : most;
  if (!layout->has_text) {
    const size_t size = (size_t)(b->rows.capacity * d) * sizeof *b->block;
    b->block = layout->counts ? weiri_alloc(ctx, size) : NULL;
    if (layout->counts && b->block == NULL) {
      weiri_builder_free(b);
      return WEIR_E_MEMORY;
    }
    return WEIR_OK;
  }
  b->dict = weiri_calloc(ctx, (size_t)d, sizeof *b->dict);
  b->rows.text =
      weiri_alloc(ctx, (size_t)(b->rows.capacity * d) * sizeof *b->rows.text);
  if (b->dict == NULL || b->rows.text == NULL) {
    weiri_free(ctx, b->dict);
    b->dict = NULL;
    weiri_builder_free(b);
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < d; j++) {
    weiri_dict_init(&b->dict[j], ctx);
  }
  return WEIR_OK;
}

static weir_status reserve(weiri_builder *b, int64_t rows, bool lines) {
  weir_table *t = b->table;
  if (rows <= b->cap) {
    return WEIR_OK;
  }
  const int64_t cap = b->cap == 0 ? rows : rows > 2 * b->cap ? rows : 2 * b->cap;
  const size_t one = t->bytes != NULL || b->block != NULL ? 1 : sizeof(double);
  const size_t row = (size_t)t->d * one;
  if ((size_t)cap > SIZE_MAX / 2 / row) {
    return weiri_fail(WEIR_E_MEMORY, "%s: more rows than memory can hold", t->source);
  }
  void *values = weiri_realloc(
      t->ctx, one == 1 ? (void *)t->bytes : (void *)t->owned, (size_t)cap * row);
  if (values == NULL) {
    return WEIR_E_MEMORY;
  }
  if (one == 1) {
    t->bytes = values;
  } else {
    t->owned = values;
    t->values = values;
  }
  if (lines) {
    int64_t *line = weiri_realloc(t->ctx, t->line, (size_t)cap * sizeof *line);
    if (line == NULL) {
      return WEIR_E_MEMORY;
    }
    t->line = line;
  }
  b->cap = cap;
  return WEIR_OK;
}

weir_status weiri_builder_begin(weiri_builder *b, int64_t want) {
  weir_table *t = b->table;
  const int64_t rows = want < b->rows.capacity ? want : b->rows.capacity;
  WEIR_TRY(reserve(b, t->n + rows, b->dict != NULL));
  b->rows.capacity = rows;
  b->rows.n = 0;
  b->rows.value = b->block != NULL ? b->block : t->owned + t->n * t->d;
  b->rows.line = t->line != NULL ? t->line + t->n : NULL;
  if (b->rows.text != NULL) {
    memset(b->rows.text, 0, (size_t)(rows * t->d) * sizeof *b->rows.text);
  }
  return WEIR_OK;
}

/* The block's numbers as bytes; false: one is none. */
static bool to_bytes(const weiri_builder *b, int64_t cells) {
  unsigned char *to = b->table->bytes + b->table->n * b->table->d;
  for (int64_t i = 0; i < cells; i++) {
    if (!weiri_is_byte(b->block[i])) {
      return false;
    }
    to[i] = (unsigned char)b->block[i];
  }
  return true;
}

/* From the first number that is no byte on, all are float64. */
static weir_status take_block(weiri_builder *b, int64_t cells) {
  weir_table *t = b->table;
  if (to_bytes(b, cells)) {
    return WEIR_OK;
  }
  WEIR_TRY(weiri_table_widen(t, b->cap));
  memcpy(t->owned + t->n * t->d, b->block, (size_t)cells * sizeof *b->block);
  weiri_free(b->ctx, b->block);
  b->block = NULL;
  return WEIR_OK;
}

weir_status weiri_builder_take(weiri_builder *b) {
  weir_table *t = b->table;
  const int64_t cells = b->rows.n * t->d;
  if (b->block != NULL) {
    WEIR_TRY(take_block(b, cells));
  }
  for (int64_t i = 0; b->rows.text != NULL && i < cells; i++) {
    if (b->rows.text[i] == 0) {
      continue;
    }
    const char *text = b->rows.pool + (b->rows.text[i] - 1);
    const size_t len = strlen(text);
    int64_t index;
    bool is_new;
    WEIR_TRY(weiri_dict_add(&b->dict[i % t->d], text, len, &index, &is_new));
    if (is_new && !weiri_is_utf8(text, len)) {
      return weiri_table_fail(
          t, WEIR_E_FORMAT, t->n + i / t->d, i % t->d, "text that is not UTF-8");
    }
    b->rows.value[i] = text_value(index);
  }
  t->n += b->rows.n;
  return WEIR_OK;
}

/* Adds the numbers of a column that has texts to its dictionary. */
static weir_status name_numbers(weiri_builder *b, int64_t j) {
  weir_table *t = b->table;
  for (int64_t i = 0; i < t->n; i++) {
    double *x = &t->owned[i * t->d + j];
    if (text_index(x) < 0 && !isnan(*x)) {
      char buf[32];
      bool is_new;
      int64_t index;
      const int len = weiri_print_real(buf, *x, false);
      WEIR_TRY(weiri_dict_add(&b->dict[j], buf, (size_t)len, &index, &is_new));
      *x = text_value(index);
    }
  }
  return WEIR_OK;
}

typedef struct entry {
  const char *text;
  bool number;
  double value;
  int64_t index;
} entry;

/* Numbers by value, then texts by bytes. */
static int compare(const void *a, const void *b) {
  const entry *x = a, *y = b;
  if (x->number != y->number) {
    return x->number ? -1 : 1;
  }
  if (x->number && x->value != y->value) {
    return x->value < y->value ? -1 : 1;
  }
  return strcmp(x->text, y->text);
}

static weir_status sort_categories(weiri_builder *b, int64_t j, entry *e, int64_t *to) {
  weir_table *t = b->table;
  const weiri_dict *dict = &b->dict[j];
  for (int64_t i = 0; i < dict->n; i++) {
    e[i].text = weiri_dict_text(dict, i);
    e[i].index = i;
    e[i].number = weiri_parse_real(e[i].text, strlen(e[i].text), &e[i].value) &&
                  !isnan(e[i].value);
  }
  qsort(e, (size_t)dict->n, sizeof *e, compare);
  const char **names = weiri_arena_take(t->arena, (size_t)dict->n * sizeof *names);
  if (names == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < dict->n; i++) {
    to[e[i].index] = i;
    names[i] = weiri_table_strdup(t, e[i].text);
    if (names[i] == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  weir_column *c = &t->column[j];
  *c = (weir_column){c->name, WEIR_CELL_CATEGORY, dict->n, names};
  return WEIR_OK;
}

static weir_status finish_texts(weiri_builder *b, int64_t j) {
  weir_table *t = b->table;
  WEIR_TRY(name_numbers(b, j));
  const size_t n = (size_t)b->dict[j].n;
  entry *e = weiri_calloc(t->ctx, n, sizeof *e);
  int64_t *to = weiri_calloc(t->ctx, n, sizeof *to);
  weir_status status = WEIR_E_MEMORY;
  if (e != NULL && to != NULL) {
    status = sort_categories(b, j, e, to);
  }
  for (int64_t i = 0; status == WEIR_OK && i < t->n; i++) {
    double *x = &t->owned[i * t->d + j];
    const int64_t index = text_index(x);
    *x = index < 0 ? (double)NAN : (double)to[index];
  }
  weiri_free(t->ctx, to);
  weiri_free(t->ctx, e);
  return status;
}

weir_status weiri_builder_finish(weiri_builder *b, bool single, weir_table **out) {
  weir_table *t = b->table;
  for (int64_t j = 0; b->dict != NULL && j < t->d; j++) {
    if (b->dict[j].n > 0) {
      WEIR_TRY(finish_texts(b, j));
    }
  }
  weiri_table_find_cells(t, single);
  if (b->labels > 0) {
    WEIR_TRY(weiri_table_label(t, b->labels, b->label));
  }
  *out = t;
  b->table = NULL;
  return WEIR_OK;
}

void weiri_builder_free(weiri_builder *b) {
  for (int64_t j = 0; b->dict != NULL && j < b->d; j++) {
    weiri_dict_free(&b->dict[j]);
  }
  weiri_free(b->ctx, b->dict);
  weiri_free(b->ctx, b->rows.text);
  weiri_free(b->ctx, b->block);
  weir_table_destroy(&b->table);
}
