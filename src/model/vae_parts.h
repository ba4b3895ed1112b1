/* What the presets of variational autoencoders share: options, and the spec of a
 * `variational` layer with its encoder, decoder and prior. */
#ifndef WEIRI_VAE_PARTS_H
#define WEIRI_VAE_PARTS_H

#include "model/preset.h"

typedef struct weiri_vae {
  int64_t latent_dim, hidden_features, hidden_layers, samples;
  int activation, likelihood, binarize, posterior;
  int scale;
  int64_t components;
  double head_scale, scale_value;
  const weir_spec *encoder, *decoder, *prior, *likelihood_spec;
} weiri_vae;

#define WEIRI_VAE_ACTIVATIONS "relu|tanh|elu|sigmoid|softplus"
#define WEIRI_VAE_LIKELIHOODS                                                          \
  "auto|bernoulli|normal|laplace|student_t|discretized_logistic|categorical|spec"
enum {
  WEIRI_VAE_AUTO,
  WEIRI_VAE_BERNOULLI,
  WEIRI_VAE_NORMAL,
  WEIRI_VAE_LAPLACE,
  WEIRI_VAE_STUDENT,
  WEIRI_VAE_LEVELS,
  WEIRI_VAE_CATEGORICAL,
  WEIRI_VAE_SPEC
};
enum { WEIRI_VAE_SCALE_AUTO, WEIRI_VAE_SCALE_FIXED = 4 };

/* Those of the likelihood and of evaluation. */
#define WEIRI_OPT_VAE_OUTPUTS(S)                                                       \
  {"likelihood", WEIR_OPT_CHOICE, offsetof(S, vae.likelihood), "\"auto\"", 0, 0,       \
      WEIRI_VAE_LIKELIHOODS,                                                           \
      "of the data given the latent; auto: bernoulli of binary and of grey "           \
      "columns, normal of a table; spec: the option likelihood_spec"},                 \
      {"likelihood_spec", WEIR_OPT_SPEC, offsetof(S, vae.likelihood_spec), "null", 0,  \
          0, NULL, "a distribution that is conditional on the decoder's features"},    \
      {"binarize", WEIR_OPT_CHOICE, offsetof(S, vae.binarize), "\"dynamic\"", 0, 0,    \
          "dynamic|threshold",                                                         \
          "grey columns under a bernoulli: drawn anew for each step, or cut at 0.5"},  \
      {"scale", WEIR_OPT_CHOICE, offsetof(S, vae.scale), "\"auto\"", 0, 0,             \
          "auto|each|column|shared|fixed",                                             \
          "of a normal, laplace or student_t: by the decoder, learned per column, "    \
          "one "                                                                       \
          "for all, or scale_value; auto: each of images, column of a table"},         \
      {"scale_value", WEIR_OPT_REAL, offsetof(S, vae.scale_value), "1", 1e-6, 1e6,     \
          NULL, "that scale when fixed, else where it starts"},                        \
      {"components", WEIR_OPT_INT, offsetof(S, vae.components), "1", 1, 1000, NULL,    \
          "logistics per column of a discretized_logistic"},                           \
      {"head_scale", WEIR_OPT_REAL, offsetof(S, vae.head_scale), "1", 0, 100, NULL,    \
          "initial weights of the last layers, relative to those usual of a layer"},   \
  {                                                                                    \
    "samples", WEIR_OPT_INT, offsetof(S, vae.samples), "64", 1, 1e7, NULL,             \
        "draws per row in log_prob: importance-weighted bound (Burda et al. 2016)"     \
  }

/* Rows of an option table for a struct S whose member vae is a weiri_vae. */
#define WEIRI_OPT_VAE(S)                                                               \
  {"latent_dim", WEIR_OPT_INT, offsetof(S, vae.latent_dim), "null", 1, 1e6, NULL,      \
      "columns of the latent; null: 40 of images, half of the columns of a table"},    \
      {"hidden_features", WEIR_OPT_INT, offsetof(S, vae.hidden_features), "400", 1,    \
          65536, NULL, "width of encoder and decoder"},                                \
      {"hidden_layers", WEIR_OPT_INT, offsetof(S, vae.hidden_layers), "1", 1, 100,     \
          NULL, "hidden layers of encoder and of decoder"},                            \
      {"activation", WEIR_OPT_CHOICE, offsetof(S, vae.activation), "\"relu\"", 0, 0,   \
          WEIRI_VAE_ACTIVATIONS, "nonlinearity of encoder and decoder"},               \
      {"encoder", WEIR_OPT_SPEC, offsetof(S, vae.encoder), "null", 0, 0, NULL,         \
          "network of the data, hidden_features wide; null: dense layers"},            \
      {"decoder", WEIR_OPT_SPEC, offsetof(S, vae.decoder), "null", 0, 0, NULL,         \
          "network of the latent, hidden_features wide; null: dense layers"},          \
      {"posterior", WEIR_OPT_CHOICE, offsetof(S, vae.posterior), "\"diagonal\"", 0, 0, \
          "diagonal|full", "covariance of the Gaussian that is drawn from"},           \
      {"prior", WEIR_OPT_SPEC, offsetof(S, vae.prior), "\"normal\"", 0, 0, NULL,       \
          "distribution of the latent: normal, gmm, vamp, a flow"},                    \
      WEIRI_OPT_VAE_OUTPUTS(S)

void weiri_vae_fill(weiri_vae *v, const weiri_plan_info *info);
/* Layers in front of the autoencoder, by the columns and the likelihood. */
json_t *weiri_vae_columns(const weiri_vae *v, const weiri_plan_info *info);
/* The autoencoder, a list of one layer. steps: of the posterior's flow, from the draw's
 * side to the Gaussian's, taken (NULL: none). */
json_t *weiri_vae_layers(
    const weiri_vae *v, const weiri_plan_info *info, json_t *steps);
json_t *weiri_vae_prior(const weiri_vae *v);
/* The posterior behind its encoder, and the autoencoder with another in its place
 * (taken). */
json_t *weiri_vae_posterior(const weiri_vae *v, json_t *steps);
json_t *weiri_vae_layers_of(
    const weiri_vae *v, const weiri_plan_info *info, json_t *posterior);
/* The likelihood without its decoder. */
json_t *weiri_vae_outputs(const weiri_vae *v, const weiri_plan_info *info);

#endif
