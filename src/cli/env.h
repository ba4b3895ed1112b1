/* What verbs that compute share: the context, the common options, signals. */
#ifndef CLI_ENV_H
#define CLI_ENV_H

#include "cli/args.h"
#include "cli/say.h"
#include "weir/model.h"

typedef struct cli_env {
  weir_ctx *ctx;
  uint64_t seed;
  bool json, quiet;
  double largest; /* of weir_frame_opts: what the number type of the model holds */
} cli_env;

/* --seed, --threads, --device, --dtype, --quiet, --json */
extern const cli_opt cli_compute_options[];
/* --drop-missing, --input-format, --header, --delimiter */
extern const cli_opt cli_read_options[];
/* -o, --format */
extern const cli_opt cli_write_options[];
/* --context, --context-file */
extern const cli_opt cli_context_options[];

/* Makes the context, catches SIGINT and SIGTERM. 0 or an exit code, message said. */
int cli_env_open(cli_env *env, const cli_args *args);
void cli_env_close(cli_env *env);
/* Opens, runs the body, closes. The exit code. */
int cli_env_run(const cli_args *args, int (*body)(cli_env *env, const cli_args *args));

/* Loads a model; --dtype must be its own. 0 or an exit code. */
int cli_model(weir_model **out, cli_env *env, const cli_args *args, const char *path);
/* Largest number of data that arithmetic of a type takes. */
double cli_largest(weir_dtype dtype);
/* "28x20" or "32x32x3" into the options; -1 each where it is neither, which reading
 * refuses. NULL: nothing. */
bool cli_image_size(const char *text, weir_read_opts *opts);
/* The options of cli_read_options. */
weir_read_opts cli_read_opts(const cli_args *args);

/* Number of the signal that asked the program to end; 0: none. */
int cli_signal(void);
/* Exit code of a program ended by that signal. */
int cli_signal_code(void);

/* Seconds on a clock that only goes forward. */
double cli_seconds(void);
/* Largest memory of the process so far, bytes. */
double cli_peak_memory(void);

#endif
