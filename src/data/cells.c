/* Binary numbers of either byte order to float64, a block of rows at a time. */
#include "data/cells.h"

#include <string.h>

enum { COLUMNS_MAX = 1 << 24, SLURP = 1 << 20 };

size_t weiri_cell_size(weiri_cell_type type) {
  static const size_t size[] = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8};
  return size[type];
}

static uint64_t load(const unsigned char *p, size_t size, bool big) {
  uint64_t bits = 0;
  for (size_t i = 0; i < size; i++) {
    bits = (bits << 8) | p[big ? i : size - 1 - i];
  }
  return bits;
}

static double value(weiri_cell_type type, uint64_t bits) {
  const uint32_t low = (uint32_t)bits;
  float f;
  double d;
  switch (type) {
  case WEIRI_U1:
  case WEIRI_U2:
  case WEIRI_U4:
  case WEIRI_U8:
    return (double)bits;
  case WEIRI_I1:
    return (double)(int8_t)bits;
  case WEIRI_I2:
    return (double)(int16_t)bits;
  case WEIRI_I4:
    return (double)(int32_t)bits;
  case WEIRI_I8:
    return (double)(int64_t)bits;
  case WEIRI_F4:
    memcpy(&f, &low, sizeof f);
    return (double)f;
  case WEIRI_F8:
    break;
  }
  memcpy(&d, &bits, sizeof d);
  return d;
}

void weiri_cells_read(
    weiri_cell_type type, bool big, const void *src, int64_t n, double *out) {
  const unsigned char *p = src;
  const size_t size = weiri_cell_size(type);
  for (int64_t i = 0; i < n; i++, p += size) {
    out[i] = value(type, load(p, size, big));
  }
}

weir_status weiri_cells_check(const weiri_cells *c) {
  const char *name = weir_source_name(c->source);
  if (c->rows == 0) {
    return weiri_fail(WEIR_E_DATA, "%s: has no rows of data", name);
  }
  if (c->columns < 1 || c->columns > COLUMNS_MAX) {
    return weiri_fail(WEIR_E_UNSUPPORTED,
        "%s: header says %lld columns, expected 1 to %d", name, (long long)c->columns,
        COLUMNS_MAX);
  }
  const int64_t row = c->columns * (int64_t)weiri_cell_size(c->type);
  const int64_t bound = weir_source_bound(c->source) - (int64_t)c->header;
  if (c->rows > (bound < 0 ? 0 : bound) / row) {
    return weiri_fail(WEIR_E_FORMAT,
        "%s: truncated, or its header lies: it says %lld rows of %lld bytes, at most "
        "%lld bytes can follow",
        name, (long long)c->rows, (long long)row, (long long)(bound < 0 ? 0 : bound));
  }
  const int64_t size = weir_source_size(c->source);
  if (size >= 0 && size != (int64_t)c->header + c->rows * row) {
    return weiri_fail(WEIR_E_FORMAT,
        "%s: has %lld bytes, its header says %lld rows of %lld bytes after %zu", name,
        (long long)size, (long long)c->rows, (long long)row, c->header);
  }
  return WEIR_OK;
}

static weir_status truncated(const weiri_cells *c, int64_t row) {
  return weiri_fail(WEIR_E_FORMAT,
      "%s: truncated in row %lld of %lld that its header says",
      weir_source_name(c->source), (long long)row + 1, (long long)c->rows);
}

static weir_status check_end(const weiri_cells *c) {
  char byte;
  size_t got = 0;
  WEIR_TRY(weir_source_read(c->source, &byte, 1, &got));
  return got == 0 ? WEIR_OK
                  : weiri_fail(WEIR_E_FORMAT,
                        "%s: has bytes after the %lld rows that its header says",
                        weir_source_name(c->source), (long long)c->rows);
}

weir_status weiri_cells_next(weiri_cells *c, weir_rows *rows) {
  const int64_t left = c->rows - c->row;
  const int64_t n = rows->capacity < left ? rows->capacity : left;
  const size_t row = (size_t)c->columns * weiri_cell_size(c->type);
  const size_t want = (size_t)n * row;
  if (n == 0) {
    return WEIR_OK;
  }
  if (want > c->buf_size) {
    void *buf = weiri_realloc(weir_source_ctx(c->source), c->buf, want);
    if (buf == NULL) {
      return WEIR_E_MEMORY;
    }
    c->buf = buf;
    c->buf_size = want;
  }
  size_t got = 0;
  WEIR_TRY(weir_source_read(c->source, c->buf, want, &got));
  if (got < want) {
    return truncated(c, c->row + (int64_t)(got / row));
  }
  weiri_cells_read(c->type, c->big, c->buf, n * c->columns, rows->value);
  rows->n = n;
  c->row += n;
  return c->row == c->rows ? check_end(c) : WEIR_OK;
}

weir_status weiri_cells_slurp(weiri_cells *c, void **data) {
  weir_ctx *ctx = weir_source_ctx(c->source);
  const size_t all = (size_t)c->rows * (size_t)c->columns * weiri_cell_size(c->type);
  size_t have = 0, room = 0;
  while (have < all) { /* grows with what has come: the header may lie */
    if (have == room) {
      room = 2 * room + SLURP < all ? 2 * room + SLURP : all;
      void *more = weiri_realloc(ctx, *data, room);
      if (more == NULL) {
        return WEIR_E_MEMORY;
      }
      *data = more;
    }
    size_t got = 0;
    WEIR_TRY(
        weir_source_read(c->source, (unsigned char *)*data + have, room - have, &got));
    have += got;
    if (have < room) {
      return weiri_fail(WEIR_E_FORMAT, "%s: truncated: %zu of %zu bytes of numbers",
          weir_source_name(c->source), have, all);
    }
  }
  return check_end(c);
}
