/* Assignments to places in a tree: model.layers[2].bins=8. */
#include "base/option.h"

#include <string.h>

#include "base/config.h"

/* One step of a path: a key, or an index when key is NULL. */
typedef struct step {
  const char *key;
  size_t len;
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
  const bool indexed = path[i] == '[';
  if (indexed == first && indexed) {
    return malformed(path, len);
  }
  if (!indexed && !first && path[i++] != '.') {
    return malformed(path, len);
  }
  const size_t start = indexed ? ++i : i;
  while (i < len && strchr(".[]", path[i]) == NULL) {
    i++;
  }
  *out = (step){indexed ? NULL : path + start, i - start, 0};
  if (i == start) {
    return malformed(path, len);
  }
  if (indexed) {
    if (i == len || path[i++] != ']' ||
        !weiri_parse_int(path + start, out->len, &out->index) || out->index < 0) {
      return malformed(path, len);
    }
  }
  *at = i;
  return WEIR_OK;
}

static weir_status wrong_kind(
    const char *path, size_t upto, const char *wanted, const json_t *node) {
  return weiri_fail(WEIR_E_CONFIG, "%s%.*s: expected %s, found %s",
      upto == 0 ? "the top" : "", (int)upto, path, wanted, weiri_json_kind(node));
}

/* Jansson keeps keys with a NUL; a step has none. */
static char *key_of(const weir_ctx *ctx, const step *s) {
  return weiri_format(ctx, "%.*s", (int)s->len, s->key);
}

/* The node below, made an object where it is missing or null. */
static weir_status descend(
    const weir_ctx *ctx, json_t *node, const step *s, json_t **below) {
  char *key = key_of(ctx, s);
  if (key == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_status status = WEIR_OK;
  *below = json_object_get(node, key);
  if (*below == NULL || json_is_null(*below)) {
    *below = json_object();
    if (json_object_set_new(node, key, *below) != 0) {
      status = weiri_json_made(NULL, below);
    }
  }
  weiri_free(ctx, key);
  return status;
}

static weir_status put(
    const weir_ctx *ctx, json_t *node, const step *s, json_t *value) {
  int failed = 0;
  if (s->key == NULL) {
    failed = json_array_set(node, (size_t)s->index, value);
  } else {
    char *key = key_of(ctx, s);
    if (key == NULL) {
      return WEIR_E_MEMORY;
    }
    failed = json_object_set(node, key, value);
    weiri_free(ctx, key);
  }
  return failed != 0 ? weiri_json_made(NULL, &value) : WEIR_OK;
}

/* That the step fits the node; upto is the path to the node. */
static weir_status check_step(
    const char *path, size_t upto, const json_t *node, const step *s) {
  if (s->key != NULL) {
    return json_is_object(node) ? WEIR_OK : wrong_kind(path, upto, "a mapping", node);
  }
  if (!json_is_array(node)) {
    return wrong_kind(path, upto, "a list", node);
  }
  if ((uint64_t)s->index >= json_array_size(node)) {
    return weiri_fail(WEIR_E_CONFIG, "%.*s: no entry [%lld], the list has %zu",
        (int)upto, path, (long long)s->index, json_array_size(node));
  }
  return WEIR_OK;
}

static weir_status assign(
    const weir_ctx *ctx, json_t *node, const char *path, size_t len, json_t *value) {
  size_t at = 0;
  for (bool first = true;; first = false) {
    const size_t upto = at;
    step s;
    WEIR_TRY(next_step(path, len, &at, first, &s));
    WEIR_TRY(check_step(path, upto, node, &s));
    if (at == len) {
      return put(ctx, node, &s, value);
    }
    if (s.key == NULL) {
      node = json_array_get(node, (size_t)s.index);
    } else {
      WEIR_TRY(descend(ctx, node, &s, &node));
    }
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
    status = assign(ctx, root, assignment, len, value);
  }
  json_decref(value);
  return status;
}
