/* weir interpolate: rows along lines in the latent between two rows of a table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/codes.h"

static const cli_opt options[] = {
    {"between", 0, CLI_TEXT, "I,J",
        "two rows of the table, from 1 on; I,J,K,L: two pairs", 0, 0, NULL, NULL},
    {"steps", 0, CLI_INT, "N", "rows of a line, its ends counted (8)", 2, 1e6, NULL,
        NULL},
    {"path", 0, CLI_TEXT, "SHAPE",
        "straight lines, or arcs on which the length of a Gaussian latent stays usual "
        "(linear; of a latent on the sphere always arcs)",
        0, 0, "linear|spherical", NULL},
    {0}};

typedef struct lines {
  cli_codes m;
  int64_t n, *row; /* ends: pairs */
  int64_t steps;
  bool spherical;
  double *x, *context, *z;   /* of the ends [n, ...] */
  double *on_z, *on_context; /* along the lines [n / 2 * steps, ...] */
} lines;

static int set_up(lines *l, const cli_args *args) {
  const char *text = cli_text(args, "between", NULL);
  if (text == NULL) {
    return cli_usage("expected --between I,J: two rows of the table");
  }
  l->row = cli_numbers("between", text, &l->n);
  if (l->row == NULL) {
    return 2;
  }
  if (l->n % 2 != 0) {
    return cli_usage("--between: expected pairs of rows, found '%s'", text);
  }
  l->steps = cli_int(args, "steps", 8);
  const bool sphere = weir_model_latent_on_sphere(l->m.model);
  l->spherical =
      strcmp(cli_text(args, "path", sphere ? "spherical" : "linear"), "spherical") == 0;
  if (sphere && !l->spherical) {
    return cli_usage(
        "--path: the latent is a unit vector, and straight lines leave the "
        "sphere; expected spherical");
  }
  const size_t ends = (size_t)l->n * sizeof(double);
  const size_t all = (size_t)(l->n / 2 * l->steps) * sizeof(double);
  const size_t d = (size_t)l->m.d, k = (size_t)l->m.k, c = (size_t)l->m.c + 1;
  l->x = malloc(ends * d);
  l->z = malloc(ends * k);
  l->context = malloc(ends * c);
  l->on_z = malloc(all * k);
  l->on_context = malloc(all * c);
  return l->x != NULL && l->z != NULL && l->context != NULL && l->on_z != NULL &&
                 l->on_context != NULL
             ? 0
             : cli_no_memory();
}

static void tear_down(lines *l) {
  free(l->row);
  free(l->x);
  free(l->z);
  free(l->context);
  free(l->on_z);
  free(l->on_context);
}

/* Angle between two latents; 0 where they are parallel or one is zero. */
static double angle(const double *a, const double *b, int64_t k) {
  double aa = 0, bb = 0, ab = 0;
  for (int64_t j = 0; j < k; j++) {
    aa += a[j] * a[j];
    bb += b[j] * b[j];
    ab += a[j] * b[j];
  }
  const double c = aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 1.0;
  return acos(c > 1 ? 1 : c < -1 ? -1 : c);
}

/* Point t of the way from a to b: (1 - t) a + t b, or with the sines of the angles
 * (Shoemake 1985), which at a flat angle is the line again. */
static void along(
    const lines *l, const double *a, const double *b, double t, double *z) {
  const double w = l->spherical ? angle(a, b, l->m.k) : 0.0, s = sin(w);
  const double from = s > 1e-6 ? sin((1 - t) * w) / s : 1 - t;
  const double to = s > 1e-6 ? sin(t * w) / s : t;
  for (int64_t j = 0; j < l->m.k; j++) {
    z[j] = from * a[j] + to * b[j];
  }
}

/* The context of a line is that of its first row. */
static void lay_out(const lines *l) {
  const int64_t k = l->m.k, c = l->m.c;
  for (int64_t i = 0; i < l->n / 2 * l->steps; i++) {
    const int64_t pair = i / l->steps;
    const double t = (double)(i % l->steps) / (double)(l->steps - 1);
    along(l, l->z + 2 * pair * k, l->z + (2 * pair + 1) * k, t, l->on_z + i * k);
    memcpy(l->on_context + i * c, l->context + 2 * pair * c,
        (size_t)c * sizeof *l->context);
  }
}

static int interpolate(cli_pass *pass) {
  lines l = {0};
  int code = cli_codes_init(&l.m, pass);
  if (code == 0) {
    code = set_up(&l, pass->args);
  }
  if (code == 0) {
    code = cli_pick(&l.m, pass->args, pass->args->words[1], l.n, l.row, l.x, l.context);
  }
  if (code == 0) {
    code =
        cli_fail(cli_codes_latent(&l.m, l.n, l.x, l.m.c > 0 ? l.context : NULL, l.z));
  }
  if (code == 0) {
    lay_out(&l);
    code =
        cli_codes_write(&l.m, pass, l.n / 2 * l.steps, l.steps, l.on_z, l.on_context);
  }
  tear_down(&l);
  return code;
}

static int run(const cli_args *args) {
  return cli_pass_run(args, interpolate);
}

extern const cli_verb cli_verb_interpolate;
const cli_verb cli_verb_interpolate = {
    .name = "interpolate",
    .summary = "rows along a line in the latent between two rows of a table",
    .words = "MODEL DATA",
    .min_words = 2,
    .max_words = 2,
    .options = (const cli_opt *const[]){options, cli_draw_options, cli_sheet_options,
        cli_read_options, cli_compute_options, NULL},
    .text =
        "The first row of a line is row I rebuilt, the last row J. The context of a "
        "conditional model is that of row I.",
    .examples =
        (const char *const[]){
            "weir interpolate digits.safetensors t10k-images-idx3-ubyte.gz --between "
            "1,2,3,4 -o line.png",
            NULL},
    .run = run,
};
