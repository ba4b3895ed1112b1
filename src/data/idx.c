/* IDX arrays (Y. LeCun, "The MNIST database", file format): two zero bytes, type,
 * number of dimensions, the dimensions as big-endian 32-bit integers, then the numbers,
 * big-endian. All dimensions but the first are flattened. */
#include "data/cells.h"
#include "data/reader.h"

typedef struct idx {
  weir_ctx *ctx;
  weiri_cells cells;
  int64_t height, width; /* of three dimensions: images */
} idx;

static bool type_of(unsigned char code, weiri_cell_type *type) {
  static const struct {
    unsigned char code;
    weiri_cell_type type;
  } known[] = {{0x08, WEIRI_U1}, {0x09, WEIRI_I1}, {0x0b, WEIRI_I2}, {0x0c, WEIRI_I4},
      {0x0d, WEIRI_F4}, {0x0e, WEIRI_F8}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (known[i].code == code) {
      *type = known[i].type;
      return true;
    }
  }
  return false;
}

static weir_status read_exactly(idx *f, void *buf, size_t size) {
  size_t got = 0;
  WEIR_TRY(weir_source_read(f->cells.source, buf, size, &got));
  f->cells.header += got;
  return got == size ? WEIR_OK
                     : weiri_fail(WEIR_E_FORMAT, "%s: truncated in its IDX header",
                           weir_source_name(f->cells.source));
}

static weir_status read_dims(idx *f, int rank) {
  f->cells.columns = 1;
  for (int i = 0; i < rank; i++) {
    unsigned char b[4];
    WEIR_TRY(read_exactly(f, b, sizeof b));
    const int64_t dim =
        (int64_t)b[0] << 24 | (int64_t)b[1] << 16 | (int64_t)b[2] << 8 | b[3];
    if (i == 0) {
      f->cells.rows = dim;
    } else if (dim != 0 && f->cells.columns > INT64_MAX / 16 / dim) {
      return weiri_fail(WEIR_E_FORMAT,
          "%s: the dimensions in its IDX header overflow: they lie",
          weir_source_name(f->cells.source));
    } else {
      f->cells.columns *= dim;
    }
    f->height = rank == 3 && i == 1 ? dim : f->height;
    f->width = rank == 3 && i == 2 ? dim : f->width;
  }
  return weiri_cells_check(&f->cells);
}

static weir_status read_header(idx *f) {
  const char *name = weir_source_name(f->cells.source);
  unsigned char b[4];
  WEIR_TRY(read_exactly(f, b, sizeof b));
  if (b[0] != 0 || b[1] != 0 || b[3] == 0) {
    return weiri_fail(WEIR_E_FORMAT, "%s: is not an IDX file", name);
  }
  if (!type_of(b[2], &f->cells.type)) {
    return weiri_fail(WEIR_E_UNSUPPORTED,
        "%s: IDX type 0x%02x, expected 08, 09, 0b, 0c, 0d or 0e", name, (unsigned)b[2]);
  }
  f->cells.big = true;
  return read_dims(f, b[3]);
}

static weir_status idx_open(
    void **self, weir_source *source, const weir_read_opts *opts, weir_layout *layout) {
  (void)opts;
  weir_ctx *ctx = weir_source_ctx(source);
  idx *f = weiri_calloc(ctx, 1, sizeof *f);
  if (f == NULL) {
    return WEIR_E_MEMORY;
  }
  *self = f;
  f->ctx = ctx;
  f->cells.source = source;
  WEIR_TRY(read_header(f));
  *layout = (weir_layout){.columns = f->cells.columns,
      .rows = f->cells.rows,
      .counts = f->cells.type != WEIRI_F4 && f->cells.type != WEIRI_F8,
      .single = f->cells.type == WEIRI_F4,
      .height = f->height,
      .width = f->width};
  return WEIR_OK;
}

static weir_status idx_next(void *self, weir_rows *rows) {
  idx *f = self;
  return weiri_cells_next(&f->cells, rows);
}

static void idx_close(void *self) {
  idx *f = self;
  weiri_free(f->ctx, f->cells.buf);
  weiri_free(f->ctx, f);
}

static int idx_sniff(const unsigned char *head, size_t n) {
  weiri_cell_type type;
  return n >= 4 && head[0] == 0 && head[1] == 0 && head[3] > 0 &&
                 type_of(head[2], &type)
             ? 90
             : 0;
}

const weir_reader_class weiri_reader_idx = {
    .name = "idx",
    .doc = "IDX arrays (MNIST), flattened to rows",
    .suffixes = "idx|idx1-ubyte|idx3-ubyte",
    .sniff = idx_sniff,
    .open = idx_open,
    .next = idx_next,
    .close = idx_close,
};
