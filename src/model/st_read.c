/* Reading a safetensors file: every size is checked against the file before it is used.
 */
#include <string.h>

#include "base/file.h"
#include "base/sha256.h"
#include "model/safetensors.h"

#define HEADER_MAX ((uint64_t)100 << 20)
#define DIGITS 64

struct weiri_st_file {
  const weir_ctx *ctx;
  unsigned char *data;
  size_t size;
  json_t *header;
  weiri_st_tensor *tensors;
  int64_t n;
};

static const struct {
  const char *name;
  size_t size;
} types[] = {{"F32", 4}, {"F64", 8}, {"I64", 8}, {"U8", 1}};

void weiri_st_close(weiri_st_file **file) {
  weiri_st_file *f = *file;
  if (f == NULL) {
    return;
  }
  json_decref(f->header);
  weiri_free(f->ctx, f->tensors);
  weiri_free(f->ctx, f->data);
  weiri_free(f->ctx, f);
  *file = NULL;
}

static weir_status check_digest(
    const weiri_st_file *f, uint64_t header, const char *where) {
  static const char key[] = "\"weir.sha256\":\"";
  const unsigned char *from = f->data + 8, *end = from + header;
  const unsigned char *digits = NULL;
  for (const unsigned char *p = from; p + sizeof key - 1 + DIGITS < end; p++) {
    if (memcmp(p, key, sizeof key - 1) == 0) {
      digits = p + sizeof key - 1;
      break;
    }
  }
  if (digits == NULL) {
    return weiri_fail(
        WEIR_E_FORMAT, "%s: no checksum in the header: not a weir file", where);
  }
  char zeros[DIGITS], hex[DIGITS + 1];
  memset(zeros, '0', sizeof zeros);
  weiri_sha256 s;
  unsigned char digest[32];
  weiri_sha256_init(&s);
  weiri_sha256_update(&s, f->data, (size_t)(digits - f->data));
  weiri_sha256_update(&s, zeros, DIGITS);
  weiri_sha256_update(
      &s, digits + DIGITS, f->size - (size_t)(digits + DIGITS - f->data));
  weiri_sha256_final(&s, digest);
  weiri_sha256_print(digest, hex);
  if (memcmp(hex, digits, DIGITS) != 0) {
    return weiri_fail(WEIR_E_FORMAT,
        "%s: the checksum does not match: the file is damaged or was changed", where);
  }
  return WEIR_OK;
}

/* Shape, type and place of one tensor from its header entry. */
static weir_status read_entry(const weiri_st_file *f, uint64_t start, const char *name,
    const json_t *entry, const char *where, weiri_st_tensor *out) {
  const char *dtype = json_string_value(json_object_get(entry, "dtype"));
  const json_t *shape = json_object_get(entry, "shape");
  const json_t *offsets = json_object_get(entry, "data_offsets");
  size_t type = 0;
  while (dtype != NULL && type < 4 && strcmp(types[type].name, dtype) != 0) {
    type++;
  }
  if (dtype == NULL || type == 4 || !json_is_array(shape) ||
      json_array_size(shape) > 5 || json_array_size(offsets) != 2) {
    return weiri_fail(
        WEIR_E_FORMAT, "%s: tensor '%.80s': malformed entry", where, name);
  }
  *out = (weiri_st_tensor){.name = name, .type = (weiri_st_type)type};
  uint64_t bytes = types[type].size;
  out->shape.rank = (int)json_array_size(shape);
  for (int i = 0; i < out->shape.rank; i++) {
    const json_int_t dim = json_integer_value(json_array_get(shape, (size_t)i));
    if (dim < 0 || (dim > 0 && bytes > f->size / (uint64_t)dim)) {
      return weiri_fail(
          WEIR_E_FORMAT, "%s: tensor '%.80s' is larger than the file", where, name);
    }
    out->shape.dim[i] = dim;
    bytes *= (uint64_t)dim;
  }
  const json_int_t first = json_integer_value(json_array_get(offsets, 0));
  const json_int_t last = json_integer_value(json_array_get(offsets, 1));
  if (first < 0 || last < first || (uint64_t)last > f->size - start ||
      (uint64_t)(last - first) != bytes) {
    return weiri_fail(WEIR_E_FORMAT,
        "%s: tensor '%.80s': its place is not within the file (cut short?)", where,
        name);
  }
  out->data = f->data + start + first;
  return WEIR_OK;
}

