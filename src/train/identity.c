/* What a checkpoint belongs to: the data and every option that the result depends on.
 * Threads, files and the time between checkpoints are not among them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "base/sha256.h"
#include "train/train.h"

static weir_status no_memory(void) {
  return weiri_fail(WEIR_E_MEMORY, "out of memory");
}

/* Digest of the numbers of a frame and of which of its rows are meant. */
static json_t *digest(const weir_row_set *set) {
  char hex[65];
  unsigned char bytes[32];
  weiri_sha256 s;
  if (set->n == 0) {
    return json_string("none");
  }
  weir_frame_digest(set->frame, hex);
  weiri_sha256_init(&s);
  weiri_sha256_update(&s, hex, 64);
  for (int64_t i = 0; i < set->n; i++) {
    const int64_t row = set->rows == NULL ? i : set->rows[i];
    weiri_sha256_update(&s, &row, sizeof row);
  }
  weiri_sha256_final(&s, bytes);
  weiri_sha256_print(bytes, hex);
  return json_string(hex);
}

weir_status weiri_identity(const weiri_loop *l, json_t **out) {
  const weir_params *p = l->model->params;
  json_t *train = json_deep_copy(l->resolved);
  json_object_del(train, "checkpoint_seconds");
  *out = json_pack("{s:{s:o, s:o, s:I, s:I}, s:o, s:O, s:s, s:s, s:f, s:I}", "data",
      "train", digest(&l->train), "valid", digest(&l->valid), "train_rows",
      (json_int_t)l->train.n, "valid_rows", (json_int_t)l->valid.n, "train", train,
      "model", l->model->config, "schema", "", "dtype",
      weiri_params_dtype(p) == WEIR_F32 ? "f32" : "f64", "time_limit",
      l->opts.time_limit, "seed", (json_int_t)l->opts.seed);
  if (*out == NULL) {
    return no_memory();
  }
  char *schema = NULL;
  weir_status status = weir_schema_to_json(l->model->schema, &schema);
  if (status == WEIR_OK) {
    json_t *value = json_loads(schema, 0, NULL);
    status = value == NULL || json_object_set_new(*out, "schema", value) != 0
                 ? no_memory()
                 : WEIR_OK;
  }
  weir_text_free(l->ctx, schema);
  if (status != WEIR_OK) {
    json_decref(*out);
    *out = NULL;
  }
  return status;
}

/* A value in few words. */
static void describe(const json_t *value, char *buf, size_t size) {
  char *text =
      value == NULL
          ? NULL
          : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(12));
  snprintf(buf, size, "%.60s", text == NULL ? "nothing" : text);
  free(text);
}

static weir_status differ(
    const json_t *saved, const json_t *now, const char *key, const char *file) {
  char was[64], is[64];
  if (strcmp(key, "data.train") == 0 || strcmp(key, "data.valid") == 0) {
    return weiri_fail(WEIR_E_MISMATCH,
        "resume: %s: the %s rows are not those that %s was written for; remove the "
        "checkpoint or give the same data",
        key, key + 5, file);
  }
  describe(saved, was, sizeof was);
  describe(now, is, sizeof is);
  return weiri_fail(WEIR_E_MISMATCH,
      "resume: %s is %s, but %s was written with %s; give the same value or remove the "
      "checkpoint",
      key, is, file, was);
}

static weir_status compare(const json_t *saved, const json_t *now, const char *path,
    const char *file, int depth) {
  if (!json_is_object(saved) || !json_is_object(now) || depth > 16) {
    return json_equal(saved, now) ? WEIR_OK : differ(saved, now, path, file);
  }
  const json_t *both[2] = {saved, now};
  for (int side = 0; side < 2; side++) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)both[side], key, value) {
      char name[256];
      snprintf(
          name, sizeof name, "%.180s%s%.70s", path, path[0] == '\0' ? "" : ".", key);
      WEIR_TRY(compare(json_object_get(saved, key), json_object_get(now, key), name,
          file, depth + 1));
    }
  }
  return WEIR_OK;
}

weir_status weiri_identity_compare(
    const json_t *saved, const json_t *now, const char *file) {
  return compare(saved, now, "", file, 0);
}
