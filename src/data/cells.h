/* Binary numbers of a file to float64. */
#ifndef WEIRI_CELLS_H
#define WEIRI_CELLS_H

#include "base/base.h"
#include "weir/sys/reader.h"

typedef enum weiri_cell_type {
  WEIRI_U1,
  WEIRI_I1,
  WEIRI_U2,
  WEIRI_I2,
  WEIRI_U4,
  WEIRI_I4,
  WEIRI_U8,
  WEIRI_I8,
  WEIRI_F4,
  WEIRI_F8
} weiri_cell_type;

size_t weiri_cell_size(weiri_cell_type type);
/* n numbers at src (any alignment), big-endian if so, to float64. 64-bit integers
 * beyond 2^53 are rounded. */
void weiri_cells_read(
    weiri_cell_type type, bool big, const void *src, int64_t n, double *out);

/* Numbers of one type in rows, as NPY (C order) and IDX have them. */
typedef struct weiri_cells {
  weir_source *source;
  weiri_cell_type type;
  bool big;
  int64_t rows, columns;
  int64_t row;   /* rows given */
  size_t header; /* bytes before the numbers */
  void *buf;     /* raw bytes of a block */
  size_t buf_size;
} weiri_cells;

/* Checks that rows x columns numbers can be in the source and, where its size is known,
 * that they fill it. Needs rows, columns, type, source and header. */
weir_status weiri_cells_check(const weiri_cells *c);
weir_status weiri_cells_next(weiri_cells *c, weir_rows *rows);
/* All remaining bytes into *data, memory of the context. */
weir_status weiri_cells_slurp(weiri_cells *c, void **data);

#endif
