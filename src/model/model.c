/* A model: schema, parameters and the distribution that they steer. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"

static char *dump(const weir_ctx *ctx, const json_t *value) {
  char *text = json_dumps(value, JSON_COMPACT);
  char *copy = text == NULL ? NULL : weiri_strdup(ctx, text);
  free(text);
  return copy;
}

static weir_status copy_schema(weir_model *m, const weir_schema *schema) {
  char *json = NULL;
  WEIR_TRY(weir_schema_to_json(schema, &json));
  const weir_status status = weir_schema_from_json(&m->schema, m->ctx, json);
  weir_text_free(m->ctx, json);
  return status;
}

static weir_status make_dist(weir_model *m, const json_t *dist) {
  weir_event event;
  WEIR_TRY(weiri_schema_event(m->ctx, m->schema, &event));
  const weir_build b = {.ctx = m->ctx,
      .params = m->params,
      .path = "",
      .context = weir_schema_context_width(m->schema),
      .site = &m->site};
  const weir_status status = weir_dist_make(&m->dist, &b, "dist", dist, &event);
  weir_event_destroy(m->ctx, &event);
  return status;
}

static weir_status fill(weir_model *m, const weir_schema *schema, const json_t *config,
    const json_t *dist, weir_dtype dtype) {
  m->site.resolved = json_object();
  m->config = json_deep_copy(config);
  m->config_text = dump(m->ctx, config);
  m->record = weiri_strdup(m->ctx, "{}");
  if (m->site.resolved == NULL || m->config == NULL || m->config_text == NULL ||
      m->record == NULL) {
    return weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  WEIR_TRY(copy_schema(m, schema));
  WEIR_TRY(weiri_params_create(&m->params, m->ctx, dtype));
  WEIR_TRY(make_dist(m, dist));
  m->origin =
      weiri_calloc(m->ctx, (size_t)m->dist->event.features + 1, sizeof *m->origin);
  if (m->origin == NULL) {
    return WEIR_E_MEMORY;
  }
  return weiri_params_init(m->params, m->seed);
}

weir_status weiri_model_build(weir_model **out, weir_ctx *ctx,
    const weir_schema *schema, const json_t *config, const json_t *dist,
    weir_dtype dtype, uint64_t seed) {
  weir_model *m = weiri_calloc(ctx, 1, sizeof *m);
  if (m == NULL) {
    return WEIR_E_MEMORY;
  }
  m->ctx = ctx;
  m->seed = seed;
  const json_t *samples = json_object_get(config, "samples");
  m->samples = json_is_integer(samples) ? json_integer_value(samples) : 1;
  weir_status status = fill(m, schema, config, dist, dtype);
  if (status == WEIR_OK) {
    status = weiri_model_probe(m);
  }
  if (status != WEIR_OK) {
    weir_model_destroy(&m);
    return status;
  }
  *out = m;
  return WEIR_OK;
}

weir_status weir_model_create(weir_model **out, weir_ctx *ctx,
    const weir_schema *schema, const weir_model_opts *opts) {
  weir_model_opts o = WEIR_MODEL_OPTS_INIT;
  if (opts != NULL) {
    if (opts->struct_size == 0 || opts->struct_size > sizeof o) {
      return weiri_fail(WEIR_E_ARGUMENT,
          "weir_model_opts: struct_size is %u, expected %zu", opts->struct_size,
          sizeof o);
    }
    memcpy(&o, opts, opts->struct_size);
  }
  json_t *resolved, *dist;
  WEIR_TRY(
      weiri_model_plan(ctx, schema, o.config, o.rows, o.time_limit, &resolved, &dist));
  const weir_status status =
      weiri_model_build(out, ctx, schema, resolved, dist, o.dtype, o.seed);
  json_decref(resolved);
  json_decref(dist);
  return status;
}

void weir_model_destroy(weir_model **model) {
  weir_model *m = *model;
  if (m == NULL) {
    return;
  }
  weir_ctx *ctx = m->ctx;
  for (int64_t i = 0; i < m->n_parts; i++) {
    weiri_free(ctx, m->part_names[i]);
  }
  weiri_free(ctx, m->part_names);
  weiri_free(ctx, m->origin);
  weir_dist_destroy(&m->dist);
  weiri_params_destroy(&m->params);
  weir_schema_destroy(&m->schema);
  weiri_free(ctx, m->site.observers);
  json_decref(m->site.resolved);
  json_decref(m->config);
  weiri_free(ctx, m->config_text);
  weiri_free(ctx, m->record);
  weiri_free(ctx, m);
  *model = NULL;
}

const weir_schema *weir_model_schema(const weir_model *model) {
  return model->schema;
}

int64_t weir_model_features(const weir_model *model) {
  return model->dist->event.features;
}

int64_t weir_model_context(const weir_model *model) {
  return model->dist->context;
}

int64_t weir_model_parameters(const weir_model *model) {
  return weiri_params_free(model->params);
}

weir_dtype weir_model_dtype(const weir_model *model) {
  return weiri_params_dtype(model->params);
}

const char *weir_model_kind(const weir_model *model) {
  static const char *const names[] = {"exact", "bound", "estimate"};
  return names[model->dist->exactness];
}

bool weiri_model_stochastic(const weir_model *model) {
  return model->stochastic;
}

int64_t weir_model_samples(const weir_model *model) {
  return model->stochastic ? model->samples : 1;
}

weir_status weir_model_set_samples(weir_model *model, int64_t samples) {
  if (samples < 1 || samples > 1000000000) {
    return weiri_fail(
        WEIR_E_ARGUMENT, "samples: expected 1 to 1e9, found %lld", (long long)samples);
  }
  model->samples = samples;
  return WEIR_OK;
}

int64_t weir_model_discrete(const weir_model *model) {
  int64_t n = 0;
  for (int64_t i = 0; i < weir_schema_events(model->schema); i++) {
    n += weir_schema_type(model->schema, weir_schema_event(model->schema, i)).kind ==
         WEIR_KIND_ORDINAL;
  }
  return n;
}

/* Images of 0 and 1: figures of them differ from those of grey levels binarised anew.
 */
