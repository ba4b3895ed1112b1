/* Bytes of a file, of standard input or of memory, decompressed on the way, never more
 * than a limit. What is gz is known by its first two bytes (RFC 1952), not by its name.
 */
#define _POSIX_C_SOURCE 200809L
#include "data/source.h"

#include "data/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bulk.h"

struct weir_source {
  weir_ctx *ctx;
  char *name;
  int fd; /* -1: memory */
  const unsigned char *memory;
  char *owned;      /* the memory, or NULL */
  int64_t raw_size; /* bytes before decompression, -1: a pipe */
  int64_t raw_at;
  int64_t limit, given;
  weiri_gz *gz;
  void *map;
  unsigned char magic[2]; /* read to find out whether it is gz */
  size_t n_magic, magic_at;
  unsigned char head[WEIRI_PEEK];
  size_t n_head, head_at;
};

/* Bytes as they stand in the file. */
static weir_status fetch_raw(void *user, void *buf, size_t size, size_t *got) {
  weir_source *s = user;
  unsigned char *to = buf;
  *got = 0;
  while (*got < size && s->magic_at < s->n_magic) {
    to[(*got)++] = s->magic[s->magic_at++];
  }
  if (s->fd < 0) {
    const size_t left = (size_t)(s->raw_size - s->raw_at);
    const size_t n = size - *got < left ? size - *got : left;
    if (n > 0) {
      memcpy(to + *got, s->memory + s->raw_at, n);
    }
    s->raw_at += (int64_t)n;
    *got += n;
    return WEIR_OK;
  }
  while (*got < size) {
    const ssize_t n = read(s->fd, to + *got, size - *got);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return weiri_fail(WEIR_E_IO, "%s: cannot read: %s", s->name, strerror(errno));
    }
    if (n == 0) {
      break;
    }
    *got += (size_t)n;
  }
  return WEIR_OK;
}

static weir_status fetch_limited(weir_source *s, void *buf, size_t size, size_t *got) {
  WEIR_TRY(s->gz != NULL ? weiri_gz_read(s->gz, buf, size, got)
                         : fetch_raw(s, buf, size, got));
  s->given += (int64_t)*got;
  if (s->given > s->limit) {
    return weiri_fail(WEIR_E_FORMAT, "%s: has more than the allowed %lld bytes%s",
        s->name, (long long)s->limit, s->gz != NULL ? " after decompression" : "");
  }
  return WEIR_OK;
}

static weir_status begin(weir_source *s) {
  WEIR_TRY(fetch_raw(s, s->magic, sizeof s->magic, &s->n_magic));
  if (s->n_magic == 0) {
    return weiri_fail(WEIR_E_FORMAT, "%s: is empty", s->name);
  }
  if (s->n_magic == 2 && s->magic[0] == 0x1f && s->magic[1] == 0x8b) {
    WEIR_TRY(weiri_gz_create(&s->gz, s->ctx, s->name, fetch_raw, s));
  }
  WEIR_TRY(fetch_limited(s, s->head, sizeof s->head, &s->n_head));
  if (s->n_head == 0) {
    return weiri_fail(WEIR_E_FORMAT, "%s: is empty after decompression", s->name);
  }
  return WEIR_OK;
}

static weir_status create(
    weir_source **out, weir_ctx *ctx, const char *name, int64_t max_bytes) {
  weir_source *s = weiri_calloc(ctx, 1, sizeof *s);
  if (s == NULL) {
    return WEIR_E_MEMORY;
  }
  s->ctx = ctx;
  s->fd = -1;
  s->raw_size = -1;
  s->limit = max_bytes > 0 ? max_bytes : (int64_t)1 << 40;
  s->name = weiri_strdup(ctx, name);
  if (s->name == NULL) {
    weiri_free(ctx, s);
    return WEIR_E_MEMORY;
  }
  *out = s;
  return WEIR_OK;
}

/* A folder is the list of the images in it. */
static weir_status open_folder(weir_source *s, const char *path) {
  size_t n = 0;
  (void)close(s->fd);
  s->fd = -1;
  WEIR_TRY(weiri_folder_list(s->ctx, path, &s->owned, &n));
  s->memory = (const unsigned char *)s->owned;
  s->raw_size = (int64_t)n;
  return WEIR_OK;
}

