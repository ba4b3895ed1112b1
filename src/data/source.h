/* Where bytes come from: a file, standard input, memory; gz is undone on the way. */
#ifndef WEIRI_SOURCE_H
#define WEIRI_SOURCE_H

#include "base/base.h"
#include "weir/sys/reader.h"

enum { WEIRI_PEEK = 4096 };

/* path "-": standard input. max_bytes 0: 2^40. */
weir_status weiri_source_open(
    weir_source **out, weir_ctx *ctx, const char *path, int64_t max_bytes);
/* Over size bytes that stay where they are. */
weir_status weiri_source_memory(weir_source **out, weir_ctx *ctx, const char *name,
    const void *data, size_t size, int64_t max_bytes);
void weiri_source_close(weir_source **source);
/* The first bytes, at most WEIRI_PEEK, which weir_source_read will give again. */
weir_status weiri_source_peek(
    weir_source *source, const unsigned char **head, size_t *n);

/* Raw deflate members of a gz stream; fetch gives compressed bytes, 0 at the end. */
typedef struct weiri_gz weiri_gz;
typedef weir_status (*weiri_fetch)(void *user, void *buf, size_t size, size_t *got);
weir_status weiri_gz_create(weiri_gz **out, const weir_ctx *ctx, const char *name,
    weiri_fetch fetch, void *user);
weir_status weiri_gz_read(weiri_gz *gz, void *buf, size_t size, size_t *got);
void weiri_gz_destroy(weiri_gz **gz);

#endif
