/** The context: allocator, log, instruction set, threads, and the registries. */
#ifndef WEIR_CTX_H
#define WEIR_CTX_H

#include <stddef.h>
#include <stdint.h>

#include "weir/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_ctx weir_ctx;

/** One function for all memory: new_size 0 frees, ptr NULL allocates. Returns NULL on
 * failure (the old block stays). Blocks are aligned as malloc aligns. The context's
 * threads call it at the same time. */
typedef void *(*weir_alloc_fn)(void *user, void *ptr, size_t old_size, size_t new_size);

typedef enum weir_log_level {
  WEIR_LOG_DEBUG,
  WEIR_LOG_INFO,
  WEIR_LOG_WARN
} weir_log_level;

/** Receives one line without a newline. */
typedef void (*weir_log_fn)(void *user, weir_log_level level, const char *line);

typedef struct weir_ctx_opts {
  uint32_t struct_size; /**< sizeof(weir_ctx_opts) */
  int threads;          /**< 0: as many as cores */
  const char *isa;      /**< NULL: the best this machine has; "base", "v3", "v4" */
  weir_alloc_fn alloc;  /**< NULL: realloc */
  void *alloc_user;
  weir_log_fn log; /**< NULL: silent */
  void *log_user;
} weir_ctx_opts;
#define WEIR_CTX_OPTS_INIT                                                             \
  { sizeof(weir_ctx_opts), 0, NULL, NULL, NULL, NULL, NULL }

/** Creates a context. opts may be NULL. Errors: E_MEMORY, E_ARGUMENT. A context may be
 * used from many threads at once, except for weir_register_*. */
WEIR_API WEIR_MUST_USE weir_status weir_ctx_create(
    weir_ctx **out, const weir_ctx_opts *opts);
/** Frees and nulls; every object made from the context must be gone. Accepts NULL. */
WEIR_API void weir_ctx_destroy(weir_ctx **ctx);

/** How much memory one array that grows with the rows of the data may take; larger ones
 * live in files without a name in folder, and of those and of mapped tables about a
 * quarter of bytes at a time is in memory. bytes 0: a quarter of the machine's, the
 * default. folder NULL: unchanged (at first TMPDIR, else /tmp). Call it before data is
 * read. Errors: E_ARGUMENT. */
WEIR_API WEIR_MUST_USE weir_status weir_ctx_set_memory(
    weir_ctx *ctx, int64_t bytes, const char *folder);

/** Threads the context splits its work over. Results do not depend on it. */
WEIR_API int weir_ctx_threads(const weir_ctx *ctx);
/** Instruction-set level in use: "base", "v3" or "v4". */
WEIR_API const char *weir_ctx_isa(const weir_ctx *ctx);

/** Version of the library, "0.1.0". */
WEIR_API const char *weir_version(void);

#ifdef __cplusplus
}
#endif
#endif
