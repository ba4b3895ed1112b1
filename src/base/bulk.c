/* Memory for what grows with the rows: mapped files beyond a limit. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include "base/bulk.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/ctx.h"

enum { ROOM_LEAST = 1 << 24 };

typedef struct piece {
  struct piece *next;
  void *map;
  size_t size;
} piece;

struct weiri_bulk {
  int64_t limit;
  char folder[1024];
  pthread_mutex_t lock;
  piece *pieces;        /* under lock */
  atomic_llong mapped;  /* bytes in pieces */
  atomic_llong touched; /* since pages were last let go */
};

static int64_t quarter_of_memory(void) {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && size > 0 ? (int64_t)pages * size / 4 : (int64_t)1 << 32;
}

weiri_bulk *weiri_bulk_create(const weir_ctx *bare) {
  weiri_bulk *b = weiri_calloc(bare, 1, sizeof *b);
  if (b != NULL && pthread_mutex_init(&b->lock, NULL) != 0) {
    weiri_free(bare, b);
    b = NULL;
  }
  if (b != NULL) {
    const char *folder = getenv("TMPDIR");
    b->limit = quarter_of_memory();
    (void)snprintf(b->folder, sizeof b->folder, "%s",
        folder != NULL && folder[0] != '\0' ? folder : "/tmp");
  }
  return b;
}

void weiri_bulk_destroy(const weir_ctx *bare, weiri_bulk **bulk) {
  if (*bulk != NULL) {
    (void)pthread_mutex_destroy(&(*bulk)->lock);
    weiri_free(bare, *bulk);
    *bulk = NULL;
  }
}

weir_status weir_ctx_set_memory(weir_ctx *ctx, int64_t bytes, const char *folder) {
  weiri_bulk *b = ctx->bulk;
  if (bytes < 0 || (folder != NULL && strlen(folder) >= sizeof b->folder)) {
    return weiri_fail(WEIR_E_ARGUMENT, "memory: expected 0 or more bytes and a folder");
  }
  b->limit = bytes > 0 ? bytes : quarter_of_memory();
  if (folder != NULL) {
    (void)snprintf(b->folder, sizeof b->folder, "%s", folder);
  }
  return WEIR_OK;
}

int64_t weiri_bulk_limit(const weir_ctx *ctx) {
  return ctx->bulk != NULL ? ctx->bulk->limit : INT64_MAX;
}

const char *weiri_scratch_folder(const weir_ctx *ctx) {
  return ctx->bulk->folder;
}

weir_status weiri_scratch_open(const weir_ctx *ctx, int *fd) {
  char path[1100];
  (void)snprintf(path, sizeof path, "%s/weir-rows-XXXXXX", ctx->bulk->folder);
  *fd = mkstemp(path);
  if (*fd < 0) {
    return weiri_fail(WEIR_E_IO, "%s: cannot make a file for rows: %s",
        ctx->bulk->folder, strerror(errno));
  }
  (void)unlink(path);
  return WEIR_OK;
}

static bool enlist(const weir_ctx *ctx, void *map, size_t size) {
  if (ctx->bulk == NULL) {
    return true;
  }
  piece *p = weiri_alloc(ctx, sizeof *p);
  if (p == NULL) {
    return false;
  }
  (void)pthread_mutex_lock(&ctx->bulk->lock);
  *p = (piece){ctx->bulk->pieces, map, size};
  ctx->bulk->pieces = p;
  (void)pthread_mutex_unlock(&ctx->bulk->lock);
  (void)atomic_fetch_add(&ctx->bulk->mapped, (long long)size);
  return true;
}

void *weiri_bulk_map(const weir_ctx *ctx, int fd, size_t size, bool writable) {
  void *map = mmap(
      NULL, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) {
    (void)weiri_fail(
        WEIR_E_MEMORY, "cannot map a file of %zu bytes: %s", size, strerror(errno));
    return NULL;
  }
  if (!enlist(ctx, map, size)) {
    (void)munmap(map, size);
    return NULL;
  }
  return map;
}

void weiri_bulk_unmap(const weir_ctx *ctx, const void *map, size_t size) {
  if (map == NULL) {
    return;
  }
  weiri_bulk *b = ctx->bulk;
  piece *gone = NULL;
  if (b == NULL) {
    (void)munmap((void *)(uintptr_t)map, size);
    return;
  }
  (void)pthread_mutex_lock(&b->lock);
  for (piece **at = &b->pieces; *at != NULL; at = &(*at)->next) {
    if ((*at)->map == map) {
      gone = *at;
      *at = gone->next;
      break;
    }
  }
  (void)pthread_mutex_unlock(&b->lock);
  if (gone != NULL) {
    (void)atomic_fetch_sub(&b->mapped, (long long)size);
    (void)munmap(gone->map, size);
    weiri_free(ctx, gone);
  }
}

/* A shared mapping's pages stay in the file when they leave the program. */
static void let_go(weiri_bulk *b) {
  (void)pthread_mutex_lock(&b->lock);
  for (const piece *p = b->pieces; p != NULL; p = p->next) {
    (void)madvise(p->map, p->size, MADV_DONTNEED);
  }
  (void)pthread_mutex_unlock(&b->lock);
}

void weiri_bulk_touch(const weir_ctx *ctx, int64_t bytes) {
  weiri_bulk *b = ctx->bulk;
  if (b == NULL) {
    return;
  }
  const long long room = b->limit / 4 > ROOM_LEAST ? b->limit / 4 : ROOM_LEAST;
  if (atomic_load_explicit(&b->mapped, memory_order_relaxed) <= room) {
    return;
  }
  if (atomic_fetch_add(&b->touched, (long long)bytes) + bytes > room) {
    atomic_store(&b->touched, 0);
    let_go(b);
  }
}

static void *from_file(const weir_ctx *ctx, size_t size) {
  int fd = -1;
  if (weiri_scratch_open(ctx, &fd) != WEIR_OK) {
    return NULL;
  }
  void *map = NULL;
  if (ftruncate(fd, (off_t)size) != 0) {
    (void)weiri_fail(WEIR_E_IO, "%s: no room for %zu bytes of rows: %s",
        ctx->bulk->folder, size, strerror(errno));
  } else {
    map = weiri_bulk_map(ctx, fd, size, true);
  }
  (void)close(fd);
  return map;
}

void *weiri_bulk_alloc(const weir_ctx *ctx, int64_t count, int64_t size) {
  if (count < 0 || size < 1 || count > INT64_MAX / 2 / size) {
    (void)weiri_fail(WEIR_E_MEMORY, "out of memory: %lld times %lld bytes wanted",
        (long long)count, (long long)size);
    return NULL;
  }
  const size_t bytes = (size_t)count * (size_t)size;
  if (count * size <= weiri_bulk_limit(ctx)) {
    return weiri_calloc(ctx, bytes, 1);
  }
  return weiri_memory_place(from_file(ctx, bytes + weiri_memory_head()), bytes);
}
