/* The public face of configurations. */
#include <string.h>

#include "base/option.h"
#include "weir/config.h"

weir_status weir_config_create(weir_spec **out, weir_ctx *ctx) {
  (void)ctx;
  *out = json_object();
  return *out != NULL ? WEIR_OK : weiri_fail(WEIR_E_MEMORY, "out of memory");
}

weir_status weir_config_load(weir_spec **out, weir_ctx *ctx, const char *path) {
  return weiri_config_load(ctx, path, out);
}

weir_status weir_config_parse(
    weir_spec **out, weir_ctx *ctx, const char *text, size_t size, const char *where) {
  return weiri_config_parse(ctx, text, size, where, out);
}

void weir_config_destroy(weir_spec **config) {
  if (*config != NULL) {
    json_decref(*config);
    *config = NULL;
  }
}

weir_status weir_config_set(weir_ctx *ctx, weir_spec *config, const char *assignment) {
  return weiri_config_set(ctx, config, assignment);
}

/* Bytes of an instance that has every field of the table. */
static size_t instance_size(const weir_opt *opts) {
  size_t size = sizeof(weir_ints);
  for (const weir_opt *o = opts; o->name != NULL; o++) {
    const size_t end = o->offset + sizeof(weir_reals);
    size = end > size ? end : size;
  }
  return size;
}

weir_status weir_config_resolve(weir_spec **out, weir_ctx *ctx, const weir_opt *opts,
    const weir_spec *section, const char *path) {
  if (section != NULL && !json_is_object(section)) {
    return weiri_fail(WEIR_E_CONFIG, "%s%sexpected keys with values", path,
        *path == '\0' ? "" : ": ");
  }
  json_t *resolved = json_object();
  void *instance = weiri_calloc(ctx, 1, instance_size(opts));
  if (resolved == NULL || instance == NULL) {
    weiri_free(ctx, instance);
    json_decref(resolved);
    return weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  const weir_status status =
      weiri_opts_read(ctx, opts, instance, section, path, resolved);
  weiri_opts_free(ctx, opts, instance);
  weiri_free(ctx, instance);
  if (status != WEIR_OK) {
    json_decref(resolved);
    return status;
  }
  *out = resolved;
  return WEIR_OK;
}

weir_status weir_config_yaml(weir_ctx *ctx, const weir_spec *config, char **out) {
  *out = weiri_config_yaml(ctx, config);
  return *out != NULL ? WEIR_OK : WEIR_E_MEMORY;
}
