/* What presets share: the sizes for a table, and specs of their layers. */
#include "model/preset.h"

#define WEIR_PRESET(name) extern const weiri_preset weiri_preset_##name;
#include "weir/presets.def"
#undef WEIR_PRESET

static const weiri_preset *const presets[] = {
#define WEIR_PRESET(name) &weiri_preset_##name,
#include "weir/presets.def"
#undef WEIR_PRESET
    NULL};

const weiri_preset *weiri_preset_at(int i) {
  return presets[i];
}

typedef struct flow_size {
  int64_t transforms, hidden, layers;
} flow_size;

static const flow_size sizes[] = {
    {4, 32, 1}, {5, 64, 1}, {6, 96, 2}, {8, 128, 2}, {10, 192, 2}};

/* Chosen by validation likelihood on the sets named in docs/models.md. */
static const struct size_row {
  int64_t rows; /* up to this many */
  int size;
  double dropout;
} size_rows[] = {{600, 2, 0.2}, {8000, 3, 0.2}, {200000, 3, 0.05}, {INT64_MAX, 4, 0.0}};

#define LEAST_STEPS 1500.0 /* of training that a size is worth */
#define RATE 2e10          /* operations per second that are counted on */

#define WHITEN_COLUMNS 6 /* whitened from so many columns on */
#define WHITEN_MOST 256  /* up to so many: the layer costs d^2 a row */
#define WHITEN_ROWS 20   /* and with so many rows a column */

/* Seconds that a size takes for LEAST_STEPS steps: six operations per weight and row,
 * the networks of the default preset taken for the weights, its batches for the rows.
 */
static double least_seconds(
    const flow_size *s, int64_t hidden, int64_t features, int64_t rows) {
  const double batch = rows < 4000     ? 64
                       : rows < 10000  ? 128
                       : rows < 100000 ? 256
                                       : 512;
  const double h = (double)hidden, outputs = 23.0 * (double)features / 2.0;
  const double weights =
      (double)s->transforms * h * (2.0 * (double)s->layers * h + outputs);
  return LEAST_STEPS * 6.0 * weights * batch / RATE;
}

/* A masked network needs a unit per column and degree. */
static int64_t width_of(const flow_size *s, int64_t features) {
  return s->hidden > 2 * features ? s->hidden : 2 * features;
}

/* The size for so many rows, a smaller one where the time is short. */
static const flow_size *choose(const weiri_plan_info *info, double *dropout) {
  const int64_t rows = info->rows == 0 ? 10000 : info->rows, d = info->features;
  const struct size_row *row = size_rows;
  while (row->rows < rows) {
    row++;
  }
  const flow_size *s = &sizes[row->size];
  while (info->time_limit > 0.0 && s > sizes &&
         least_seconds(s, width_of(s, d), d, rows) > info->time_limit) {
    s--;
  }
  *dropout = row->dropout;
  return s;
}

/* A covariance needs some rows per column before it says more than noise. */
static bool worth_whitening(const weiri_plan_info *info) {
  const int64_t d = info->features;
  return d >= WHITEN_COLUMNS && d <= WHITEN_MOST &&
         (info->rows == 0 || info->rows >= WHITEN_ROWS * d);
}

void weiri_flow_size_fill(weiri_flow_size *out, const weiri_plan_info *info) {
  double dropout;
  const flow_size *s = choose(info, &dropout);
  if (out->transforms == 0) {
    out->transforms = s->transforms;
  }
  if (out->hidden_features == 0) {
    out->hidden_features = width_of(s, info->features);
  }
  if (out->hidden_layers == 0) {
    out->hidden_layers = s->layers;
  }
  if (out->dropout < 0) {
    out->dropout = dropout;
  }
  if (out->whiten == WEIRI_WHITEN_AUTO) {
    out->whiten = worth_whitening(info) ? WEIRI_WHITEN_ON : WEIRI_WHITEN_OFF;
  }
}

void weiri_flow_fill(void *options, const weiri_plan_info *info) {
  weiri_flow_size_fill(options, info);
}

json_t *weiri_standard_base(const void *options, const weiri_plan_info *info) {
  (void)options;
  (void)info;
  return json_string("standard");
}

json_t *weiri_flow_layers(const weiri_flow_size *size) {
  json_t *list = json_array();
  if (size->whiten == WEIRI_WHITEN_ON) {
    json_array_append_new(list, json_string("whiten"));
  }
  return list;
}

static const char *activation(const weiri_flow_size *size) {
  static const char *const names[] = {"relu", "tanh", "elu"};
  return names[size->activation];
}

json_t *weiri_spec_mlp(const weiri_flow_size *size) {
  json_t *hidden = json_array();
  for (int64_t i = 0; hidden != NULL && i < size->hidden_layers; i++) {
    json_array_append_new(hidden, json_integer(size->hidden_features));
  }
  return json_pack("{s:s, s:o, s:s, s:f}", "name", "mlp", "hidden", hidden,
      "activation", activation(size), "dropout", size->dropout);
}

json_t *weiri_spec_resnet(const weiri_flow_size *size) {
  return json_pack("{s:s, s:I, s:I, s:s, s:f}", "name", "resnet", "hidden",
      (json_int_t)size->hidden_features, "blocks", (json_int_t)size->hidden_layers,
      "activation", activation(size), "dropout", size->dropout);
}

json_t *weiri_spec_rqs(const weiri_flow_size *size) {
  return json_pack("{s:s, s:I, s:f}", "name", "rqs", "bins", (json_int_t)size->bins,
      "tail_bound", size->tail_bound);
}

json_t *weiri_spec_coupling(int64_t step, json_t *map, json_t *net) {
  return json_pack("{s:s, s:s, s:o, s:o}", "name", "coupling", "mask",
      step % 2 == 0 ? "alternate-even" : "alternate-odd", "map", map, "net", net);
}

json_t *weiri_spec_autoregressive(const char *name, json_t *map, json_t *net) {
  return json_pack("{s:s, s:o, s:o}", "name", name, "map", map, "net", net);
}

/* Log scales within +-5: drawing inverts them, and an unbounded exponential overflows
 * there. */
static json_t *bounded_affine(void) {
  return json_pack(
      "{s:s, s:s, s:f}", "name", "affine", "scale", "tanh-exp", "bound", 5.0);
}

json_t *weiri_maf_layers(
    const weiri_flow_size *size, const char *step, bool batch_norm) {
  json_t *list = weiri_flow_layers(size);
  for (int64_t i = 0; i < size->transforms; i++) {
    if (i > 0) {
      json_array_append_new(list, json_string("reverse"));
    }
    json_array_append_new(
        list, weiri_spec_autoregressive(step, bounded_affine(), weiri_spec_mlp(size)));
    if (batch_norm) {
      json_array_append_new(list, json_string("batch_norm"));
    }
  }
  return list;
}

void weiri_append_one_column(json_t *list, const weiri_flow_size *size, json_t *map) {
  json_array_append_new(
      list, weiri_spec_autoregressive("autoregressive", map, weiri_spec_mlp(size)));
}
