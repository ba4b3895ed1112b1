/* A table from within, and the builder that makes one from blocks of rows. */
#ifndef WEIRI_TABLE_H
#define WEIRI_TABLE_H

#include "base/base.h"
#include "data/dict.h"
#include "weir/sys/reader.h"

struct weir_table {
  weir_ctx *ctx;
  weiri_arena *arena; /* names, categories, source */
  int64_t n, d;
  const double *values; /* owned, or inside keeper; NULL: bytes alone */
  double *owned;
  unsigned char *bytes; /* [n, d] numbers of images that are all bytes, or NULL */
  weir_column *column;
  char *source;
  bool named;
  bool counts;           /* pixels */
  int64_t height, width; /* of images, a row each; 0: not known */
  int64_t channels;      /* of them, 0 as 1 */
  bool labelled;         /* the last column is a label beside the image */
  bool shape_given;      /* asked for, so that it must fit the schema */
  int64_t *line;         /* [n], or NULL: row numbers from first */
  int64_t first;         /* rows of the file before this block */
  weir_reader *keeper;   /* owns mapped values */
};

/* An empty table with names (copied; NULL: x1 ...), no values. */
weir_status weiri_table_create(weir_table **out, weir_ctx *ctx, int64_t d,
    const char *const *names, const char *source);
/* Number i of [n, d], row by row. */
static inline double weiri_table_at(const weir_table *t, int64_t i) {
  return t->bytes != NULL ? (double)t->bytes[i] : t->values[i];
}
/* While a table is made: bytes become float64, in room for so many rows; number i of
 * [n, d] becomes x, whatever they are held as. */
weir_status weiri_table_widen(weir_table *t, int64_t rows);
weir_status weiri_table_put(weir_table *t, int64_t i, double x);
static inline bool weiri_is_byte(double x) {
  return x >= 0.0 && x <= 255.0 && x == (double)(unsigned char)x;
}
/* Row from to the place of row to. */
void weiri_table_move(weir_table *t, int64_t from, int64_t to);
char *weiri_table_strdup(weir_table *t, const char *s);
/* Fails with "source: line 17, column 'x': " before the message; column -1: no column.
 */
weir_status weiri_table_fail(const weir_table *t, weir_status code, int64_t row,
    int64_t column, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Sets each column that has no categories to integer, float32 or real. */
void weiri_table_find_cells(weir_table *t, bool single);
/* Index of name among columns, -1 when absent. */
int64_t weiri_find_column(const weir_column *column, int64_t d, const char *name);
/* ", did you mean 'x'?" for the nearest of the columns' names, or "": into buf. */
const char *weiri_near_column(const weir_ctx *ctx, const weir_column *column, int64_t d,
    const char *name, char *buf, size_t size);

/* Whether all columns but a label are pixels. */
bool weiri_table_pixels(const weir_table *t);
/* Makes the last column one of the k names, called "label". */
weir_status weiri_table_label(weir_table *t, int64_t k, const char *const *names);
/* Adds the one column of labels to t as its last, one of categories called "label". */
weir_status weiri_table_add_labels(weir_table *t, const weir_table *labels);
/* What the options say of the images' size, checked against the columns. */
weir_status weiri_table_set_shape(weir_table *t, const weir_read_opts *opts);

/* Collects blocks of rows. While it collects, a text is a NaN whose low bits say which
 * text of the column's dictionary it is. */
typedef struct weiri_builder {
  weir_ctx *ctx;
  int64_t d;
  weir_table *table;
  weiri_dict *dict; /* [d], or NULL where the format has no text */
  int64_t cap;
  weir_rows rows; /* the block that the reader fills */
  double *block;  /* its numbers while the table holds bytes, or NULL */
  int64_t labels; /* names of the last column, of the reader */
  const char *const *label;
} weiri_builder;

weir_status weiri_builder_init(weiri_builder *b, weir_ctx *ctx,
    const weir_layout *layout, const char *source, int64_t block);
/* Makes room for the block's next rows in the table; b->rows is ready for the reader.
 */
weir_status weiri_builder_begin(weiri_builder *b, int64_t want);
/* Takes b->rows into the table. */
weir_status weiri_builder_take(weiri_builder *b);
/* Gives the table: categories sorted (numbers first), texts replaced by their index. */
weir_status weiri_builder_finish(weiri_builder *b, bool single, weir_table **out);
void weiri_builder_free(weiri_builder *b);

#endif
