/* Writing a safetensors file: header first, then each tensor from a multiple of 64
 * bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/sha256.h"
#include "model/safetensors.h"

#define ALIGN 64
#define DIGITS 64

static const struct {
  const char *name;
  int64_t size;
} types[] = {{"F32", 4}, {"F64", 8}, {"I64", 8}, {"U8", 1}};

static const char zeros[DIGITS + 1] =
    "0000000000000000000000000000000000000000000000000000000000000000";

static int64_t bytes_of(const weiri_st_tensor *t) {
  return weir_shape_size(&t->shape) * types[t->type].size;
}

static int64_t padded(int64_t bytes) {
  return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* Adds the entry of one tensor that starts at first. */
static bool add_entry(json_t *header, const weiri_st_tensor *t, int64_t first) {
  json_t *shape = json_array();
  for (int i = 0; shape != NULL && i < t->shape.rank; i++) {
    json_array_append_new(shape, json_integer(t->shape.dim[i]));
  }
  json_t *entry =
      json_pack("{s:s, s:o, s:[I, I]}", "dtype", types[t->type].name, "shape", shape,
          "data_offsets", (json_int_t)first, (json_int_t)(first + bytes_of(t)));
  return entry != NULL && json_object_set_new(header, t->name, entry) == 0;
}

/* The header as text, padded with spaces so that the numbers start on a boundary. */
static char *header_text(const weir_ctx *ctx, int64_t n, const weiri_st_tensor *tensors,
    const json_t *metadata, size_t *length) {
  json_t *header = json_object(), *meta = json_deep_copy(metadata);
  bool good = header != NULL && meta != NULL &&
              json_object_set_new(meta, "weir.sha256", json_string(zeros)) == 0 &&
              json_object_set(header, "__metadata__", meta) == 0;
  int64_t first = 0;
  for (int64_t i = 0; good && i < n; i++) {
    good = add_entry(header, &tensors[i], first);
    first += padded(bytes_of(&tensors[i]));
  }
  char *text = good ? json_dumps(header, JSON_COMPACT) : NULL;
  json_decref(header);
  json_decref(meta);
  char *out = NULL;
  if (text != NULL) {
    const size_t size = strlen(text);
    *length = (size_t)padded((int64_t)size + 8) - 8;
    out = weiri_alloc(ctx, *length + 1);
    if (out != NULL) {
      memset(out, ' ', *length);
      memcpy(out, text, size);
    }
  }
  free(text);
  if (out == NULL) {
    (void)weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  return out;
}

/* Sends n bytes and zeros up to the next boundary to a sink. */
typedef weir_status sink_fn(void *sink, const void *data, size_t size);

static weir_status emit(sink_fn *sink, void *to, const char *header, size_t length,
    int64_t n, const weiri_st_tensor *tensors) {
  unsigned char prefix[8];
  for (int i = 0; i < 8; i++) {
    prefix[i] = (unsigned char)((uint64_t)length >> (8 * i));
  }
  WEIR_TRY(sink(to, prefix, 8));
  WEIR_TRY(sink(to, header, length));
  for (int64_t i = 0; i < n; i++) {
    static const char gap[ALIGN];
    const int64_t bytes = bytes_of(&tensors[i]);
    WEIR_TRY(sink(to, tensors[i].data, (size_t)bytes));
    WEIR_TRY(sink(to, gap, (size_t)(padded(bytes) - bytes)));
  }
  return WEIR_OK;
}

static weir_status hash_sink(void *sink, const void *data, size_t size) {
  weiri_sha256_update(sink, data, size);
  return WEIR_OK;
}

static weir_status file_sink(void *sink, const void *data, size_t size) {
  return weiri_out_write(sink, data, size);
}

/* Puts the digest of the whole file into the header's zeros. */
static void seal(
    char *header, size_t length, int64_t n, const weiri_st_tensor *tensors) {
  static const char key[] = "\"weir.sha256\":\"";
  weiri_sha256 s;
  unsigned char digest[32];
  char hex[DIGITS + 1];
  weiri_sha256_init(&s);
  (void)emit(hash_sink, &s, header, length, n, tensors);
  weiri_sha256_final(&s, digest);
  weiri_sha256_print(digest, hex);
  for (size_t i = 0; i + sizeof key - 1 + DIGITS <= length; i++) {
    if (memcmp(header + i, key, sizeof key - 1) == 0) {
      memcpy(header + i + sizeof key - 1, hex, DIGITS);
      return;
    }
  }
}

weir_status weiri_st_write(const weir_ctx *ctx, const char *path, int64_t n,
    const weiri_st_tensor *tensors, const json_t *metadata) {
  size_t length = 0;
  char *header = header_text(ctx, n, tensors, metadata, &length);
  if (header == NULL) {
    return WEIR_E_MEMORY;
  }
  seal(header, length, n, tensors);
  weiri_out *out = NULL;
  weir_status status = weiri_out_open(&out, ctx, path);
  if (status == WEIR_OK) {
    status = emit(file_sink, out, header, length, n, tensors);
    if (status == WEIR_OK) {
      status = weiri_out_commit(&out);
    } else {
      weiri_out_abort(&out);
    }
  }
  weiri_free(ctx, header);
  return status;
}
