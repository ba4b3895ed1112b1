/* MAF MoG (Papamakarios et al. 2017): the base of the flow is a MADE with a mixture of
 * Gaussians per column */
#include "model/preset.h"

typedef struct options {
  weiri_flow_size size;
  bool batch_norm;
  int64_t components;
} options;

static const weir_opt opts[] = {
    WEIRI_OPTS_FLOW(options, "hidden layers of the networks"),
    WEIRI_OPT_BATCH_NORM(options),
    {"components", WEIR_OPT_INT, offsetof(options, components), "10", 1, 1000, NULL,
        "Gaussians per column in the base"},
    {0}};

static json_t *layers(const void *o, const weiri_plan_info *info) {
  (void)info;
  const options *p = o;
  return weiri_maf_layers(&p->size, "autoregressive", p->batch_norm);
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)info;
  const options *p = o;
  return json_pack("{s:s, s:I, s:o}", "name", "made_mog", "components",
      (json_int_t)p->components, "net", weiri_spec_mlp(&p->size));
}

const weiri_preset weiri_preset_maf_mog = {
    .is = {"maf-mog",
        "masked autoregressive flow over an autoregressive mixture of Gaussians",
        "Papamakarios et al. 2017", sizeof(options), opts},
    .fill = weiri_flow_fill,
    .layers = layers,
    .base = base,
};
