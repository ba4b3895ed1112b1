/* weir decode: rows of the table from latent variables. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/latent.h"
#include "cli/sheet.h"

static const cli_opt options[] = {
    {"mean", 0, CLI_FLAG, NULL,
        "of an autoencoder, the mean of the likelihood in place of a draw: images "
        "without the noise of single pixels",
        0, 0, NULL, NULL},
    {0}};

/* How far from 1 the length of a unit vector may be that was written with few digits.
 */
#define LENGTH_TOLERANCE 1e-3

typedef struct decoder {
  cli_pass *pass;
  const weir_model *model;
  const weir_schema *schema;
  cli_context context; /* of the command line; rows 0: in the table of latents */
  int64_t k;
  int64_t *place; /* [k] columns of the table that hold z1 ... zk */
  double *z, *x, *contexts;
  cli_sheet sheet;
} decoder;

static int set_up(decoder *e, const cli_args *args) {
  const int code = cli_context_read(&e->context, &e->pass->env, e->schema, args);
  if (code != 0) {
    return code;
  }
  e->k = weir_model_latent_features(e->model);
  const size_t block = (size_t)CLI_BLOCK * sizeof(double);
  e->place = calloc((size_t)e->k, sizeof *e->place);
  e->z = malloc(block * (size_t)e->k);
  e->x = malloc(block * (size_t)weir_model_features(e->model));
  e->contexts = malloc(block * (size_t)(e->context.width + 1));
  return e->place != NULL && e->z != NULL && e->x != NULL && e->contexts != NULL
             ? 0
             : cli_no_memory();
}

static void tear_down(decoder *e) {
  cli_sheet_free(&e->sheet);
  cli_context_free(&e->context);
  free(e->place);
  free(e->z);
  free(e->x);
  free(e->contexts);
}

static int find_columns(decoder *e, const weir_table *table) {
  char name[24];
  const bool named = weir_table_named(table);
  if (weir_table_columns(table) < e->k) {
    return cli_error("%s: expected %" PRId64 " latent columns, found %" PRId64
                     " columns",
        weir_table_source(table), e->k, weir_table_columns(table));
  }
  for (int64_t j = 0; j < e->k; j++) {
    snprintf(name, sizeof name, "z%" PRId64, j + 1);
    e->place[j] = named ? weir_table_find(table, name) : j;
    if (e->place[j] < 0) {
      return cli_error("%s: expected columns z1 to z%" PRId64 ", found no '%s'",
          weir_table_source(table), e->k, name);
    }
  }
  return 0;
}

static int copy_latents(decoder *e, const weir_table *table) {
  const int64_t n = weir_table_rows(table);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < e->k; j++) {
      const double z = weir_table_value(table, i, e->place[j]);
      if (!isfinite(z)) {
        return cli_error("%s: %s %" PRId64 ", column '%s': expected a finite number",
            weir_table_source(table), weir_table_line_word(table),
            weir_table_line(table, i), weir_table_column(table, e->place[j]).name);
      }
      e->z[i * e->k + j] = z;
    }
  }
  return 0;
}

/* Of a latent on the sphere: every row of a block is a unit vector. */
static int check_lengths(const decoder *e, const weir_table *table) {
  const bool sphere = weir_model_latent_on_sphere(e->model);
  for (int64_t i = 0; sphere && i < weir_table_rows(table); i++) {
    double square = 0.0;
    for (int64_t j = 0; j < e->k; j++) {
      square += e->z[i * e->k + j] * e->z[i * e->k + j];
    }
    if (!(fabs(sqrt(square) - 1.0) <= LENGTH_TOLERANCE)) {
      return cli_error("%s: %s %" PRId64
                       ": the latent of this model is a unit vector, found one of "
                       "length %g",
          weir_table_source(table), weir_table_line_word(table),
          weir_table_line(table, i), sqrt(square));
    }
  }
  return 0;
}

