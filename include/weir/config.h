/** Configurations: trees of settings, read from YAML or JSON and from key=value texts.
 *
 * The tree is a JSON value of the jansson library (weir_spec is its json_t); those who
 * include <jansson.h> may look into it and build it. */
#ifndef WEIR_CONFIG_H
#define WEIR_CONFIG_H

#include "weir/sys/option.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An empty configuration. Errors: E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_config_create(weir_spec **out, weir_ctx *ctx);
/** Reads a YAML file (JSON is a part of YAML; JSON alone when built without libyaml).
 * Errors: E_IO, E_FORMAT or E_CONFIG with line and column, E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_config_load(
    weir_spec **out, weir_ctx *ctx, const char *path);
/** The same from text; where names it in messages. */
WEIR_API WEIR_MUST_USE weir_status weir_config_parse(
    weir_spec **out, weir_ctx *ctx, const char *text, size_t size, const char *where);
WEIR_API void weir_config_destroy(weir_spec **config);

/** Sets "model.bins=8" or "model.layers[2].bins=8": the value is YAML, objects on the
 * way are made. Errors: E_CONFIG (no '=', a bad path or value), E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_config_set(
    weir_ctx *ctx, weir_spec *config, const char *assignment);
/** Checks an object (NULL: empty) against an option table; *out is a new object with
 * every option of the table, defaults filled in. path stands before messages. Errors:
 * E_CONFIG (unknown key with the nearest one named, wrong type, out of range),
 * E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_config_resolve(weir_spec **out, weir_ctx *ctx,
    const weir_opt *opts, const weir_spec *section, const char *path);
/** The tree as YAML; freed with weir_text_free. Errors: E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_config_yaml(
    weir_ctx *ctx, const weir_spec *config, char **out);

#ifdef __cplusplus
}
#endif
#endif