static bool binary_images(const weir_model *model) {
  if (weir_schema_image(model->schema).height == 0) {
    return false;
  }
  for (int64_t i = 0; i < weir_schema_events(model->schema); i++) {
    const weir_column_type type =
        weir_schema_type(model->schema, weir_schema_event(model->schema, i));
    if (type.kind != WEIR_KIND_ORDINAL || type.lo != 0.0 || type.hi != 1.0) {
      return false;
    }
  }
  return true;
}

const char *weir_model_measure(const weir_model *model) {
  if (model->site.measure != NULL) {
    return model->site.measure;
  }
  if (binary_images(model)) {
    return "probability of the row, binary as the data have it (static binarisation)";
  }
  int64_t categorical = 0;
  for (int64_t i = 0; i < weir_schema_events(model->schema); i++) {
    categorical +=
        weir_schema_type(model->schema, weir_schema_event(model->schema, i)).kind ==
        WEIR_KIND_CATEGORICAL;
  }
  const int64_t counted = categorical + weir_model_discrete(model);
  return counted == 0 ? "density per unit volume in the units of the columns"
         : counted == weir_schema_events(model->schema)
             ? "probability of the row"
             : "density per unit volume of the continuous columns times probability of "
               "the others";
}

const char *weir_model_config(const weir_model *model) {
  return model->config_text;
}

const char *weir_model_record(const weir_model *model) {
  return model->record;
}

weir_status weir_model_set_record(weir_model *model, const char *json) {
  json_error_t error;
  json_t *value = json_loads(json, 0, &error);
  if (!json_is_object(value)) {
    json_decref(value);
    return weiri_fail(WEIR_E_FORMAT, "record: not a JSON object: %s", error.text);
  }
  char *copy = dump(model->ctx, value);
  json_decref(value);
  if (copy == NULL) {
    return weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  weiri_free(model->ctx, model->record);
  model->record = copy;
  return WEIR_OK;
}
