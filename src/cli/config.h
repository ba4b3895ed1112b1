/* The configuration of a fit: sections data, model, train, from a file, from options
 * and from --set. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <jansson.h>

#include "cli/env.h"
#include "weir/config.h"

typedef struct cli_config {
  json_t *root;  /* as asked for */
  json_t *data;  /* every option of the section with its value */
  json_t *train; /* the same, seed, dtype and time_limit with it */
  json_t *fit;   /* the part of the train section that weir_fit reads, as asked for */
} cli_config;

/* Reads the file (NULL: none), then the options of args that set a key, then --set;
 * checks the sections data and train. Errors: E_CONFIG, E_IO, E_FORMAT, E_MEMORY. */
weir_status cli_config_read(
    cli_config *out, cli_env *env, const cli_args *args, const char *file);
void cli_config_free(cli_config *config);

/* Text of a key of a resolved section, or NULL. */
const char *cli_key_text(const json_t *section, const char *key);
double cli_key_real(const json_t *section, const char *key);
bool cli_key_true(const json_t *section, const char *key);

/* The whole configuration with every default filled in: the sections, and the model
 * section as the model says it (JSON text). NULL when memory ran out. */
json_t *cli_config_whole(const cli_config *config, const char *model);

/* Option table of data.patches: job_patches.c */
const weir_opt *cli_patches_options(void);
/* Option tables of the sections, for listings; NULL for an unknown section. */
const weir_opt *cli_section_options(const char *section);

#endif
