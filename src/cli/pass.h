/* The frame of the verbs that take rows through a model and write rows: encode, decode,
 * logprob, sample. */
#ifndef CLI_PASS_H
#define CLI_PASS_H

#include "cli/rows.h"

typedef struct cli_pass {
  cli_env env;
  const cli_args *args;
  weir_model *model;   /* of the first word */
  const char *output;  /* -o, or - */
  weir_writer *writer; /* opened by the body, closed by the frame; NULL: a picture */
  int64_t done;        /* rows, for the summary */
} cli_pass;

/* Opens the environment, loads the model, runs the body, finishes the writer, says what
 * was done and cleans up. Returns the exit code. */
int cli_pass_run(const cli_args *args, int (*body)(cli_pass *pass));
/* Opens the writer; rows: how many will come, -1 when unknown. */
weir_status cli_pass_write(
    cli_pass *pass, int64_t columns, const weir_column *column, int64_t rows);
/* Whether more need be computed: no signal, and the reader of the output still there.
 */
bool cli_pass_goes_on(const cli_pass *pass);
/* Reads the table of the second word block by block (open calls it before the first
 * block when not NULL, with the reader's number of rows), take with each. */
weir_status cli_pass_rows(cli_pass *pass, void *user,
    weir_status (*begin)(void *user, const cli_rows *in),
    weir_status (*take)(void *user, const cli_rows *in));

#endif
