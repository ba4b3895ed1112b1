/* The rows that a fit would use, each part written as a table. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/job.h"
#include "cli/out.h"
#include "cli/rows.h"

/* Rows first .. first + n - 1 of a set as a table of the file's layout. */
static weir_status block_of(const cli_job *job, const weir_row_set *set, int64_t first,
    int64_t n, weir_table **out) {
  const int64_t d = weir_schema_events(job->schema);
  const int64_t c = weir_schema_context_width(job->schema);
  const double *context = weir_frame_context(set->frame);
  double *rows = malloc((size_t)(n * (d + c)) * sizeof *rows);
  if (rows == NULL) {
    return WEIR_E_MEMORY;
  }
  double *given = rows + n * d;
  for (int64_t i = 0; i < n; i++) {
    const int64_t row = set->rows != NULL ? set->rows[first + i] : first + i;
    weir_frame_copy_row(set->frame, row, rows + i * d);
    if (c > 0) {
      memcpy(given + i * c, context + row * c, (size_t)c * sizeof *rows);
    }
  }
  const weir_status status = weir_schema_to_table(
      out, job->env->ctx, job->schema, n, rows, c > 0 ? given : NULL);
  free(rows);
  return status;
}

static weir_status open_writer(const cli_job *job, weir_writer **out, const char *path,
    const char *format, const weir_table *table, int64_t rows) {
  const int64_t d = weir_table_columns(table);
  weir_column *columns = malloc((size_t)d * sizeof *columns);
  if (columns == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < d; j++) {
    columns[j] = weir_table_column(table, j);
  }
  const weir_status status =
      weir_writer_open(out, job->env->ctx, path, format, d, columns, rows);
  free(columns);
  return status;
}

static weir_status write_set(
    const cli_job *job, const weir_row_set *set, const char *path, const char *format) {
  weir_writer *writer = NULL;
  weir_status status = WEIR_OK;
  for (int64_t at = 0; status == WEIR_OK && at < set->n; at += CLI_BLOCK) {
    const int64_t n = set->n - at < CLI_BLOCK ? set->n - at : CLI_BLOCK;
    weir_table *block = NULL;
    status = block_of(job, set, at, n, &block);
    if (status == WEIR_OK && writer == NULL) {
      status = open_writer(job, &writer, path, format, block, set->n);
    }
    if (status == WEIR_OK) {
      status = weir_writer_rows(writer, n, weir_table_values(block));
    }
    weir_table_destroy(&block);
  }
  if (status == WEIR_OK && writer != NULL) {
    return weir_writer_close(&writer);
  }
  weir_writer_destroy(&writer);
  return status;
}

int cli_job_write_rows(const cli_job *job, const char *prefix, const char *format) {
  static const char *const names[] = {"train", "valid", "test"};
  for (int i = 0; i < 3; i++) {
    char *path = cli_format("%s-%s.%s", prefix, names[i], format);
    const int code = path == NULL ? cli_no_memory()
                     : job->set[i].n > 0
                         ? cli_fail(write_set(job, &job->set[i], path, format))
                         : 0;
    if (code == 0 && job->set[i].n > 0) {
      cli_note("%s: %" PRId64 " rows", path, job->set[i].n);
    }
    free(path);
    if (code != 0) {
      return code;
    }
  }
  return 0;
}
