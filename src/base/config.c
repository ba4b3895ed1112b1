/* Configuration texts and files to trees, and merging trees. */
#include "base/option.h"

#include <string.h>

#include "base/config.h"
#include "base/file.h"

weir_status weiri_json_read(
    const char *text, size_t len, const char *where, json_t **out) {
  json_error_t e;
  *out = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
  if (*out != NULL) {
    return WEIR_OK;
  }
  if (json_error_code(&e) == json_error_out_of_memory) {
    return weiri_json_made(NULL, out);
  }
  return weiri_fail(
      WEIR_E_CONFIG, "%s: line %d, column %d: %s", where, e.line, e.column, e.text);
}

static bool ends_with(const char *s, const char *end) {
  const size_t n = strlen(s);
  const size_t m = strlen(end);
  return n >= m && strcmp(s + n - m, end) == 0;
}

/* A file that says it is JSON is read as JSON: libyaml, of YAML 1.1, refuses some of
 * it. */
weir_status weiri_config_parse(const weir_ctx *ctx, const char *text, size_t len,
    const char *where, json_t **out) {
  *out = NULL;
  return ends_with(where, ".json") ? weiri_json_read(text, len, where, out)
                                   : weiri_config_read(ctx, text, len, where, out);
}

weir_status weiri_config_load(const weir_ctx *ctx, const char *file, json_t **out) {
  char *text;
  size_t size;
  *out = NULL;
  WEIR_TRY(weiri_file_read_all(ctx, file, (void **)&text, &size));
  const weir_status status = weiri_config_parse(ctx, text, size, file, out);
  weiri_free(ctx, text);
  return status;
}

/* Copies, so that the trees stay apart. */
weir_status weiri_config_merge(json_t *base, const json_t *over) {
  const char *key;
  json_t *value;
  if (!json_is_object(base) || !json_is_object(over)) {
    return weiri_fail(WEIR_E_CONFIG, "expected a mapping, found %s",
        weiri_json_kind(json_is_object(base) ? over : base));
  }
  json_object_foreach((json_t *)(uintptr_t)over, key, value) {
    json_t *mine = json_object_get(base, key);
    if (json_is_object(mine) && json_is_object(value)) {
      WEIR_TRY(weiri_config_merge(mine, value));
    } else if (json_object_set_new(base, key, json_deep_copy(value)) != 0) {
      return weiri_json_made(NULL, &mine);
    }
  }
  return WEIR_OK;
}
