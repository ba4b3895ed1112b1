/* Frames of files that may be larger than memory: block by block under the schema, each
 * part appended to a file without a name in the scratch folder and mapped at the end.
 * Where the file's own mapped values are x already, they stay where they are. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/bulk.h"
#include "data/frame.h"
#include "data/reader.h"

enum { BLOCK_ROWS = 8192, BUFFER = 1 << 20, X = 0, CONTEXT, WEIGHTS, ROWS, PARTS };

/* A file under construction. */
typedef struct sink {
  const weir_ctx *ctx;
  int fd; /* -1: not begun */
  char *buf;
  size_t used, size; /* bytes in buf; in the file and in buf */
} sink;

typedef struct spill {
  weir_ctx *ctx;
  const weir_schema *schema;
  const char *path;
  weir_frame_opts opts;
  weir_reader *reader;
  weir_frame *f;
  sink part[PARTS];
  bool begun, in_place; /* in_place: x is where the file is mapped */
  int64_t rows;         /* of the file so far */
  weir_table *last;     /* its columns, for the note */
} spill;

static weir_status flush(sink *s) {
  size_t at = 0;
  while (at < s->used) {
    const ssize_t n = write(s->fd, s->buf + at, s->used - at);
    if (n < 0 && errno != EINTR) {
      return weiri_fail(WEIR_E_IO, "%s: cannot write rows: %s",
          weiri_scratch_folder(s->ctx), strerror(errno));
    }
    at += n > 0 ? (size_t)n : 0;
  }
  s->used = 0;
  return WEIR_OK;
}

