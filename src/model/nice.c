/* NICE (Dinh et al. 2015): additive couplings with alternating masks, and a diagonal
 * scaling whose log-determinant is the only one */
#include "model/preset.h"

typedef struct options {
  weiri_flow_size size;
  int base;
} options;

static const weir_opt opts[] = {
    WEIRI_OPTS_FLOW(options, "hidden layers of the networks"),
    {"base", WEIR_OPT_CHOICE, offsetof(options, base), "\"logistic\"", 0, 0,
        "logistic|normal", "factors of the base"},
    {0}};

static json_t *layers(const void *o, const weiri_plan_info *info) {
  const weiri_flow_size *s = &((const options *)o)->size;
  json_t *list = weiri_flow_layers(s);
  for (int64_t i = 0; info->features > 1 && i < s->transforms; i++) {
    json_array_append_new(
        list, weiri_spec_coupling(i, json_string("additive"), weiri_spec_mlp(s)));
  }
  json_array_append_new(list, json_string("scaling"));
  return list;
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)info;
  return json_string(((const options *)o)->base == 0 ? "logistic" : "normal");
}

const weiri_preset weiri_preset_nice = {
    .is = {"nice", "additive coupling flow with a final scaling", "Dinh et al. 2015",
        sizeof(options), opts},
    .fill = weiri_flow_fill,
    .layers = layers,
    .base = base,
};
