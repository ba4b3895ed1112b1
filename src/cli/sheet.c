/* Rows of data on their way out: a table, or a picture where the rows are images. */
#include "cli/sheet.h"

#include <stdlib.h>
#include <string.h>

#include "cli/out.h"

const cli_opt cli_sheet_options[] = {
    {"output", 'o', CLI_FILE, "FILE",
        "where to write; - is standard output, the default", 0, 0, NULL, NULL},
    {"format", 0, CLI_TEXT, "FORMAT",
        "csv, tsv, npy, or png for a picture of images; else by the extension of the "
        "file, else csv",
        0, 0, "csv|tsv|npy|png", NULL},
    {"grid", 0, CLI_INT, "N", "images in a row of a picture", 1, 100000, NULL, NULL},
    {0}};

enum { PICTURE_MAX = 1 << 26 }; /* pixels, of all images together */

bool cli_wants_picture(const cli_args *args) {
  const char *format = cli_text(args, "format", NULL);
  char end[16];
  cli_extension(cli_text(args, "output", "-"), end);
  return strcmp(format != NULL ? format : end, "png") == 0;
}

static int make_columns(cli_sheet *s, const char *more) {
  const int64_t columns = weir_schema_columns(s->schema);
  s->column = calloc((size_t)columns + 1, sizeof *s->column);
  if (s->column == NULL) {
    return cli_no_memory();
  }
  for (int64_t j = 0; j < columns; j++) {
    const weir_role role = weir_schema_type(s->schema, j).role;
    if (role == WEIR_ROLE_EVENT || role == WEIR_ROLE_CONTEXT) {
      s->column[s->width++] = weir_schema_column(s->schema, j);
    }
  }
  if (more != NULL) {
    s->column[s->width++] = (weir_column){more, WEIR_CELL_REAL, 0, NULL};
  }
  s->row = malloc((size_t)CLI_BLOCK * (size_t)s->width * sizeof *s->row);
  return s->row != NULL ? 0 : cli_no_memory();
}

static int open_picture(cli_sheet *s, int64_t rows, int64_t per_row) {
  if (s->image.height == 0) {
    return cli_usage("the rows of this model are no images, so there is no picture of "
                     "them; --image HxW of weir fit says that they are");
  }
  if (rows > PICTURE_MAX / s->d) {
    return cli_usage("a picture holds %lld of these images at most",
        (long long)(PICTURE_MAX / s->d));
  }
  s->per_row = cli_int(s->pass->args, "grid", per_row);
  return 0;
}

int cli_sheet_open(
    cli_sheet *s, cli_pass *pass, const char *more, int64_t rows, int64_t per_row) {
  const weir_schema *schema = weir_model_schema(pass->model);
  *s = (cli_sheet){.pass = pass,
      .schema = schema,
      .image = weir_schema_image(schema),
      .picture = cli_wants_picture(pass->args),
      .d = weir_schema_events(schema)};
  if (s->picture) {
    return open_picture(s, rows, per_row);
  }
  if (cli_has(pass->args, "grid")) {
    return cli_usage("--grid is of pictures: expected -o FILE.png or --format png");
  }
  const int code = make_columns(s, more);
  const bool pixels = s->image.height > 0 && s->width == s->d;
  return code != 0 ? code
                   : cli_fail(weir_writer_open_images(&pass->writer, pass->env.ctx,
                         pass->output, cli_text(pass->args, "format", NULL), s->width,
                         s->column, pixels ? &s->image : NULL, rows));
}

static weir_status keep(cli_sheet *s, int64_t n, const double *x) {
  if (s->n + n > s->room) {
    const int64_t room = s->n + n > 2 * s->room ? s->n + n : 2 * s->room;
    double *more = realloc(s->x, (size_t)room * (size_t)s->d * sizeof *more);
    if (more == NULL) {
      return WEIR_E_MEMORY;
    }
    s->x = more;
    s->room = room;
  }
  memcpy(s->x + s->n * s->d, x, (size_t)(n * s->d) * sizeof *x);
  return WEIR_OK;
}

static weir_status write(cli_sheet *s, int64_t n, const double *x,
    const double *contexts, const double *more) {
  weir_table *table = NULL;
  const weir_status status =
      weir_schema_to_table(&table, s->pass->env.ctx, s->schema, n, x, contexts);
  if (status != WEIR_OK) {
    return status;
  }
  const int64_t columns = weir_table_columns(table);
  const double *values = weir_table_values(table);
  for (int64_t i = 0; i < n; i++) {
    double *row = s->row + i * s->width;
    memcpy(row, values + i * columns, (size_t)columns * sizeof *row);
    if (more != NULL) {
      row[columns] = more[i];
    }
  }
  weir_table_destroy(&table);
  return weir_writer_rows(s->pass->writer, n, s->row);
}

weir_status cli_sheet_put(cli_sheet *s, int64_t n, const double *x,
    const double *contexts, const double *more) {
  weir_status status = WEIR_OK;
  const int64_t c = weir_schema_context_width(s->schema);
  for (int64_t at = 0; status == WEIR_OK && at < n; at += CLI_BLOCK) {
    const int64_t count = n - at < CLI_BLOCK ? n - at : CLI_BLOCK;
    status = s->picture ? keep(s, count, x + at * s->d)
                        : write(s, count, x + at * s->d,
                              contexts == NULL ? NULL : contexts + at * c,
                              more == NULL ? NULL : more + at);
    s->n += count;
    s->pass->done = s->n;
  }
  return status;
}

int cli_sheet_end(cli_sheet *s) {
  return !s->picture || cli_signal() != 0
             ? 0
             : cli_fail(weir_images_write(s->pass->env.ctx, s->pass->output, &s->image,
                   s->n, s->x, s->per_row));
}

void cli_sheet_free(cli_sheet *s) {
  free(s->column);
  free(s->row);
  free(s->x);
}
