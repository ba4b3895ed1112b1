/* Bulk memory: arrays that grow with the rows of the data. Up to a limit they are
 * ordinary memory of the context; beyond it they live in an unlinked file of the
 * scratch folder, which the system writes out as it must. What of such files (and of
 * mapped tables) lies in memory is let go whenever more than a quarter of the limit has
 * been touched, so that a program on files of any size stays small. */
#ifndef WEIRI_BULK_H
#define WEIRI_BULK_H

#include "base/base.h"

typedef struct weiri_bulk weiri_bulk;

/* Up to so many rows, orders of rows are permutations in memory; beyond, they are made
 * piece by piece. The number alone decides, so that results do not depend on memory. */
#define WEIRI_ROWS_MANY ((int64_t)1 << 20)

/* Bytes that come into memory when one of them is read: the system maps what lies
 * around it in the file too, more than the 64 KiB of its fault_around_bytes where pages
 * are large. */
enum { WEIRI_PAGE = 1 << 18 };

/* Made with the context and freed with it. NULL when memory runs out. A context without
 * one keeps all in memory. */
weiri_bulk *weiri_bulk_create(const weir_ctx *bare);
void weiri_bulk_destroy(const weir_ctx *bare, weiri_bulk **bulk);

/* size bytes, zero; freed with weiri_free. NULL with the message said. */
void *weiri_bulk_alloc(const weir_ctx *ctx, int64_t count, int64_t size);
/* Bytes beyond which an array is kept in a file. */
int64_t weiri_bulk_limit(const weir_ctx *ctx);

/* A new file in the scratch folder that has no name. Errors: E_IO. */
weir_status weiri_scratch_open(const weir_ctx *ctx, int *fd);
const char *weiri_scratch_folder(const weir_ctx *ctx);
/* Maps size bytes of a file, shared; NULL with the message said. Ended with
 * weiri_bulk_unmap. */
void *weiri_bulk_map(const weir_ctx *ctx, int fd, size_t size, bool writable);
/* Accepts NULL. */
void weiri_bulk_unmap(const weir_ctx *ctx, const void *map, size_t size);

/* Bytes in front of a block that weiri_free wants, and a block of size bytes behind
 * them in mapped memory (NULL stays NULL): base/memory.c. */
size_t weiri_memory_head(void);
void *weiri_memory_place(void *map, size_t size);

/* Says that so many bytes of mapped memory are about to be used. */
void weiri_bulk_touch(const weir_ctx *ctx, int64_t bytes);

#endif
