/* Real NVP for tables (Dinh et al. 2017; Papamakarios et al. 2017, section 5): affine
 * couplings with alternating masks, batch norm between */
#include "model/preset.h"

typedef struct options {
  weiri_flow_size size;
  bool batch_norm;
} options;

static const weir_opt opts[] = {
    WEIRI_OPTS_FLOW(options, "hidden layers of the networks"),
    WEIRI_OPT_BATCH_NORM(options), {0}};

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

const weiri_preset weiri_preset_realnvp = {
    .is = {"realnvp", "affine coupling flow", "Dinh et al. 2017", sizeof(options),
        opts},
    .fill = weiri_flow_fill,
    .layers = layers,
    .base = weiri_standard_base,
};
