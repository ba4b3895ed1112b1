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

typedef struct size_row {
  int64_t rows; /* up to this many */
  int64_t transforms, hidden, layers;
  double dropout;
} size_row;

/* Chosen by validation likelihood on the sets named in docs/models.md. */
static const size_row size_rows[] = {
    {500, 3, 16, 1, 0.2},
    {2000, 4, 32, 1, 0.2},
    {8000, 5, 64, 1, 0.1},
    {40000, 6, 96, 2, 0.1},
    {200000, 8, 128, 2, 0.05},
    {INT64_MAX, 10, 192, 2, 0.0},
};

#define LEAST_STEPS 1500.0 /* of training that a size is worth */
#define RATE 2e10          /* operations per second that are counted on */

/* Seconds that a size takes for LEAST_STEPS steps: six operations per weight and row,
 * the residual blocks of the default preset taken for the weights, its batches for the
 * rows. */
static double least_seconds(
    const size_row *row, int64_t hidden, int64_t features, int64_t rows) {
  const double batch = rows < 4000     ? 64
                       : rows < 10000  ? 128
                       : rows < 100000 ? 256
                                       : 512;
  const double h = (double)hidden, outputs = 23.0 * (double)features / 2.0;
  const double weights =
      (double)row->transforms * h * (2.0 * (double)row->layers * h + outputs);
  return LEAST_STEPS * 6.0 * weights * batch / RATE;
}

/* A masked network needs a unit per column and degree. */
static int64_t width_of(const size_row *row, int64_t features) {
  return row->hidden > 2 * features ? row->hidden : 2 * features;
}

/* The row of the table for so many rows; a smaller one where the time is short. */
static const size_row *choose(const weiri_plan_info *info) {
  const int64_t rows = info->rows == 0 ? 10000 : info->rows, d = info->features;
  const size_row *row = size_rows;
  while (row->rows < rows) {
    row++;
  }
  while (info->time_limit > 0.0 && row > size_rows &&
         least_seconds(row, width_of(row, d), d, rows) > info->time_limit) {
    row--;
  }
  return row;
}

void weiri_flow_size_fill(weiri_flow_size *size, const weiri_plan_info *info) {
  const size_row *row = choose(info);
  if (size->transforms == 0) {
    size->transforms = row->transforms;
  }
  if (size->hidden_features == 0) {
    size->hidden_features = width_of(row, info->features);
  }
  if (size->hidden_layers == 0) {
    size->hidden_layers = row->layers;
  }
  if (size->dropout < 0) {
    size->dropout = row->dropout;
  }
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
  json_t *list = json_array();
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
