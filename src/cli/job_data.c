/* The data of a fit: tables, schema, frames, and which rows do what. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/job.h"

enum { SAMPLE_ROWS = 1 << 20 };

static const char *const part_names[] = {"train", "valid", "test"};

static weir_read_opts read_opts(const json_t *data) {
  weir_read_opts opts = WEIR_READ_OPTS_INIT;
  const char *format = cli_key_text(data, "format");
  const char *header = cli_key_text(data, "header");
  opts.format = strcmp(format, "auto") == 0 ? NULL : format;
  opts.header = strcmp(header, "auto") == 0 ? -1 : strcmp(header, "yes") == 0;
  cli_image_size(cli_key_text(data, "image"), &opts);
  return opts;
}

static const char *const keys[] = {"file", "valid", "test", "mask_file"};

static bool has_patches(const cli_job *job) {
  const json_t *patches = json_object_get(job->config.data, "patches");
  return patches != NULL && !json_is_null(patches);
}

/* Rows that do not fit into memory lie beside the model while the program runs. */
static int set_memory(const cli_job *job) {
  char folder[1024] = ".";
  const char *slash = job->output == NULL ? NULL : strrchr(job->output, '/');
  if (slash != NULL && (size_t)(slash - job->output) < sizeof folder) {
    snprintf(folder, sizeof folder, "%.*s",
        slash == job->output ? 1 : (int)(slash - job->output), job->output);
  }
  const int64_t mib = (int64_t)cli_key_real(job->config.data, "memory");
  return cli_fail(weir_ctx_set_memory(job->env->ctx, mib << 20, folder));
}

/* A table; of a file that is too large for memory, a sample for the schema. */
static int read_table(cli_job *job, int i, const char *path, weir_read_opts opts) {
  weir_table **out = i < 3 ? &job->table[i] : &job->masks;
  bool large = false;
  int code = 0;
  if (i < 3 && !has_patches(job)) {
    code = cli_fail(weir_file_is_large(&large, job->env->ctx, path, &opts));
    job->large[i] = large;
    opts.sample = large ? SAMPLE_ROWS : 0;
  }
  return code != 0 ? code : cli_fail(weir_table_read(out, job->env->ctx, path, &opts));
}

static int read_tables(cli_job *job) {
  static const char *const label_keys[] = {"labels", "valid_labels", "test_labels"};
  const int code = set_memory(job);
  if (code != 0) {
    return code;
  }
  for (int i = 0; i < 4; i++) {
    weir_read_opts opts = read_opts(job->config.data);
    if (i == 3) {
      opts.height = 0; /* the mask is no image */
    }
    char label_buf[4096];
    const char *labels = i < 3 ? cli_key_text(job->config.data, label_keys[i]) : NULL;
    opts.labels =
        labels == NULL ? NULL : cli_job_place(job, labels, label_buf, sizeof label_buf);
    const char *path = cli_key_text(job->config.data, keys[i]);
    if (path == NULL && i == 0) {
      return cli_usage("expected a table to train on: DATA, or data.file");
    }
    char buf[4096];
    if (path != NULL) {
      const int failed =
          read_table(job, i, cli_job_place(job, path, buf, sizeof buf), opts);
      if (failed != 0) {
        return failed;
      }
    }
  }
  return 0;
}

/* "name=weight" of the weight and "name=ignored" of the mask, after data.columns. */
static int guess_schema(cli_job *job) {
  const json_t *data = job->config.data;
  const char *weight = cli_key_text(data, "weight");
  const char *mask = cli_key_text(data, "mask");
  char texts[2][512];
  const char *types[2];
  weir_schema_opts opts = WEIR_SCHEMA_OPTS_INIT;
  opts.types = types;
  if (weight != NULL) {
    snprintf(texts[0], sizeof texts[0], "%s=weight", weight);
    types[opts.n_types++] = texts[0];
  }
  if (mask != NULL && job->masks == NULL) {
    snprintf(texts[1], sizeof texts[1], "%s=ignored", mask);
    types[opts.n_types++] = texts[1];
  }
  opts.context = cli_key_text(data, "context");
  const json_t *columns = json_object_get(data, "columns");
  opts.columns = json_is_null(columns) ? NULL : columns;
  opts.allow_constant = cli_key_true(data, "allow_constant");
  return cli_fail(weir_schema_guess(&job->schema, job->env->ctx, job->table[0], &opts));
}

static void show_schema(const cli_job *job) {
  char *text = NULL;
  if (weir_schema_show(job->schema, &text) == WEIR_OK) {
    const size_t n = strlen(text);
    cli_show("%.*s", (int)(n > 0 && text[n - 1] == '\n' ? n - 1 : n), text);
    weir_text_free(job->env->ctx, text);
  }
  for (int64_t i = 0; i < weir_schema_warnings(job->schema); i++) {
    cli_warn("%s", weir_schema_warning(job->schema, i).text);
  }
}

static int make_frame(cli_job *job, int i, const weir_frame_opts *opts) {
  if (!job->large[i]) {
    return cli_fail(weir_frame_create(
        &job->frame[i], job->env->ctx, job->schema, job->table[i], opts));
  }
  char buf[4096];
  const weir_read_opts read = read_opts(job->config.data);
  const char *path =
      cli_job_place(job, cli_key_text(job->config.data, keys[i]), buf, sizeof buf);
  return cli_fail(
      weir_frame_read(&job->frame[i], job->env->ctx, job->schema, path, &read, opts));
}

