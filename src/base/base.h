/* What every room may use: failing, memory, log, text. Knows no tensors. */
#ifndef WEIRI_BASE_H
#define WEIRI_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/ctx.h"
#include "weir/status.h"

/* Sets the thread's message and returns code. A message is one line, lower case, and
 * names file, row, column or layer. */
weir_status weiri_fail(weir_status code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
#ifdef __clang_analyzer__
/* The analyzer does not see that a failure returns its code, which is never WEIR_OK. */
static inline weir_status weiri_failed(weir_status code) {
  if (code == WEIR_OK) {
    __builtin_unreachable();
  }
  return code;
}
#define weiri_fail(...) weiri_failed(weiri_fail(__VA_ARGS__))
#endif
/* Puts "prefix: " before the thread's message; returns code. For adding where. */
weir_status weiri_where(weir_status code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define WEIR_TRY(expr)                                                                 \
  do {                                                                                 \
    const weir_status weiri_s_ = (expr);                                               \
    if (weiri_s_ != WEIR_OK)                                                           \
      return weiri_s_;                                                                 \
  } while (0)
/* Needs a local `weir_status status` and a label that frees in reverse order. */
#define WEIR_TRY_GOTO(label, expr)                                                     \
  do {                                                                                 \
    status = (expr);                                                                   \
    if (status != WEIR_OK)                                                             \
      goto label;                                                                      \
  } while (0)

/* Memory of the context. Failing returns NULL with the message set (E_MEMORY). */
void *weiri_alloc(const weir_ctx *ctx, size_t size);
void *weiri_calloc(const weir_ctx *ctx, size_t count, size_t size);
void *weiri_realloc(const weir_ctx *ctx, void *p, size_t size);
void weiri_free(const weir_ctx *ctx, const void *p);
char *weiri_strdup(const weir_ctx *ctx, const char *s);
/* printf into new memory of the context. */
char *weiri_format(const weir_ctx *ctx, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void weiri_log(const weir_ctx *ctx, weir_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Bump allocator: reset keeps the memory; after a reset that saw several blocks there
 * is one block as large as all of them, so a repeated step allocates nothing. */
typedef struct weiri_arena weiri_arena;
weir_status weiri_arena_create(weiri_arena **out, const weir_ctx *ctx, size_t block);
void weiri_arena_destroy(weiri_arena **arena);
/* 64-byte aligned, not cleared; NULL when memory ran out (message set). */
void *weiri_arena_take(weiri_arena *arena, size_t size);
/* The same, 16-byte aligned: for many small things. */
void *weiri_arena_take_small(weiri_arena *arena, size_t size);
/* Whether p lies in its memory. */
bool weiri_arena_owns(const weiri_arena *arena, const void *p);
void weiri_arena_reset(weiri_arena *arena);
size_t weiri_arena_used(const weiri_arena *arena);
size_t weiri_arena_reserved(const weiri_arena *arena);

/* Seconds on a clock that only goes forward. */
double weiri_clock(void);

/* Text, independent of the locale. */
bool weiri_parse_real(
    const char *s, size_t len, double *out); /* whole field or false */
bool weiri_parse_int(const char *s, size_t len, int64_t *out);
/* Shortest decimal that reads back as the same double (or float, when single). Returns
 * the length; buf holds at least 32 bytes. nan, inf, -inf are written so. */
int weiri_print_real(char *buf, double x, bool single);
/* Nearest of names (NULL-terminated) to word, or NULL when none is near. */
const char *weiri_nearest(const char *word, const char *const *names);

#endif
