/* Files through POSIX calls. A temporary name is path.tmp-PID-N, made with O_EXCL in
 * the same directory, so that rename cannot cross file systems. */
#define _GNU_SOURCE
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/c_locale.h"

enum { BUFFER = 1 << 16, TRIES = 1000 };

struct weiri_out {
  const weir_ctx *ctx;
  char *path; /* links followed */
  char *temp; /* NULL: written directly */
  int fd;
  mode_t mode; /* of the file that goes, or 0 */
  weir_status status;
  size_t held;
  unsigned char buffer[BUFFER];
};

const char *weiri_strerror(int error) {
  return strerror_l(error, weiri_c_locale());
}

const char *weiri_extension(const char *path) {
  const char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  const char *dot = strrchr(name, '.');
  const bool has =
      dot != NULL && dot > name && dot[1] != '\0' && !(dot[1] >= '0' && dot[1] <= '9');
  return has ? dot + 1 : NULL;
}

static weir_status io_error(const char *path, const char *what, int error) {
  return weiri_fail(WEIR_E_IO, "%s: %s: %s", path, what, weiri_strerror(error));
}

static int open_file(const char *path, int flags, mode_t mode) {
  int fd;
  do {
    fd = open(path, flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

/* Reads to the end of fd; *data grows by doubling. */
static weir_status read_fd(const weir_ctx *ctx, int fd, const char *path, size_t guess,
    unsigned char **data, size_t *size) {
  size_t cap = guess + 1;
  size_t len = 0;
  unsigned char *buf = weiri_alloc(ctx, cap);
  while (buf != NULL) {
    const ssize_t n = len + 1 < cap ? read(fd, buf + len, cap - 1 - len) : 0;
    unsigned char more;
    const ssize_t last = len + 1 < cap ? n : read(fd, &more, 1);
    if (last < 0 && errno == EINTR) {
      continue;
    }
    if (last < 0) {
      const int error = errno;
      weiri_free(ctx, buf);
      return io_error(path, "cannot read", error);
    }
    if (last == 0) {
      buf[len] = '\0';
      *data = buf;
      *size = len;
      return WEIR_OK;
    }
    if (n > 0) {
      len += (size_t)n;
      continue;
    }
    cap = 2 * cap + 4096;
    unsigned char *bigger = weiri_realloc(ctx, buf, cap);
    if (bigger == NULL) {
      weiri_free(ctx, buf);
      return WEIR_E_MEMORY;
    }
    buf = bigger;
    buf[len++] = more;
  }
  return WEIR_E_MEMORY;
}

weir_status weiri_file_read_all(
    const weir_ctx *ctx, const char *path, void **data, size_t *size) {
  struct stat st;
  const int fd = open_file(path, O_RDONLY, 0);
  if (fd < 0) {
    return io_error(path, "cannot open", errno);
  }
  weir_status status = WEIR_OK;
  if (fstat(fd, &st) != 0) {
    status = io_error(path, "cannot open", errno);
  } else if (S_ISDIR(st.st_mode)) {
    status = weiri_fail(WEIR_E_IO, "%s: expected a file, found a directory", path);
  } else {
    const size_t guess = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size : 0;
    unsigned char *bytes = NULL;
    status = read_fd(ctx, fd, path, guess, &bytes, size);
    if (status == WEIR_OK) {
      *data = bytes;
    }
  }
  (void)close(fd);
  return status;
}

/* The path with links followed, as rename would replace the link. A link to nothing and
 * a new file are left as they are. */
static char *followed(const weir_ctx *ctx, const char *path) {
  char *real = realpath(path, NULL);
  char *copy = weiri_strdup(ctx, real == NULL ? path : real);
  free(real);
  return copy;
}

static weir_status open_temp(weiri_out *o) {
  static atomic_uint serial;
  for (int i = 0; i < TRIES; i++) {
    o->temp = weiri_format(o->ctx, "%s.tmp-%ld-%u", o->path, (long)getpid(),
        atomic_fetch_add(&serial, 1u));
    if (o->temp == NULL) {
      return WEIR_E_MEMORY;
    }
    o->fd = open_file(o->temp, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (o->fd >= 0) {
      return WEIR_OK;
    }
    const int error = errno;
    weiri_free(o->ctx, o->temp);
    o->temp = NULL;
    if (error != EEXIST) {
      return io_error(o->path, "cannot write", error);
    }
  }
  return weiri_fail(WEIR_E_IO, "%s: no free name for a temporary file", o->path);
}

static weir_status open_target(weiri_out *o) {
  struct stat st;
  if (stat(o->path, &st) != 0) {
    return errno == ENOENT ? open_temp(o) : io_error(o->path, "cannot write", errno);
  }
  if (S_ISDIR(st.st_mode)) {
    return weiri_fail(WEIR_E_IO, "%s: expected a file, found a directory", o->path);
  }
  if (S_ISREG(st.st_mode)) {
    o->mode = st.st_mode & 0777;
    return open_temp(o);
  }
  o->fd = open_file(o->path, O_WRONLY, 0);
  return o->fd < 0 ? io_error(o->path, "cannot write", errno) : WEIR_OK;
}

weir_status weiri_out_open(weiri_out **out, const weir_ctx *ctx, const char *path) {
  weiri_out *o = weiri_calloc(ctx, 1, sizeof *o);
  if (o == NULL) {
    return WEIR_E_MEMORY;
  }
  o->ctx = ctx;
  o->fd = -1;
  o->path = followed(ctx, path);
  const weir_status status = o->path == NULL ? WEIR_E_MEMORY : open_target(o);
  if (status != WEIR_OK) {
    weiri_out_abort(&o);
    return status;
  }
  *out = o;
  return WEIR_OK;
}

static weir_status write_fd(weiri_out *o, const unsigned char *p, size_t size) {
  while (size > 0) {
    const ssize_t n = write(o->fd, p, size);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return io_error(o->path, "cannot write", errno);
    }
    p += n;
    size -= (size_t)n;
  }
  return WEIR_OK;
}

static weir_status flush(weiri_out *o) {
  const size_t held = o->held;
  o->held = 0;
  return write_fd(o, o->buffer, held);
}

weir_status weiri_out_write(weiri_out *o, const void *data, size_t size) {
  if (o->status != WEIR_OK) {
    return weiri_fail(o->status, "%s: an earlier write failed", o->path);
  }
  if (size > BUFFER - o->held) {
    o->status = flush(o);
  }
  if (o->status == WEIR_OK && size >= BUFFER) {
    o->status = write_fd(o, data, size);
  } else if (o->status == WEIR_OK && size > 0) {
    memcpy(o->buffer + o->held, data, size);
    o->held += size;
  }
  return o->status;
}

static int close_file(weiri_out *o) {
  const int fd = o->fd;
  o->fd = -1;
  return fd < 0 ? 0 : close(fd);
}

/* Some file systems cannot sync a directory; that is no failure. */
static weir_status sync_directory(weiri_out *o) {
  const char *slash = strrchr(o->path, '/');
  const int n = slash == NULL ? 1 : slash == o->path ? 1 : (int)(slash - o->path);
  char *dir = weiri_format(o->ctx, "%.*s", n, slash == NULL ? "." : o->path);
  if (dir == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_status status = WEIR_OK;
  const int fd = open_file(dir, O_RDONLY | O_DIRECTORY, 0);
  if (fd >= 0 && fsync(fd) != 0 && errno == EIO) {
    status = io_error(o->path, "written, but its directory cannot be synced", errno);
  }
  if (fd >= 0) {
    (void)close(fd);
  }
  weiri_free(o->ctx, dir);
  return status;
}

static weir_status replace(weiri_out *o) {
  if (o->mode != 0 && fchmod(o->fd, o->mode) != 0) {
    return io_error(o->path, "cannot keep its permissions", errno);
  }
  if (fsync(o->fd) != 0) {
    return io_error(o->path, "cannot sync", errno);
  }
  if (close_file(o) != 0) {
    return io_error(o->path, "cannot write", errno);
  }
  if (rename(o->temp, o->path) != 0) {
    return io_error(o->path, "cannot replace", errno);
  }
  weiri_free(o->ctx, o->temp);
  o->temp = NULL;
  return sync_directory(o);
}

weir_status weiri_out_commit(weiri_out **out) {
  weiri_out *o = *out;
  weir_status status = weiri_out_write(o, NULL, 0);
  if (status == WEIR_OK) {
    status = flush(o);
  }
  if (status == WEIR_OK && o->temp != NULL) {
    status = replace(o);
  } else if (status == WEIR_OK && close_file(o) != 0) {
    status = io_error(o->path, "cannot write", errno);
  }
  weiri_out_abort(out);
  return status;
}

void weiri_out_abort(weiri_out **out) {
  weiri_out *o = *out;
  if (o == NULL) {
    return;
  }
  (void)close_file(o);
  if (o->temp != NULL) {
    (void)unlink(o->temp);
  }
  weiri_free(o->ctx, o->temp);
  weiri_free(o->ctx, o->path);
  weiri_free(o->ctx, o);
  *out = NULL;
}

weir_status weiri_file_write_atomic(
    const weir_ctx *ctx, const char *path, const void *data, size_t size) {
  weiri_out *o;
  WEIR_TRY(weiri_out_open(&o, ctx, path));
  const weir_status status = weiri_out_write(o, data, size);
  if (status != WEIR_OK) {
    weiri_out_abort(&o);
    return status;
  }
  return weiri_out_commit(&o);
}
