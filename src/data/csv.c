/* CSV, TSV, semicolon and white-space tables. The first record that is not blank is a
 * header when none of its fields is a number or missing. Every record must have as many
 * fields as the first. */
#include <math.h>
#include <string.h>

#include "data/csv_scan.h"
#include "data/dict.h"
#include "data/reader.h"

enum { BUFFER = 1 << 18, RECORD_MAX = 1 << 26 };

typedef struct csv {
  weir_ctx *ctx;
  weir_source *source;
  char *buf;
  size_t at, len, size; /* unread bytes are buf[at .. len) */
  bool last;            /* the source has ended */
  char delimiter;
  int64_t line; /* lines before at */
  int64_t columns, first_line;
  weiri_record record;
  char **names;
  bool held;  /* record is the first row and not given yet */
  char *pool; /* texts of a block */
  size_t pool_n, pool_size;
} csv;

/* Reads more behind what is there, moving it to the front. */
static weir_status refill(csv *c) {
  if (c->at > 0) {
    memmove(c->buf, c->buf + c->at, c->len - c->at);
    c->len -= c->at;
    c->at = 0;
  }
  if (c->len == c->size) {
    if (c->size >= RECORD_MAX) {
      return weiri_fail(WEIR_E_FORMAT, "%s: line %lld is longer than %d bytes",
          weir_source_name(c->source), (long long)c->line + 1, RECORD_MAX);
    }
    char *buf = weiri_realloc(c->ctx, c->buf, 2 * c->size);
    if (buf == NULL) {
      return WEIR_E_MEMORY;
    }
    c->buf = buf;
    c->size *= 2;
  }
  size_t got = 0;
  const size_t want = c->size - c->len;
  WEIR_TRY(weir_source_read(c->source, c->buf + c->len, want, &got));
  if (memchr(c->buf + c->len, '\0', got) != NULL) {
    return weiri_fail(WEIR_E_FORMAT,
        "%s: holds a NUL byte: a binary file, not a text table",
        weir_source_name(c->source));
  }
  c->len += got;
  c->last = got < want;
  return WEIR_OK;
}

/* The next record that is not blank into c->record; n is 0 at the end of the file. */
static weir_status next_record(csv *c, int64_t *line) {
  c->record.n = 0;
  for (;;) {
    if (c->last && c->at == c->len) {
      c->record.n = 0;
      return WEIR_OK;
    }
    size_t used = 0;
    switch (weiri_csv_scan(
        &c->record, c->buf + c->at, c->len - c->at, c->last, c->delimiter, &used)) {
    case WEIRI_SCAN_RECORD:
      c->at += used;
      *line = c->line + 1;
      c->line += c->record.lines;
      if (c->record.n > 0) {
        return WEIR_OK;
      }
      break;
    case WEIRI_SCAN_MORE:
      WEIR_TRY(refill(c));
      break;
    case WEIRI_SCAN_QUOTE:
      return weiri_fail(WEIR_E_FORMAT,
          "%s: line %lld: a quoted field is not closed before the end of the file",
          weir_source_name(c->source), (long long)c->line + 1);
    case WEIRI_SCAN_MEMORY:
      return WEIR_E_MEMORY;
    }
  }
}

/* Text of a field, "" made ", into to (room for len + 1). */
static size_t unquote(const weiri_field *f, char *to) {
  size_t n = 0;
  for (size_t i = 0; i < f->len; i++) {
    to[n++] = f->s[i];
    i += f->escaped && f->s[i] == '"';
  }
  to[n] = '\0';
  return n;
}

static bool looks_like_header(const weiri_record *r) {
  for (int64_t j = 0; j < r->n; j++) {
    double x;
    if (weiri_csv_number(&r->field[j], &x) ||
        (r->field[j].len > 0 && weiri_csv_missing(&r->field[j]))) {
      return false;
    }
  }
  return r->n > 1 || r->field[0].len > 0;
}

static weir_status take_names(csv *c) {
  c->names = weiri_calloc(c->ctx, (size_t)c->columns, sizeof *c->names);
  if (c->names == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < c->columns; j++) {
    const weiri_field *f = &c->record.field[j];
    c->names[j] = weiri_alloc(c->ctx, f->len + 1);
    if (c->names[j] == NULL) {
      return WEIR_E_MEMORY;
    }
    const size_t n = unquote(f, c->names[j]);
    if (!weiri_is_utf8(c->names[j], n)) {
      return weiri_fail(WEIR_E_FORMAT,
          "%s: line %lld: the name of column %lld is not UTF-8",
          weir_source_name(c->source), (long long)c->first_line, (long long)j + 1);
    }
  }
  return WEIR_OK;
}

/* Byte order marks: UTF-8's is skipped, UTF-16's refused. */
static weir_status check_mark(csv *c) {
  const unsigned char *b = (const unsigned char *)c->buf;
  if (c->len >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf) {
    c->at = 3;
  }
  if (c->len >= 2 &&
      ((b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff))) {
    return weiri_fail(WEIR_E_FORMAT, "%s: is UTF-16 text, save it as UTF-8",
        weir_source_name(c->source));
  }
  return WEIR_OK;
}

