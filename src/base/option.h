/* Reading configuration trees against option tables. */
#ifndef WEIRI_OPTION_H
#define WEIRI_OPTION_H

#include <jansson.h>

#include "base/base.h"
#include "weir/sys/option.h"

/* Fills the fields of instance (zeroed by the caller) from spec, an object or NULL for
 * all defaults. path ("model.layers[3].map") stands before every message. A key that no
 * row has is E_CONFIG with the nearest row's name, except the keys "name" and "id".
 * A value of the wrong type or out of range is E_CONFIG with the bounds.
 * resolved, when not NULL, is an object that receives every option with its value. */
weir_status weiri_opts_read(const weir_ctx *ctx, const weir_opt *opts, void *instance,
    const json_t *spec, const char *path, json_t *resolved);
/* Frees what weiri_opts_read put into the instance. */
void weiri_opts_free(const weir_ctx *ctx, const weir_opt *opts, void *instance);

/* Parses YAML (JSON is a subset) or JSON alone when built without libyaml. Scalars
 * follow YAML 1.2 core: null, true/false, integers, reals, else strings. where names
 * the source in messages ("recipe.yaml"), which give line and column. */
weir_status weiri_config_parse(
    const weir_ctx *ctx, const char *text, size_t len, const char *where, json_t **out);
weir_status weiri_config_load(const weir_ctx *ctx, const char *file, json_t **out);
/* Sets a.b[2].c in root to the value written as YAML ("8", "[64,64]", "rqs"); objects
 * on the way are created. */
weir_status weiri_config_set(
    const weir_ctx *ctx, json_t *root, const char *assignment /* key=value */);
/* Puts value (borrowed) at a path such as flow.layers[2].map in root, making objects
 * and list entries on the way and replacing what stands there. */
weir_status weiri_config_put(json_t *root, const char *path, json_t *value);
/* Adds everything of over to base: objects merge, all else replaces. */
weir_status weiri_config_merge(json_t *base, const json_t *over);
/* The tree as YAML text, for people; memory of the context. */
char *weiri_config_yaml(const weir_ctx *ctx, const json_t *root);
/* The tree as JSON on one line, reals as weiri_print_real writes them. */
char *weiri_config_json(const weir_ctx *ctx, const json_t *root);

#endif
