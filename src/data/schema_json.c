/* Schemas as JSON: {"version": 1, "named": true, "counts": false, "columns": [{"name",
 * "type", "cell", "guessed", "categories"}], "image": {"height", "width", "channels",
 * "lo", "hi"} (where rows are images), "warnings": [{"column", "text",
 * "option"}]}. */
#include <stdlib.h>
#include <string.h>

#include "data/schema.h"
#include "data/dict.h"
#include "data/type.h"

enum { VERSION = 1 };
static const char *const CELLS[] = {"real", "real32", "integer", "category"};

static json_t *categories_tree(const weir_column *c) {
  json_t *list = json_array();
  for (int64_t i = 0; list != NULL && i < c->categories; i++) {
    if (json_array_append_new(list, json_string(c->category[i])) != 0) {
      json_decref(list);
      return NULL;
    }
  }
  return list;
}

static json_t *column_tree(const weir_schema *s, int64_t j) {
  char type[128];
  const weir_column *c = &s->column[j];
  (void)weir_column_type_text(&s->type[j], type, sizeof type);
  json_t *o = json_pack("{s:s, s:s, s:s, s:b}", "name", c->name, "type", type, "cell",
      CELLS[c->cell], "guessed", (int)s->guessed[j]);
  if (o != NULL && c->categories > 0 &&
      json_object_set_new(o, "categories", categories_tree(c)) != 0) {
    json_decref(o);
    return NULL;
  }
  return o;
}

static json_t *image_tree(const weir_image *m) {
  return json_pack("{s:I, s:I, s:I, s:f, s:f}", "height", (json_int_t)m->height,
      "width", (json_int_t)m->width, "channels", (json_int_t)m->channels, "lo", m->lo,
      "hi", m->hi);
}

weir_status weiri_schema_to_tree(const weir_schema *s, json_t **out) {
  json_t *columns = json_array(), *warnings = json_array();
  bool ok = columns != NULL && warnings != NULL;
  for (int64_t j = 0; ok && j < s->n; j++) {
    ok = json_array_append_new(columns, column_tree(s, j)) == 0;
  }
  for (int64_t i = 0; ok && i < s->warnings; i++) {
    const weir_data_warning *w = &s->warning[i];
    ok = json_array_append_new(
             warnings, json_pack("{s:s, s:s, s:s}", "column", w->column, "text",
                           w->text, "option", w->option)) == 0;
  }
  *out = NULL;
  if (ok) {
    *out = json_pack("{s:i, s:b, s:b, s:O, s:O}", "version", VERSION, "named",
        (int)s->named, "counts", (int)s->counts, "columns", columns, "warnings",
        warnings);
  }
  if (*out != NULL && s->image.height > 0 &&
      json_object_set_new(*out, "image", image_tree(&s->image)) != 0) {
    json_decref(*out);
    *out = NULL;
  }
  json_decref(columns);
  json_decref(warnings);
  return *out != NULL ? WEIR_OK
                      : weiri_fail(WEIR_E_MEMORY, "schema: out of memory for its tree");
}

weir_status weir_schema_to_json(const weir_schema *schema, char **out) {
  *out = NULL;
  json_t *tree;
  WEIR_TRY(weiri_schema_to_tree(schema, &tree));
  char *text = json_dumps(tree, JSON_COMPACT);
  json_decref(tree);
  if (text == NULL) {
    return weiri_fail(WEIR_E_MEMORY, "schema: out of memory for its text");
  }
  *out = weiri_strdup(schema->ctx, text);
  free(text); /* jansson's */
  return *out != NULL ? WEIR_OK : WEIR_E_MEMORY;
}

static weir_status bad(const char *what) {
  return weiri_fail(WEIR_E_FORMAT, "schema: malformed %s", what);
}

static const char *text_at(const json_t *o, const char *key) {
  return json_string_value(json_object_get(o, key));
}

static weir_status read_cell(const char *text, weir_cell *out) {
  for (int i = 0; text != NULL && i < 4; i++) {
    if (strcmp(text, CELLS[i]) == 0) {
      *out = (weir_cell)i;
      return WEIR_OK;
    }
  }
  return bad("cell");
}

static weir_status read_categories(weir_schema *s, const json_t *list, weir_column *c) {
  c->categories = (int64_t)json_array_size(list);
  if ((c->cell == WEIR_CELL_CATEGORY) != (c->categories > 0)) {
    return bad("categories");
  }
  if (c->categories == 0) {
    return WEIR_OK;
  }
  weiri_dict seen;
  weiri_dict_init(&seen, s->ctx);
  weir_status status = WEIR_OK;
  const char **names =
      weiri_arena_take(s->arena, json_array_size(list) * sizeof *names);
  for (int64_t i = 0; names != NULL && i < c->categories && status == WEIR_OK; i++) {
    bool is_new = false;
    int64_t index;
    names[i] = json_string_value(json_array_get(list, (size_t)i));
    status = names[i] == NULL
                 ? bad("category")
                 : weiri_dict_add(&seen, names[i], strlen(names[i]), &index, &is_new);
    status = status == WEIR_OK && !is_new ? bad("category: one stands twice") : status;
  }
  weiri_dict_free(&seen);
  c->category = names;
  return names != NULL ? status : WEIR_E_MEMORY;
}

