/* Conditional variational autoencoder (Sohn et al. 2015): encoder and decoder see the
 * context, and the prior is a Gaussian whose mean and scale a network of it gives */
#include "base/base.h"
#include "model/vae_parts.h"

typedef struct options {
  weiri_vae vae;
  int prior_net;
} options;

enum { LEARNED, STANDARD };

static const weir_opt opts[] = {WEIRI_OPT_VAE(options),
    {"conditional_prior", WEIR_OPT_CHOICE, offsetof(options, prior_net), "\"learned\"",
        0, 0, "learned|standard",
        "prior of the latent given the context: a network's, or that of `prior` for "
        "every context"},
    {0}};

static void fill(void *o, const weiri_plan_info *info) {
  weiri_vae_fill(&((options *)o)->vae, info);
}

static weir_status check(const void *o, const weiri_plan_info *info) {
  (void)o;
  if (info->context == 0) {
    weiri_log(info->ctx, WEIR_LOG_WARN,
        "model: cvae without context columns is a vae: --context COLUMNS says which "
        "(labels of images: --labels FILE --context label)");
  }
  return WEIR_OK;
}

static json_t *columns(const void *o, const weiri_plan_info *info) {
  return weiri_vae_columns(&((const options *)o)->vae, info);
}

static json_t *layers(const void *o, const weiri_plan_info *info) {
  return weiri_vae_layers(&((const options *)o)->vae, info, NULL);
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  const options *p = o;
  if (p->prior_net == STANDARD || info->context == 0) {
    return weiri_vae_prior(&p->vae);
  }
  return json_pack("{s:s, s:s, s:{s:s, s:[I]}}", "name", "normal", "kind", "diagonal",
      "net", "name", "mlp", "hidden", (json_int_t)p->vae.hidden_features);
}

const weiri_preset weiri_preset_cvae = {
    .is = {"cvae", "conditional variational autoencoder", "Sohn et al. 2015",
        sizeof(options), opts},
    .fill = fill,
    .check = check,
    .columns = columns,
    .layers = layers,
    .base = base,
};
