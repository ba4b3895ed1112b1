/* Assignments to places in a tree: model.layers[2].bins=8. */
#include "base/option.h"

#include <string.h>

#include "base/config.h"

enum { KEY_MAX = 256, INDEX_MAX = 65535 };

/* One step of a path: a key, or an index when key is empty. */
typedef struct step {
  char key[KEY_MAX];
  int64_t index;
} step;

static weir_status malformed(const char *path, size_t len) {
  return weiri_fail(WEIR_E_CONFIG,
      "'%.*s' is not a key: expected words with dots between and [0] for a list entry",
      (int)(len < 256 ? len : 256), path);
}

/* Reads the step at *at; the first is a key without a dot before it. */
static weir_status next_step(
    const char *path, size_t len, size_t *at, bool first, step *out) {
  size_t i = *at;
  const bool indexed = !first && path[i] == '[';
  if (!first && path[i] != '[' && path[i] != '.') {
    return malformed(path, len);
  }
  const size_t start = first ? i : ++i;
  while (i < len && strchr(".[]", path[i]) == NULL) {
    i++;
  }
  const size_t n = i - start;
  if (n == 0 || n >= KEY_MAX || (indexed && (i == len || path[i++] != ']'))) {
    return malformed(path, len);
  }
  *out = (step){"", 0};
  if (!indexed) {
    memcpy(out->key, path + start, n);
  } else if (!weiri_parse_int(path + start, n, &out->index) || out->index < 0 ||
             out->index > INDEX_MAX) {
    return malformed(path, len);
  }
  *at = i;
  return WEIR_OK;
}

static weir_status wrong_kind(
    const char *path, size_t upto, const char *wanted, const json_t *node) {
  return weiri_fail(WEIR_E_CONFIG, "%s%.*s: expected %s, found %s",
      upto == 0 ? "the top" : "", (int)upto, path, wanted, weiri_json_kind(node));
}

/* The child at a step, or NULL. */
static json_t *child_of(const json_t *node, const step *s) {
  return s->key[0] == '\0' ? json_array_get(node, (size_t)s->index)
                           : json_object_get(node, s->key);
}

/* Puts a value, borrowed, at a step; a list grows by nulls as far as is needed. */
static weir_status put(json_t *node, const step *s, json_t *value) {
  int failed = 0;
  if (s->key[0] != '\0') {
    failed = json_object_set(node, s->key, value);
  } else {
    while (failed == 0 && json_array_size(node) <= (uint64_t)s->index) {
      failed = json_array_append_new(node, json_null());
    }
    failed = failed != 0 ? failed : json_array_set(node, (size_t)s->index, value);
  }
  return failed != 0 ? weiri_json_made(NULL, &value) : WEIR_OK;
}

/* The node below, made where it is missing or null. */
static weir_status descend(json_t *node, const step *s, bool list, json_t **below) {
  *below = child_of(node, s);
  if (*below != NULL && !json_is_null(*below)) {
    return WEIR_OK;
  }
  json_t *made = NULL;
  WEIR_TRY(weiri_json_made(list ? json_array() : json_object(), &made));
  const weir_status status = put(node, s, made);
  *below = made;
  json_decref(made);
  return status;
}

/* That the step fits the node; upto is the length of the path to the node. */
static weir_status check_step(
    const char *path, size_t upto, const json_t *node, const step *s, bool grow) {
  if (s->key[0] != '\0') {
    return json_is_object(node) ? WEIR_OK : wrong_kind(path, upto, "a mapping", node);
  }
  if (!json_is_array(node)) {
    return wrong_kind(path, upto, "a list", node);
  }
  if (!grow && (uint64_t)s->index >= json_array_size(node)) {
    return weiri_fail(WEIR_E_CONFIG, "%.*s: no entry [%lld], the list has %zu",
        (int)upto, path, (long long)s->index, json_array_size(node));
  }
  return WEIR_OK;
}

/* grow: lists are made and extended too, not only mappings. */
static weir_status assign(
    json_t *node, const char *path, size_t len, json_t *value, bool grow) {
  size_t at = 0;
  for (bool first = true;; first = false) {
    const size_t upto = at;
    step s;
    WEIR_TRY(next_step(path, len, &at, first, &s));
    WEIR_TRY(check_step(path, upto, node, &s, grow));
    if (at == len) {
      return put(node, &s, value);
    }
    WEIR_TRY(descend(node, &s, grow && path[at] == '[', &node));
  }
}

/* Walks the path without changing anything, so that a malformed one changes nothing. */
static weir_status check_path(const char *path, size_t len) {
  size_t at = 0;
  step s;
  if (len == 0) {
    return malformed(path, len);
  }
  for (bool first = true; at < len; first = false) {
    WEIR_TRY(next_step(path, len, &at, first, &s));
  }
  return WEIR_OK;
}

weir_status weiri_config_set(
    const weir_ctx *ctx, json_t *root, const char *assignment) {
  const char *equals = strchr(assignment, '=');
  if (equals == NULL) {
    return weiri_fail(WEIR_E_CONFIG, "expected key=value, found '%s'", assignment);
  }
  const size_t len = (size_t)(equals - assignment);
  WEIR_TRY(check_path(assignment, len));
  char *where = weiri_format(ctx, "value of %.*s", (int)len, assignment);
  if (where == NULL) {
    return WEIR_E_MEMORY;
  }
  json_t *value = NULL;
  weir_status status =
      weiri_config_read(ctx, equals + 1, strlen(equals + 1), where, &value);
  weiri_free(ctx, where);
  if (status == WEIR_OK) {
    status = assign(root, assignment, len, value, false);
  }
  json_decref(value);
  return status;
}

weir_status weiri_config_put(json_t *root, const char *path, json_t *value) {
  const size_t len = strlen(path);
  WEIR_TRY(check_path(path, len));
  return assign(root, path, len, value, true);
}
