/* YAML texts to trees: libyaml's events, built from the inside out. Aliases are copied,
 * so no node is in two places, within the bounds of config.h. */
#include "base/config.h"

#include <string.h>
#include <yaml.h>

typedef struct anchor {
  char *name;
  json_t *node; /* borrowed from the tree or held in it */
  int64_t nodes;
  int levels; /* 0 for a scalar */
} anchor;

typedef struct reader {
  const weir_ctx *ctx;
  const char *where;
  yaml_parser_t parser;
  anchor *anchors;
  int n_anchors, cap;
  int64_t nodes;
} reader;

/* What a built node is, besides its tree. */
typedef struct built {
  json_t *node;
  int levels;
} built;

bool weiri_config_has_yaml(void) {
  return true;
}

static weir_status at(const reader *r, yaml_mark_t mark, weir_status status) {
  return weiri_where(
      status, "%s: line %zu, column %zu", r->where, mark.line + 1, mark.column + 1);
}

static weir_status next_event(reader *r, yaml_event_t *event) {
  if (yaml_parser_parse(&r->parser, event) != 0) {
    return WEIR_OK;
  }
  const yaml_parser_t *p = &r->parser;
  if (p->error == YAML_MEMORY_ERROR) {
    return weiri_fail(WEIR_E_MEMORY, "out of memory reading %s", r->where);
  }
  const char *problem = p->problem == NULL ? "not YAML" : p->problem;
  if (p->error == YAML_READER_ERROR) {
    return weiri_fail(
        WEIR_E_CONFIG, "%s: byte %zu: %s", r->where, p->problem_offset, problem);
  }
  return at(r, p->problem_mark, weiri_fail(WEIR_E_CONFIG, "%s", problem));
}

static weir_status count(reader *r, int64_t nodes, yaml_mark_t mark) {
  r->nodes += nodes;
  if (r->nodes > WEIRI_CONFIG_NODES) {
    return at(r, mark,
        weiri_fail(
            WEIR_E_CONFIG, "more than %d nodes, aliases included", WEIRI_CONFIG_NODES));
  }
  return WEIR_OK;
}

static weir_status too_deep(const reader *r, yaml_mark_t mark) {
  return at(r, mark,
      weiri_fail(WEIR_E_CONFIG, "more than %d levels deep", WEIRI_CONFIG_DEPTH));
}

static weir_status add_anchor(
    reader *r, const char *name, const built *b, int64_t nodes) {
  if (r->n_anchors == r->cap) {
    const int cap = r->cap == 0 ? 8 : 2 * r->cap;
    anchor *more = weiri_realloc(r->ctx, r->anchors, (size_t)cap * sizeof *more);
    if (more == NULL) {
      return WEIR_E_MEMORY;
    }
    r->anchors = more;
    r->cap = cap;
  }
  char *copy = weiri_strdup(r->ctx, name);
  if (copy == NULL) {
    return WEIR_E_MEMORY;
  }
  r->anchors[r->n_anchors++] = (anchor){copy, json_incref(b->node), nodes, b->levels};
  return WEIR_OK;
}

/* The last anchor of a name counts. */
static weir_status read_alias(
    reader *r, const yaml_event_t *event, int depth, built *out) {
  const char *name = (const char *)event->data.alias.anchor;
  const anchor *a = NULL;
  for (int i = r->n_anchors - 1; i >= 0 && a == NULL; i--) {
    a = strcmp(r->anchors[i].name, name) == 0 ? &r->anchors[i] : NULL;
  }
  if (a == NULL) {
    return at(r, event->start_mark,
        weiri_fail(WEIR_E_CONFIG, "no anchor '%s' is complete before this", name));
  }
  WEIR_TRY(count(r, a->nodes, event->start_mark));
  if (depth + a->levels > WEIRI_CONFIG_DEPTH) {
    return too_deep(r, event->start_mark);
  }
  out->levels = a->levels;
  return weiri_json_made(json_deep_copy(a->node), &out->node);
}

static bool tagged(const char *tag, const char *name) {
  static const char prefix[] = "tag:yaml.org,2002:";
  const size_t n = sizeof prefix - 1;
  return strncmp(tag, prefix, n) == 0 && strcmp(tag + n, name) == 0;
}

