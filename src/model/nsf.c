/* Rational-quadratic spline flow (coupling; Durkan et al. 2019, section 5.1): steps of
 * a random permutation, an LU linear layer and splines steered by a residual network,
 * and a last linear layer */
#include "model/preset.h"

typedef struct options {
  weiri_flow_size size;
  bool identity_splines;
} options;

static const weir_opt opts[] = {
    WEIRI_OPTS_FLOW(options, "residual blocks of the networks"),
    WEIRI_OPT_BINS(options), WEIRI_OPT_TAIL(options),
    {"identity_splines", WEIR_OPT_BOOL, offsetof(options, identity_splines), "false", 0,
        0, NULL,
        "free splines on the columns that steer too, as in the paper's tables"},
    {0}};

static json_t *layers(const void *o, const weiri_plan_info *info) {
  const options *p = o;
  const weiri_flow_size *s = &p->size;
  json_t *list = weiri_flow_layers(s);
  for (int64_t i = 0; info->features > 1 && i < s->transforms; i++) {
    json_array_append_new(
        list, json_pack("{s:s, s:I}", "name", "permutation", "seed", (json_int_t)i));
    json_array_append_new(list, json_string("lu_linear"));
    json_t *step = weiri_spec_coupling(i, weiri_spec_rqs(s), weiri_spec_resnet(s));
    if (p->identity_splines) {
      json_object_set_new(step, "identity_map", weiri_spec_rqs(s));
    }
    json_array_append_new(list, step);
  }
  if (info->features > 1) {
    json_array_append_new(list, json_string("lu_linear"));
  } else {
    weiri_append_one_column(list, s, weiri_spec_rqs(s));
  }
  return list;
}

const weiri_preset weiri_preset_nsf = {
    .is = {"nsf", "neural spline flow, coupling", "Durkan et al. 2019", sizeof(options),
        opts},
    .fill = weiri_flow_fill,
    .layers = layers,
    .base = weiri_standard_base,
};
