/* Whole files: read at once, written so that a reader sees the old file or the new one.
 */
#ifndef WEIRI_FILE_H
#define WEIRI_FILE_H

#include "base/base.h"

/* Reads a file of any kind to its end into memory of the context, with a NUL behind it
 * that size does not count. An empty file is no error. Errors: E_IO, E_MEMORY. */
weir_status weiri_file_read_all(
    const weir_ctx *ctx, const char *path, void **data, size_t *size);

/* A file being written. What is written goes to a temporary file beside path, which
 * takes its place when all is on disk; a path that is a device or a pipe is written
 * directly. */
typedef struct weiri_out weiri_out;
weir_status weiri_out_open(weiri_out **out, const weir_ctx *ctx, const char *path);
/* Buffered; after a failure the file can only be aborted or committed, which fails. */
weir_status weiri_out_write(weiri_out *out, const void *data, size_t size);
/* Flushes, syncs, renames, syncs the directory; frees and nulls whatever happens. On
 * failure the temporary file is gone and the old file is as it was. */
weir_status weiri_out_commit(weiri_out **out);
/* Removes the temporary file; frees and nulls, accepts NULL. */
void weiri_out_abort(weiri_out **out);

/* The three steps at once. */
weir_status weiri_file_write_atomic(
    const weir_ctx *ctx, const char *path, const void *data, size_t size);

/* What follows the last dot of a path's file name: NULL where nothing does, the name
 * begins with the dot, or a digit follows it (model-v1.2). */
const char *weiri_extension(const char *path);

/* English text of an errno, from any thread. */
const char *weiri_strerror(int error);

#endif