static weir_status begin(csv *c, const weir_read_opts *opts) {
  c->size = BUFFER;
  c->buf = weiri_alloc(c->ctx, c->size);
  if (c->buf == NULL) {
    return WEIR_E_MEMORY;
  }
  size_t got = 0;
  WEIR_TRY(weir_source_read(c->source, c->buf, c->size, &got));
  c->len = got;
  c->last = got < c->size;
  WEIR_TRY(check_mark(c));
  if (memchr(c->buf, '\0', got) != NULL) {
    return weiri_fail(WEIR_E_FORMAT,
        "%s: holds a NUL byte: a binary file, not a text table",
        weir_source_name(c->source));
  }
  c->delimiter = opts->delimiter;
  if (c->delimiter == 0) {
    WEIR_TRY(weiri_csv_delimiter(
        c->ctx, c->buf + c->at, c->len - c->at, c->last, &c->delimiter));
  }
  WEIR_TRY(next_record(c, &c->first_line));
  c->columns = c->record.n;
  if (c->columns == 0) {
    return weiri_fail(
        WEIR_E_FORMAT, "%s: is empty: blank lines only", weir_source_name(c->source));
  }
  const bool header =
      opts->header > 0 || (opts->header < 0 && looks_like_header(&c->record));
  c->held = !header;
  return header ? take_names(c) : WEIR_OK;
}

static void csv_close(void *self) {
  csv *c = self;
  for (int64_t j = 0; c->names != NULL && j < c->columns; j++) {
    weiri_free(c->ctx, c->names[j]);
  }
  weiri_free(c->ctx, c->names);
  weiri_free(c->ctx, c->record.field);
  weiri_free(c->ctx, c->buf);
  weiri_free(c->ctx, c->pool);
  weiri_free(c->ctx, c);
}

static weir_status csv_open(
    void **self, weir_source *source, const weir_read_opts *opts, weir_layout *layout) {
  weir_ctx *ctx = weir_source_ctx(source);
  csv *c = weiri_calloc(ctx, 1, sizeof *c);
  if (c == NULL) {
    return WEIR_E_MEMORY;
  }
  *self = c;
  c->ctx = ctx;
  c->source = source;
  c->record.ctx = ctx;
  WEIR_TRY(begin(c, opts));
  c->record.keep = c->columns;
  *layout = (weir_layout){.columns = c->columns,
      .rows = -1,
      .names = (const char *const *)c->names,
      .has_text = true,
      .has_lines = true};
  return WEIR_OK;
}

static weir_status add_text(csv *c, const weiri_field *f, size_t *text) {
  if (c->pool_n + f->len + 1 > c->pool_size) {
    const size_t size = 2 * (c->pool_n + f->len) + 4096;
    char *pool = weiri_realloc(c->ctx, c->pool, size);
    if (pool == NULL) {
      return WEIR_E_MEMORY;
    }
    c->pool = pool;
    c->pool_size = size;
  }
  *text = c->pool_n + 1;
  c->pool_n += unquote(f, c->pool + c->pool_n) + 1;
  return WEIR_OK;
}

static weir_status take_row(csv *c, weir_rows *rows, int64_t line) {
  if (c->record.n != c->columns) {
    return weiri_fail(WEIR_E_FORMAT,
        "%s: line %lld: has %lld field%s, line %lld has %lld",
        weir_source_name(c->source), (long long)line, (long long)c->record.n,
        c->record.n == 1 ? "" : "s", (long long)c->first_line, (long long)c->columns);
  }
  const int64_t at = rows->n * c->columns;
  for (int64_t j = 0; j < c->columns; j++) {
    const weiri_field *f = &c->record.field[j];
    double x = NAN;
    if (!weiri_csv_missing(f) && !weiri_csv_number(f, &x)) {
      x = NAN;
      WEIR_TRY(add_text(c, f, &rows->text[at + j]));
    }
    rows->value[at + j] = x;
  }
  rows->line[rows->n++] = line;
  return WEIR_OK;
}

static weir_status csv_next(void *self, weir_rows *rows) {
  csv *c = self;
  c->pool_n = 0;
  while (rows->n < rows->capacity) {
    int64_t line = c->first_line;
    if (!c->held) {
      WEIR_TRY(next_record(c, &line));
    }
    c->held = false;
    if (c->record.n == 0) {
      break;
    }
    WEIR_TRY(take_row(c, rows, line));
  }
  rows->pool = c->pool;
  return WEIR_OK;
}

/* Text without control characters, of any kind: the format of last resort. */
static int csv_sniff(const unsigned char *head, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (head[i] < 32 && head[i] != '\n' && head[i] != '\r' && head[i] != '\t') {
      return head[i] == 0 && n >= 2 && head[0] >= 0xfe && head[1] >= 0xfe ? 1 : 0;
    }
  }
  return 10;
}

const weir_reader_class weiri_reader_csv = {
    .name = "csv",
    .doc = "text tables: comma, tab, semicolon or white space",
    .suffixes = "csv|tsv|txt|dat|data",
    .sniff = csv_sniff,
    .open = csv_open,
    .next = csv_next,
    .close = csv_close,
};
