/* Frames from within: one column of a table as one column of a schema. */
#ifndef WEIRI_FRAME_H
#define WEIRI_FRAME_H

#include "data/schema.h"
#include "data/table.h"

/* An array in a file of its own. */
typedef struct weiri_mapped {
  void *at;
  size_t size;
} weiri_mapped;

struct weir_frame {
  weir_ctx *ctx;
  int64_t n, d, c;
  const double *x; /* owned_x, or the table's */
  /* x of whole numbers that are bytes in the table, bytes_d of them from row to row; x
   * is made of them when it is asked for. NULL: x stands. */
  const unsigned char *bytes;
  int64_t bytes_d;
  double *owned_x, *context, *weights;
  int64_t *row;            /* NULL: all */
  int64_t first;           /* number of the table's first row in its file */
  const weir_table *table; /* that it is of; NULL: read from a file */
  int64_t dropped;
  char *note;
  /* Read from a file (frame_file.c): x, context, weights, row are these, or x is in the
   * file that the keeper has mapped. */
  bool streamed;
  weiri_mapped map[4];
  weir_reader *keeper;
};

/* Whether it has event columns, without making numbers of bytes. */
static inline bool weiri_frame_has_x(const weir_frame *f) {
  return f->x != NULL || f->bytes != NULL;
}
/* Row i of x: where it stands, or in buf [d]. */
const double *weiri_frame_row_x(const weir_frame *f, int64_t i, double *buf);
/* Bytes that its own numbers take, without those that are its table's. */
int64_t weiri_frame_bytes(const weir_frame *f);

/* The caller's options over the defaults. */
weir_status weiri_frame_opts(weir_frame_opts *full, const weir_frame_opts *opts);
/* Frame of a block of a longer table: weights as they stand; it may have no rows. */
weir_status weiri_frame_block(weir_frame **out, weir_ctx *ctx,
    const weir_schema *schema, const weir_table *table, const weir_frame_opts *opts);
/* Divides the weights by their mean. */
weir_status weiri_frame_scale_weights(weir_frame *f, const char *source);
/* Makes the note about columns of t passed over and rows dropped. */
weir_status weiri_frame_note(
    weir_frame *f, const weir_schema *schema, const weir_table *t);
/* Ends what map and keeper hold. */
void weiri_frame_unmap(weir_frame *f);

/* Fails for frame row i, with "source: line 17: " before the message. */
weir_status weiri_frame_fail(
    const weir_frame *f, weir_status code, int64_t i, const char *text);

/* How the values of a table's column become those of a schema's. */
typedef struct weiri_map {
  const weir_schema *schema;
  const weir_table *table;
  int64_t to, from; /* column of the schema, of the table */
  double *by_index; /* table categories to values, or schema categories as numbers */
  bool *bad;        /* [table categories]: has no value in the schema */
  double largest;   /* on either side */
} weiri_map;

/* largest: of weir_frame_opts. */
weir_status weiri_map_init(weiri_map *m, const weir_schema *s, int64_t to,
    const weir_table *t, int64_t from, double largest);
void weiri_map_free(weiri_map *m);
/* The value of a row: checked against the column's domain, snapped, wrapped. */
weir_status weiri_map_value(const weiri_map *m, int64_t row, double *out);
/* Grid value of index k of an ordinal column, rounded as a decimal would be. */
double weiri_grid_value(const weir_column_type *type, double k);

#endif
