/* The registry of file formats, and reading by blocks or whole. */
#include "data/reader.h"

#include <string.h>
#include <strings.h>

#include "base/bulk.h"
#include "base/ctx.h"
#include "data/table.h"

enum { CLASS_KIND = 100 }; /* of readers in the context's list */

/* What is kept of a file for its schema: rows spread evenly. */
typedef struct thinning {
  int64_t most, stride, seen;
} thinning;

struct weir_reader {
  weir_ctx *ctx;
  weir_source *source;
  const weir_reader_class *cls;
  void *self;
  weir_layout layout;
  weir_read_opts opts;
  weir_reader *labels; /* a row for each row, or NULL */
  int64_t row;         /* rows given */
};

static const weir_reader_class *const BUILTIN[] = {
#define WEIR_READER(name, doc) &weiri_reader_##name,
#include "weir/readers.def"
#undef WEIR_READER
};
enum { BUILTINS = sizeof BUILTIN / sizeof BUILTIN[0] };

const weir_reader_class *weir_reader_class_at(const weir_ctx *ctx, int i) {
  if (i < BUILTINS) {
    return i < 0 ? NULL : BUILTIN[i];
  }
  const weiri_entry *e = weiri_ctx_next(ctx, CLASS_KIND, NULL);
  for (int at = BUILTINS; e != NULL && at < i; at++) {
    e = weiri_ctx_next(ctx, CLASS_KIND, e);
  }
  return e != NULL ? e->cls : NULL;
}

static const weir_reader_class *find_class(const weir_ctx *ctx, const char *name) {
  const weir_reader_class *c;
  for (int i = 0; (c = weir_reader_class_at(ctx, i)) != NULL; i++) {
    if (strcmp(c->name, name) == 0) {
      break;
    }
  }
  return c;
}

weir_status weir_register_reader(weir_ctx *ctx, const weir_reader_class *cls) {
  if (cls == NULL || cls->name == NULL || cls->sniff == NULL || cls->open == NULL ||
      cls->next == NULL || cls->close == NULL) {
    return weiri_fail(
        WEIR_E_ARGUMENT, "a reader needs a name, sniff, open, next and close");
  }
  if (find_class(ctx, cls->name) != NULL) {
    return weiri_fail(WEIR_E_ARGUMENT, "there is a reader '%s' already", cls->name);
  }
  return weiri_ctx_register(ctx, CLASS_KIND, cls->name, cls);
}

/* Whether the name, without .gz, ends in one of the suffixes "csv|tsv". */
static bool has_suffix(const char *name, const char *suffixes) {
  size_t n = strlen(name);
  if (n > 3 && strcasecmp(name + n - 3, ".gz") == 0) {
    n -= 3;
  }
  for (const char *s = suffixes; s != NULL && *s != '\0';) {
    const size_t k = strcspn(s, "|");
    if (n > k && name[n - k - 1] == '.' && strncasecmp(name + n - k, s, k) == 0) {
      return true;
    }
    s += k + (s[k] == '|');
  }
  return false;
}

static weir_status choose(
    const weir_reader_class **out, weir_source *source, const char *format) {
  weir_ctx *ctx = weir_source_ctx(source);
  const char *name = weir_source_name(source);
  const unsigned char *head = NULL;
  size_t n = 0;
  if (format != NULL) {
    *out = find_class(ctx, format);
    return *out != NULL ? WEIR_OK
                        : weiri_fail(WEIR_E_CONFIG,
                              "unknown data format '%s', expected csv, npy, idx, png, "
                              "jpeg or folder",
                              format);
  }
  WEIR_TRY(weiri_source_peek(source, &head, &n));
  if (n >= 4 && memcmp(head, "PK\003\004", 4) == 0) {
    return weiri_fail(WEIR_E_FORMAT,
        "%s: is a zip archive (as spreadsheets are), not a table that weir reads: "
        "unpack it, or save it as CSV",
        name);
  }
  int best = 0;
  const weir_reader_class *c;
  *out = NULL;
  for (int i = 0; (c = weir_reader_class_at(ctx, i)) != NULL; i++) {
    const int sure = 2 * c->sniff(head, n) + has_suffix(name, c->suffixes);
    if (sure > best) {
      best = sure;
      *out = c;
    }
  }
  return *out != NULL
             ? WEIR_OK
             : weiri_fail(WEIR_E_FORMAT,
                   "%s: is not a table that weir reads (CSV, NPY, IDX, PNG, JPEG)",
                   name);
}

/* Copies the caller's options over the defaults. */
static weir_status full_opts(weir_read_opts *full, const weir_read_opts *opts) {
  const weir_read_opts init = WEIR_READ_OPTS_INIT;
  *full = init;
  if (opts != NULL) {
    if (opts->struct_size == 0 || opts->struct_size > sizeof *full) {
      return weiri_fail(WEIR_E_ARGUMENT,
          "weir_read_opts: struct_size is %u, expected %zu",
          (unsigned)opts->struct_size, sizeof *full);
    }
    memcpy(full, opts, opts->struct_size);
  }
  return WEIR_OK;
}

