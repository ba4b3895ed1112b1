/* From a schema and the model section to the tree of a distribution: columns to the
 * real line with every Jacobian counted, standardisation, then the preset's layers and
 * base. Categorical columns c make p(c) p(x | c) (the `mixed` distribution). */
#include <string.h>

#include "base/config.h"
#include "model/model.h"
#include "model/preset.h"

/* The event columns of one kind that reach the flow, numbered without the categorical
 * ones. */
static json_t *columns_of(const weir_schema *schema, weir_kind kind) {
  json_t *list = json_array();
  int64_t at = 0;
  for (int64_t i = 0; i < weir_schema_events(schema); i++) {
    const weir_column_type type =
        weir_schema_type(schema, weir_schema_event(schema, i));
    if (type.kind == kind) {
      json_array_append_new(list, json_integer(at));
    }
    at += type.kind != WEIR_KIND_CATEGORICAL;
  }
  return list;
}

/* One layer for every interval or circular column: its ends are its own. */
static void append_ranges(json_t *layers, const weir_schema *schema, weir_kind kind) {
  int64_t at = 0;
  for (int64_t i = 0; i < weir_schema_events(schema); i++) {
    const weir_column_type type =
        weir_schema_type(schema, weir_schema_event(schema, i));
    if (type.kind == kind && kind == WEIR_KIND_INTERVAL) {
      json_array_append_new(layers,
          json_pack("{s:s, s:[I], s:{s:s, s:f, s:f}}", "name", "elementwise", "columns",
              (json_int_t)at, "map", "name", "logit", "lo", type.lo, "hi", type.hi));
    } else if (type.kind == kind) {
      json_array_append_new(layers,
          json_pack("{s:s, s:[I]}", "name", "circle", "columns", (json_int_t)at));
    }
    at += type.kind != WEIR_KIND_CATEGORICAL;
  }
}

static void append_dequantize(json_t *layers, const weir_schema *schema) {
  json_t *columns = columns_of(schema, WEIR_KIND_ORDINAL);
  json_t *steps = json_array(), *offsets = json_array();
  for (int64_t i = 0; i < weir_schema_events(schema); i++) {
    const weir_column_type type =
        weir_schema_type(schema, weir_schema_event(schema, i));
    if (type.kind == WEIR_KIND_ORDINAL) {
      json_array_append_new(steps, json_real(type.step));
      json_array_append_new(offsets, json_real(type.offset));
    }
  }
  if (json_array_size(columns) > 0) {
    json_array_append_new(
        layers, json_pack("{s:s, s:O, s:O, s:O}", "name", "dequantize", "columns",
                    columns, "steps", steps, "offsets", offsets));
  }
  json_decref(columns);
  json_decref(steps);
  json_decref(offsets);
}

/* Layers that take the columns of the file to standardised real ones. */
static json_t *column_layers(const weir_schema *schema) {
  json_t *layers = json_array();
  append_dequantize(layers, schema);
  json_t *positive = columns_of(schema, WEIR_KIND_POSITIVE);
  if (json_array_size(positive) > 0) {
    json_array_append_new(layers, json_pack("{s:s, s:O, s:s}", "name", "elementwise",
                                      "columns", positive, "map", "log"));
  }
  json_decref(positive);
  append_ranges(layers, schema, WEIR_KIND_INTERVAL);
  append_ranges(layers, schema, WEIR_KIND_CIRCULAR);
  json_array_append_new(layers, json_string("standardize"));
  return layers;
}

static weir_status find_preset(
    const json_t *config, const weiri_preset **out, const char **name) {
  *name = config == NULL           ? weiri_preset_at(0)->is.name
          : json_is_string(config) ? json_string_value(config)
                                   : json_string_value(json_object_get(config, "name"));
  if (*name == NULL) {
    *name = weiri_preset_at(0)->is.name;
  }
  if (config != NULL && !json_is_string(config) && !json_is_object(config)) {
    return weiri_fail(WEIR_E_CONFIG,
        "model: expected the name of a preset or a mapping, found %s",
        weiri_json_kind(config));
  }
  const char *names[64] = {NULL};
  for (int i = 0; weiri_preset_at(i) != NULL && i < 63; i++) {
    *out = weiri_preset_at(i);
    if (strcmp((*out)->is.name, *name) == 0) {
      return WEIR_OK;
    }
    names[i] = (*out)->is.name;
  }
  const char *near = weiri_nearest(*name, names);
  return weiri_fail(WEIR_E_CONFIG,
      "model: no preset is called '%s'%s%s%s (see: weir list presets)", *name,
      near == NULL ? "" : "; did you mean '", near == NULL ? "" : near,
      near == NULL ? "" : "'?");
}

/* The word at a place in "auto|true|false"; new. */
static json_t *choice_value(const char *choices, int at) {
  while (at-- > 0) {
    choices += strcspn(choices, "|") + 1;
  }
  const size_t n = strcspn(choices, "|");
  if (n == 4 && memcmp(choices, "true", n) == 0) {
    return json_true();
  }
  return n == 5 && memcmp(choices, "false", n) == 0 ? json_false()
                                                    : json_stringn(choices, n);
}

