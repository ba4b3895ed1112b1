/* Bytes to a file that appears when it is whole, or to standard output. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "data/writer.h"

enum { BUFFER = 1 << 16 };

weir_status weiri_sink_open(weiri_sink *s, const weir_ctx *ctx, const char *path) {
  *s = (weiri_sink){0};
  if (strcmp(path, "-") != 0) {
    return weiri_out_open(&s->out, ctx, path);
  }
  s->buf = weiri_alloc(ctx, BUFFER);
  return s->buf != NULL ? WEIR_OK : WEIR_E_MEMORY;
}

/* To standard output at once. A pipe whose reader has gone swallows the rest. */
static weir_status put(weiri_sink *s, const char *data, size_t size) {
  while (size > 0 && !s->closed) {
    const ssize_t n = write(STDOUT_FILENO, data, size);
    if (n < 0 && errno == EPIPE) {
      s->closed = true;
    } else if (n < 0 && errno != EINTR) {
      return weiri_fail(
          WEIR_E_IO, "standard output: cannot write: %s", weiri_strerror(errno));
    } else if (n > 0) {
      data += n;
      size -= (size_t)n;
    }
  }
  return WEIR_OK;
}

static weir_status flush(weiri_sink *s) {
  const size_t n = s->n;
  s->n = 0;
  return put(s, s->buf, n);
}

weir_status weiri_sink_write(weiri_sink *s, const void *data, size_t size) {
  if (s->out != NULL) {
    return weiri_out_write(s->out, data, size);
  }
  if (s->n + size > BUFFER) {
    WEIR_TRY(flush(s));
  }
  if (size > BUFFER) {
    return put(s, data, size);
  }
  memcpy(s->buf + s->n, data, size);
  s->n += size;
  return WEIR_OK;
}

weir_status weiri_sink_close(weiri_sink *s) {
  return s->out != NULL ? weiri_out_commit(&s->out) : flush(s);
}

void weiri_sink_abort(weiri_sink *s, const weir_ctx *ctx) {
  weiri_out_abort(&s->out);
  weiri_free(ctx, s->buf);
  s->buf = NULL;
}
