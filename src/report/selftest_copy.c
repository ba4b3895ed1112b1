/* The model once more, in another number type and without dequantisation. An ordinal
 * column's probability is the integral of a density over its cell; the copy has that
 * density: every layer `dequantize` becomes an empty chain, which keeps the paths of
 * the parameters, and the column is a real one. */
#include <stdlib.h>
#include <string.h>

#include "report/selftest.h"

static bool is_dequantize(const json_t *node) {
  const char *name = json_is_string(node)
                         ? json_string_value(node)
                         : json_string_value(json_object_get(node, "name"));
  return name != NULL && strcmp(name, "dequantize") == 0;
}

/* Empties every dequantisation below node and counts them. */
static weir_status strip(json_t *node, int *found) {
  const char *key;
  json_t *value;
  void *next;
  size_t i;
  if (is_dequantize(node) && json_is_object(node)) {
    ++*found;
    json_object_clear(node);
    return json_object_set_new(node, "name", json_string("chain")) == 0 &&
                   json_object_set_new(node, "layers", json_array()) == 0
               ? WEIR_OK
               : weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  json_object_foreach_safe(node, next, key, value) {
    WEIR_TRY(strip(value, found));
  }
  json_array_foreach(node, i, value) {
    WEIR_TRY(strip(value, found));
  }
  return WEIR_OK;
}

/* The schema with ordinal event columns real, or (of a model that takes whole numbers
 * as they are) as it is. */
static weir_status schema_for(weir_schema **out, const weir_model *m, bool real) {
  char *text = NULL;
  WEIR_TRY(weir_schema_to_json(m->schema, &text));
  json_t *tree = json_loads(text, 0, NULL);
  weir_text_free(m->ctx, text);
  json_t *columns = json_object_get(tree, "columns");
  for (int64_t i = 0; real && i < weir_schema_events(m->schema); i++) {
    const int64_t j = weir_schema_event(m->schema, i);
    if (weir_schema_type(m->schema, j).kind == WEIR_KIND_ORDINAL) {
      json_object_set_new(
          json_array_get(columns, (size_t)j), "type", json_string("real"));
    }
  }
  char *json = tree == NULL ? NULL : json_dumps(tree, JSON_COMPACT);
  json_decref(tree);
  if (json == NULL) {
    return weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  const weir_status status = weir_schema_from_json(out, m->ctx, json);
  free(json); /* jansson's */
  return status;
}

weir_status weiri_selftest_copy(
    weir_model **out, const weir_model *model, weir_dtype dtype) {
  weir_schema *schema = NULL;
  int stripped = 0;
  json_t *dist = json_deep_copy(json_object_get(model->site.resolved, "dist"));
  weir_status status = dist == NULL ? weiri_fail(WEIR_E_MEMORY, "out of memory")
                                    : strip(dist, &stripped);
  if (status == WEIR_OK) {
    status = schema_for(&schema, model, stripped > 0);
  }
  if (status == WEIR_OK) {
    status = weiri_model_build(
        out, model->ctx, schema, model->config, dist, dtype, model->seed);
  }
  if (status == WEIR_OK) {
    /* An emptied chain has no numbers: order and shapes agree. */
    status = weiri_model_take_numbers(*out, model);
    if (status != WEIR_OK) {
      weir_model_destroy(out);
    }
  }
  json_decref(dist);
  weir_schema_destroy(&schema);
  return status;
}
