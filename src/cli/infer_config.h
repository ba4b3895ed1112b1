/* The configuration of an inference: sections target and infer, from a file, from
 * options and from --set; and the files that it writes. */
#ifndef CLI_INFER_CONFIG_H
#define CLI_INFER_CONFIG_H

#include <jansson.h>

#include "cli/env.h"
#include "weir/diagnose.h"

typedef struct cli_inference {
  cli_env *env;
  json_t *root, *target, *infer; /* as asked for; target and infer are parts of root */
  const char *data, *output;     /* NULL: none */
  char *checkpoint, *identity;
  char *command; /* that repeats the run */
  weir_target *density;
  weir_posterior *posterior;
  bool modes_checked;
  weir_mode_check modes;
} cli_inference;

/* Reads --config, the options that set a key, --set; the target's name from the command
 * line. 0 or an exit code. */
int cli_inference_read(cli_inference *job, const cli_args *args);
void cli_inference_free(cli_inference *job);

#endif
