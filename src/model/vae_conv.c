/* Variational autoencoder of images: convolutions of stride 2 down to a few pixels and
 * a dense layer in the encoder, the same way back in the decoder. */
#include "base/base.h"
#include "model/vae_parts.h"

enum { SIDE_MIN = 6, STAGES_MAX = 4 };

typedef struct options {
  weiri_vae vae;
  int64_t channels, stages;
} options;

static const weir_opt opts[] = {
    {"channels", WEIR_OPT_INT, offsetof(options, channels), "32", 1, 4096, NULL,
        "channels of the first convolution, doubled in each of the next"},
    {"stages", WEIR_OPT_INT, offsetof(options, stages), "0", 0, STAGES_MAX, NULL,
        "convolutions, each halving height and width; 0: as long as 6 pixels remain"},
    WEIRI_OPT_VAE(options), {0}};

/* Heights or widths of the stages, the image's own first. */
static int64_t sides(int64_t side, int64_t stages, int64_t out[STAGES_MAX + 1]) {
  int64_t n = 0;
  out[0] = side;
  while (n < STAGES_MAX && (stages > 0 ? n < stages : out[n] / 2 >= SIDE_MIN)) {
    out[n + 1] = (out[n] - 2) / 2 + 1;
    n++;
  }
  return n;
}

static void fill(void *o, const weiri_plan_info *info) {
  options *c = o;
  const weir_image m = weir_schema_image(info->schema);
  int64_t side[STAGES_MAX + 1];
  if (c->stages == 0) {
    const int64_t least = m.height < m.width ? m.height : m.width;
    c->stages = sides(least, 0, side);
    c->stages = c->stages < 1 ? 1 : c->stages;
  }
  weiri_vae_fill(&c->vae, info);
}

static weir_status check(const void *o, const weiri_plan_info *info) {
  const options *c = o;
  const weir_image m = weir_schema_image(info->schema);
  const int64_t least = (int64_t)1 << c->stages;
  if (m.height == 0) {
    return weiri_fail(WEIR_E_CONFIG,
        "model: vae-conv is for images, but the rows are none that are known as such: "
        "--image HxW says so");
  }
  return m.height >= least && m.width >= least
             ? WEIR_OK
             : weiri_fail(WEIR_E_CONFIG,
                   "model.stages: %lld halvings of images of %lld x %lld",
                   (long long)c->stages, (long long)m.height, (long long)m.width);
}

static json_t *columns(const void *o, const weiri_plan_info *info) {
  return weiri_vae_columns(&((const options *)o)->vae, info);
}

static const char *activation(const options *c) {
  static const char *const names[] = {"relu", "tanh", "elu", "sigmoid", "softplus"};
  return names[c->vae.activation];
}

static json_t *network(const options *c, const weir_image *m, bool encoder) {
  int64_t h[STAGES_MAX + 1] = {0}, w[STAGES_MAX + 1] = {0};
  const int64_t n = sides(m->height, c->stages, h);
  (void)sides(m->width, c->stages, w);
  json_t *blocks = json_array();
  for (int64_t i = 0; encoder && i < n; i++) {
    json_array_append_new(
        blocks, json_pack("{s:s, s:I, s:i, s:i, s:s}", "name", "conv", "channels",
                    (json_int_t)(c->channels << i), "kernel", 4, "stride", 2,
                    "activation", activation(c)));
  }
  if (encoder) {
    return json_pack("{s:s, s:[I, I], s:I, s:o}", "name", "conv", "image",
        (json_int_t)m->height, (json_int_t)m->width, "channels",
        (json_int_t)m->channels, "blocks", blocks);
  }
  json_array_append_new(
      blocks, json_pack("{s:s, s:I, s:s}", "name", "dense", "features",
                  (json_int_t)c->vae.hidden_features, "activation", activation(c)));
  json_array_append_new(
      blocks, json_pack("{s:s, s:[I, I, I], s:s}", "name", "dense", "image",
                  (json_int_t)h[n], (json_int_t)w[n],
                  (json_int_t)(c->channels << (n - 1)), "activation", activation(c)));
  for (int64_t i = n - 1; i >= 0; i--) {
    json_t *block = json_pack("{s:s, s:[I, I]}", "name", "conv_transpose", "size",
        (json_int_t)h[i], (json_int_t)w[i]);
    if (i > 0) {
      json_object_set_new(block, "channels", json_integer(c->channels << (i - 1)));
      json_object_set_new(block, "activation", json_string(activation(c)));
    }
    json_array_append_new(blocks, block);
  }
  return json_pack("{s:s, s:[I, I], s:s, s:s, s:o}", "name", "conv", "image",
      (json_int_t)m->height, (json_int_t)m->width, "input", "features", "output",
      "image", "blocks", blocks);
}

static bool given(const weir_spec *spec) {
  return spec != NULL && !json_is_null(spec);
}

static json_t *layers(const void *o, const weiri_plan_info *info) {
  const options *c = o;
  const weir_image m = weir_schema_image(info->schema);
  weiri_vae v = c->vae;
  json_t *encoder = given(v.encoder) ? json_deep_copy(v.encoder) : network(c, &m, true);
  v.encoder = encoder;
  json_t *outputs = weiri_vae_outputs(&v, info);
  if (json_object_get(outputs, "net") == NULL) {
    json_object_set_new(outputs, "net",
        given(v.decoder) ? json_deep_copy(v.decoder) : network(c, &m, false));
  }
  json_t *layer = json_pack("{s:s, s:I, s:o, s:o}", "name", "variational", "latent_dim",
      (json_int_t)v.latent_dim, "posterior", weiri_vae_posterior(&v, NULL),
      "likelihood", outputs);
  json_decref(encoder);
  return json_pack("[o]", layer);
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)info;
  return weiri_vae_prior(&((const options *)o)->vae);
}

const weiri_preset weiri_preset_vae_conv = {
    .is = {"vae-conv", "variational autoencoder of images with convolutions",
        "Kingma & Welling 2014", sizeof(options), opts},
    .fill = fill,
    .check = check,
    .columns = columns,
    .layers = layers,
    .base = base,
};