static weir_status read_entries(weiri_st_file *f, uint64_t start, const char *where) {
  f->tensors =
      weiri_calloc(f->ctx, json_object_size(f->header) + 1, sizeof *f->tensors);
  if (f->tensors == NULL) {
    return WEIR_E_MEMORY;
  }
  const char *name;
  json_t *entry;
  json_object_foreach(f->header, name, entry) {
    if (strcmp(name, "__metadata__") != 0) {
      WEIR_TRY(read_entry(f, start, name, entry, where, &f->tensors[f->n]));
      f->n++;
    }
  }
  return WEIR_OK;
}

static weir_status parse(weiri_st_file *f, const char *where) {
  uint64_t header = 0;
  for (int i = 7; f->size >= 8 && i >= 0; i--) {
    header = header << 8 | f->data[i];
  }
  if (f->size < 8 || header > HEADER_MAX || header > f->size - 8 || header < 2 ||
      f->data[8] != '{') {
    return weiri_fail(WEIR_E_FORMAT, "%s: not a safetensors file, or cut short", where);
  }
  WEIR_TRY(check_digest(f, header, where));
  json_error_t error;
  f->header = json_loadb(
      (const char *)f->data + 8, (size_t)header, JSON_REJECT_DUPLICATES, &error);
  if (!json_is_object(f->header)) {
    return weiri_fail(WEIR_E_FORMAT, "%s: malformed header: %s", where, error.text);
  }
  return read_entries(f, 8 + header, where);
}

/* Takes data. */
static weir_status adopt(weiri_st_file **out, const weir_ctx *ctx, unsigned char *data,
    size_t size, const char *where) {
  weiri_st_file *f = weiri_calloc(ctx, 1, sizeof *f);
  if (f == NULL) {
    weiri_free(ctx, data);
    return WEIR_E_MEMORY;
  }
  f->ctx = ctx;
  f->data = data;
  f->size = size;
  const weir_status status = parse(f, where);
  if (status != WEIR_OK) {
    weiri_st_close(&f);
    return status;
  }
  *out = f;
  return WEIR_OK;
}

weir_status weiri_st_parse(weiri_st_file **out, const weir_ctx *ctx, const void *data,
    size_t size, const char *where) {
  unsigned char *copy = weiri_alloc(ctx, size + 1);
  if (copy == NULL) {
    return WEIR_E_MEMORY;
  }
  memcpy(copy, data, size);
  return adopt(out, ctx, copy, size, where);
}

weir_status weiri_st_read(weiri_st_file **out, const weir_ctx *ctx, const char *path) {
  void *data = NULL;
  size_t size = 0;
  WEIR_TRY(weiri_file_read_all(ctx, path, &data, &size));
  return adopt(out, ctx, data, size, path);
}

const char *weiri_st_metadata(const weiri_st_file *file, const char *key) {
  return json_string_value(
      json_object_get(json_object_get(file->header, "__metadata__"), key));
}

const weiri_st_tensor *weiri_st_find(const weiri_st_file *file, const char *name) {
  for (int64_t i = 0; i < file->n; i++) {
    if (strcmp(file->tensors[i].name, name) == 0) {
      return &file->tensors[i];
    }
  }
  return NULL;
}

int64_t weiri_st_count(const weiri_st_file *file) {
  return file->n;
}

const weiri_st_tensor *weiri_st_at(const weiri_st_file *file, int64_t i) {
  return &file->tensors[i];
}
