/* Writers from within: where bytes go, and the two formats. */
#ifndef WEIRI_WRITER_H
#define WEIRI_WRITER_H

#include <stdio.h>

#include "base/base.h"
#include "base/file.h"
#include "weir/data.h"

/* A file that appears when it is whole, or standard output. */
typedef struct weiri_sink {
  weiri_out *out; /* NULL: standard output */
  bool closed;    /* nobody reads standard output any more */
  char *buf;
  size_t n;
} weiri_sink;

weir_status weiri_sink_open(weiri_sink *s, const weir_ctx *ctx, const char *path);
weir_status weiri_sink_write(weiri_sink *s, const void *data, size_t size);
/* Flushes and commits. */
weir_status weiri_sink_close(weiri_sink *s);
void weiri_sink_abort(weiri_sink *s, const weir_ctx *ctx);

typedef enum weiri_file_format { WEIRI_CSV, WEIRI_TSV, WEIRI_NPY } weiri_file_format;

struct weir_writer {
  weir_ctx *ctx;
  weiri_arena *arena;
  weiri_file_format format;
  weiri_sink sink;
  bool sunk; /* the sink is open */
  int64_t d;
  weir_image image; /* height 0: rows are no images */
  weir_column *column;
  int64_t rows, written; /* announced (-1: unknown), so far */
  weir_cell number;      /* NPY: REAL, REAL32 or INTEGER */
  FILE *spool;           /* NPY of unknown length: the numbers, until it is known */
};

weir_status weiri_csv_begin(weir_writer *w);
weir_status weiri_csv_rows(weir_writer *w, int64_t n, const double *values);
weir_status weiri_npy_begin(weir_writer *w);
weir_status weiri_npy_rows(weir_writer *w, int64_t n, const double *values);
weir_status weiri_npy_end(weir_writer *w);

/* Fails for row i of the block, column j. */
weir_status weiri_writer_fail(
    const weir_writer *w, int64_t i, int64_t j, double x, const char *expected);

#endif
