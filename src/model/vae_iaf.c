/* Variational autoencoder with an inverse autoregressive posterior (Kingma et al. 2016,
 * algorithm 1): gated steps of masked networks that the encoder's features steer, the
 * order of the columns reversed from one to the next */
#include "model/vae_parts.h"

typedef struct options {
  weiri_vae vae;
  int64_t length, step_features, step_layers;
  int step_activation;
} options;

static const weir_opt opts[] = {{"length", WEIR_OPT_INT, offsetof(options, length), "4",
                                    1, 1000, NULL, "steps of the posterior"},
    {"step_features", WEIR_OPT_INT, offsetof(options, step_features), "320", 1, 65536,
        NULL, "width of their masked networks"},
    {"step_layers", WEIR_OPT_INT, offsetof(options, step_layers), "1", 1, 100, NULL,
        "hidden layers of their masked networks"},
    {"step_activation", WEIR_OPT_CHOICE, offsetof(options, step_activation), "\"elu\"",
        0, 0, "relu|tanh|elu", "nonlinearity of their masked networks"},
    WEIRI_OPT_VAE(options), {0}};

static void fill(void *o, const weiri_plan_info *info) {
  weiri_vae_fill(&((options *)o)->vae, info);
}

static json_t *columns(const void *o, const weiri_plan_info *info) {
  return weiri_vae_columns(&((const options *)o)->vae, info);
}

static json_t *step(const options *p) {
  const weiri_flow_size size = {.hidden_features = p->step_features,
      .hidden_layers = p->step_layers,
      .activation = p->step_activation};
  return weiri_spec_autoregressive(
      "inverse_autoregressive", json_string("gated"), weiri_spec_mlp(&size));
}

static json_t *layers(const void *o, const weiri_plan_info *info) {
  const options *p = o;
  json_t *steps = json_array();
  for (int64_t i = 0; i < p->length; i++) {
    if (i > 0) {
      json_array_append_new(steps, json_string("reverse"));
    }
    json_array_append_new(steps, step(p));
  }
  return weiri_vae_layers(&p->vae, info, steps);
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)info;
  return weiri_vae_prior(&((const options *)o)->vae);
}

const weiri_preset weiri_preset_vae_iaf = {
    .is = {"vae-iaf",
        "variational autoencoder with an inverse autoregressive posterior",
        "Kingma et al. 2016", sizeof(options), opts},
    .fill = fill,
    .columns = columns,
    .layers = layers,
    .base = base,
};
