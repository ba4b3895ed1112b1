/* Labels by the nearest latents, for `weir eval`: --neighbours, --label, --reference.
 */
#include "cli/neighbours.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "weir/train.h"

static int no_labels(const cli_frame *data, const char *column) {
  return cli_error("%s: has no column '%s' of labels (--labels FILE, --label COLUMN)",
      weir_table_source(data->table), column);
}

/* That there is a column of labels. */
static int check_labels(const cli_args *args, const cli_frame *data) {
  const char *column = cli_text(args, "label", "label");
  if (data->table == NULL) {
    return cli_error("--neighbours: the table is read in parts; give more --memory");
  }
  return weir_table_find(data->table, column) < 0 ? no_labels(data, column) : 0;
}

int cli_neighbours_check(const cli_args *args, const cli_frame *data) {
  static const char *const names[] = {"label", "reference", "reference-labels"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (cli_has(args, names[i]) && !cli_has(args, "neighbours")) {
      return cli_usage("--%s: needs --neighbours, how many are asked", names[i]);
    }
  }
  if (cli_has(args, "reference-labels") && !cli_has(args, "reference")) {
    return cli_usage("--reference-labels: needs --reference, the table they are of");
  }
  return cli_has(args, "neighbours") ? check_labels(args, data) : 0;
}

/* Latents and labels of a table's rows. */
typedef struct labelled {
  int64_t n;
  double *z, *label;
} labelled;

static void free_labelled(labelled *l) {
  free(l->z);
  free(l->label);
}

/* Index of a category among those of another table; -1, -2, ... where it is new. */
static double translate(const weir_column *from, const weir_column *to, int64_t i) {
  for (int64_t k = 0; k < to->categories; k++) {
    if (strcmp(from->category[i], to->category[k]) == 0) {
      return (double)k;
    }
  }
  return -1.0 - (double)i;
}

/* Labels of the rows of a frame; those of categories as `names` numbers them. */
static int read_labels(labelled *out, const cli_frame *data, const char *column,
    const weir_column *names) {
  const int64_t j = weir_table_find(data->table, column);
  const char *source = weir_table_source(data->table);
  if (j < 0) {
    return no_labels(data, column);
  }
  const weir_column own = weir_table_column(data->table, j);
  if (names->cell != own.cell &&
      (names->cell == WEIR_CELL_CATEGORY || own.cell == WEIR_CELL_CATEGORY)) {
    return cli_error("%s: labels are %s here and %s in the other table", source,
        own.cell == WEIR_CELL_CATEGORY ? "names" : "numbers",
        own.cell == WEIR_CELL_CATEGORY ? "numbers" : "names");
  }
  for (int64_t i = 0; i < out->n; i++) {
    const int64_t row = weir_frame_row(data->frame, i);
    const double label = weir_table_value(data->table, row, j);
    if (isnan(label)) {
      return cli_error("%s: %s %" PRId64 " has no label", source,
          weir_table_line_word(data->table), weir_table_line(data->table, row));
    }
    out->label[i] =
        own.cell == WEIR_CELL_CATEGORY ? translate(&own, names, (int64_t)label) : label;
  }
  return 0;
}

static int look_at(labelled *out, const weir_model *model, const cli_frame *data,
    const char *column, const weir_column *names) {
  const size_t d = (size_t)weir_model_latent_features(model);
  out->n = weir_frame_rows(data->frame);
  out->z = malloc((size_t)out->n * d * sizeof *out->z);
  out->label = malloc((size_t)out->n * sizeof *out->label);
  if (out->z == NULL || out->label == NULL) {
    return cli_no_memory();
  }
  const int code = read_labels(out, data, column, names);
  return code != 0
             ? code
             : cli_fail(weir_model_encode_mean(model, out->n, weir_frame_x(data->frame),
                   out->n, weir_frame_context(data->frame), out->z));
}

static int read_reference(
    cli_frame *out, cli_env *env, const cli_args *args, const weir_model *model) {
  weir_read_opts read = cli_read_opts(args);
  read.labels = cli_text(args, "reference-labels", NULL);
  weir_frame_opts opts = WEIR_FRAME_OPTS_INIT;
  opts.drop_missing = cli_has(args, "drop-missing");
  weir_status status =
      weir_table_read(&out->table, env->ctx, cli_text(args, "reference", NULL), &read);
  if (status == WEIR_OK) {
    status = weir_frame_create(
        &out->frame, env->ctx, weir_model_schema(model), out->table, &opts);
  }
  return cli_fail(status);
}

static int measure(const cli_env *env, const cli_args *args, const weir_model *model,
    const labelled *own, const labelled *other, json_t *out) {
  const int64_t k = cli_int(args, "neighbours", 5);
  const bool cosine = weir_model_latent_on_sphere(model);
  const weir_points of = {own->n, own->z, own->label};
  const weir_points among = {other->n, other->z, other->label};
  double accuracy = NAN;
  const int code =
      cli_fail(weir_neighbour_accuracy(env->ctx, weir_model_latent_features(model), of,
          other->n > 0 ? &among : NULL, k, cosine, &accuracy));
  const char *distance = cosine ? "cosine" : "euclidean";
  if (code == 0 && out != NULL) {
    json_object_set_new(out, "neighbours",
        json_pack("{s:o, s:I, s:s, s:I}", "accuracy", cli_json_real(accuracy), "k",
            (json_int_t)k, "distance", distance, "reference",
            (json_int_t)(other->n > 0 ? other->n : own->n - 1)));
  } else if (code == 0) {
    printf("nearest neighbours       %.2f%% of labels right (%" PRId64
           " nearest, %s distance, among %" PRId64 " rows)\n",
        100.0 * accuracy, k, distance, other->n > 0 ? other->n : own->n - 1);
  }
  return code;
}

int cli_neighbours(cli_env *env, const cli_args *args, const weir_model *model,
    const cli_frame *data, json_t *out) {
  const char *column = cli_text(args, "label", "label");
  labelled own = {0}, other = {0};
  cli_frame reference = {NULL, NULL};
  const weir_column names =
      weir_table_column(data->table, weir_table_find(data->table, column));
  int code = look_at(&own, model, data, column, &names);
  if (code == 0 && cli_has(args, "reference")) {
    code = read_reference(&reference, env, args, model);
    code = code == 0 ? look_at(&other, model, &reference, column, &names) : code;
  }
  if (code == 0) {
    code = measure(env, args, model, &own, &other, out);
  }
  cli_frame_free(&reference);
  free_labelled(&own);
  free_labelled(&other);
  return code;
}
