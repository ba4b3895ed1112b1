/* weir encode: the latent variables of every row of a table. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/latent.h"
#include "cli/pass.h"

static const cli_opt options[] = {
    {"log-det", 0, CLI_FLAG, NULL,
        "the log-determinant of the map as the last column, "
        "log_det",
        0, 0, NULL, NULL},
    {"mean", 0, CLI_FLAG, NULL,
        "of an autoencoder, the mean of the posterior in place of a draw (a draw where "
        "the mean is not known: a flow as posterior)",
        0, 0, NULL, NULL},
    {0}};

typedef struct encoder {
  cli_pass *pass;
  const weir_model *model;
  int64_t k, contexts, width; /* latents, context columns, all columns */
  bool log_det, mean;
  cli_latent_names names;
  weir_column *column;
  double *z, *det, *rows; /* [CLI_BLOCK, ...] */
} encoder;

static int set_up(encoder *e, const cli_args *args) {
  const weir_schema *schema = weir_model_schema(e->model);
  e->k = weir_model_latent_features(e->model);
  e->contexts = weir_schema_contexts(schema);
  e->log_det = cli_has(args, "log-det");
  e->mean = cli_has(args, "mean");
  if (e->mean && e->log_det) {
    return cli_usage("--log-det is of draws, and --mean gives none");
  }
  e->width = e->k + e->contexts + e->log_det;
  const size_t block = (size_t)CLI_BLOCK * sizeof(double);
  e->names = cli_latent_names_make(e->k);
  e->column = calloc((size_t)e->width, sizeof *e->column);
  e->z = malloc(block * (size_t)e->k);
  e->det = malloc(block);
  e->rows = malloc(block * (size_t)e->width);
  if (e->names == NULL || e->column == NULL || e->z == NULL || e->det == NULL ||
      e->rows == NULL) {
    return cli_no_memory();
  }
  for (int64_t j = 0; j < e->k; j++) {
    e->column[j] = (weir_column){e->names[j], WEIR_CELL_REAL, 0, NULL};
  }
  for (int64_t j = 0; j < e->contexts; j++) {
    e->column[e->k + j] = weir_schema_column(schema, weir_schema_context(schema, j));
  }
  if (e->log_det) {
    e->column[e->width - 1] = (weir_column){"log_det", WEIR_CELL_REAL, 0, NULL};
  }
  return 0;
}

static void tear_down(encoder *e) {
  free(e->names);
  free(e->column);
  free(e->z);
  free(e->det);
  free(e->rows);
}

/* Context columns of the block's table, as they stand in it, into the output rows. */
static void copy_context(encoder *e, const cli_rows *in) {
  for (int64_t j = 0; j < e->contexts; j++) {
    const int64_t column = weir_schema_context(in->schema, j);
    const weir_column want = weir_schema_column(in->schema, column);
    const int64_t at =
        weir_table_named(in->table) ? weir_table_find(in->table, want.name) : column;
    if (at < 0) {
      continue;
    }
    const weir_column have = weir_table_column(in->table, at);
    for (int64_t i = 0; i < in->n; i++) {
      e->rows[i * e->width + e->k + j] =
          cli_category_as(&have, &want, weir_table_value(in->table, i, at));
    }
  }
}

static weir_status compute(encoder *e, const cli_rows *in) {
  const int64_t n = weir_frame_rows(in->frame);
  const weir_status status =
      e->mean ? weir_model_encode_mean(e->model, n, weir_frame_x(in->frame), n,
                    weir_frame_context(in->frame), e->z)
              : weir_model_frame_encode(e->model, in->frame, e->pass->env.seed, e->z,
                    e->log_det ? e->det : NULL);
  for (int64_t i = 0; status == WEIR_OK && i < n; i++) {
    double *row = e->rows + weir_frame_row(in->frame, i) * e->width;
    memcpy(row, e->z + i * e->k, (size_t)e->k * sizeof *row);
    if (e->log_det) {
      row[e->width - 1] = e->det[i];
    }
  }
  return status;
}

static weir_status take_block(void *user, const cli_rows *in) {
  encoder *e = user;
  for (int64_t i = 0; i < in->n * e->width; i++) {
    e->rows[i] = NAN;
  }
  copy_context(e, in);
  weir_status status = in->frame != NULL ? compute(e, in) : WEIR_OK;
  if (status == WEIR_OK) {
    status = weir_writer_rows(e->pass->writer, in->n, e->rows);
  }
  return status;
}

static weir_status begin(void *user, const cli_rows *in) {
  const encoder *e = user;
  return cli_pass_write(e->pass, e->width, e->column, weir_reader_rows(in->reader));
}

static int encode(cli_pass *pass) {
  encoder e = {.pass = pass, .model = pass->model};
  int code = set_up(&e, pass->args);
  if (code == 0) {
    code = cli_fail(cli_pass_rows(pass, &e, begin, take_block));
  }
  tear_down(&e);
  return code;
}

static int run(const cli_args *args) {
  return cli_pass_run(args, encode);
}

extern const cli_verb cli_verb_encode;
const cli_verb cli_verb_encode = {
    .name = "encode",
    .summary = "latent variables of every row of a table",
    .words = "MODEL DATA",
    .min_words = 2,
    .max_words = 2,
    .options = (const cli_opt *const[]){options, cli_write_options, cli_read_options,
        cli_compute_options, NULL},
    .text =
        "Writes columns z1, z2, ... and, for a conditional model, the context columns, "
        "so that weir decode gives the table back. Where a map is stochastic (discrete "
        "columns, the posterior of an autoencoder), a draw by the seed.",
    .examples =
        (const char *const[]){"weir encode model.safetensors new.csv -o z.csv", NULL},
    .run = run,
};
