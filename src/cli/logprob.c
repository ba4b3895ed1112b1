/* weir logprob: the log-likelihood of every row, block by block in constant memory. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/lowest.h"
#include "cli/pass.h"

static const cli_opt options[] = {{"components", 0, CLI_FLAG, NULL,
                                      "the terms that log_prob is the sum of, a column "
                                      "each",
                                      0, 0, NULL, NULL},
    {"lowest", 0, CLI_INT, "K",
        "only the K least likely rows, with their line and values", 1, 1e7, NULL, NULL},
    {"data", 0, CLI_FLAG, NULL, "the columns of the table before the results", 0, 0,
        NULL, NULL},
    {0}};

/* Columns of the output: [line] [table] [components] log_prob. */
typedef struct scorer {
  cli_pass *pass;
  const weir_model *model;
  bool line, data;
  int64_t parts, columns, width; /* of the table's columns; of all */
  weir_column *column;           /* [width] */
  double *rows;                  /* [CLI_BLOCK, width] */
  double *log_prob, *terms;      /* [CLI_BLOCK], [CLI_BLOCK, parts] */
  int64_t nans;                  /* log-likelihoods that are not a number */
  cli_lowest lowest;
} scorer;

static bool shown(const weir_schema *schema, int64_t j) {
  const weir_role role = weir_schema_type(schema, j).role;
  return role == WEIR_ROLE_EVENT || role == WEIR_ROLE_CONTEXT;
}

static void name_columns(scorer *s, const weir_schema *schema, const char *line) {
  int64_t at = 0;
  if (s->line) {
    s->column[at++] = (weir_column){line, WEIR_CELL_INTEGER, 0, NULL};
  }
  for (int64_t j = 0; s->data && j < weir_schema_columns(schema); j++) {
    if (shown(schema, j)) {
      s->column[at++] = weir_schema_column(schema, j);
    }
  }
  for (int64_t k = 0; k < s->parts; k++) {
    s->column[at++] =
        (weir_column){weir_model_part_name(s->model, k), WEIR_CELL_REAL, 0, NULL};
  }
  s->column[at] = (weir_column){"log_prob", WEIR_CELL_REAL, 0, NULL};
}

static int set_up(scorer *s, const cli_args *args) {
  const weir_schema *schema = weir_model_schema(s->model);
  const int64_t keep = cli_int(args, "lowest", 0);
  s->line = keep > 0;
  s->data = s->line || cli_has(args, "data");
  s->parts = cli_has(args, "components") ? weir_model_parts(s->model) : 0;
  for (int64_t j = 0; s->data && j < weir_schema_columns(schema); j++) {
    s->columns += shown(schema, j);
  }
  s->width = s->line + s->columns + s->parts + 1;
  const size_t block = (size_t)CLI_BLOCK * sizeof(double);
  s->column = calloc((size_t)s->width, sizeof *s->column);
  s->rows = malloc(block * (size_t)s->width);
  s->log_prob = malloc(block);
  s->terms = malloc(block * (size_t)(s->parts + 1));
  if (s->column == NULL || s->rows == NULL || s->log_prob == NULL || s->terms == NULL ||
      (keep > 0 && !cli_lowest_create(&s->lowest, keep, s->width))) {
    return cli_no_memory();
  }
  return 0;
}

static void tear_down(scorer *s) {
  cli_lowest_free(&s->lowest);
  free(s->column);
  free(s->rows);
  free(s->log_prob);
  free(s->terms);
}

/* The table's columns of each frame row into its output row. */
static weir_status fill_data(scorer *s, const cli_rows *in, int64_t first) {
  weir_table *back = NULL;
  const int64_t n = weir_frame_rows(in->frame);
  const weir_status status = weir_schema_to_table(&back, s->pass->env.ctx, in->schema,
      n, weir_frame_x(in->frame), weir_frame_context(in->frame));
  if (status != WEIR_OK) {
    return status;
  }
  const double *values = weir_table_values(back);
  for (int64_t i = 0; i < n; i++) {
    memcpy(s->rows + weir_frame_row(in->frame, i) * s->width + first,
        values + i * s->columns, (size_t)s->columns * sizeof *values);
  }
  weir_table_destroy(&back);
  return WEIR_OK;
}

