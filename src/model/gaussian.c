/* A Gaussian with a full covariance matrix: maximum likelihood has a closed form, which
 * gradient steps on the precision factor approach; the baseline of every table. */
#include "model/preset.h"

typedef struct options {
  int kind;
} options;

static const weir_opt opts[] = {{"kind", WEIR_OPT_CHOICE, offsetof(options, kind),
                                    "\"full\"", 0, 0, "full|diagonal", "covariance"},
    {0}};

static json_t *layers(const void *o, const weiri_plan_info *info) {
  (void)o;
  (void)info;
  return json_array();
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)info;
  return json_pack("{s:s, s:s}", "name", "normal", "kind",
      ((const options *)o)->kind == 0 ? "full" : "diagonal");
}

const weiri_preset weiri_preset_gaussian = {
    .is = {"gaussian", "one Gaussian with full covariance", NULL, sizeof(options),
        opts},
    .layers = layers,
    .base = base,
};