static weir_status append(sink *s, const void *data, size_t size) {
  const char *from = data;
  if (s->fd < 0) {
    WEIR_TRY(weiri_scratch_open(s->ctx, &s->fd));
    s->buf = weiri_alloc(s->ctx, BUFFER);
    if (s->buf == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  while (size > 0) {
    const size_t room = BUFFER - s->used, n = size < room ? size : room;
    memcpy(s->buf + s->used, from, n);
    s->used += n;
    s->size += n;
    from += n;
    size -= n;
    if (s->used == BUFFER) {
      WEIR_TRY(flush(s));
    }
  }
  return WEIR_OK;
}

static weir_status append_block(spill *s, const weir_frame *b) {
  const size_t n = (size_t)b->n, one = sizeof(double);
  if (b->x != NULL && !s->in_place) {
    WEIR_TRY(append(&s->part[X], b->x, n * (size_t)b->d * one));
  }
  if (b->context != NULL) {
    WEIR_TRY(append(&s->part[CONTEXT], b->context, n * (size_t)b->c * one));
  }
  if (b->weights != NULL) {
    WEIR_TRY(append(&s->part[WEIGHTS], b->weights, n * one));
  }
  for (int64_t i = 0; s->opts.drop_missing && i < b->n; i++) {
    const int64_t row = s->rows + (b->row != NULL ? b->row[i] : i);
    WEIR_TRY(append(&s->part[ROWS], &row, sizeof row));
  }
  return WEIR_OK;
}

/* Rows left out cannot be left out of the file itself. */
static bool stays_in_place(const spill *s, const weir_frame *b) {
  return !s->opts.drop_missing && b->x != NULL && b->owned_x == NULL &&
         weiri_reader_mapped(s->reader) != NULL;
}

static weir_status take_block(spill *s, const weir_table *table) {
  weir_frame *b = NULL;
  WEIR_TRY(weiri_frame_block(&b, s->ctx, s->schema, table, &s->opts));
  if (!s->begun) {
    s->begun = true;
    s->in_place = stays_in_place(s, b);
    s->f->d = b->d;
    s->f->c = b->c;
  }
  const weir_status status = append_block(s, b);
  s->f->n += b->n;
  s->f->dropped += b->dropped;
  s->rows += weir_table_rows(table);
  weir_frame_destroy(&b);
  return status;
}

static weir_status take_rows(spill *s) {
  for (;;) {
    weir_table *table = NULL;
    WEIR_TRY(weir_reader_next(s->reader, BLOCK_ROWS, &table));
    if (table == NULL) {
      break;
    }
    const weir_status status = take_block(s, table);
    weir_table_destroy(&s->last);
    s->last = table;
    WEIR_TRY(status);
  }
  if (s->rows == 0) {
    return weiri_fail(WEIR_E_DATA, "%s: has no rows of data", s->path);
  }
  return s->f->n > 0 ? WEIR_OK
                     : weiri_fail(WEIR_E_DATA,
                           "%s: no rows left: each has a missing value", s->path);
}

static weir_status map_part(spill *s, int k) {
  sink *from = &s->part[k];
  weiri_mapped *to = &s->f->map[k];
  if (from->fd < 0) {
    return WEIR_OK;
  }
  WEIR_TRY(flush(from));
  to->at = weiri_bulk_map(s->ctx, from->fd, from->size, k == WEIGHTS);
  to->size = from->size;
  return to->at != NULL ? WEIR_OK : WEIR_E_MEMORY;
}

static void say(const spill *s) {
  double bytes = 0.0;
  for (int k = 0; k < PARTS; k++) {
    bytes += (double)s->f->map[k].size;
  }
  if (bytes > 0.0) {
    weiri_log(s->ctx, WEIR_LOG_INFO,
        "%s: %lld rows are kept in a file of %.3g GB in %s while this runs", s->path,
        (long long)s->f->n, 1e-9 * bytes, weiri_scratch_folder(s->ctx));
  } else {
    weiri_log(s->ctx, WEIR_LOG_INFO, "%s: %lld rows are read where they are, mapped",
        s->path, (long long)s->f->n);
  }
}

static weir_status finish(spill *s) {
  weir_frame *f = s->f;
  for (int k = 0; k < PARTS; k++) {
    WEIR_TRY(map_part(s, k));
  }
  f->x = s->in_place ? weiri_reader_mapped(s->reader) : f->map[X].at;
  f->context = f->map[CONTEXT].at;
  f->weights = f->map[WEIGHTS].at;
  f->row = f->dropped > 0 ? f->map[ROWS].at : NULL;
  if (s->in_place) {
    f->keeper = s->reader;
    s->reader = NULL;
  }
  if (f->weights != NULL) {
    WEIR_TRY(weiri_frame_scale_weights(f, s->path));
  }
  say(s);
  return weiri_frame_note(f, s->schema, s->last);
}

void weiri_frame_unmap(weir_frame *f) {
  for (int k = 0; k < PARTS; k++) {
    weiri_bulk_unmap(f->ctx, f->map[k].at, f->map[k].size);
  }
  weir_reader_close(&f->keeper);
}

static void tear_down(spill *s) {
  for (int k = 0; k < PARTS; k++) {
    if (s->part[k].fd >= 0) {
      (void)close(s->part[k].fd);
    }
    weiri_free(s->ctx, s->part[k].buf);
  }
  weir_reader_close(&s->reader);
  weir_table_destroy(&s->last);
  weir_frame_destroy(&s->f);
}

weir_status weir_frame_read(weir_frame **out, weir_ctx *ctx, const weir_schema *schema,
    const char *path, const weir_read_opts *read, const weir_frame_opts *opts) {
  *out = NULL;
  spill s = {.ctx = ctx, .schema = schema, .path = path};
  for (int k = 0; k < PARTS; k++) {
    s.part[k] = (sink){.ctx = ctx, .fd = -1};
  }
  weir_status status = WEIR_OK;
  WEIR_TRY(weiri_frame_opts(&s.opts, opts));
  WEIR_TRY(weir_reader_open(&s.reader, ctx, path, read));
  s.f = weiri_calloc(ctx, 1, sizeof *s.f);
  if (s.f == NULL) {
    status = WEIR_E_MEMORY;
    goto done;
  }
  s.f->ctx = ctx;
  s.f->streamed = true;
  WEIR_TRY_GOTO(done, take_rows(&s));
  WEIR_TRY_GOTO(done, finish(&s));
  *out = s.f;
  s.f = NULL;
done:
  tear_down(&s);
  return status;
}

weir_status weir_file_is_large(
    bool *out, weir_ctx *ctx, const char *path, const weir_read_opts *read) {
  *out = false;
  if (strcmp(path, "-") == 0 ||
      (read != NULL && (read->labels != NULL || read->height > 0))) {
    return WEIR_OK;
  }
  weir_reader *reader = NULL;
  WEIR_TRY(weir_reader_open(&reader, ctx, path, read));
  *out = weir_reader_bytes(reader) > weiri_bulk_limit(ctx);
  weir_reader_close(&reader);
  return WEIR_OK;
}
