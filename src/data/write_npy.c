/* NPY output, format 1.0: float64, float32 or int64 in little-endian C order. The
 * header states the number of rows; where that is not known yet the numbers wait in a
 * temporary file. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <math.h>
#include <string.h>

#include "data/writer.h"

enum { HEADER = 128, BLOCK = 1 << 14 };

/* float32 or int64 where all columns are, else float64. */
static weir_cell common_cell(const weir_writer *w) {
  bool single = true, whole = true;
  for (int64_t j = 0; j < w->d; j++) {
    const weir_cell c = w->column[j].cell;
    single = single && c == WEIR_CELL_REAL32;
    whole = whole && (c == WEIR_CELL_INTEGER || c == WEIR_CELL_CATEGORY);
  }
  return single ? WEIR_CELL_REAL32 : whole ? WEIR_CELL_INTEGER : WEIR_CELL_REAL;
}

static weir_status put_header(weir_writer *w, int64_t rows) {
  unsigned char h[HEADER];
  char text[HEADER - 10 + 1], columns[64] = "";
  const weir_image *m = &w->image;
  if (m->height > 0 && m->channels == 1) {
    (void)snprintf(columns, sizeof columns, " %lld, %lld", (long long)m->height,
        (long long)m->width);
  } else if (m->height > 0) {
    (void)snprintf(columns, sizeof columns, " %lld, %lld, %lld", (long long)m->channels,
        (long long)m->height, (long long)m->width);
  } else if (w->d > 1) {
    (void)snprintf(columns, sizeof columns, " %lld", (long long)w->d);
  }
  const int n = snprintf(text, sizeof text,
      "{'descr': '%s', 'fortran_order': False, 'shape': (%lld,%s), }",
      w->number == WEIR_CELL_REAL32    ? "<f4"
      : w->number == WEIR_CELL_INTEGER ? "<i8"
                                       : "<f8",
      (long long)rows, columns);
  memcpy(h, "\x93NUMPY\x01\x00", 8);
  h[8] = HEADER - 10;
  h[9] = 0;
  memset(h + 10, ' ', HEADER - 10);
  memcpy(h + 10, text, (size_t)n);
  h[HEADER - 1] = '\n';
  return weiri_sink_write(&w->sink, h, HEADER);
}

weir_status weiri_npy_begin(weir_writer *w) {
  w->number = common_cell(w);
  if (w->rows >= 0) {
    return put_header(w, w->rows);
  }
  w->spool = tmpfile();
  return w->spool != NULL ? WEIR_OK
                          : weiri_fail(WEIR_E_IO, "cannot make a temporary file: %s",
                                weiri_strerror(errno));
}

static weir_status put(weir_writer *w, const void *data, size_t size) {
  if (w->spool == NULL) {
    return weiri_sink_write(&w->sink, data, size);
  }
  return fwrite(data, 1, size, w->spool) == size
             ? WEIR_OK
             : weiri_fail(WEIR_E_IO, "cannot write to a temporary file: %s",
                   weiri_strerror(errno));
}

/* The bits of x as the file has them, little-endian; returns how many bytes. */
static size_t encode(const weir_writer *w, double x, unsigned char out[8]) {
  uint64_t bits = 0;
  size_t size = 8;
  if (w->number == WEIR_CELL_REAL32) {
    const float f = (float)x;
    uint32_t low;
    memcpy(&low, &f, sizeof low);
    bits = low;
    size = 4;
  } else if (w->number == WEIR_CELL_INTEGER) {
    bits = (uint64_t)(int64_t)x;
  } else {
    memcpy(&bits, &x, sizeof bits);
  }
  for (size_t i = 0; i < size; i++) {
    out[i] = (unsigned char)(bits >> (8 * i));
  }
  return size;
}

static weir_status check(const weir_writer *w, int64_t i, int64_t j, double x) {
  const weir_column *c = &w->column[j];
  const bool category = c->cell == WEIR_CELL_CATEGORY;
  if ((category || c->cell == WEIR_CELL_INTEGER) &&
      !(isnan(x) && w->number == WEIR_CELL_REAL) &&
      (x != floor(x) || fabs(x) > 9007199254740992.0)) {
    return weiri_writer_fail(w, i, j, x, "a whole number");
  }
  if (category && (x < 0 || x >= (double)c->categories)) {
    return weiri_writer_fail(w, i, j, x, "the index of a category");
  }
  return WEIR_OK;
}

weir_status weiri_npy_rows(weir_writer *w, int64_t n, const double *values) {
  unsigned char block[BLOCK];
  size_t used = 0;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < w->d; j++) {
      const double x = values[i * w->d + j];
      WEIR_TRY(check(w, i, j, x));
      used += encode(w, x, block + used);
      if (used + 8 > BLOCK) {
        WEIR_TRY(put(w, block, used));
        used = 0;
      }
    }
  }
  return put(w, block, used);
}

weir_status weiri_npy_end(weir_writer *w) {
  if (w->spool == NULL) {
    return WEIR_OK;
  }
  if (fflush(w->spool) != 0) {
    return weiri_fail(
        WEIR_E_IO, "cannot write to a temporary file: %s", weiri_strerror(errno));
  }
  WEIR_TRY(put_header(w, w->written));
  char block[BLOCK];
  size_t n;
  rewind(w->spool);
  while ((n = fread(block, 1, BLOCK, w->spool)) > 0) {
    WEIR_TRY(weiri_sink_write(&w->sink, block, n));
  }
  return ferror(w->spool) == 0
             ? WEIR_OK
             : weiri_fail(WEIR_E_IO, "cannot read back a temporary file");
}
