/* What reconstruct, interpolate and traverse share: rows chosen from a table, and the
 * ways between data and latents. */
#ifndef CLI_CODES_H
#define CLI_CODES_H

#include "cli/sheet.h"

/* --draw */
extern const cli_opt cli_draw_options[];

/* A model and how it is used. */
typedef struct cli_codes {
  cli_env *env;
  const weir_model *model;
  const weir_schema *schema;
  bool draw;
  int64_t d, k, c; /* event columns, latents, width of the context */
} cli_codes;
/* 0 or an exit code: the model has no latent. */
int cli_codes_init(cli_codes *m, cli_pass *pass);
/* Latents [n, k] of rows x [n, d] and back; context [n, c]. Stochastic layers give the
 * means of their distributions, or a draw where --draw asks for it. */
weir_status cli_codes_latent(
    const cli_codes *m, int64_t n, const double *x, const double *context, double *z);
weir_status cli_codes_data(
    const cli_codes *m, int64_t n, const double *z, const double *context, double *x);

/* Writes what the decoder makes of latents z [n, k] given context [n, c], per_line
 * images in a line of a picture. 0 or an exit code. */
int cli_codes_write(const cli_codes *m, cli_pass *pass, int64_t n, int64_t per_line,
    const double *z, const double *context);

/* "1,5,9-12" as numbers from 1 on; NULL with the message said where it is not. */
int64_t *cli_numbers(const char *option, const char *text, int64_t *n);

/* Rows row[0 .. n - 1] (from 1 on) of a table: x [n, d], context [n, c]. 0 or an exit
 * code: a row that the table does not have. */
int cli_pick(const cli_codes *m, const cli_args *args, const char *path, int64_t n,
    const int64_t *row, double *x, double *context);

#endif
