/* A model as one safetensors file: every tensor by its path, and metadata that rebuilds
 * the rest: weir.format, weir.schema, weir.config, weir.dist, weir.record, weir.seed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "model/model.h"
#include "model/safetensors.h"

/* Files of a later format are refused. */
#define FORMAT 1

/* Name of the tensor that holds the model's origin. */
#define ORIGIN "origin"

static json_t *metadata_of(const weir_model *m) {
  char *schema = NULL;
  if (weir_schema_to_json(m->schema, &schema) != WEIR_OK) {
    return NULL;
  }
  char *dist = json_dumps(json_object_get(m->site.resolved, "dist"), JSON_COMPACT);
  char format[16], seed[32];
  snprintf(format, sizeof format, "%d", FORMAT);
  snprintf(seed, sizeof seed, "%" PRIu64, m->seed);
  json_t *meta = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "weir.format", format,
      "weir.version", weir_version(), "weir.schema", schema, "weir.config",
      m->config_text, "weir.dist", dist == NULL ? "" : dist, "weir.record", m->record,
      "weir.seed", seed);
  free(dist);
  weir_text_free(m->ctx, schema);
  return meta;
}

weir_status weir_model_save(const weir_model *model, const char *path) {
  const int32_t n = weiri_params_count(model->params);
  weiri_st_tensor *tensors = weiri_calloc(model->ctx, (size_t)n + 2, sizeof *tensors);
  json_t *meta = metadata_of(model);
  weir_status status = tensors == NULL || meta == NULL
                           ? weiri_fail(WEIR_E_MEMORY, "out of memory")
                           : WEIR_OK;
  if (status == WEIR_OK) {
    const weiri_st_type type =
        weiri_params_dtype(model->params) == WEIR_F32 ? WEIRI_ST_F32 : WEIRI_ST_F64;
    for (int32_t i = 0; i < n; i++) {
      const weiri_tensor_info *info = weiri_params_info(model->params, i);
      tensors[i] = (weiri_st_tensor){
          info->name, type, info->shape, weiri_params_data(model->params, i)};
    }
    tensors[n] = (weiri_st_tensor){
        ORIGIN, WEIRI_ST_F64, weir_shape_1(model->dist->event.features), model->origin};
    status = weiri_st_write(model->ctx, path, n + 1, tensors, meta);
  }
  json_decref(meta);
  weiri_free(model->ctx, tensors);
  return status;
}

static weir_status json_of(
    const weiri_st_file *f, const char *key, const char *where, json_t **out) {
  const char *text = weiri_st_metadata(f, key);
  json_error_t error;
  *out = text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY, &error);
  return *out == NULL ? weiri_fail(WEIR_E_FORMAT,
                            "%s: metadata '%s' is missing or malformed", where, key)
                      : WEIR_OK;
}

static weir_status check_format(const weiri_st_file *f, const char *where) {
  const char *text = weiri_st_metadata(f, "weir.format");
  int64_t format = 0;
  if (text == NULL || !weiri_parse_int(text, strlen(text), &format) || format < 1) {
    return weiri_fail(WEIR_E_FORMAT, "%s: not a weir model", where);
  }
  if (format > FORMAT) {
    const char *version = weiri_st_metadata(f, "weir.version");
    return weiri_fail(WEIR_E_VERSION,
        "%s: written by a newer version (%s, format %" PRId64
        "); this is %s and reads formats up to %d",
        where, version == NULL ? "unknown" : version, format, weir_version(), FORMAT);
  }
  return WEIR_OK;
}

static weir_status fill_origin(
    weir_model *m, const weiri_st_file *f, const char *where) {
  const weiri_st_tensor *t = weiri_st_find(f, ORIGIN);
  const weir_shape expect = weir_shape_1(m->dist->event.features);
  if (t == NULL || t->type != WEIRI_ST_F64 || !weir_shape_equal(&t->shape, &expect)) {
    return weiri_fail(
        WEIR_E_FORMAT, "%s: tensor '%s' is missing or of another shape", where, ORIGIN);
  }
  memcpy(m->origin, t->data, (size_t)expect.dim[0] * sizeof *m->origin);
  return WEIR_OK;
}