/* Contexts [n, c] of a block: one for all, a row each, or columns of the table. */
static int copy_contexts(decoder *e, const weir_table *table) {
  const int64_t n = weir_table_rows(table), c = e->context.width;
  const size_t bytes = (size_t)c * sizeof *e->contexts;
  if (c == 0) {
    return 0;
  }
  if (e->context.rows > 0) {
    if (e->context.rows > 1 && e->pass->done + n > e->context.rows) {
      return cli_error(
          "--context-file: %" PRId64 " rows for more rows of latents", e->context.rows);
    }
    for (int64_t i = 0; i < n; i++) {
      const int64_t row = e->context.rows == 1 ? 0 : e->pass->done + i;
      memcpy(e->contexts + i * c, e->context.values + row * c, bytes);
    }
    return 0;
  }
  weir_frame_opts opts = WEIR_FRAME_OPTS_INIT;
  opts.parts = WEIR_FRAME_CONTEXT;
  opts.largest = e->pass->env.largest;
  weir_frame *frame = NULL;
  const int code =
      cli_fail(weir_frame_create(&frame, e->pass->env.ctx, e->schema, table, &opts));
  if (code == 0) {
    memcpy(e->contexts, weir_frame_context(frame), (size_t)n * bytes);
  }
  weir_frame_destroy(&frame);
  return code;
}

static weir_status compute(decoder *e, int64_t n) {
  const double *contexts = e->context.width > 0 ? e->contexts : NULL;
  weir_status status =
      cli_has(e->pass->args, "mean")
          ? weir_model_decode_mean(e->model, n, e->z, n, contexts, e->x)
          : weir_model_decode_from(e->model, e->pass->done, n, e->z, n, contexts,
                e->pass->env.seed, e->x, NULL);
  if (status == WEIR_OK) {
    status = cli_sheet_put(&e->sheet, n, e->x, contexts, NULL);
  }
  return status;
}

static int take_block(decoder *e, const weir_table *table) {
  int code = e->pass->done == 0 ? find_columns(e, table) : 0;
  if (code == 0) {
    code = copy_latents(e, table);
  }
  if (code == 0) {
    code = check_lengths(e, table);
  }
  if (code == 0) {
    code = copy_contexts(e, table);
  }
  if (code == 0) {
    code = cli_fail(compute(e, weir_table_rows(table)));
  }
  return code;
}

static int stream(decoder *e) {
  const cli_pass *pass = e->pass;
  const weir_read_opts opts = cli_read_opts(pass->args);
  weir_reader *reader = NULL;
  int code =
      cli_fail(weir_reader_open(&reader, pass->env.ctx, pass->args->words[1], &opts));
  if (code == 0) {
    code = cli_sheet_open(&e->sheet, e->pass, NULL, weir_reader_rows(reader), 0);
  }
  while (code == 0 && cli_pass_goes_on(pass)) {
    weir_table *block = NULL;
    code = cli_fail(weir_reader_next(reader, CLI_BLOCK, &block));
    if (code != 0 || block == NULL) {
      break;
    }
    code = take_block(e, block);
    weir_table_destroy(&block);
  }
  weir_reader_close(&reader);
  return code;
}

static int decode(cli_pass *pass) {
  decoder e = {
      .pass = pass, .model = pass->model, .schema = weir_model_schema(pass->model)};
  int code = set_up(&e, pass->args);
  if (code == 0) {
    code = stream(&e);
  }
  if (code == 0) {
    code = cli_sheet_end(&e.sheet);
  }
  tear_down(&e);
  return code;
}

static int run(const cli_args *args) {
  return cli_pass_run(args, decode);
}

extern const cli_verb cli_verb_decode;
const cli_verb cli_verb_decode = {
    .name = "decode",
    .summary = "rows of the table from latent variables",
    .words = "MODEL LATENTS",
    .min_words = 2,
    .max_words = 2,
    .options = (const cli_opt *const[]){options, cli_context_options, cli_sheet_options,
        cli_read_options, cli_compute_options, NULL},
    .text = "LATENTS has the columns z1, z2, ... that weir encode writes (found by "
            "name, or "
            "by place where they have none) and, for a conditional model, its context "
            "columns, unless --context or --context-file gives them.",
    .examples =
        (const char *const[]){
            "weir encode model.safetensors new.csv | weir decode model.safetensors -",
            NULL},
    .run = run,
};