/* The file of labels, whose rows must be as many where both are known. */
static weir_status open_labels(weir_reader *r, const char *path) {
  WEIR_TRY(weir_reader_open(&r->labels, r->ctx, path, NULL));
  const int64_t labels = r->labels->layout.rows, rows = r->layout.rows;
  return labels < 0 || rows < 0 || labels == rows
             ? WEIR_OK
             : weiri_fail(WEIR_E_MISMATCH, "%s: %lld labels for the %lld rows of %s",
                   path, (long long)labels, (long long)rows,
                   weir_source_name(r->source));
}

weir_status weiri_reader_open_source(
    weir_reader **out, weir_source **source, const weir_read_opts *opts) {
  *out = NULL;
  weir_status status = WEIR_OK;
  weir_read_opts full;
  weir_ctx *ctx = weir_source_ctx(*source);
  weir_reader *r = weiri_calloc(ctx, 1, sizeof *r);
  if (r == NULL) {
    weiri_source_close(source);
    return WEIR_E_MEMORY;
  }
  r->ctx = ctx;
  r->source = *source;
  *source = NULL;
  WEIR_TRY_GOTO(failed, full_opts(&full, opts));
  WEIR_TRY_GOTO(failed, choose(&r->cls, r->source, full.format));
  WEIR_TRY_GOTO(failed, r->cls->open(&r->self, r->source, &full, &r->layout));
  if (r->layout.columns < 1) {
    status = weiri_fail(WEIR_E_DATA, "%s: has no columns", weir_source_name(r->source));
    goto failed;
  }
  r->opts = full;
  r->opts.format = r->opts.labels = NULL; /* the caller's */
  if (full.labels != NULL) {
    WEIR_TRY_GOTO(failed, open_labels(r, full.labels));
  }
  *out = r;
  return WEIR_OK;
failed:
  weir_reader_close(&r);
  return status;
}

weir_status weir_reader_open(
    weir_reader **out, weir_ctx *ctx, const char *path, const weir_read_opts *opts) {
  *out = NULL;
  weir_read_opts full;
  weir_source *source = NULL;
  WEIR_TRY(full_opts(&full, opts));
  WEIR_TRY(weiri_source_open(&source, ctx, path, full.max_bytes));
  return weiri_reader_open_source(out, &source, &full);
}

int64_t weir_reader_rows(const weir_reader *reader) {
  return reader->layout.rows;
}

int64_t weir_reader_bytes(const weir_reader *reader) {
  const weir_layout *l = &reader->layout;
  return l->rows >= 0             ? l->rows * l->columns * (int64_t)sizeof(double)
         : reader->source != NULL ? weir_source_size(reader->source)
                                  : -1;
}

const double *weiri_reader_mapped(const weir_reader *reader) {
  return reader->layout.mapped;
}

void weir_reader_close(weir_reader **reader) {
  weir_reader *r = *reader;
  if (r == NULL) {
    return;
  }
  if (r->cls != NULL && r->self != NULL) {
    r->cls->close(r->self);
  }
  weir_reader_close(&r->labels);
  weiri_source_close(&r->source);
  weiri_free(r->ctx, r);
  *reader = NULL;
}

static weir_status fill(weir_reader *r, weiri_builder *b, int64_t max_rows) {
  while (b->table->n < max_rows) {
    WEIR_TRY(weiri_builder_begin(b, max_rows - b->table->n));
    WEIR_TRY(r->cls->next(r->self, &b->rows));
    if (b->rows.n == 0) {
      break;
    }
    WEIR_TRY(weiri_builder_take(b));
  }
  return WEIR_OK;
}

/* Of the table's rows from first on, in the file from seen on, those that the stride
 * keeps; and half of all when there are too many. */
static void thin(weir_table *t, int64_t first, thinning *k) {
  int64_t n = first;
  for (int64_t i = first; i < t->n; i++, k->seen++) {
    if (k->seen % k->stride == 0) {
      weiri_table_move(t, i, n++);
    }
  }
  t->n = n;
  while (t->n > k->most) {
    k->stride *= 2;
    for (n = 0; 2 * n < t->n; n++) {
      weiri_table_move(t, 2 * n, n);
    }
    t->n = n;
  }
}

static weir_status fill_thinned(weir_reader *r, weiri_builder *b, int64_t most) {
  thinning k = {most, 1, 0};
  for (;;) {
    const int64_t first = b->table->n;
    WEIR_TRY(weiri_builder_begin(b, INT64_MAX));
    WEIR_TRY(r->cls->next(r->self, &b->rows));
    if (b->rows.n == 0) {
      return WEIR_OK;
    }
    weiri_bulk_touch(r->ctx, b->rows.n * r->layout.columns * (int64_t)sizeof(double));
    WEIR_TRY(weiri_builder_take(b));
    thin(b->table, first, &k);
  }
}