static int make_frames(cli_job *job) {
  weir_frame_opts opts = WEIR_FRAME_OPTS_INIT;
  opts.drop_missing = cli_key_true(job->config.data, "drop_missing");
  opts.largest = cli_largest(cli_job_dtype(job));
  for (int i = 0; i < 3; i++) {
    if (job->table[i] == NULL) {
      continue;
    }
    const int code = make_frame(job, i, &opts);
    if (code != 0) {
      return code;
    }
    job->set[i] = (weir_row_set){job->frame[i], NULL, weir_frame_rows(job->frame[i])};
    const char *note = weir_frame_note(job->frame[i]);
    if (note != NULL) {
      cli_note("%s rows: %s", part_names[i], note);
    }
  }
  return 0;
}

/* The fraction asked for; else a tenth where no file has the part. */
static double fraction(const cli_job *job, const char *key, int part) {
  const double asked = cli_key_real(job->config.data, key);
  return asked >= 0.0 ? asked : job->table[part] != NULL ? 0.0 : 0.1;
}

static weir_status split_by_mask(cli_job *job, const char *mask, double valid) {
  const int64_t n = weir_frame_rows(job->frame[0]);
  int64_t *rows = malloc((size_t)n * sizeof *rows);
  if (rows == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < n; i++) {
    rows[i] = weir_frame_row(job->frame[0], i);
  }
  const weir_status status = weir_split_mask(&job->split, job->env->ctx,
      job->masks != NULL ? job->masks : job->table[0], mask, n, rows, valid, job->seed);
  free(rows);
  return status;
}

static int check_parts(const cli_job *job, const char *mask) {
  const json_t *data = job->config.data;
  static const char *const fractions[] = {"", "valid_fraction", "test_fraction"};
  for (int i = 1; i < 3; i++) {
    if (job->table[i] != NULL && cli_key_real(data, fractions[i]) > 0.0) {
      return cli_usage(
          "data.%s: there is a file of %s rows already", fractions[i], part_names[i]);
    }
  }
  if (mask != NULL && cli_key_real(data, "test_fraction") > 0.0) {
    return cli_usage("data.test_fraction: the mask says which rows test");
  }
  if (job->masks != NULL && mask == NULL) {
    return cli_usage("data.mask_file: expected data.mask, the column to take");
  }
  if (mask != NULL && job->masks == NULL && job->large[0]) {
    return cli_usage("data.mask: %s is larger than memory: give the mask as "
                     "data.mask_file, or the parts as files of their own",
        weir_table_source(job->table[0]));
  }
  const int64_t rows =
      weir_frame_rows(job->frame[0]) + weir_frame_dropped(job->frame[0]);
  if (job->masks != NULL && weir_table_rows(job->masks) != rows) {
    return cli_usage("data.mask_file: %s has %" PRId64 " rows, the data %" PRId64,
        weir_table_source(job->masks), weir_table_rows(job->masks), rows);
  }
  return 0;
}

/* The images of patches are split already. */
static int split_rows(cli_job *job) {
  const char *mask = cli_key_text(job->config.data, "mask");
  const double valid = fraction(job, "valid_fraction", WEIR_SPLIT_VALID);
  const double test = fraction(job, "test_fraction", WEIR_SPLIT_TEST);
  int code = has_patches(job) ? 0 : check_parts(job, mask);
  if (code != 0 || has_patches(job) || (mask == NULL && valid == 0.0 && test == 0.0)) {
    return code;
  }
  code = cli_fail(mask != NULL ? split_by_mask(job, mask, valid)
                               : weir_split_fraction(&job->split, job->env->ctx,
                                     job->set[0].n, valid, test, job->seed));
  for (int i = 0; code == 0 && i < 3; i++) {
    weir_row_set part = {job->frame[0], NULL, 0};
    part.rows = weir_split_rows(job->split, (weir_split_set)i, &part.n);
    if (i == 0 || (job->table[i] == NULL && part.n > 0)) {
      job->set[i] = part;
    }
  }
  return code;
}

/* What was found out goes into the section, so that it repeats the run as it stands:
 * types of all columns, which say context and weight too, and the fractions. */
static void resolve_section(cli_job *job) {
  json_t *data = job->config.data;
  json_t *columns = json_object();
  for (int64_t j = 0; j < weir_schema_columns(job->schema); j++) {
    const weir_column_type type = weir_schema_type(job->schema, j);
    char text[256];
    json_object_set_new(columns, weir_schema_column(job->schema, j).name,
        json_string(weir_column_type_text(&type, text, sizeof text)));
  }
  json_object_set_new(data, "columns", columns);
  json_object_set_new(data, "context", json_null());
  json_object_set_new(data, "weight", json_null());
  const double valid = fraction(job, "valid_fraction", WEIR_SPLIT_VALID);
  json_object_set_new(data, "valid_fraction", json_real(valid));
  if (cli_key_text(data, "mask") == NULL) {
    const double test = fraction(job, "test_fraction", WEIR_SPLIT_TEST);
    json_object_set_new(data, "test_fraction", json_real(test));
  }
}

int cli_job_data(cli_job *job) {
  int code = read_tables(job);
  if (code == 0 && has_patches(job)) {
    code = cli_job_patches(job);
  }
  if (code == 0) {
    code = guess_schema(job);
  }
  if (code == 0) {
    show_schema(job);
    code = make_frames(job);
  }
  if (code == 0) {
    code = split_rows(job);
  }
  if (code == 0) {
    resolve_section(job);
    cli_note("%" PRId64 " rows train, %" PRId64 " validate, %" PRId64 " are held out",
        job->set[0].n, job->set[1].n, job->set[2].n);
  }
  return code;
}
