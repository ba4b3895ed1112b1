/* weir reconstruct: rows after a way through the latent and back. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/codes.h"

static const cli_opt options[] = {
    {"number", 'n', CLI_INT, "N", "the first N rows (all; of a picture 32)", 1, 1e15,
        NULL, NULL},
    {"rows", 0, CLI_TEXT, "LIST", "these rows, as 3,7 or 1-8, in the order of the file",
        0, 0, NULL, NULL},
    {0}};

typedef struct rebuilder {
  cli_codes m;
  cli_sheet sheet;
  int64_t limit, n_rows, *row; /* rows wanted */
  int64_t seen, done;          /* rows of the file, rows rebuilt */
  double *x, *context, *z, *y; /* [CLI_BLOCK, ...] */
  double *before;              /* [done, d] of a picture: the rows as they were */
} rebuilder;

static int set_up(rebuilder *r, const cli_args *args) {
  const size_t block = (size_t)CLI_BLOCK * sizeof(double);
  const char *list = cli_text(args, "rows", NULL);
  r->limit =
      cli_int(args, "number", cli_wants_picture(args) && list == NULL ? 32 : INT64_MAX);
  if (list != NULL) {
    r->row = cli_numbers("rows", list, &r->n_rows);
    if (r->row == NULL) {
      return 2;
    }
  }
  r->x = malloc(block * (size_t)r->m.d);
  r->y = malloc(block * (size_t)r->m.d);
  r->z = malloc(block * (size_t)r->m.k);
  r->context = malloc(block * (size_t)(r->m.c + 1));
  return r->x != NULL && r->y != NULL && r->z != NULL && r->context != NULL
             ? 0
             : cli_no_memory();
}

static void tear_down(rebuilder *r) {
  cli_sheet_free(&r->sheet);
  free(r->row);
  free(r->x);
  free(r->y);
  free(r->z);
  free(r->context);
  free(r->before);
}

static bool wanted(const rebuilder *r, int64_t number) {
  for (int64_t j = 0; j < r->n_rows; j++) {
    if (r->row[j] == number) {
      return true;
    }
  }
  return r->row == NULL;
}

/* Wanted rows of a block side by side; returns how many. */
static int64_t choose(rebuilder *r, const cli_rows *in) {
  const cli_codes *m = &r->m;
  const int64_t kept = in->frame == NULL ? 0 : weir_frame_rows(in->frame);
  int64_t n = 0;
  for (int64_t i = 0; i < kept && r->done + n < r->limit; i++) {
    if (!wanted(r, r->seen + weir_frame_row(in->frame, i) + 1)) {
      continue;
    }
    weir_frame_copy_row(in->frame, i, r->x + n * m->d);
    if (m->c > 0) {
      memcpy(r->context + n * m->c, weir_frame_context(in->frame) + i * m->c,
          (size_t)m->c * sizeof *r->context);
    }
    n++;
  }
  r->seen += in->n;
  return n;
}

static weir_status keep_before(rebuilder *r, int64_t n) {
  const size_t row = (size_t)r->m.d * sizeof *r->before;
  double *more = realloc(r->before, (size_t)(r->done + n) * row);
  if (more == NULL) {
    return WEIR_E_MEMORY;
  }
  r->before = more;
  memcpy(more + r->done * r->m.d, r->x, (size_t)n * row);
  return WEIR_OK;
}

static weir_status take_block(rebuilder *r, const cli_rows *in) {
  const int64_t n = choose(r, in);
  const double *context = r->m.c > 0 ? r->context : NULL;
  if (n == 0) {
    return WEIR_OK;
  }
  weir_status status = cli_codes_latent(&r->m, n, r->x, context, r->z);
  if (status == WEIR_OK) {
    status = cli_codes_data(&r->m, n, r->z, context, r->y);
  }
  if (status == WEIR_OK && r->sheet.picture) {
    status = keep_before(r, n);
  }
  if (status == WEIR_OK) {
    status = cli_sheet_put(&r->sheet, n, r->y, context, NULL);
  }
  r->done += n;
  return status;
}

/* Lines of a picture: rows as they were, the same rebuilt, and so on. A line that is
 * not full ends in white. */
static int interleave(rebuilder *r) {
  cli_sheet *s = &r->sheet;
  const int64_t d = r->m.d, line = r->done < s->per_row ? r->done : s->per_row;
  const int64_t lines = line == 0 ? 0 : (r->done + line - 1) / line;
  double *both = malloc((size_t)(2 * lines * line * d + 1) * sizeof *both);
  if (both == NULL) {
    return cli_no_memory();
  }
  for (int64_t i = 0; i < 2 * lines * line; i++) {
    const int64_t from = i / (2 * line) * line + i % line;
    const double *rows = i / line % 2 == 0 ? r->before : s->x;
    for (int64_t j = 0; j < d; j++) {
      both[i * d + j] = from < r->done ? rows[from * d + j] : s->image.hi;
    }
  }
  free(s->x);
  s->x = both;
  s->per_row = line;
  s->n = 2 * lines * line;
  return 0;
}

static int stream(rebuilder *r, const cli_args *args) {
  cli_rows in;
  weir_status status = cli_rows_open(&in, r->m.env, r->m.schema, args->words[1], args,
      WEIR_FRAME_X | WEIR_FRAME_CONTEXT);
  bool more = status == WEIR_OK;
  while (more && r->done < r->limit) {
    status = cli_rows_next(&in, &more);
    if (status == WEIR_OK && more) {
      status = take_block(r, &in);
    }
    more = more && status == WEIR_OK && cli_pass_goes_on(r->sheet.pass);
  }
  cli_rows_close(&in);
  if (status == WEIR_OK && r->done == 0 && cli_signal() == 0) {
    return cli_error(
        "%s: none of its %" PRId64 " rows was asked for", args->words[1], r->seen);
  }
  return cli_fail(status);
}

static int reconstruct(cli_pass *pass) {
  rebuilder r = {0};
  int code = cli_codes_init(&r.m, pass);
  if (code == 0) {
    code = set_up(&r, pass->args);
  }
  if (code == 0) {
    code = cli_sheet_open(&r.sheet, pass, NULL, -1, 8);
  }
  if (code == 0) {
    code = stream(&r, pass->args);
  }
  if (code == 0 && r.sheet.picture && cli_signal() == 0) {
    code = interleave(&r);
  }
  if (code == 0) {
    code = cli_sheet_end(&r.sheet);
    pass->done = r.done;
  }
  tear_down(&r);
  return code;
}

static int run(const cli_args *args) {
  return cli_pass_run(args, reconstruct);
}

extern const cli_verb cli_verb_reconstruct;
const cli_verb cli_verb_reconstruct = {
    .name = "reconstruct",
    .summary = "rows of a table after a way through the latent and back",
    .words = "MODEL DATA",
    .min_words = 2,
    .max_words = 2,
    .options = (const cli_opt *const[]){options, cli_draw_options, cli_sheet_options,
        cli_read_options, cli_compute_options, NULL},
    .text =
        "Of an autoencoder: what the decoder makes of the encoder's latent. Of a flow: "
        "the row itself, to rounding. A picture has lines of images as they are, each "
        "over the line of the same images rebuilt.",
    .examples =
        (const char *const[]){"weir reconstruct model.safetensors new.csv -o back.csv",
            "weir reconstruct digits.safetensors t10k-images-idx3-ubyte.gz -o back.png",
            NULL},
    .run = run,
};
