/* Presets: a few options become the layers and the base of a flow. */
#ifndef WEIRI_PRESET_H
#define WEIRI_PRESET_H

#include <jansson.h>

#include "base/option.h"
#include "weir/data.h"
#include "weir/sys/part.h"

/* What sizes depend on. */
typedef struct weiri_plan_info {
  const weir_ctx *ctx;
  int64_t features; /* continuous columns that the flow sees */
  int64_t context;
  int64_t rows;      /* of training; 0: not known */
  double time_limit; /* seconds; 0: none */
  const weir_schema *schema;
} weiri_plan_info;

typedef struct weiri_preset {
  weir_class is; /* size and options of a plain struct */
  /* Fills in options left at 0 (by rows and columns). Optional. */
  void (*fill)(void *options, const weiri_plan_info *info);
  /* Refuses data that the preset is not for. Optional. */
  weir_status (*check)(const void *options, const weiri_plan_info *info);
  /* Layers that take the columns of the file to what the preset's layers work on (new),
   * categorical columns included; NULL, the slot or its result: to standardised real
   * ones, categorical columns apart. Optional. */
  json_t *(*columns)(const void *options, const weiri_plan_info *info);
  /* A list of layers (new) and a base (new); NULL when memory ran out. */
  json_t *(*layers)(const void *options, const weiri_plan_info *info);
  json_t *(*base)(const void *options, const weiri_plan_info *info);
} weiri_preset;

const weiri_preset *weiri_preset_at(int i); /* NULL at the end */

/* Options that the flows share: how many steps, and the network that steers each. */
typedef struct weiri_flow_size {
  int64_t transforms, hidden_features, hidden_layers, bins;
  double tail_bound, dropout;
  int activation, whiten;
} weiri_flow_size;

enum { WEIRI_WHITEN_AUTO, WEIRI_WHITEN_ON, WEIRI_WHITEN_OFF };

#define WEIRI_ACTIVATIONS "relu|tanh|elu"

/* Rows of an option table for a struct S whose member size is a weiri_flow_size. */
#define WEIRI_OPT_TRANSFORMS(S)                                                        \
  {                                                                                    \
    "transforms", WEIR_OPT_INT, offsetof(S, size.transforms), "0", 0, 1000, NULL,      \
        "steps of the flow; 0: by rows and columns"                                    \
  }
#define WEIRI_OPT_HIDDEN(S)                                                            \
  {                                                                                    \
    "hidden_features", WEIR_OPT_INT, offsetof(S, size.hidden_features), "0", 0, 65536, \
        NULL, "width of the networks; 0: by rows and columns"                          \
  }
#define WEIRI_OPT_LAYERS(S, what)                                                      \
  {                                                                                    \
    "hidden_layers", WEIR_OPT_INT, offsetof(S, size.hidden_layers), "0", 0, 100, NULL, \
        what "; 0: by rows and columns"                                                \
  }
#define WEIRI_OPT_DROPOUT(S)                                                           \
  {                                                                                    \
    "dropout", WEIR_OPT_REAL, offsetof(S, size.dropout), "-1", -1, 0.99, NULL,         \
        "probability of dropping a hidden unit in training; -1: by rows"               \
  }
#define WEIRI_OPT_ACTIVATION(S)                                                        \
  {                                                                                    \
    "activation", WEIR_OPT_CHOICE, offsetof(S, size.activation), "\"relu\"", 0, 0,     \
        WEIRI_ACTIVATIONS, "nonlinearity of the networks"                              \
  }
#define WEIRI_OPT_WHITEN(S)                                                            \
  {                                                                                    \
    "whiten", WEIR_OPT_CHOICE, offsetof(S, size.whiten), "\"auto\"", 0, 0,             \
        "auto|true|false",                                                             \
        "begin with a linear map to uncorrelated columns; auto: by columns and rows"   \
  }
#define WEIRI_OPT_BATCH_NORM(S)                                                        \
  {                                                                                    \
    "batch_norm", WEIR_OPT_BOOL, offsetof(S, batch_norm), "true", 0, 0, NULL,          \
        "batch norm between the steps"                                                 \
  }
/* The rows that every flow of steps has. */
#define WEIRI_OPTS_FLOW(S, layers)                                                     \
  WEIRI_OPT_TRANSFORMS(S), WEIRI_OPT_HIDDEN(S), WEIRI_OPT_LAYERS(S, layers),           \
      WEIRI_OPT_DROPOUT(S), WEIRI_OPT_ACTIVATION(S), WEIRI_OPT_WHITEN(S)
#define WEIRI_OPT_BINS(S)                                                              \
  {                                                                                    \
    "bins", WEIR_OPT_INT, offsetof(S, size.bins), "8", 2, 512, NULL,                   \
        "bins of the splines"                                                          \
  }
#define WEIRI_OPT_TAIL(S)                                                              \
  {                                                                                    \
    "tail_bound", WEIR_OPT_REAL, offsetof(S, size.tail_bound), "4", 0.1, 1000, NULL,   \
        "splines act on [-tail_bound, tail_bound] of standardised columns"             \
  }

/* Fills zeros of size from rows, columns and time: the table in docs/models.md. */
void weiri_flow_size_fill(weiri_flow_size *size, const weiri_plan_info *info);

/* Slots of presets whose options begin with a weiri_flow_size: its zeros filled, a base
 * of standard normals. */
void weiri_flow_fill(void *options, const weiri_plan_info *info);
json_t *weiri_standard_base(const void *options, const weiri_plan_info *info);

/* The list of layers to append to: empty, or with the layer that whitens. New. */
json_t *weiri_flow_layers(const weiri_flow_size *size);

/* {name: mlp, hidden: [h, h], ...} and {name: resnet, hidden: h, blocks: n, ...} */
json_t *weiri_spec_mlp(const weiri_flow_size *size);
json_t *weiri_spec_resnet(const weiri_flow_size *size);
json_t *weiri_spec_rqs(const weiri_flow_size *size);
/* {name: coupling, mask: m, map: ..., net: ...}; takes map and net. */
json_t *weiri_spec_coupling(int64_t step, json_t *map, json_t *net);
/* {name: autoregressive or inverse_autoregressive, ...}; takes map and net. */
json_t *weiri_spec_autoregressive(const char *name, json_t *map, json_t *net);

/* Affine autoregressive steps with the order reversed from one to the next. */
json_t *weiri_maf_layers(
    const weiri_flow_size *size, const char *step, bool batch_norm);
/* A flow of one column has nobody to couple with: a map whose parameters depend on the
 * context alone. Takes map. */
void weiri_append_one_column(json_t *list, const weiri_flow_size *size, json_t *map);

#endif
