/* Annealed importance sampling for `weir eval`. */
#ifndef CLI_ANNEALED_H
#define CLI_ANNEALED_H

#include <jansson.h>

#include "cli/env.h"
#include "weir/train.h"

/* The exit code where options do not go together or with the rows, else 0. */
int cli_annealed_check(const cli_args *args, const weir_frame *frame);
/* What --ais and --simulated ask for: printed, or (out not NULL) added to out. 0 or an
 * exit code; after a signal what the rows done have given is there too. */
int cli_annealed(const cli_env *env, const cli_args *args, const weir_model *model,
    const weir_frame *frame, json_t *out);

#endif