/* Core tags are allowed; only !!str changes what a plain scalar is. */
static weir_status check_tag(
    const reader *r, const yaml_event_t *event, const yaml_char_t *tag) {
  static const char *const known[] = {
      "str", "int", "float", "bool", "null", "map", "seq", NULL};
  const char *t = (const char *)tag;
  if (t == NULL || strcmp(t, "!") == 0) {
    return WEIR_OK;
  }
  for (int i = 0; known[i] != NULL; i++) {
    if (tagged(t, known[i])) {
      return WEIR_OK;
    }
  }
  return at(r, event->start_mark, weiri_fail(WEIR_E_CONFIG, "unknown tag '%s'", t));
}

static weir_status read_scalar(reader *r, const yaml_event_t *event, built *out) {
  const char *text = (const char *)event->data.scalar.value;
  const size_t len = event->data.scalar.length;
  const char *tag = (const char *)event->data.scalar.tag;
  WEIR_TRY(check_tag(r, event, event->data.scalar.tag));
  WEIR_TRY(count(r, 1 + (int64_t)(len / 64), event->start_mark));
  if (memchr(text, '\0', len) != NULL) {
    return at(r, event->start_mark, weiri_fail(WEIR_E_CONFIG, "a zero byte in text"));
  }
  const bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                     (tag == NULL || (strcmp(tag, "!") != 0 && !tagged(tag, "str")));
  if (!plain) {
    return weiri_json_made(json_stringn(text, len), &out->node);
  }
  const weir_status status = weiri_scalar_read(text, len, &out->node);
  return status == WEIR_OK ? status : at(r, event->start_mark, status);
}

static weir_status read_node(
    reader *r, const yaml_event_t *event, int depth, built *out);

static weir_status read_sequence(reader *r, int depth, built *out) {
  WEIR_TRY(weiri_json_made(json_array(), &out->node));
  for (;;) {
    yaml_event_t event;
    built item = {NULL, 0};
    WEIR_TRY(next_event(r, &event));
    const bool end = event.type == YAML_SEQUENCE_END_EVENT;
    const weir_status status = end ? WEIR_OK : read_node(r, &event, depth, &item);
    yaml_event_delete(&event);
    if (end || status != WEIR_OK) {
      return status;
    }
    out->levels = item.levels + 1 > out->levels ? item.levels + 1 : out->levels;
    if (json_array_append_new(out->node, item.node) != 0) {
      return weiri_json_made(NULL, &item.node);
    }
  }
}

static weir_status check_key(reader *r, const yaml_event_t *key, const json_t *object) {
  if (key->type != YAML_SCALAR_EVENT) {
    return at(r, key->start_mark, weiri_fail(WEIR_E_CONFIG, "expected a word as key"));
  }
  const char *text = (const char *)key->data.scalar.value;
  const size_t len = key->data.scalar.length;
  if (len > WEIRI_CONFIG_KEY) {
    return at(r, key->start_mark,
        weiri_fail(WEIR_E_CONFIG, "a key of %zu bytes, %d are allowed", len,
            WEIRI_CONFIG_KEY));
  }
  if (strlen(text) != len) {
    return at(r, key->start_mark, weiri_fail(WEIR_E_CONFIG, "a zero byte in a key"));
  }
  if (json_object_get(object, text) != NULL) {
    return at(r, key->start_mark, weiri_fail(WEIR_E_CONFIG, "key '%s' again", text));
  }
  return WEIR_OK;
}

static weir_status read_value(
    reader *r, const yaml_event_t *key, int depth, built *out) {
  yaml_event_t event;
  built item = {NULL, 0};
  WEIR_TRY(check_key(r, key, out->node));
  WEIR_TRY(next_event(r, &event));
  const weir_status status = read_node(r, &event, depth, &item);
  yaml_event_delete(&event);
  WEIR_TRY(status);
  out->levels = item.levels + 1 > out->levels ? item.levels + 1 : out->levels;
  if (json_object_set_new(out->node, (const char *)key->data.scalar.value, item.node) !=
      0) {
    return weiri_json_made(NULL, &item.node);
  }
  return WEIR_OK;
}