/* The options with the sizes filled in, as the tree that is stored. */
static weir_status resolve(const weiri_preset *preset, void *options,
    const json_t *config, const weiri_plan_info *info, json_t *resolved) {
  const json_t *spec = json_is_object(config) ? config : NULL;
  WEIR_TRY(
      weiri_opts_read(info->ctx, preset->is.opts, options, spec, "model", resolved));
  if (preset->fill != NULL) {
    preset->fill(options, info);
  }
  if (preset->check != NULL) {
    WEIR_TRY(preset->check(options, info));
  }
  for (const weir_opt *o = preset->is.opts; o->name != NULL; o++) {
    const char *field = (const char *)options + o->offset;
    json_t *value =
        o->type == WEIR_OPT_INT    ? json_integer(*(const int64_t *)(const void *)field)
        : o->type == WEIR_OPT_REAL ? json_real(*(const double *)(const void *)field)
        : o->type == WEIR_OPT_CHOICE
            ? choice_value(o->choices, *(const int *)(const void *)field)
            : NULL;
    if (value != NULL && json_object_set_new(resolved, o->name, value) != 0) {
      return weiri_fail(WEIR_E_MEMORY, "out of memory");
    }
  }
  json_object_set_new(resolved, "name", json_string(preset->is.name));
  return WEIR_OK;
}

/* {name: mixed, ...} around the flow when there are categorical columns. */
static json_t *around(const weir_schema *schema, json_t *flow) {
  json_t *columns = json_array(), *counts = json_array();
  for (int64_t i = 0; i < weir_schema_events(schema); i++) {
    const int64_t column = weir_schema_event(schema, i);
    if (weir_schema_type(schema, column).kind == WEIR_KIND_CATEGORICAL) {
      json_array_append_new(columns, json_integer(i));
      json_array_append_new(
          counts, json_integer(weir_schema_column(schema, column).categories));
    }
  }
  json_t *dist = json_array_size(columns) == 0
                     ? json_incref(flow)
                     : json_pack("{s:s, s:O, s:O, s:O}", "name", "mixed", "columns",
                           columns, "categories", counts, "flow", flow);
  json_decref(columns);
  json_decref(counts);
  return dist;
}

/* Width of what the flow is conditional on, and its number of columns. */
static weiri_plan_info describe(
    const weir_ctx *ctx, const weir_schema *schema, int64_t rows, double time_limit) {
  weiri_plan_info info = {
      ctx, 0, weir_schema_context_width(schema), rows, time_limit, schema};
  for (int64_t i = 0; i < weir_schema_events(schema); i++) {
    const int64_t column = weir_schema_event(schema, i);
    if (weir_schema_type(schema, column).kind == WEIR_KIND_CATEGORICAL) {
      info.context += weir_schema_column(schema, column).categories;
    } else {
      info.features++;
    }
  }
  return info;
}

static json_t *make_dist(
    const weiri_preset *preset, const void *options, const weiri_plan_info *info) {
  json_t *own = preset->columns == NULL ? NULL : preset->columns(options, info);
  json_t *layers = own != NULL ? own : column_layers(info->schema);
  json_t *more = preset->layers(options, info);
  json_array_extend(layers, more);
  json_decref(more);
  json_t *flow = json_pack("{s:s, s:o, s:o}", "name", "flow", "layers", layers, "base",
      preset->base(options, info));
  json_t *dist = own != NULL ? json_incref(flow) : around(info->schema, flow);
  json_decref(flow);
  return dist;
}

weir_status weiri_model_plan(weir_ctx *ctx, const weir_schema *schema,
    const json_t *config, int64_t rows, double time_limit, json_t **resolved,
    json_t **dist) {
  const weiri_preset *preset = NULL;
  const char *name;
  WEIR_TRY(find_preset(config, &preset, &name));
  const weiri_plan_info info = describe(ctx, schema, rows, time_limit);
  void *options = weiri_calloc(ctx, 1, preset->is.size);
  *resolved = json_object();
  if (options == NULL || *resolved == NULL) {
    weiri_free(ctx, options);
    json_decref(*resolved);
    return weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  const weir_status status = resolve(preset, options, config, &info, *resolved);
  if (status == WEIR_OK) {
    *dist = make_dist(preset, options, &info);
  } else {
    json_decref(*resolved);
  }
  weiri_opts_free(ctx, preset->is.opts, options);
  weiri_free(ctx, options);
  return status != WEIR_OK ? status
         : *dist == NULL   ? weiri_fail(WEIR_E_MEMORY, "out of memory")
                           : WEIR_OK;
}

weir_status weiri_schema_event(
    weir_ctx *ctx, const weir_schema *schema, weir_event *out) {
  static const weir_support_kind kinds[] = {[WEIR_KIND_REAL] = WEIR_REAL,
      [WEIR_KIND_POSITIVE] = WEIR_POSITIVE,
      [WEIR_KIND_INTERVAL] = WEIR_INTERVAL,
      [WEIR_KIND_CIRCULAR] = WEIR_CIRCLE,
      [WEIR_KIND_ORDINAL] = WEIR_INTEGERS,
      [WEIR_KIND_CATEGORICAL] = WEIR_INTEGERS};
  WEIR_TRY(weir_event_create(ctx, out, weir_schema_events(schema)));
  for (int64_t i = 0; i < out->features; i++) {
    const int64_t column = weir_schema_event(schema, i);
    const weir_column_type type = weir_schema_type(schema, column);
    weir_support *s = &out->support[i];
    s->kind = kinds[type.kind];
    const bool ends = type.kind == WEIR_KIND_INTERVAL ||
                      type.kind == WEIR_KIND_CIRCULAR || type.kind == WEIR_KIND_ORDINAL;
    s->lo = ends ? type.lo : 0.0;
    s->hi = ends ? type.hi : 0.0;
    if (type.kind == WEIR_KIND_CATEGORICAL) {
      s->hi = (double)(weir_schema_column(schema, column).categories - 1);
    }
  }
  return WEIR_OK;
}
