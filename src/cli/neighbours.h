/* Labels by the nearest latents, for `weir eval`. */
#ifndef CLI_NEIGHBOURS_H
#define CLI_NEIGHBOURS_H

#include <jansson.h>

#include "cli/rows.h"

/* The exit code where options do not go together or the labels are not there, else 0.
 */
int cli_neighbours_check(const cli_args *args, const cli_frame *data);
/* The accuracy that --neighbours asks for: printed, or (out not NULL) added to out. */
int cli_neighbours(cli_env *env, const cli_args *args, const weir_model *model,
    const cli_frame *data, json_t *out);

#endif
