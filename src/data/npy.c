/* NumPy arrays, format 1 to 3 (numpy/lib/format.py): magic, version, length of the
 * header, a Python dictionary with descr, fortran_order and shape, then the numbers. */
#include <stdio.h>
#include <string.h>

#include "data/cells.h"
#include "data/reader.h"

enum { HEADER_MAX = 1 << 16, RANK_MAX = 32 };
static const char MAGIC[] = "\x93NUMPY";

typedef struct npy {
  weir_ctx *ctx;
  weiri_cells cells;
  const unsigned char *whole; /* Fortran order: all numbers */
  void *owned;
  int64_t height, width, channels; /* of rank 3 and 4 */
  bool channels_last;              /* in the file */
} npy;

/* What the dictionary says. */
typedef struct header {
  char descr[32];
  bool has_descr, has_order, has_shape, fortran;
  int rank;
  int64_t dim[RANK_MAX];
} header;

static const char *skip(const char *s) {
  while (*s == ' ' || *s == '\n' || *s == '\t') {
    s++;
  }
  return s;
}

/* 'text' into buf; NULL when it is not. */
static const char *parse_text(const char *s, char *buf, size_t size) {
  const char quote = *s;
  if (quote != '\'' && quote != '"') {
    return NULL;
  }
  size_t n = 0;
  for (s++; *s != quote; s++) {
    if (*s == '\0' || n + 1 >= size) {
      return NULL;
    }
    buf[n++] = *s;
  }
  buf[n] = '\0';
  return s + 1;
}

static const char *parse_bool(const char *s, bool *out) {
  if (strncmp(s, "True", 4) == 0) {
    *out = true;
    return s + 4;
  }
  *out = false;
  return strncmp(s, "False", 5) == 0 ? s + 5 : NULL;
}

/* (3, 4), (3,) or (). */
static const char *parse_shape(const char *s, header *h) {
  if (*s != '(') {
    return NULL;
  }
  for (s = skip(s + 1); *s != ')'; s = skip(s)) {
    const size_t len = strspn(s, "0123456789");
    if (h->rank == RANK_MAX || len == 0 || !weiri_parse_int(s, len, &h->dim[h->rank])) {
      return NULL;
    }
    h->rank++;
    s = skip(s + len);
    if (*s == ',') {
      s++;
    } else if (*s != ')') {
      return NULL;
    }
  }
  return s + 1;
}

static const char *parse_entry(const char *s, header *h) {
  char key[32];
  s = parse_text(s, key, sizeof key);
  s = s != NULL ? skip(s) : NULL;
  if (s == NULL || *s != ':') {
    return NULL;
  }
  s = skip(s + 1);
  if (strcmp(key, "descr") == 0) {
    h->has_descr = true;
    if (*s == '[') { /* a record: named, then refused */
      (void)snprintf(h->descr, sizeof h->descr, "record");
      const char *end = strrchr(s, ']');
      return end != NULL ? end + 1 : NULL;
    }
    return parse_text(s, h->descr, sizeof h->descr);
  }
  if (strcmp(key, "fortran_order") == 0) {
    h->has_order = true;
    return parse_bool(s, &h->fortran);
  }
  if (strcmp(key, "shape") == 0 && !h->has_shape) {
    h->has_shape = true;
    return parse_shape(s, h);
  }
  return NULL;
}

static bool parse_header(const char *s, header *h) {
  memset(h, 0, sizeof *h);
  s = skip(s);
  if (*s != '{') {
    return false;
  }
  for (s = skip(s + 1); *s != '}'; s = skip(s)) {
    s = parse_entry(s, h);
    if (s == NULL) {
      return false;
    }
    s = skip(s);
    if (*s == ',') {
      s++;
    } else if (*s != '}') {
      return false;
    }
  }
  return h->has_descr && h->has_order && h->has_shape;
}

static bool parse_dtype(const char *descr, weiri_cell_type *type, bool *big) {
  static const struct {
    const char *name;
    weiri_cell_type type;
  } known[] = {{"b1", WEIRI_U1}, {"u1", WEIRI_U1}, {"i1", WEIRI_I1}, {"u2", WEIRI_U2},
      {"i2", WEIRI_I2}, {"u4", WEIRI_U4}, {"i4", WEIRI_I4}, {"u8", WEIRI_U8},
      {"i8", WEIRI_I8}, {"f4", WEIRI_F4}, {"f8", WEIRI_F8}};
  if (descr[0] == '\0' || strchr("<>|=", descr[0]) == NULL) {
    return false;
  }
  *big = descr[0] == '>';
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strcmp(descr + 1, known[i].name) == 0) {
      *type = known[i].type;
      return true;
    }
  }
  return false;
}

