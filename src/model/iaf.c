/* Inverse autoregressive flow (Kingma et al. 2016) as a density: affine autoregressive
 * steps turned round */
#include "model/preset.h"

typedef struct options {
  weiri_flow_size size;
} options;

static const weir_opt opts[] = {WEIRI_OPT_TRANSFORMS(options),
    WEIRI_OPT_HIDDEN(options),
    WEIRI_OPT_LAYERS(options, "hidden layers of the networks"),
    WEIRI_OPT_DROPOUT(options), WEIRI_OPT_ACTIVATION(options),
    WEIRI_OPT_WHITEN(options), {0}};

static void fill(void *o, const weiri_plan_info *info) {
  weiri_flow_size_fill(&((options *)o)->size, info);
}

static json_t *layers(const void *o, const weiri_plan_info *info) {
  (void)info;
  return weiri_maf_layers(&((const options *)o)->size, "inverse_autoregressive", false);
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)o;
  (void)info;
  return json_string("standard");
}

const weiri_preset weiri_preset_iaf = {
    .is = {"iaf", "inverse autoregressive flow: fast draws, slow densities",
        "Kingma et al. 2016", sizeof(options), opts},
    .fill = fill,
    .layers = layers,
    .base = base,
};
