/* Memory of the context. A block carries its size in front, so that the user's
 * allocator is told the old size whenever a block changes or goes. */
#include <stdio.h>
#include <string.h>

#include "base/bulk.h"
#include "base/ctx.h"

/* Keeps the alignment of malloc for what follows it. mapped: the block is a file's
 * (base/bulk.h). */
typedef union header {
  struct {
    size_t size, mapped;
  };
  max_align_t align;
} header;

size_t weiri_memory_head(void) {
  return sizeof(header);
}

void *weiri_memory_place(void *map, size_t size) {
  header *h = map;
  if (h == NULL) {
    return NULL;
  }
  h->size = size;
  h->mapped = 1;
  return h + 1;
}

static void *none(size_t size) {
  (void)weiri_fail(WEIR_E_MEMORY, "out of memory: %zu bytes wanted", size);
  return NULL;
}

void *weiri_realloc(const weir_ctx *ctx, void *p, size_t size) {
  if (size > PTRDIFF_MAX - sizeof(header)) {
    return none(size);
  }
  header *old = p == NULL ? NULL : (header *)p - 1;
  const size_t old_size = old == NULL ? 0 : sizeof(header) + old->size;
  header *h = ctx->alloc(ctx->alloc_user, old, old_size, sizeof(header) + size);
  if (h == NULL) {
    return none(size);
  }
  h->size = size;
  h->mapped = 0;
  return h + 1;
}

void *weiri_alloc(const weir_ctx *ctx, size_t size) {
  return weiri_realloc(ctx, NULL, size);
}

void *weiri_calloc(const weir_ctx *ctx, size_t count, size_t size) {
  if (size != 0 && count > PTRDIFF_MAX / size) {
    (void)weiri_fail(
        WEIR_E_MEMORY, "out of memory: %zu times %zu bytes wanted", count, size);
    return NULL;
  }
  void *p = weiri_alloc(ctx, count * size);
  return p == NULL ? NULL : memset(p, 0, count * size);
}

/* Through uintptr_t: what is const to its reader is still ours to free. */
void weiri_free(const weir_ctx *ctx, const void *p) {
  if (p == NULL) {
    return;
  }
  header *h = (header *)(uintptr_t)p - 1;
  if (h->mapped != 0) {
    weiri_bulk_unmap(ctx, h, sizeof(header) + h->size);
    return;
  }
  (void)ctx->alloc(ctx->alloc_user, h, sizeof(header) + h->size, 0);
}

char *weiri_strdup(const weir_ctx *ctx, const char *s) {
  const size_t size = strlen(s) + 1;
  char *copy = weiri_alloc(ctx, size);
  return copy == NULL ? NULL : memcpy(copy, s, size);
}

char *weiri_format(const weir_ctx *ctx, const char *fmt, ...) {
  va_list ap;
  va_list again;
  va_start(ap, fmt);
  va_copy(again, ap);
  const int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  char *text = NULL;
  if (n < 0) {
    (void)weiri_fail(WEIR_E_INTERNAL, "cannot format '%s'", fmt);
  } else {
    text = weiri_alloc(ctx, (size_t)n + 1);
  }
  if (text != NULL) {
    (void)vsnprintf(text, (size_t)n + 1, fmt, again);
  }
  va_end(again);
  return text;
}
