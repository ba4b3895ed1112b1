/* Masked autoregressive flow (Papamakarios et al. 2017): affine autoregressive steps,
 * the order reversed from one to the next, batch norm after each */
#include "model/preset.h"

typedef struct options {
  weiri_flow_size size;
  bool batch_norm;
} options;

static const weir_opt opts[] = {
    WEIRI_OPTS_FLOW(options, "hidden layers of the networks"),
    WEIRI_OPT_BATCH_NORM(options), {0}};

static json_t *layers(const void *o, const weiri_plan_info *info) {
  (void)info;
  const options *p = o;
  return weiri_maf_layers(&p->size, "autoregressive", p->batch_norm);
}

const weiri_preset weiri_preset_maf = {
    .is = {"maf", "masked autoregressive flow", "Papamakarios et al. 2017",
        sizeof(options), opts},
    .fill = weiri_flow_fill,
    .layers = layers,
    .base = weiri_standard_base,
};
