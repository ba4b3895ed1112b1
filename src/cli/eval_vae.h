/* Figures of an autoencoder on a table: what `weir eval` prints of one. */
#ifndef CLI_EVAL_VAE_H
#define CLI_EVAL_VAE_H

#include "cli/rows.h"

extern const cli_opt cli_vae_options[];

/* 0 or an exit code. Options that need a posterior are refused without one. */
int cli_eval_vae(
    cli_env *env, const cli_args *args, const weir_model *model, const cli_frame *data);
/* The exit code where an option of autoencoders was given, 0 where none was. */
int cli_eval_no_vae(const cli_args *args);

#endif
