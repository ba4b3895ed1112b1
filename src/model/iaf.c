/* Inverse autoregressive flow (Kingma et al. 2016) as a density: affine autoregressive
 * steps turned round */
#include "model/preset.h"

typedef struct options {
  weiri_flow_size size;
} options;

static const weir_opt opts[] = {
    WEIRI_OPTS_FLOW(options, "hidden layers of the networks"), {0}};

static json_t *layers(const void *o, const weiri_plan_info *info) {
  (void)info;
  return weiri_maf_layers(&((const options *)o)->size, "inverse_autoregressive", false);
}

const weiri_preset weiri_preset_iaf = {
    .is = {"iaf", "inverse autoregressive flow: fast draws, slow densities",
        "Kingma et al. 2016", sizeof(options), opts},
    .fill = weiri_flow_fill,
    .layers = layers,
    .base = weiri_standard_base,
};