/* A table of at most so many rows of the file, evenly spread; all texts are known. */
static weir_status thinned_table(weir_table **out, weir_reader *r, int64_t most) {
  weiri_builder b;
  weir_status status = WEIR_OK;
  WEIR_TRY(weiri_builder_init(
      &b, r->ctx, &r->layout, weir_source_name(r->source), INT64_MAX));
  WEIR_TRY_GOTO(done, fill_thinned(r, &b, most));
  if (b.table->n > 0) {
    status = weiri_builder_finish(&b, r->layout.single, out);
  }
done:
  weiri_builder_free(&b);
  return status;
}

/* What the options add to a block: its labels, the size of its images. */
static weir_status complete(weir_reader *r, weir_table *t) {
  WEIR_TRY(weiri_table_set_shape(t, &r->opts));
  if (r->labels == NULL) {
    return WEIR_OK;
  }
  weir_table *labels = NULL;
  weir_status status = weir_reader_next(r->labels, t->n, &labels);
  if (status == WEIR_OK && labels == NULL) {
    status = weiri_fail(WEIR_E_MISMATCH, "%s: has no label for row %lld of %s",
        weir_source_name(r->labels->source), (long long)t->first + 1,
        weir_source_name(r->source));
  }
  if (status == WEIR_OK) {
    status = weiri_table_add_labels(t, labels);
  }
  weir_table_destroy(&labels);
  return status;
}

weir_status weir_reader_next(weir_reader *reader, int64_t max_rows, weir_table **out) {
  *out = NULL;
  if (max_rows < 1) {
    return weiri_fail(WEIR_E_ARGUMENT, "a block needs at least 1 row");
  }
  weiri_builder b;
  weir_status status = WEIR_OK;
  WEIR_TRY(weiri_builder_init(
      &b, reader->ctx, &reader->layout, weir_source_name(reader->source), max_rows));
  b.table->first = reader->row;
  WEIR_TRY_GOTO(done, fill(reader, &b, max_rows));
  reader->row += b.table->n;
  weiri_bulk_touch(
      reader->ctx, b.table->n * reader->layout.columns * (int64_t)sizeof(double));
  if (b.table->n > 0) {
    status = weiri_builder_finish(&b, reader->layout.single, out);
  }
  if (status == WEIR_OK && *out != NULL) {
    status = complete(reader, *out);
    if (status != WEIR_OK) {
      weir_table_destroy(out);
    }
  }
done:
  weiri_builder_free(&b);
  return status;
}

/* A table whose values stay where the file is mapped; it keeps the reader. */
static weir_status mapped_table(weir_table **out, weir_reader **reader) {
  weir_reader *r = *reader;
  weir_table *t = NULL;
  WEIR_TRY(weiri_table_create(
      &t, r->ctx, r->layout.columns, r->layout.names, weir_source_name(r->source)));
  t->n = r->layout.rows;
  t->values = r->layout.mapped;
  t->counts = r->layout.counts;
  t->height = r->layout.height;
  t->width = r->layout.width;
  t->channels = r->layout.channels;
  t->keeper = r;
  *reader = NULL;
  weiri_table_find_cells(t, false);
  const weir_status status = complete(r, t);
  if (status != WEIR_OK) {
    weir_table_destroy(&t);
    return status;
  }
  *out = t;
  return WEIR_OK;
}

weir_status weiri_table_read_source(
    weir_table **out, weir_source **source, const weir_read_opts *opts) {
  *out = NULL;
  weir_reader *r = NULL;
  weir_status status = WEIR_OK;
  WEIR_TRY(weiri_reader_open_source(&r, source, opts));
  if (opts != NULL && opts->sample > 0) {
    status = thinned_table(out, r, opts->sample);
  } else if (r->layout.mapped != NULL && r->layout.rows > 0) {
    status = mapped_table(out, &r);
  } else {
    status = weir_reader_next(r, INT64_MAX, out);
  }
  if (status == WEIR_OK && *out == NULL) {
    status =
        weiri_fail(WEIR_E_DATA, "%s: has no rows of data", weir_source_name(r->source));
  }
  weir_reader_close(&r);
  return status;
}

weir_status weir_table_read(
    weir_table **out, weir_ctx *ctx, const char *path, const weir_read_opts *opts) {
  *out = NULL;
  weir_read_opts full;
  weir_source *source = NULL;
  WEIR_TRY(full_opts(&full, opts));
  WEIR_TRY(weiri_source_open(&source, ctx, path, full.max_bytes));
  return weiri_table_read_source(out, &source, &full);
}