/* Far outside of the data a network may overflow; the first such row is named. */
static void note_nans(scorer *s, const cli_rows *in, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    if (isnan(s->log_prob[i]) && s->nans++ == 0) {
      cli_warn("%s: %s %" PRId64 ": the model's log-likelihood is not a number",
          weir_table_source(in->table), weir_table_line_word(in->table),
          weir_table_line(in->table, weir_frame_row(in->frame, i)));
    }
  }
}

static weir_status compute(scorer *s, const cli_rows *in) {
  const int64_t n = weir_frame_rows(in->frame);
  const weir_status status = weir_model_frame_log_prob(
      s->model, in->frame, s->log_prob, s->parts > 0 ? s->terms : NULL);
  if (status != WEIR_OK) {
    return status;
  }
  note_nans(s, in, n);
  for (int64_t i = 0; i < n; i++) {
    double *row = s->rows + weir_frame_row(in->frame, i) * s->width;
    if (s->parts > 0) {
      memcpy(row + s->width - 1 - s->parts, s->terms + i * s->parts,
          (size_t)s->parts * sizeof *row);
    }
    row[s->width - 1] = s->log_prob[i];
  }
  return s->data ? fill_data(s, in, s->line) : WEIR_OK;
}

/* Rows left out for missing values stay as rows of missing values. */
static weir_status take_block(void *user, const cli_rows *in) {
  scorer *s = user;
  for (int64_t i = 0; i < in->n * s->width; i++) {
    s->rows[i] = NAN;
  }
  if (in->frame != NULL) {
    const weir_status status = compute(s, in);
    if (status != WEIR_OK) {
      return status;
    }
  }
  for (int64_t i = 0; s->line && i < in->n; i++) {
    s->rows[i * s->width] = (double)weir_table_line(in->table, i);
    cli_lowest_add(&s->lowest, s->rows + i * s->width);
  }
  return s->line ? WEIR_OK : weir_writer_rows(s->pass->writer, in->n, s->rows);
}

static weir_status begin(void *user, const cli_rows *in) {
  scorer *s = user;
  name_columns(s, in->schema, weir_table_line_word(in->table));
  return s->line ? WEIR_OK
                 : cli_pass_write(
                       s->pass, s->width, s->column, weir_reader_rows(in->reader));
}

static weir_status write_lowest(scorer *s) {
  const weir_status status = cli_pass_write(s->pass, s->width, s->column, s->lowest.n);
  return status != WEIR_OK
             ? status
             : weir_writer_rows(s->pass->writer, s->lowest.n, s->lowest.rows);
}

static int score(cli_pass *pass) {
  scorer s = {.pass = pass, .model = pass->model};
  int code = set_up(&s, pass->args);
  if (code == 0) {
    code = cli_fail(cli_pass_rows(pass, &s, begin, take_block));
  }
  if (code == 0 && s.line && cli_signal() == 0) {
    code = cli_fail(write_lowest(&s));
  }
  if (s.nans > 1) {
    cli_warn("%" PRId64 " rows have such a log-likelihood", s.nans);
  }
  tear_down(&s);
  return code;
}

static int run(const cli_args *args) {
  return cli_pass_run(args, score);
}

extern const cli_verb cli_verb_logprob;
const cli_verb cli_verb_logprob = {
    .name = "logprob",
    .summary = "log-likelihood of every row of a table",
    .words = "MODEL DATA",
    .min_words = 2,
    .max_words = 2,
    .options = (const cli_opt *const[]){options, cli_write_options, cli_read_options,
        cli_compute_options, NULL},
    .text = "Writes a column log_prob in nats, a row per row of DATA (- is standard "
            "input), "
            "in constant memory. With --drop-missing a row with a missing value has "
            "NaN. --lowest K finds anomalies: the K least likely rows, with "
            "their line in the file.",
    .examples =
        (const char *const[]){"weir logprob model.safetensors new.csv -o lp.csv",
            "weir logprob model.safetensors new.csv --lowest 20",
            "cat new.csv | weir logprob model.safetensors - | head", NULL},
    .run = run,
};
