/* Bump allocator over a list of blocks, the newest first. A block that is added is at
 * least as large as all before it, so a step adds few. */
#include "base/base.h"

#define ALIGN ((size_t)64)
#define SMALL ((size_t)16)

typedef struct block {
  struct block *before;
  char *start; /* first address that is a multiple of ALIGN */
  size_t size, used;
} block;

struct weiri_arena {
  const weir_ctx *ctx;
  block *top;
  size_t next;     /* least size of the next block */
  size_t used;     /* in blocks below the top */
  size_t reserved; /* in all blocks */
};

weir_status weiri_arena_create(weiri_arena **out, const weir_ctx *ctx, size_t size) {
  weiri_arena *a = weiri_calloc(ctx, 1, sizeof *a);
  if (a == NULL) {
    return WEIR_E_MEMORY;
  }
  a->ctx = ctx;
  a->next = size;
  *out = a;
  return WEIR_OK;
}

static void drop_blocks(weiri_arena *a) {
  while (a->top != NULL) {
    block *b = a->top;
    a->top = b->before;
    weiri_free(a->ctx, b);
  }
  a->used = a->reserved = 0;
}

void weiri_arena_destroy(weiri_arena **arena) {
  if (*arena != NULL) {
    drop_blocks(*arena);
    weiri_free((*arena)->ctx, *arena);
    *arena = NULL;
  }
}

static size_t up(size_t x) {
  return (x + ALIGN - 1) & ~(ALIGN - 1);
}

static bool add_block(weiri_arena *a, size_t least) {
  size_t size = least > a->next ? least : a->next;
  size = up(size > a->reserved ? size : a->reserved);
  block *b = weiri_alloc(a->ctx, sizeof *b + size + ALIGN);
  if (b == NULL && size > up(least)) {
    size = up(least);
    b = weiri_alloc(a->ctx, sizeof *b + size + ALIGN);
  }
  if (b == NULL) {
    return false;
  }
  const size_t past = (size_t)((uintptr_t)(b + 1) & (ALIGN - 1));
  b->start = (char *)(b + 1) + (past == 0 ? 0 : ALIGN - past);
  b->size = size;
  b->used = 0;
  b->before = a->top;
  a->used += a->top == NULL ? 0 : a->top->used;
  a->reserved += size;
  a->top = b;
  return true;
}

bool weiri_arena_owns(const weiri_arena *a, const void *p) {
  const char *at = p;
  for (const block *b = a->top; b != NULL; b = b->before) {
    if (at >= b->start && at < b->start + b->size) {
      return true;
    }
  }
  return false;
}

static void *take(weiri_arena *a, size_t size, size_t align) {
  if (size > PTRDIFF_MAX / 2) {
    (void)weiri_fail(WEIR_E_MEMORY, "out of memory: %zu bytes wanted", size);
    return NULL;
  }
  size = size == 0 ? align : (size + align - 1) & ~(align - 1);
  size_t at = a->top == NULL ? 0 : (a->top->used + align - 1) & ~(align - 1);
  if (a->top == NULL || at > a->top->size || size > a->top->size - at) {
    if (!add_block(a, size)) {
      return NULL;
    }
    at = 0;
  }
  a->top->used = at + size;
  return a->top->start + at;
}

void *weiri_arena_take(weiri_arena *a, size_t size) {
  return take(a, size, ALIGN);
}

void *weiri_arena_take_small(weiri_arena *a, size_t size) {
  return take(a, size, SMALL);
}

/* Several blocks become one. When there is no memory for it now, the next take tries.
 */
void weiri_arena_reset(weiri_arena *a) {
  if (a->top != NULL && a->top->before != NULL) {
    a->next = a->reserved;
    drop_blocks(a);
    (void)add_block(a, a->next);
  }
  if (a->top != NULL) {
    a->top->used = 0;
  }
  a->used = 0;
}

size_t weiri_arena_used(const weiri_arena *a) {
  return a->used + (a->top == NULL ? 0 : a->top->used);
}

size_t weiri_arena_reserved(const weiri_arena *a) {
  return a->reserved;
}