static weir_status read_exactly(npy *f, void *buf, size_t size) {
  size_t got = 0;
  WEIR_TRY(weir_source_read(f->cells.source, buf, size, &got));
  f->cells.header += got;
  return got == size ? WEIR_OK
                     : weiri_fail(WEIR_E_FORMAT, "%s: truncated in its NPY header",
                           weir_source_name(f->cells.source));
}

/* The dictionary as text, memory of the context. */
static weir_status read_text(npy *f, char **text) {
  const char *name = weir_source_name(f->cells.source);
  unsigned char b[8], len[4] = {0};
  WEIR_TRY(read_exactly(f, b, sizeof b));
  if (memcmp(b, MAGIC, 6) != 0) {
    return weiri_fail(WEIR_E_FORMAT, "%s: is not an NPY file", name);
  }
  if (b[6] < 1 || b[6] > 3) {
    return weiri_fail(
        WEIR_E_UNSUPPORTED, "%s: NPY format %d, expected 1 to 3", name, (int)b[6]);
  }
  WEIR_TRY(read_exactly(f, len, b[6] == 1 ? 2 : 4));
  const size_t n =
      len[0] | (size_t)len[1] << 8 | (size_t)len[2] << 16 | (size_t)len[3] << 24;
  if (n > HEADER_MAX) {
    return weiri_fail(WEIR_E_FORMAT, "%s: NPY header of %zu bytes, expected at most %d",
        name, n, HEADER_MAX);
  }
  *text = weiri_calloc(f->ctx, n + 1, 1);
  return *text != NULL ? read_exactly(f, *text, n) : WEIR_E_MEMORY;
}

static bool few(int64_t n) {
  return n == 1 || n == 3 || n == 4;
}

/* [n], [n, d]; images [n, h, w], [n, c, h, w] or, told by the last axis, [n, h, w, c].
 */
static weir_status set_columns(npy *f, const header *h) {
  const char *name = weir_source_name(f->cells.source);
  const int64_t *d = h->dim;
  if (h->rank < 1 || h->rank > 4) {
    return weiri_fail(WEIR_E_UNSUPPORTED,
        "%s: array of %d dimensions, expected 1 or 2 (rows, columns), 3 or 4 (images)",
        name, h->rank);
  }
  f->cells.rows = d[0];
  f->cells.columns = 1;
  for (int i = 1; i < h->rank; i++) {
    if (i > 1 && d[i] != 0 && f->cells.columns > INT64_MAX / 16 / d[i]) {
      return weiri_fail(
          WEIR_E_FORMAT, "%s: the shape in its NPY header overflows: it lies", name);
    }
    f->cells.columns *= d[i];
  }
  if (h->rank < 3) {
    return WEIR_OK;
  }
  if (h->fortran) {
    return weiri_fail(WEIR_E_UNSUPPORTED,
        "%s: images in Fortran order; save them with numpy.ascontiguousarray", name);
  }
  f->channels_last = h->rank == 4 && few(d[3]) && !few(d[1]);
  const int first = h->rank == 3 || f->channels_last ? 1 : 2;
  f->height = d[first];
  f->width = d[first + 1];
  f->channels = h->rank == 3 ? 1 : f->channels_last ? d[3] : d[1];
  return WEIR_OK;
}

static weir_status read_header(npy *f, header *h) {
  const char *name = weir_source_name(f->cells.source);
  char *text = NULL;
  const weir_status status = read_text(f, &text);
  const bool ok = status == WEIR_OK && parse_header(text, h);
  weiri_free(f->ctx, text);
  WEIR_TRY(status);
  if (!ok) {
    return weiri_fail(WEIR_E_FORMAT, "%s: malformed NPY header", name);
  }
  if (!parse_dtype(h->descr, &f->cells.type, &f->cells.big)) {
    return weiri_fail(WEIR_E_UNSUPPORTED,
        "%s: dtype '%s', expected float32, float64, an integer or bool", name,
        h->descr);
  }
  WEIR_TRY(set_columns(f, h));
  return weiri_cells_check(&f->cells);
}