static weir_status read_mapping(reader *r, int depth, built *out) {
  WEIR_TRY(weiri_json_made(json_object(), &out->node));
  for (;;) {
    yaml_event_t key;
    WEIR_TRY(next_event(r, &key));
    const bool end = key.type == YAML_MAPPING_END_EVENT;
    const weir_status status = end ? WEIR_OK : read_value(r, &key, depth, out);
    yaml_event_delete(&key);
    if (end || status != WEIR_OK) {
      return status;
    }
  }
}

static weir_status read_tree(
    reader *r, const yaml_event_t *event, int depth, built *out) {
  const bool map = event->type == YAML_MAPPING_START_EVENT;
  WEIR_TRY(check_tag(
      r, event, map ? event->data.mapping_start.tag : event->data.sequence_start.tag));
  WEIR_TRY(count(r, 1, event->start_mark));
  if (depth >= WEIRI_CONFIG_DEPTH) {
    return too_deep(r, event->start_mark);
  }
  out->levels = 1;
  return map ? read_mapping(r, depth + 1, out) : read_sequence(r, depth + 1, out);
}

static const char *anchor_of(const yaml_event_t *event) {
  switch (event->type) {
  case YAML_SCALAR_EVENT:
    return (const char *)event->data.scalar.anchor;
  case YAML_SEQUENCE_START_EVENT:
    return (const char *)event->data.sequence_start.anchor;
  case YAML_MAPPING_START_EVENT:
    return (const char *)event->data.mapping_start.anchor;
  default:
    return NULL;
  }
}

/* The node that starts with event, inside depth others. On failure *out holds none. */
static weir_status read_node(
    reader *r, const yaml_event_t *event, int depth, built *out) {
  const int64_t before = r->nodes;
  weir_status status;
  if (event->type == YAML_ALIAS_EVENT) {
    status = read_alias(r, event, depth, out);
  } else if (event->type == YAML_SCALAR_EVENT) {
    status = read_scalar(r, event, out);
  } else {
    status = read_tree(r, event, depth, out);
  }
  const char *name = anchor_of(event);
  if (status == WEIR_OK && name != NULL) {
    status = add_anchor(r, name, out, r->nodes - before);
  }
  if (status != WEIR_OK) {
    json_decref(out->node);
    out->node = NULL;
  }
  return status;
}

/* Steps over an event of the type; other says whether another came. */
static weir_status skip(reader *r, yaml_event_type_t type, bool *other) {
  yaml_event_t event;
  WEIR_TRY(next_event(r, &event));
  *other = event.type != type;
  yaml_event_delete(&event);
  return WEIR_OK;
}

static weir_status read_stream(reader *r, built *out) {
  yaml_event_t event;
  bool other;
  WEIR_TRY(skip(r, YAML_STREAM_START_EVENT, &other));
  WEIR_TRY(skip(r, YAML_DOCUMENT_START_EVENT, &other));
  if (other) { /* an empty text */
    return weiri_json_made(json_null(), &out->node);
  }
  WEIR_TRY(next_event(r, &event));
  const weir_status status = read_node(r, &event, 0, out);
  yaml_event_delete(&event);
  WEIR_TRY(status);
  WEIR_TRY(skip(r, YAML_DOCUMENT_END_EVENT, &other));
  WEIR_TRY(skip(r, YAML_STREAM_END_EVENT, &other));
  return other ? weiri_fail(
                     WEIR_E_CONFIG, "%s: expected one document, found more", r->where)
               : WEIR_OK;
}

static void forget_anchors(reader *r) {
  for (int i = 0; i < r->n_anchors; i++) {
    weiri_free(r->ctx, r->anchors[i].name);
    json_decref(r->anchors[i].node);
  }
  weiri_free(r->ctx, r->anchors);
}

weir_status weiri_config_read(const weir_ctx *ctx, const char *text, size_t len,
    const char *where, json_t **out) {
  reader r = {.ctx = ctx, .where = where};
  built root = {NULL, 0};
  if (yaml_parser_initialize(&r.parser) == 0) {
    return weiri_fail(WEIR_E_MEMORY, "out of memory reading %s", where);
  }
  yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
  const weir_status status = read_stream(&r, &root);
  forget_anchors(&r);
  yaml_parser_delete(&r.parser);
  if (status != WEIR_OK) {
    json_decref(root.node);
    return status;
  }
  *out = root.node;
  return WEIR_OK;
}