/* Copies the numbers of every tensor; names and shapes must be those of the model. */
static weir_status fill_tensors(
    weir_model *m, const weiri_st_file *f, const char *where) {
  const size_t size = weir_dtype_size(weiri_params_dtype(m->params));
  for (int32_t i = 0; i < weiri_params_count(m->params); i++) {
    const weiri_tensor_info *info = weiri_params_info(m->params, i);
    const weiri_st_tensor *t = weiri_st_find(f, info->name);
    if (t == NULL || !weir_shape_equal(&t->shape, &info->shape)) {
      return weiri_fail(WEIR_E_FORMAT, "%s: tensor '%s' is missing or of another shape",
          where, info->name);
    }
    memcpy(weiri_params_data(m->params, i), t->data,
        (size_t)weir_shape_size(&info->shape) * size);
  }
  weiri_params_touch(m->params);
  return WEIR_OK;
}

static weir_status dtype_of(
    const weiri_st_file *f, const char *where, weir_dtype *dtype) {
  *dtype = WEIR_F32;
  for (int64_t i = 0; i < weiri_st_count(f); i++) {
    const weiri_st_type type = weiri_st_at(f, i)->type;
    if (strcmp(weiri_st_at(f, i)->name, ORIGIN) == 0) {
      continue;
    }
    if (type != WEIRI_ST_F32 && type != WEIRI_ST_F64) {
      return weiri_fail(WEIR_E_FORMAT, "%s: tensor '%s' is not of real numbers", where,
          weiri_st_at(f, i)->name);
    }
    *dtype = type == WEIRI_ST_F64 ? WEIR_F64 : WEIR_F32;
  }
  return WEIR_OK;
}

static uint64_t seed_of(const weiri_st_file *f) {
  const char *text = weiri_st_metadata(f, "weir.seed");
  uint64_t seed = 0;
  return text != NULL && sscanf(text, "%" SCNu64, &seed) == 1 ? seed : 0;
}

static weir_status rebuild(weir_model **out, weir_ctx *ctx, const weiri_st_file *f,
    const json_t *config, const json_t *dist, const char *where) {
  const char *schema_text = weiri_st_metadata(f, "weir.schema");
  const char *record = weiri_st_metadata(f, "weir.record");
  if (schema_text == NULL || record == NULL) {
    return weiri_fail(WEIR_E_FORMAT, "%s: no schema or record", where);
  }
  weir_schema *schema = NULL;
  WEIR_TRY(weir_schema_from_json(&schema, ctx, schema_text));
  weir_dtype dtype;
  weir_model *m = NULL;
  weir_status status = dtype_of(f, where, &dtype);
  if (status == WEIR_OK) {
    status = weiri_model_build(&m, ctx, schema, config, dist, dtype, seed_of(f));
  }
  weir_schema_destroy(&schema);
  if (status == WEIR_OK) {
    status = fill_tensors(m, f, where);
  }
  if (status == WEIR_OK) {
    status = fill_origin(m, f, where);
  }
  if (status == WEIR_OK) {
    status = weir_model_set_record(m, record);
  }
  if (status != WEIR_OK) {
    weir_model_destroy(&m);
    return weiri_where(status, "%s", where);
  }
  *out = m;
  return WEIR_OK;
}

/* Takes f. */
static weir_status load(
    weir_model **out, weir_ctx *ctx, weiri_st_file *f, const char *where) {
  json_t *config = NULL, *dist = NULL;
  weir_status status = check_format(f, where);
  if (status == WEIR_OK) {
    status = json_of(f, "weir.config", where, &config);
  }
  if (status == WEIR_OK) {
    status = json_of(f, "weir.dist", where, &dist);
  }
  if (status == WEIR_OK) {
    status = rebuild(out, ctx, f, config, dist, where);
  }
  json_decref(config);
  json_decref(dist);
  weiri_st_close(&f);
  return status;
}

weir_status weir_model_load(weir_model **out, weir_ctx *ctx, const char *path) {
  weiri_st_file *f = NULL;
  WEIR_TRY(weiri_st_read(&f, ctx, path));
  return load(out, ctx, f, path);
}

weir_status weir_model_load_memory(
    weir_model **out, weir_ctx *ctx, const void *data, size_t size) {
  weiri_st_file *f = NULL;
  WEIR_TRY(weiri_st_parse(&f, ctx, data, size, "model in memory"));
  return load(out, ctx, f, "model in memory");
}
