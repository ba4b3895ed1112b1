/* Creating a context: allocator, threads, and the kernel table this machine runs. */
#define _DEFAULT_SOURCE
#include "base/ctx.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "base/bulk.h"
#include "kern/kern.h"

#define LARGE_PAGE ((size_t)1 << 21)

/* Asks for large pages inside of a block that holds some: parameters and the memory of
 * a plan then come into being with a few hundred faults rather than tens of thousands,
 * a third of the time to the first step of a middling model. A system without them does
 * as before. */
static void in_large_pages(void *block, size_t size) {
#ifdef MADV_HUGEPAGE
  const uintptr_t start = ((uintptr_t)block + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
  const uintptr_t end = ((uintptr_t)block + size) & ~(LARGE_PAGE - 1);
  if (block != NULL && end > start) {
    (void)madvise(
        (char *)block + (start - (uintptr_t)block), end - start, MADV_HUGEPAGE);
  }
#else
  (void)block;
  (void)size;
#endif
}

static void *default_alloc(void *user, void *ptr, size_t old_size, size_t new_size) {
  (void)user;
  (void)old_size;
  if (new_size == 0) {
    free(ptr);
    return NULL;
  }
  void *block = realloc(ptr, new_size);
  if (new_size >= 2 * LARGE_PAGE) {
    in_large_pages(block, new_size);
  }
  return block;
}

static int online_cores(void) {
  const long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n < 1 ? 1 : n > 256 ? 256 : (int)n;
}

weir_status weir_ctx_create(weir_ctx **out, const weir_ctx_opts *opts) {
  weir_ctx_opts o = WEIR_CTX_OPTS_INIT;
  if (opts != NULL) {
    if (opts->struct_size == 0 || opts->struct_size > sizeof o) {
      return weiri_fail(WEIR_E_ARGUMENT,
          "weir_ctx_opts: struct_size is %u, expected %zu", opts->struct_size,
          sizeof o);
    }
    memcpy(&o, opts, opts->struct_size);
  }
  const weiri_kern *kern = weiri_kern_select(o.isa);
  if (kern == NULL) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "instruction set '%s' is not one this machine runs (base, v3, v4)", o.isa);
  }
  if (o.threads < 0 || o.threads > 256) {
    return weiri_fail(WEIR_E_ARGUMENT, "threads: %d is outside [0, 256]", o.threads);
  }
  weir_ctx bare = {0};
  bare.alloc = o.alloc != NULL ? o.alloc : default_alloc;
  bare.alloc_user = o.alloc_user;
  weir_ctx *ctx = weiri_calloc(&bare, 1, sizeof *ctx);
  bare.bulk = ctx == NULL ? NULL : weiri_bulk_create(&bare);
  if (bare.bulk == NULL) {
    weiri_free(&bare, ctx);
    return WEIR_E_MEMORY;
  }
  *ctx = bare;
  ctx->log = o.log;
  ctx->log_user = o.log_user;
  ctx->threads = o.threads > 0 ? o.threads : online_cores();
  ctx->kern = kern;
  ctx->isa = kern->isa;
  *out = ctx;
  return WEIR_OK;
}

void weir_ctx_destroy(weir_ctx **ctx) {
  if (*ctx == NULL) {
    return;
  }
  weir_ctx bare = **ctx;
  weiri_ctx_forget(*ctx);
  weiri_bulk_destroy(&bare, &bare.bulk);
  weiri_free(&bare, *ctx);
  *ctx = NULL;
}

int weir_ctx_threads(const weir_ctx *ctx) {
  return ctx->threads;
}

const char *weir_ctx_isa(const weir_ctx *ctx) {
  return ctx->isa;
}
