/* What the files of the configuration reader share. */
#ifndef WEIRI_CONFIG_H
#define WEIRI_CONFIG_H

#include <jansson.h>

#include "base/base.h"

/* Bounds on what a text may become: nested levels, and nodes when every alias is
 * written out (a long string counts for one node in 64 bytes). A key stays below
 * libyaml's 1024 bytes for keys when every byte of it is written as an escape. */
enum { WEIRI_CONFIG_DEPTH = 64, WEIRI_CONFIG_NODES = 1000000, WEIRI_CONFIG_KEY = 160 };

/* json, or E_MEMORY when it is NULL. */
weir_status weiri_json_made(json_t *json, json_t **out);

/* "a mapping", "a list", "text", ... for messages. */
const char *weiri_json_kind(const json_t *json);

/* A plain scalar of the YAML 1.2 core schema. Errors: E_CONFIG for a number that is not
 * finite, E_MEMORY. */
weir_status weiri_scalar_read(const char *text, size_t len, json_t **out);
/* Whether a plain scalar of this text would not read as text. */
bool weiri_scalar_special(const char *text, size_t len);

/* YAML text to a tree, of config_yaml.c, or of config_json.c in a build without
 * libyaml, where it is JSON or one plain scalar. */
weir_status weiri_config_read(
    const weir_ctx *ctx, const char *text, size_t len, const char *where, json_t **out);
/* JSON text to a tree. */
weir_status weiri_json_read(
    const char *text, size_t len, const char *where, json_t **out);
/* Whether weiri_config_read knows YAML. */
bool weiri_config_has_yaml(void);

#endif
