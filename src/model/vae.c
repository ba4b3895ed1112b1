/* Variational autoencoder with dense networks (Kingma & Welling 2014): a Gaussian
 * posterior, a likelihood by the columns, any prior */
#include "model/vae_parts.h"

typedef struct options {
  weiri_vae vae;
} options;

static const weir_opt opts[] = {WEIRI_OPT_VAE(options), {0}};

static void fill(void *o, const weiri_plan_info *info) {
  weiri_vae_fill(&((options *)o)->vae, info);
}

static json_t *columns(const void *o, const weiri_plan_info *info) {
  return weiri_vae_columns(&((const options *)o)->vae, info);
}

static json_t *layers(const void *o, const weiri_plan_info *info) {
  return weiri_vae_layers(&((const options *)o)->vae, info, NULL);
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)info;
  return weiri_vae_prior(&((const options *)o)->vae);
}

const weiri_preset weiri_preset_vae = {
    .is = {"vae", "variational autoencoder with dense networks",
        "Kingma & Welling 2014", sizeof(options), opts},
    .fill = fill,
    .columns = columns,
    .layers = layers,
    .base = base,
};
