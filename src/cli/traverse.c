/* weir traverse: what each latent variable does, one varied and the others held. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/codes.h"

static const cli_opt options[] = {
    {"latent", 0, CLI_TEXT, "LIST",
        "latent variables to vary, as 3,7 or 1-8 (the first "
        "10)",
        0, 0, NULL, NULL},
    {"range", 0, CLI_TEXT, "LO,HI",
        "from where to where (-3,3; of a latent on the sphere -1,1)", 0, 0, NULL, NULL},
    {"steps", 0, CLI_INT, "N", "rows for each latent variable (9)", 2, 1e6, NULL, NULL},
    {"row", 0, CLI_INT, "I", "the row of DATA whose latent the others keep (1)", 1,
        1e15, NULL, NULL},
    {0}};

typedef struct traversal {
  cli_codes m;
  int64_t n, *latent; /* from 1 on */
  int64_t steps;
  double lo, hi;
  double *z, *x, *context;   /* of the row */
  double *on_z, *on_context; /* [n * steps, ...] */
} traversal;

static int read_range(traversal *t, const char *text) {
  char *end;
  t->lo = strtod(text, &end);
  const bool comma = end != text && *end == ',';
  const char *second = comma ? end + 1 : end;
  t->hi = strtod(second, &end);
  return comma && end != second && *end == '\0' && isfinite(t->lo) && isfinite(t->hi) &&
                 t->lo < t->hi
             ? 0
             : cli_usage("--range: expected LO,HI with LO below HI, found '%s'", text);
}

static int read_latents(traversal *t, const cli_args *args) {
  char all[32];
  const int64_t k = t->m.k < 10 ? t->m.k : 10;
  snprintf(all, sizeof all, "1-%" PRId64, k);
  t->latent = cli_numbers("latent", cli_text(args, "latent", all), &t->n);
  for (int64_t i = 0; t->latent != NULL && i < t->n; i++) {
    if (t->latent[i] > t->m.k) {
      return cli_usage("--latent: there are %" PRId64
                       " latent variables, found %" PRId64,
          t->m.k, t->latent[i]);
    }
  }
  return t->latent != NULL ? 0 : 2;
}

static int set_up(traversal *t, const cli_args *args) {
  int code = read_latents(t, args);
  if (code == 0) {
    code =
        read_range(t, cli_text(args, "range",
                          weir_model_latent_on_sphere(t->m.model) ? "-1,1" : "-3,3"));
  }
  if (code != 0) {
    return code;
  }
  t->steps = cli_int(args, "steps", 9);
  const size_t d = (size_t)t->m.d, k = (size_t)t->m.k, c = (size_t)t->m.c + 1;
  const size_t all = (size_t)(t->n * t->steps);
  t->z = calloc(k, sizeof *t->z);
  t->x = calloc(d, sizeof *t->x);
  t->context = calloc(c, sizeof *t->context);
  t->on_z = malloc(all * k * sizeof *t->on_z);
  t->on_context = malloc(all * c * sizeof *t->on_context);
  return t->z != NULL && t->x != NULL && t->context != NULL && t->on_z != NULL &&
                 t->on_context != NULL
             ? 0
             : cli_no_memory();
}

static void tear_down(traversal *t) {
  free(t->latent);
  free(t->z);
  free(t->x);
  free(t->context);
  free(t->on_z);
  free(t->on_context);
}

/* The latent that is held: that of a row, or zero. */
static int find_centre(traversal *t, const cli_args *args) {
  if (args->n_words < 2) {
    cli_context given = {0};
    int code = cli_has(args, "row")
                   ? cli_usage("--row: expected DATA, the table that has it")
                   : cli_context_read(&given, t->m.env, t->m.schema, args);
    if (code == 0 && t->m.c > 0 && given.rows != 1) {
      code = cli_usage("the model is conditional: expected --context, or DATA");
    } else if (code == 0 && t->m.c > 0) {
      memcpy(t->context, given.values, (size_t)t->m.c * sizeof *t->context);
    }
    cli_context_free(&given);
    return code;
  }
  const int64_t row = cli_int(args, "row", 1);
  const int code = cli_pick(&t->m, args, args->words[1], 1, &row, t->x, t->context);
  return code != 0 ? code
                   : cli_fail(cli_codes_latent(
                         &t->m, 1, t->x, t->m.c > 0 ? t->context : NULL, t->z));
}

static weir_status lay_out(const traversal *t) {
  const int64_t k = t->m.k, c = t->m.c;
  for (int64_t i = 0; i < t->n; i++) {
    const weir_status status = weir_model_latent_line(t->m.model, t->z,
        t->latent[i] - 1, t->lo, t->hi, t->steps, t->on_z + i * t->steps * k);
    if (status != WEIR_OK) {
      return status;
    }
  }
  for (int64_t i = 0; i < t->n * t->steps; i++) {
    memcpy(t->on_context + i * c, t->context, (size_t)c * sizeof *t->context);
  }
  return WEIR_OK;
}

static int traverse(cli_pass *pass) {
  traversal t = {0};
  int code = cli_codes_init(&t.m, pass);
  if (code == 0) {
    code = set_up(&t, pass->args);
  }
  if (code == 0) {
    code = find_centre(&t, pass->args);
  }
  if (code == 0) {
    code = cli_fail(lay_out(&t));
  }
  if (code == 0) {
    code = cli_codes_write(&t.m, pass, t.n * t.steps, t.steps, t.on_z, t.on_context);
  }
  tear_down(&t);
  return code;
}

static int run(const cli_args *args) {
  return cli_pass_run(args, traverse);
}

extern const cli_verb cli_verb_traverse;
const cli_verb cli_verb_traverse = {
    .name = "traverse",
    .summary = "rows as one latent variable after the other varies",
    .words = "MODEL [DATA]",
    .min_words = 1,
    .max_words = 2,
    .options = (const cli_opt *const[]){options, cli_draw_options, cli_sheet_options,
        cli_context_options, cli_read_options, cli_compute_options, NULL},
    .text =
        "Each latent variable goes through the range while the others keep the "
        "latent of a row of DATA, or 0 without DATA. A picture has a line for each. On "
        "the sphere the others are scaled so that the latent stays a unit vector.",
    .examples = (const char *const[]){"weir traverse digits.safetensors -o latents.png",
        "weir traverse model.safetensors new.csv --row 7 --latent 1,2 --range -2,2",
        NULL},
    .run = run,
};