static bool little_endian(void) {
  const uint16_t one = 1;
  unsigned char low;
  memcpy(&low, &one, 1);
  return low == 1;
}

/* Where the numbers lie already, or NULL. */
static const double *mapped(npy *f) {
  if (f->cells.type != WEIRI_F8 || f->cells.big == little_endian() ||
      f->cells.header % sizeof(double) != 0) {
    return NULL;
  }
  const unsigned char *p = weir_source_map(f->cells.source);
  if (p == NULL || (uintptr_t)p % sizeof(double) != 0) {
    return NULL;
  }
  return (const double *)(const void *)(p + f->cells.header);
}

static weir_status find_whole(npy *f) {
  const unsigned char *p = weir_source_map(f->cells.source);
  if (p != NULL) {
    f->whole = p + f->cells.header;
    return WEIR_OK;
  }
  WEIR_TRY(weiri_cells_slurp(&f->cells, &f->owned));
  f->whole = f->owned;
  return WEIR_OK;
}

static weir_status npy_open(
    void **self, weir_source *source, const weir_read_opts *opts, weir_layout *layout) {
  (void)opts;
  weir_ctx *ctx = weir_source_ctx(source);
  npy *f = weiri_calloc(ctx, 1, sizeof *f);
  if (f == NULL) {
    return WEIR_E_MEMORY;
  }
  *self = f;
  f->ctx = ctx;
  f->cells.source = source;
  header h;
  WEIR_TRY(read_header(f, &h));
  const bool columnwise = h.fortran && f->cells.rows > 1 && f->cells.columns > 1;
  if (columnwise) {
    WEIR_TRY(find_whole(f));
  }
  const bool bytes = f->cells.type == WEIRI_U1;
  const bool moved = f->channels_last && f->channels > 1;
  *layout = (weir_layout){.columns = f->cells.columns,
      .rows = f->cells.rows,
      .counts = bytes && (f->height > 0 || f->cells.columns > 1),
      .single = f->cells.type == WEIRI_F4,
      .height = f->height,
      .width = f->width,
      .channels = f->channels,
      .mapped = columnwise || moved ? NULL : mapped(f)};
  return WEIR_OK;
}

/* Rows of pixels become channel by channel. */
static weir_status move_channels(npy *f, weir_rows *rows) {
  const int64_t d = f->cells.columns, pixels = f->height * f->width;
  double *copy = weiri_alloc(f->ctx, (size_t)d * sizeof *copy);
  for (int64_t i = 0; copy != NULL && i < rows->n; i++) {
    double *row = rows->value + i * d;
    memcpy(copy, row, (size_t)d * sizeof *row);
    for (int64_t j = 0; j < d; j++) {
      row[j % f->channels * pixels + j / f->channels] = copy[j];
    }
  }
  weiri_free(f->ctx, copy);
  return copy != NULL ? WEIR_OK : WEIR_E_MEMORY;
}

static weir_status npy_next(void *self, weir_rows *rows) {
  npy *f = self;
  weiri_cells *c = &f->cells;
  if (f->whole == NULL) {
    WEIR_TRY(weiri_cells_next(c, rows));
    return f->channels_last && f->channels > 1 ? move_channels(f, rows) : WEIR_OK;
  }
  const int64_t left = c->rows - c->row;
  const size_t size = weiri_cell_size(c->type);
  rows->n = rows->capacity < left ? rows->capacity : left;
  for (int64_t i = 0; i < rows->n; i++) {
    for (int64_t j = 0; j < c->columns; j++) {
      const size_t at = (size_t)(j * c->rows + c->row + i) * size;
      weiri_cells_read(
          c->type, c->big, f->whole + at, 1, &rows->value[i * c->columns + j]);
    }
  }
  c->row += rows->n;
  return WEIR_OK;
}

static void npy_close(void *self) {
  npy *f = self;
  weiri_free(f->ctx, f->cells.buf);
  weiri_free(f->ctx, f->owned);
  weiri_free(f->ctx, f);
}

static int npy_sniff(const unsigned char *head, size_t n) {
  return n >= 6 && memcmp(head, MAGIC, 6) == 0 ? 100 : 0;
}

const weir_reader_class weiri_reader_npy = {
    .name = "npy",
    .doc = "NumPy arrays: rows, rows and columns, or images",
    .suffixes = "npy",
    .sniff = npy_sniff,
    .open = npy_open,
    .next = npy_next,
    .close = npy_close,
};