static weir_status open_file(weir_source *s, const char *path) {
  if (strcmp(path, "-") == 0) {
    s->fd = STDIN_FILENO;
    return WEIR_OK;
  }
  s->fd = open(path, O_RDONLY | O_CLOEXEC);
  if (s->fd < 0) {
    return weiri_fail(WEIR_E_IO, "%s: cannot open: %s", path, strerror(errno));
  }
  struct stat st;
  if (fstat(s->fd, &st) != 0) {
    return weiri_fail(WEIR_E_IO, "%s: cannot open: %s", path, strerror(errno));
  }
  if (S_ISDIR(st.st_mode)) {
    return open_folder(s, path);
  }
  if (S_ISREG(st.st_mode)) {
    s->raw_size = (int64_t)st.st_size;
  }
  return WEIR_OK;
}

weir_status weiri_source_open(
    weir_source **out, weir_ctx *ctx, const char *path, int64_t max_bytes) {
  *out = NULL;
  weir_source *s = NULL;
  weir_status status = WEIR_OK;
  WEIR_TRY(
      create(&s, ctx, strcmp(path, "-") == 0 ? "standard input" : path, max_bytes));
  WEIR_TRY_GOTO(failed, open_file(s, path));
  WEIR_TRY_GOTO(failed, begin(s));
  *out = s;
  return WEIR_OK;
failed:
  weiri_source_close(&s);
  return status;
}

weir_status weiri_source_memory(weir_source **out, weir_ctx *ctx, const char *name,
    const void *data, size_t size, int64_t max_bytes) {
  *out = NULL;
  weir_source *s = NULL;
  weir_status status = WEIR_OK;
  WEIR_TRY(create(&s, ctx, name, max_bytes));
  s->memory = data;
  s->raw_size = (int64_t)size;
  WEIR_TRY_GOTO(failed, begin(s));
  *out = s;
  return WEIR_OK;
failed:
  weiri_source_close(&s);
  return status;
}

void weiri_source_close(weir_source **source) {
  weir_source *s = *source;
  if (s == NULL) {
    return;
  }
  weiri_gz_destroy(&s->gz);
  weiri_bulk_unmap(s->ctx, s->map, (size_t)s->raw_size);
  if (s->fd > STDIN_FILENO) {
    (void)close(s->fd);
  }
  weiri_free(s->ctx, s->owned);
  weiri_free(s->ctx, s->name);
  weiri_free(s->ctx, s);
  *source = NULL;
}

weir_status weiri_source_peek(
    weir_source *source, const unsigned char **head, size_t *n) {
  *head = source->head + source->head_at;
  *n = source->n_head - source->head_at;
  return WEIR_OK;
}

weir_status weir_source_read(weir_source *source, void *buf, size_t size, size_t *got) {
  const size_t left = source->n_head - source->head_at;
  const size_t first = size < left ? size : left;
  memcpy(buf, source->head + source->head_at, first);
  source->head_at += first;
  size_t rest = 0;
  if (first < size) {
    WEIR_TRY(fetch_limited(source, (unsigned char *)buf + first, size - first, &rest));
  }
  *got = first + rest;
  return WEIR_OK;
}

int64_t weir_source_size(const weir_source *source) {
  return source->gz != NULL ? -1 : source->raw_size;
}

int64_t weir_source_bound(const weir_source *source) {
  int64_t bound = source->raw_size < 0 ? source->limit : source->raw_size;
  if (source->gz != NULL && bound < source->limit) {
    bound = bound > (INT64_MAX >> 11) ? INT64_MAX : 1032 * bound;
  }
  return bound < source->limit ? bound : source->limit;
}

const char *weir_source_name(const weir_source *source) {
  return source->name;
}

weir_ctx *weir_source_ctx(const weir_source *source) {
  return source->ctx;
}

const void *weir_source_map(weir_source *source) {
  if (source->gz != NULL || source->raw_size <= 0) {
    return NULL;
  }
  if (source->fd < 0) {
    return source->memory;
  }
  if (source->map == NULL) {
    source->map =
        weiri_bulk_map(source->ctx, source->fd, (size_t)source->raw_size, false);
  }
  return source->map;
}
