/* Rows of data on their way out of a pass: a table, or a picture where the rows are
 * images. */
#ifndef CLI_SHEET_H
#define CLI_SHEET_H

#include "cli/pass.h"

/* -o, --format with png, --grid */
extern const cli_opt cli_sheet_options[];

typedef struct cli_sheet {
  cli_pass *pass;
  const weir_schema *schema;
  weir_image image;
  bool picture;
  int64_t d, width;    /* event columns, columns written */
  weir_column *column; /* [width] */
  double *row;         /* [CLI_BLOCK, width] */
  double *x;           /* [n, d] of a picture */
  int64_t n, room, per_row;
} cli_sheet;

/* more: name of a last column, or NULL. rows: how many will come, -1: not known.
 * per_row: images in a row of a picture unless --grid says it, 0: about square. 0 or an
 * exit code. */
int cli_sheet_open(
    cli_sheet *s, cli_pass *pass, const char *more, int64_t rows, int64_t per_row);
/* n rows x [n, d] with their contexts [n, c] (NULL: none) and last column [n] (NULL);
 * counts them as done. */
weir_status cli_sheet_put(cli_sheet *s, int64_t n, const double *x,
    const double *contexts, const double *more);
/* Writes the picture, where it is one. 0 or an exit code. */
int cli_sheet_end(cli_sheet *s);
void cli_sheet_free(cli_sheet *s);

/* Whether args ask for a picture: --format png, or a file's extension. */
bool cli_wants_picture(const cli_args *args);

#endif
