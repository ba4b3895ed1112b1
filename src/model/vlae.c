/* Variational Laplace autoencoder (Park, Kim & Kim 2019): the posterior at the mode
 * that a few Gauss-Newton steps find from the encoder's mean */
#include "model/vae_parts.h"

typedef struct options {
  weiri_vae vae;
  int64_t steps;
  double damping;
} options;

static const weir_opt opts[] = {WEIRI_OPT_VAE(options),
    {"steps", WEIR_OPT_INT, offsetof(options, steps), "4", 0, 1000, NULL,
        "Gauss-Newton steps towards the mode"},
    {"damping", WEIR_OPT_REAL, offsetof(options, damping), "0.5", 1e-6, 1, NULL,
        "step t takes damping / (t + 1) of the full step, t from 0"},
    {0}};

static void fill(void *o, const weiri_plan_info *info) {
  weiri_vae_fill(&((options *)o)->vae, info);
}

static json_t *columns(const void *o, const weiri_plan_info *info) {
  return weiri_vae_columns(&((const options *)o)->vae, info);
}

static json_t *layers(const void *o, const weiri_plan_info *info) {
  const options *p = o;
  json_t *posterior = json_pack("{s:s, s:I, s:f, s:o}", "name", "laplace_posterior",
      "steps", (json_int_t)p->steps, "damping", p->damping, "start",
      weiri_vae_posterior(&p->vae, NULL));
  return weiri_vae_layers_of(&p->vae, info, posterior);
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)info;
  return weiri_vae_prior(&((const options *)o)->vae);
}

const weiri_preset weiri_preset_vlae = {
    .is = {"vlae", "variational Laplace autoencoder: posteriors at their modes",
        "Park, Kim & Kim 2019", sizeof(options), opts},
    .fill = fill,
    .columns = columns,
    .layers = layers,
    .base = base,
};
