/* Hyperspherical autoencoder (Davidson et al. 2018): von Mises-Fisher posteriors
 * against the uniform distribution on the sphere; or, with the same networks, Gaussian
 * ones */
#include "model/vae_parts.h"

enum { SPHERE, NORMAL };

typedef struct options {
  weiri_vae vae; /* likelihood, binarisation, draws; latent_dim is the sphere's */
  int space, sampler;
  double least_kappa;
  weir_ints encoder, decoder;
} options;

static const weir_opt opts[] = {
    {"latent_dim", WEIR_OPT_INT, offsetof(options, vae.latent_dim), "10", 1, 1e6, NULL,
        "dimensions of the latent: a sphere of d dimensions has d + 1 coordinates"},
    {"space", WEIR_OPT_CHOICE, offsetof(options, space), "\"sphere\"", 0, 0,
        "sphere|normal", "sphere, or a Gaussian latent behind the same networks"},
    {"sampler", WEIR_OPT_CHOICE, offsetof(options, sampler), "\"exact\"", 0, 0,
        "exact|official",
        "of the sphere; official: the biased one of the released code"},
    {"least_kappa", WEIR_OPT_REAL, offsetof(options, least_kappa), "1", 0, 1e6, NULL,
        "smallest concentration: kappa = softplus + least_kappa"},
    {"encoder", WEIR_OPT_INTS, offsetof(options, encoder), "[256, 128]", 1, 65536, NULL,
        "widths of the encoder's hidden layers"},
    {"decoder", WEIR_OPT_INTS, offsetof(options, decoder), "[128, 256]", 1, 65536, NULL,
        "widths of the decoder's hidden layers"},
    WEIRI_OPT_VAE_OUTPUTS(options), {0}};

static json_t *columns(const void *o, const weiri_plan_info *info) {
  return weiri_vae_columns(&((const options *)o)->vae, info);
}

/* ReLU layers of these widths in front of child, which is taken. */
static json_t *behind(const weir_ints *widths, json_t *child) {
  json_t *hidden = json_array();
  for (int64_t i = 0; i + 1 < widths->n; i++) {
    json_array_append_new(hidden, json_integer(widths->v[i]));
  }
  json_t *net =
      json_pack("{s:s, s:o, s:f}", "name", "mlp", "hidden", hidden, "last_scale", 1.0);
  return json_pack("{s:s, s:o, s:I, s:o}", "name", "encoded", "net", net, "features",
      (json_int_t)(widths->n > 0 ? widths->v[widths->n - 1] : 1), "dist", child);
}

static json_t *posterior(const options *p) {
  static const char *const samplers[] = {"exact", "official"};
  json_t *dist = p->space == NORMAL
                     ? json_pack("{s:s, s:s, s:f}", "name", "normal", "kind",
                           "diagonal", "head_scale", p->vae.head_scale)
                     : json_pack("{s:s, s:s, s:f, s:f}", "name", "vmf", "sampler",
                           samplers[p->sampler], "least", p->least_kappa, "head_scale",
                           p->vae.head_scale);
  return behind(&p->encoder, dist);
}

static json_t *layers(const void *o, const weiri_plan_info *info) {
  const options *p = o;
  const bool sphere = p->space == SPHERE;
  json_t *layer = json_pack("{s:s, s:I, s:s, s:o, s:o}", "name", "variational",
      "latent_dim", (json_int_t)(p->vae.latent_dim + (sphere ? 1 : 0)), "support",
      sphere ? "sphere" : "real", "posterior", posterior(p), "likelihood",
      behind(&p->decoder, weiri_vae_outputs(&p->vae, info)));
  return json_pack("[o]", layer);
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)info;
  return json_string(
      ((const options *)o)->space == SPHERE ? "uniform_sphere" : "normal");
}

const weiri_preset weiri_preset_svae = {
    .is = {"svae", "hyperspherical autoencoder: a latent on the unit sphere",
        "Davidson et al. 2018", sizeof(options), opts},
    .columns = columns,
    .layers = layers,
    .base = base,
};
