/* Layers and base as given, for configurations that spell a flow out */
#include "model/preset.h"

typedef struct options {
  const weir_spec *layers, *base;
} options;

static const weir_opt opts[] = {
    {"layers", WEIR_OPT_SPEC, offsetof(options, layers), "[]", 0, 0, NULL,
        "list of layers, from the standardised columns to the latent"},
    {"base", WEIR_OPT_SPEC, offsetof(options, base), "\"standard\"", 0, 0, NULL,
        "distribution of the latent"},
    {0}};

static json_t *layers(const void *o, const weiri_plan_info *info) {
  (void)info;
  return json_deep_copy(((const options *)o)->layers);
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)info;
  return json_deep_copy(((const options *)o)->base);
}

const weiri_preset weiri_preset_free = {
    .is = {"flow", "layers and base as the configuration lists them", NULL,
        sizeof(options), opts},
    .layers = layers,
    .base = base,
};