static weir_status read_column(weir_schema *s, int64_t j, const json_t *o) {
  weir_column c = {.name = text_at(o, "name")};
  const char *type = text_at(o, "type");
  weiri_type_text parsed;
  if (c.name == NULL || type == NULL) {
    return bad("column: name or type missing");
  }
  WEIR_TRY(read_cell(text_at(o, "cell"), &c.cell));
  WEIR_TRY(weiri_type_parse(type, c.name, &parsed));
  WEIR_TRY(read_categories(s, json_object_get(o, "categories"), &c));
  s->type[j] = parsed.type;
  s->guessed[j] = json_is_true(json_object_get(o, "guessed"));
  const bool used =
      parsed.type.role == WEIR_ROLE_EVENT || parsed.type.role == WEIR_ROLE_CONTEXT;
  if (used && (parsed.type.kind == WEIR_KIND_CATEGORICAL) != (c.categories > 0)) {
    return bad("column: categories do not fit its type");
  }
  for (int64_t i = 0; i < j; i++) {
    if (strcmp(s->column[i].name, c.name) == 0) {
      return bad("column: a name stands twice");
    }
  }
  return weiri_schema_set_column(s, j, &c);
}

/* The image must be the event columns. */
static weir_status read_image(weir_schema *s, const json_t *o) {
  if (o == NULL) {
    return WEIR_OK;
  }
  const weir_image m = {json_integer_value(json_object_get(o, "height")),
      json_integer_value(json_object_get(o, "width")),
      json_integer_value(json_object_get(o, "channels")),
      json_number_value(json_object_get(o, "lo")),
      json_number_value(json_object_get(o, "hi"))};
  if (m.height < 1 || m.width < 1 || m.channels < 1 || m.height > s->events ||
      m.width > s->events / m.height || m.channels > s->events / (m.height * m.width) ||
      m.height * m.width * m.channels != s->events || !(m.lo <= m.hi)) {
    return bad("image");
  }
  s->image = m;
  return WEIR_OK;
}

static weir_status read_warnings(weir_schema *s, const json_t *list) {
  size_t i;
  json_t *w;
  json_array_foreach(list, i, w) {
    const char *column = text_at(w, "column"), *text = text_at(w, "text"),
               *option = text_at(w, "option");
    if (column == NULL || text == NULL || option == NULL) {
      return bad("warning");
    }
    WEIR_TRY(weiri_schema_add_warning(s, column, text, option));
  }
  return WEIR_OK;
}

weir_status weiri_schema_from_tree(
    weir_schema **out, weir_ctx *ctx, const json_t *tree) {
  *out = NULL;
  const json_t *columns = json_object_get(tree, "columns");
  const json_int_t version = json_integer_value(json_object_get(tree, "version"));
  if (version > VERSION) {
    return weiri_fail(WEIR_E_VERSION, "schema: version %lld, this weir knows up to %d",
        (long long)version, VERSION);
  }
  if (version < 1 || json_array_size(columns) == 0) {
    return bad("tree: version or columns missing");
  }
  weir_schema *s = NULL;
  weir_status status = WEIR_OK;
  WEIR_TRY(weiri_schema_create(&s, ctx, (int64_t)json_array_size(columns)));
  s->named = json_is_true(json_object_get(tree, "named"));
  s->counts = json_is_true(json_object_get(tree, "counts"));
  for (int64_t j = 0; j < s->n; j++) {
    WEIR_TRY_GOTO(failed, read_column(s, j, json_array_get(columns, (size_t)j)));
  }
  WEIR_TRY_GOTO(failed, read_warnings(s, json_object_get(tree, "warnings")));
  WEIR_TRY_GOTO(failed, weiri_schema_index(s));
  WEIR_TRY_GOTO(failed, read_image(s, json_object_get(tree, "image")));
  *out = s;
  return WEIR_OK;
failed:
  weir_schema_destroy(&s);
  return status;
}

weir_status weir_schema_from_json(weir_schema **out, weir_ctx *ctx, const char *json) {
  *out = NULL;
  json_error_t error;
  json_t *tree = json_loads(json, JSON_REJECT_DUPLICATES, &error);
  if (tree == NULL) {
    return weiri_fail(
        WEIR_E_FORMAT, "schema: not JSON: line %d: %s", error.line, error.text);
  }
  const weir_status status = weiri_schema_from_tree(out, ctx, tree);
  json_decref(tree);
  return status;
}
