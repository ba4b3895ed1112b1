/* Tables on their way through a model, block by block. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include "cli/env.h"

enum { CLI_BLOCK = 8192 };

/* A stream of blocks of a table and their frames under a schema. */
typedef struct cli_rows {
  weir_ctx *ctx;
  const weir_schema *schema;
  weir_reader *reader;
  weir_frame_opts opts;
  weir_table *table; /* of the current block */
  weir_frame *frame; /* NULL where every row of the block was left out */
  int64_t n;         /* rows of the block, those left out counted */
} cli_rows;

/* parts: WEIR_FRAME_* wanted. */
weir_status cli_rows_open(cli_rows *rows, cli_env *env, const weir_schema *schema,
    const char *path, const cli_args *args, unsigned parts);
/* The next block; *more is false at the end, and after a signal. */
weir_status cli_rows_next(cli_rows *rows, bool *more);
void cli_rows_close(cli_rows *rows);

/* A whole table and its frame, weights with it where the table has them. */
typedef struct cli_frame {
  weir_table *table;
  weir_frame *frame;
} cli_frame;
weir_status cli_frame_read(cli_frame *out, cli_env *env, const weir_schema *schema,
    const char *path, const cli_args *args);
void cli_frame_free(cli_frame *frame);

/* The context that --context or --context-file gives: rows is 0 without one. */
typedef struct cli_context {
  weir_table *table;
  weir_frame *frame;
  const double *values; /* [rows, width] */
  int64_t rows, width;
} cli_context;
/* 0 or an exit code: 2 where a conditional model has no context or the other way. */
int cli_context_read(
    cli_context *out, cli_env *env, const weir_schema *schema, const cli_args *args);
void cli_context_free(cli_context *context);

/* What was done, on stdout or, where the data went there, on stderr: --json. */
int cli_summary(const cli_env *env, const char *output, int64_t rows, double seconds);

#endif
