/* Masked autoregressive flow (Papamakarios et al. 2017): affine autoregressive steps,
 * the order reversed from one to the next, batch norm after each */
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
  (void)info;
  const options *p = o;
  return weiri_maf_layers(&p->size, "autoregressive", p->batch_norm);
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)o;
  (void)info;
  return json_string("standard");
}

const weiri_preset weiri_preset_maf = {
    .is = {"maf", "masked autoregressive flow", "Papamakarios et al. 2017",
        sizeof(options), opts},
    .fill = fill,
    .layers = layers,
    .base = base,
};
