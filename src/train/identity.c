/* What a checkpoint belongs to: the data and every option that the result depends on.
 * Threads, files and the time between checkpoints are not among them. */
#include "base/bulk.h"
#include "base/ctx.h"
#include "base/sha256.h"
#include "train/train.h"

static weir_status no_memory(void) {
  return weiri_fail(WEIR_E_MEMORY, "out of memory");
}

/* Digest of the numbers of a frame and of which of its rows are meant. */
static json_t *digest(const weir_ctx *ctx, const weir_row_set *set) {
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
    weiri_bulk_touch(ctx, (int64_t)sizeof row);
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
      "train", digest(l->ctx, &l->train), "valid", digest(l->ctx, &l->valid),
      "train_rows", (json_int_t)l->train.n, "valid_rows", (json_int_t)l->valid.n,
      "train", train, "model", l->model->config, "schema", "", "dtype",
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
