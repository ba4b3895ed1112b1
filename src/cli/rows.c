/* Tables on their way through a model, block by block. */
#include "cli/rows.h"

#include <math.h>
#include <string.h>

#include "cli/json.h"

weir_status cli_rows_open(cli_rows *rows, cli_env *env, const weir_schema *schema,
    const char *path, const cli_args *args, unsigned parts) {
  *rows = (cli_rows){.ctx = env->ctx, .schema = schema, .opts = WEIR_FRAME_OPTS_INIT};
  rows->opts.drop_missing = cli_has(args, "drop-missing");
  rows->opts.parts = parts;
  rows->opts.largest = env->largest;
  const weir_read_opts opts = cli_read_opts(args);
  return weir_reader_open(&rows->reader, env->ctx, path, &opts);
}

/* Column of the table that a column of the schema is, or -1. */
static int64_t column_in(const cli_rows *rows, int64_t j) {
  return weir_table_named(rows->table)
             ? weir_table_find(rows->table, weir_schema_column(rows->schema, j).name)
             : j;
}

static bool wanted(const cli_rows *rows, int64_t j) {
  const weir_role role = weir_schema_type(rows->schema, j).role;
  return (role == WEIR_ROLE_EVENT && (rows->opts.parts & WEIR_FRAME_X) != 0) ||
         (role == WEIR_ROLE_CONTEXT && (rows->opts.parts & WEIR_FRAME_CONTEXT) != 0);
}

static bool has_gap(const cli_rows *rows, int64_t row) {
  const int64_t width = weir_table_columns(rows->table);
  for (int64_t j = 0; j < weir_schema_columns(rows->schema); j++) {
    const int64_t at = wanted(rows, j) ? column_in(rows, j) : -1;
    if (at >= 0 && at < width && isnan(weir_table_value(rows->table, row, at))) {
      return true;
    }
  }
  return false;
}

/* A block whose every row is left out has no frame. */
static bool all_gaps(const cli_rows *rows) {
  if (!rows->opts.drop_missing) {
    return false;
  }
  for (int64_t i = 0; i < rows->n; i++) {
    if (!has_gap(rows, i)) {
      return false;
    }
  }
  return true;
}

weir_status cli_rows_next(cli_rows *rows, bool *more) {
  weir_frame_destroy(&rows->frame);
  weir_table_destroy(&rows->table);
  *more = false;
  if (cli_signal() != 0) {
    return WEIR_OK;
  }
  const weir_status status = weir_reader_next(rows->reader, CLI_BLOCK, &rows->table);
  if (status != WEIR_OK || rows->table == NULL) {
    return status;
  }
  *more = true;
  rows->n = weir_table_rows(rows->table);
  if (all_gaps(rows)) {
    return WEIR_OK;
  }
  return weir_frame_create(
      &rows->frame, rows->ctx, rows->schema, rows->table, &rows->opts);
}

void cli_rows_close(cli_rows *rows) {
  weir_frame_destroy(&rows->frame);
  weir_table_destroy(&rows->table);
  weir_reader_close(&rows->reader);
}

static weir_status read_whole(cli_frame *out, const cli_env *env,
    const weir_schema *schema, const char *path, const weir_read_opts *read,
    const weir_frame_opts *opts) {
  const weir_status status = weir_table_read(&out->table, env->ctx, path, read);
  return status != WEIR_OK
             ? status
             : weir_frame_create(&out->frame, env->ctx, schema, out->table, opts);
}

weir_status cli_frame_read(cli_frame *out, cli_env *env, const weir_schema *schema,
    const char *path, const cli_args *args) {
  *out = (cli_frame){NULL, NULL};
  const weir_read_opts read = cli_read_opts(args);
  weir_frame_opts opts = WEIR_FRAME_OPTS_INIT;
  opts.drop_missing = cli_has(args, "drop-missing");
  opts.largest = env->largest;
  bool large = false;
  weir_status status =
      weir_ctx_set_memory(env->ctx, cli_int(args, "memory", 0) << 20, NULL);
  if (status == WEIR_OK) {
    status = weir_file_is_large(&large, env->ctx, path, &read);
  }
  if (status == WEIR_OK && large) {
    status = weir_frame_read(&out->frame, env->ctx, schema, path, &read, &opts);
  } else if (status == WEIR_OK) {
    status = read_whole(out, env, schema, path, &read, &opts);
  }
  if (status == WEIR_OK && weir_frame_note(out->frame) != NULL) {
    cli_note("%s", weir_frame_note(out->frame));
  }
  return status;
}

void cli_frame_free(cli_frame *frame) {
  weir_frame_destroy(&frame->frame);
  weir_table_destroy(&frame->table);
}

int cli_summary(const cli_env *env, const char *output, int64_t rows, double seconds) {
  const bool piped = strcmp(output, "-") == 0;
  if (!env->json) {
    return 0;
  }
  return cli_json_print(piped ? stderr : stdout,
      json_pack("{s:s, s:I, s:o}", "output", output, "rows", (json_int_t)rows,
          "seconds", cli_json_real(seconds)));
}
