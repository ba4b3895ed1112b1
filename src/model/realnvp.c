/* Real NVP for tables (Dinh et al. 2017; Papamakarios et al. 2017, section 5): affine
 * couplings with alternating masks, batch norm between */
#include "model/preset.h"

typedef struct options {
  weiri_flow_size size;
  bool batch_norm;
} options;

static const weir_opt opts[] = {WEIRI_OPT_TRANSFORMS(options),
    WEIRI_OPT_HIDDEN(options),
    WEIRI_OPT_LAYERS(options, "hidden layers of the networks"),
    WEIRI_OPT_DROPOUT(options), WEIRI_OPT_ACTIVATION(options),
    WEIRI_OPT_WHITEN(options),
    {"batch_norm", WEIR_OPT_BOOL, offsetof(options, batch_norm), "true", 0, 0, NULL,
        "batch norm between the steps"},
    {0}};

static void fill(void *o, const weiri_plan_info *info) {
  weiri_flow_size_fill(&((options *)o)->size, info);
}

static json_t *layers(const void *o, const weiri_plan_info *info) {
  const options *p = o;
  const weiri_flow_size *s = &p->size;
  json_t *list = weiri_flow_layers(s);
  for (int64_t i = 0; info->features > 1 && i < s->transforms; i++) {
    json_t *map = json_pack("{s:s, s:s}", "name", "affine", "scale", "tanh-exp");
    json_array_append_new(list, weiri_spec_coupling(i, map, weiri_spec_mlp(s)));
    if (p->batch_norm) {
      json_array_append_new(list, json_string("batch_norm"));
    }
  }
  if (info->features == 1) {
    weiri_append_one_column(list, s, json_string("affine"));
  }
  return list;
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)o;
  (void)info;
  return json_string("standard");
}

const weiri_preset weiri_preset_realnvp = {
    .is = {"realnvp", "affine coupling flow", "Dinh et al. 2017", sizeof(options),
        opts},
    .fill = fill,
    .layers = layers,
    .base = base,
};
