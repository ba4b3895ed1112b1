/* The safetensors container: named tensors and text metadata in one file.
 *
 * 8 bytes: length of the header, little-endian; the header: a JSON object {name:
 * {dtype, shape, data_offsets}, "__metadata__": {key: text}}, padded with spaces to 64
 * bytes; the numbers, little-endian, each tensor from a multiple of 64 bytes. Files
 * written here carry metadata "weir.sha256": SHA-256 of the whole file with those 64
 * digits replaced by zeros, so that no bit of header or numbers can flip unseen. */
#ifndef WEIRI_SAFETENSORS_H
#define WEIRI_SAFETENSORS_H

#include <jansson.h>

#include "base/base.h"
#include "weir/tape.h"

typedef enum weiri_st_type {
  WEIRI_ST_F32,
  WEIRI_ST_F64,
  WEIRI_ST_I64,
  WEIRI_ST_U8
} weiri_st_type;

typedef struct weiri_st_tensor {
  const char *name;
  weiri_st_type type;
  weir_shape shape;
  const void *data; /* borrowed; on reading: into the file's memory, 64-byte aligned
                       relative to its start */
} weiri_st_tensor;

/* Writes atomically. metadata: an object of texts. Errors: E_IO, E_MEMORY. */
weir_status weiri_st_write(const weir_ctx *ctx, const char *path, int64_t n,
    const weiri_st_tensor *tensors, const json_t *metadata);

typedef struct weiri_st_file weiri_st_file;

/* Reads from memory (copied); where stands in messages. Errors: E_FORMAT (cut short,
 * header not as above, offsets that lie, checksum wrong or missing), E_MEMORY. */
weir_status weiri_st_parse(weiri_st_file **out, const weir_ctx *ctx, const void *data,
    size_t size, const char *where);
weir_status weiri_st_read(weiri_st_file **out, const weir_ctx *ctx, const char *path);
void weiri_st_close(weiri_st_file **file);

/* Text of a metadata key, or NULL; borrowed. */
const char *weiri_st_metadata(const weiri_st_file *file, const char *key);
/* The tensor of that name, or NULL; borrowed. */
const weiri_st_tensor *weiri_st_find(const weiri_st_file *file, const char *name);
int64_t weiri_st_count(const weiri_st_file *file);
const weiri_st_tensor *weiri_st_at(const weiri_st_file *file, int64_t i);

#endif
