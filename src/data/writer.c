/* Writing tables, a block of rows at a time. */
#include "data/writer.h"

#include <string.h>
#include <strings.h>

#include "data/table.h"

enum { NAMES_BLOCK = 1 << 12 };

static weir_status find_format(
    const char *path, const char *format, weiri_file_format *out) {
  static const char *const names[] = {"csv", "tsv", "npy"};
  const char *extension = weiri_extension(path);
  const char *word = format != NULL ? format : extension != NULL ? extension : "csv";
  *out = WEIRI_CSV;
  for (int i = 0; i < 3; i++) {
    if (strcasecmp(word, names[i]) == 0) {
      *out = (weiri_file_format)i;
      return WEIR_OK;
    }
  }
  if (strcasecmp(word, "png") == 0) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: numbers are not written as PNG, only images are: expected csv, tsv or npy",
        path);
  }
  return format == NULL
             ? weiri_fail(WEIR_E_CONFIG,
                   "%s: no table is written as '.%.32s': expected a name that ends in "
                   ".csv, .tsv or .npy, or one of them as the format",
                   path, extension)
             : weiri_fail(WEIR_E_CONFIG,
                   "unknown output format '%s', expected csv, tsv or npy", format);
}

static char *copy_text(weir_writer *w, const char *s) {
  const size_t size = strlen(s) + 1;
  char *copy = weiri_arena_take(w->arena, size);
  if (copy != NULL) {
    memcpy(copy, s, size);
  }
  return copy;
}

static weir_status copy_column(
    weir_writer *w, const weir_column *from, weir_column *to) {
  const size_t k = from->cell == WEIR_CELL_CATEGORY ? (size_t)from->categories : 0;
  const char **names = weiri_arena_take(w->arena, (k + 1) * sizeof *names);
  *to = *from;
  to->name = copy_text(w, from->name);
  to->category = names;
  for (size_t i = 0; names != NULL && i < k; i++) {
    names[i] = copy_text(w, from->category[i]);
    if (names[i] == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  return names != NULL && to->name != NULL ? WEIR_OK : WEIR_E_MEMORY;
}

static weir_status begin(weir_writer *w, const char *path, const weir_column *column) {
  WEIR_TRY(weiri_arena_create(&w->arena, w->ctx, NAMES_BLOCK));
  w->column = weiri_calloc(w->ctx, (size_t)w->d, sizeof *w->column);
  if (w->column == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < w->d; j++) {
    WEIR_TRY(copy_column(w, &column[j], &w->column[j]));
  }
  WEIR_TRY(weiri_sink_open(&w->sink, w->ctx, path));
  w->sunk = true;
  return w->format == WEIRI_NPY ? weiri_npy_begin(w) : weiri_csv_begin(w);
}

weir_status weir_writer_open(weir_writer **out, weir_ctx *ctx, const char *path,
    const char *format, int64_t columns, const weir_column *column, int64_t rows) {
  return weir_writer_open_images(out, ctx, path, format, columns, column, NULL, rows);
}

weir_status weir_writer_open_images(weir_writer **out, weir_ctx *ctx, const char *path,
    const char *format, int64_t columns, const weir_column *column,
    const weir_image *image, int64_t rows) {
  *out = NULL;
  weiri_file_format f;
  WEIR_TRY(find_format(path, format, &f));
  if (columns < 1 || column == NULL) {
    return weiri_fail(WEIR_E_ARGUMENT, "%s: a table needs at least 1 column", path);
  }
  if (image != NULL && image->height * image->width * image->channels != columns) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "%s: %lld columns are no image of %lld x %lld x %lld", path, (long long)columns,
        (long long)image->height, (long long)image->width, (long long)image->channels);
  }
  weir_writer *w = weiri_calloc(ctx, 1, sizeof *w);
  if (w == NULL) {
    return WEIR_E_MEMORY;
  }
  w->image = image == NULL ? (weir_image){0} : *image;
  w->ctx = ctx;
  w->format = f;
  w->d = columns;
  w->rows = rows;
  const weir_status status = begin(w, path, column);
  if (status != WEIR_OK) {
    weir_writer_destroy(&w);
    return status;
  }
  *out = w;
  return WEIR_OK;
}

weir_status weiri_writer_fail(
    const weir_writer *w, int64_t i, int64_t j, double x, const char *expected) {
  char text[32];
  (void)weiri_print_real(text, x, false);
  return weiri_fail(WEIR_E_DATA, "output row %lld, column '%s': %s, expected %s",
      (long long)(w->written + i) + 1, w->column[j].name, text, expected);
}

weir_status weir_writer_rows(weir_writer *writer, int64_t n, const double *values) {
  weir_writer *w = writer;
  if (n < 0 || (w->rows >= 0 && n > w->rows - w->written)) {
    return weiri_fail(WEIR_E_ARGUMENT, "writer: %lld rows after %lld of %lld announced",
        (long long)n, (long long)w->written, (long long)w->rows);
  }
  WEIR_TRY(w->format == WEIRI_NPY ? weiri_npy_rows(w, n, values)
                                  : weiri_csv_rows(w, n, values));
  w->written += n;
  return WEIR_OK;
}

bool weir_writer_closed(const weir_writer *writer) {
  return writer->sink.closed;
}

static weir_status finish(weir_writer *w) {
  if (w->rows >= 0 && w->written != w->rows && !w->sink.closed) {
    return weiri_fail(WEIR_E_ARGUMENT, "writer: %lld rows written, %lld announced",
        (long long)w->written, (long long)w->rows);
  }
  if (w->format == WEIRI_NPY) {
    WEIR_TRY(weiri_npy_end(w));
  }
  return weiri_sink_close(&w->sink);
}

weir_status weir_writer_close(weir_writer **writer) {
  if (*writer == NULL) {
    return WEIR_OK;
  }
  const weir_status status = finish(*writer);
  weir_writer_destroy(writer);
  return status;
}

void weir_writer_destroy(weir_writer **writer) {
  weir_writer *w = *writer;
  if (w == NULL) {
    return;
  }
  if (w->sunk) {
    weiri_sink_abort(&w->sink, w->ctx);
  }
  if (w->spool != NULL) {
    (void)fclose(w->spool);
  }
  weiri_free(w->ctx, w->column);
  weiri_arena_destroy(&w->arena);
  weiri_free(w->ctx, w);
  *writer = NULL;
}

weir_status weir_table_write(
    const weir_table *table, const char *path, const char *format) {
  weir_writer *w = NULL;
  const double *values = weir_table_values(table);
  if (values == NULL && table->bytes != NULL) {
    return WEIR_E_MEMORY;
  }
  WEIR_TRY(weir_writer_open(
      &w, table->ctx, path, format, table->d, table->column, table->n));
  const weir_status status = weir_writer_rows(w, table->n, values);
  if (status != WEIR_OK) {
    weir_writer_destroy(&w);
    return status;
  }
  return weir_writer_close(&w);
}
