/* MADE (Germain et al. 2015): one autoregressive Gaussian per column */
#include "model/preset.h"

typedef struct options {
  weiri_flow_size size;
} options;

static const weir_opt opts[] = {WEIRI_OPT_HIDDEN(options),
    WEIRI_OPT_LAYERS(options, "hidden layers of the network"),
    WEIRI_OPT_DROPOUT(options), WEIRI_OPT_ACTIVATION(options),
    WEIRI_OPT_WHITEN(options), {0}};

static void fill(void *o, const weiri_plan_info *info) {
  weiri_flow_size *size = &((options *)o)->size;
  size->transforms = 1;
  weiri_flow_size_fill(size, info);
}

static json_t *layers(const void *o, const weiri_plan_info *info) {
  (void)info;
  return weiri_maf_layers(&((const options *)o)->size, "autoregressive", false);
}

const weiri_preset weiri_preset_made = {
    .is = {"made", "masked autoencoder: one autoregressive Gaussian per column",
        "Germain et al. 2015", sizeof(options), opts},
    .fill = fill,
    .layers = layers,
    .base = weiri_standard_base,
};
