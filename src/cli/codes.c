/* Rows chosen from a table, and the ways between data and latents. */
#include "cli/codes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const cli_opt cli_draw_options[] = {{"draw", 0, CLI_FLAG, NULL,
                                        "draw from the posterior and from the "
                                        "likelihood of an autoencoder, in place of "
                                        "their means",
                                        0, 0, NULL, NULL},
    {0}};

int cli_codes_init(cli_codes *m, cli_pass *pass) {
  const weir_schema *schema = weir_model_schema(pass->model);
  *m = (cli_codes){&pass->env, pass->model, schema, cli_has(pass->args, "draw"),
      weir_schema_events(schema), weir_model_latent_features(pass->model),
      weir_schema_context_width(schema)};
  return m->k > 0 ? 0 : cli_error("the model has no latent variables");
}

weir_status cli_codes_latent(
    const cli_codes *m, int64_t n, const double *x, const double *context, double *z) {
  return m->draw ? weir_model_encode(m->model, n, x, n, context, m->env->seed, z, NULL)
                 : weir_model_encode_mean(m->model, n, x, n, context, z);
}

weir_status cli_codes_data(
    const cli_codes *m, int64_t n, const double *z, const double *context, double *x) {
  return m->draw ? weir_model_decode(m->model, n, z, n, context, m->env->seed, x, NULL)
                 : weir_model_decode_mean(m->model, n, z, n, context, x);
}

int cli_codes_write(const cli_codes *m, cli_pass *pass, int64_t n, int64_t per_line,
    const double *z, const double *context) {
  cli_sheet sheet;
  double *x = malloc((size_t)(n * m->d) * sizeof *x);
  context = m->c > 0 ? context : NULL;
  int code = cli_sheet_open(&sheet, pass, NULL, n, per_line);
  if (code == 0 && x == NULL) {
    code = cli_no_memory();
  }
  if (code == 0) {
    code = cli_fail(cli_codes_data(m, n, z, context, x));
  }
  if (code == 0) {
    code = cli_fail(cli_sheet_put(&sheet, n, x, context, NULL));
  }
  if (code == 0) {
    code = cli_sheet_end(&sheet);
  }
  cli_sheet_free(&sheet);
  free(x);
  return code;
}

enum { NUMBERS_MAX = 1 << 20 };

/* "7" or "7-9" at *text, which moves on. */
static bool range(const char **text, long long *first, long long *last) {
  char *end;
  *first = strtoll(*text, &end, 10);
  if (end == *text || **text < '0' || **text > '9') {
    return false;
  }
  *last = *first;
  if (*end == '-') {
    const char *from = end + 1;
    *last = *from >= '0' && *from <= '9' ? strtoll(from, &end, 10) : 0;
  }
  *text = end;
  return *first >= 1 && *last >= *first && *last - *first < NUMBERS_MAX;
}

int64_t *cli_numbers(const char *option, const char *text, int64_t *n) {
  int64_t *list = NULL, room = 0;
  const char *at = text;
  *n = 0;
  for (bool more = true; more; more = *at == ',', at += more) {
    long long first, last;
    if (!range(&at, &first, &last) || (*at != '\0' && *at != ',') ||
        *n + last - first >= NUMBERS_MAX) {
      free(list);
      (void)cli_usage(
          "--%s: expected numbers from 1 on, as 3,7 or 1-8, found '%s'", option, text);
      return NULL;
    }
    for (long long i = first; i <= last; i++) {
      if (*n == room) {
        room = room == 0 ? 64 : 2 * room;
        int64_t *bigger = realloc(list, (size_t)room * sizeof *bigger);
        if (bigger == NULL) {
          free(list);
          (void)cli_no_memory();
          return NULL;
        }
        list = bigger;
      }
      list[(*n)++] = i;
    }
  }
  return list;
}

/* The rows of a block that are wanted; counts those found. */
static int64_t take(const cli_codes *m, const cli_rows *in, int64_t first, int64_t n,
    const int64_t *row, double *x, double *context) {
  int64_t found = 0;
  const int64_t kept = in->frame == NULL ? 0 : weir_frame_rows(in->frame);
  for (int64_t i = 0; i < kept; i++) {
    const int64_t number = first + weir_frame_row(in->frame, i) + 1;
    for (int64_t j = 0; j < n; j++) {
      if (row[j] != number) {
        continue;
      }
      weir_frame_copy_row(in->frame, i, x + j * m->d);
      if (m->c > 0) {
        memcpy(context + j * m->c, weir_frame_context(in->frame) + i * m->c,
            (size_t)m->c * sizeof *context);
      }
      found++;
    }
  }
  return found;
}

int cli_pick(const cli_codes *m, const cli_args *args, const char *path, int64_t n,
    const int64_t *row, double *x, double *context) {
  cli_rows in;
  weir_status status = cli_rows_open(
      &in, m->env, m->schema, path, args, WEIR_FRAME_X | WEIR_FRAME_CONTEXT);
  int64_t found = 0, first = 0;
  bool more = status == WEIR_OK;
  while (more && found < n) {
    status = cli_rows_next(&in, &more);
    more = more && status == WEIR_OK;
    if (more) {
      found += take(m, &in, first, n, row, x, context);
      first += in.n;
    }
  }
  cli_rows_close(&in);
  if (status != WEIR_OK || found == n) {
    return cli_fail(status);
  }
  int64_t largest = row[0];
  for (int64_t j = 1; j < n; j++) {
    largest = row[j] > largest ? row[j] : largest;
  }
  return cli_error(
      "%s: has %" PRId64 " rows; row %" PRId64 " was asked for", path, first, largest);
}
