/* A mixture of Gaussians fitted by gradient steps */
#include "model/preset.h"

typedef struct options {
  int64_t components;
  int kind;
} options;

static const weir_opt opts[] = {
    {"components", WEIR_OPT_INT, offsetof(options, components), "10", 1, 1000, NULL,
        "Gaussians in the mixture"},
    {"kind", WEIR_OPT_CHOICE, offsetof(options, kind), "\"full\"", 0, 0,
        "full|diagonal", "covariance of each"},
    {0}};

static json_t *layers(const void *o, const weiri_plan_info *info) {
  (void)o;
  (void)info;
  return json_array();
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)info;
  const options *p = o;
  return json_pack("{s:s, s:I, s:s}", "name", "gmm", "components",
      (json_int_t)p->components, "kind", p->kind == 0 ? "full" : "diagonal");
}

const weiri_preset weiri_preset_gmm = {
    .is = {"gmm", "mixture of Gaussians", NULL, sizeof(options), opts},
    .layers = layers,
    .base = base,
};
