/* Variational autoencoder whose posterior is a flow (Rezende & Mohamed 2015): `length`
 * steps of one kind on top of the encoder's Gaussian, their parameters functions of the
 * encoder's features too */
#include "model/vae_parts.h"

typedef struct options {
  weiri_vae vae;
  int64_t length;
  int flow;
  const weir_spec *step;
} options;

#define FLOWS "planar|radial|sylvester|householder|coupling|spline"
enum { PLANAR, RADIAL, SYLVESTER, HOUSEHOLDER, COUPLING, SPLINE };

static const weir_opt opts[] = {
    {"flow", WEIR_OPT_CHOICE, offsetof(options, flow), "\"planar\"", 0, 0, FLOWS,
        "kind of step of the posterior"},
    {"length", WEIR_OPT_INT, offsetof(options, length), "10", 1, 10000, NULL,
        "number of steps"},
    {"step", WEIR_OPT_SPEC, offsetof(options, step), "null", 0, 0, NULL,
        "the layer that a step is, in place of flow: {name: sylvester, columns: 8}"},
    WEIRI_OPT_VAE(options), {0}};

static void fill(void *o, const weiri_plan_info *info) {
  weiri_vae_fill(&((options *)o)->vae, info);
}

static json_t *columns(const void *o, const weiri_plan_info *info) {
  return weiri_vae_columns(&((const options *)o)->vae, info);
}

static json_t *coupling(int64_t i, json_t *map) {
  const weiri_flow_size size = {.hidden_features = 64, .hidden_layers = 1};
  return weiri_spec_coupling(i, map, weiri_spec_mlp(&size));
}

static json_t *step(const options *p, int64_t i) {
  static const char *const names[] = {"planar", "radial", "sylvester", "householder"};
  if (p->step != NULL && !json_is_null(p->step)) {
    return json_deep_copy(p->step);
  }
  return p->flow == COUPLING ? coupling(i, json_string("affine"))
         : p->flow == SPLINE ? coupling(i, json_string("rqs"))
                             : json_string(names[p->flow]);
}

static json_t *layers(const void *o, const weiri_plan_info *info) {
  const options *p = o;
  json_t *steps = json_array();
  for (int64_t i = 0; i < p->length; i++) {
    json_array_append_new(steps, step(p, i));
  }
  return weiri_vae_layers(&p->vae, info, steps);
}

static json_t *base(const void *o, const weiri_plan_info *info) {
  (void)info;
  return weiri_vae_prior(&((const options *)o)->vae);
}

const weiri_preset weiri_preset_vae_flow = {
    .is = {"vae-flow", "variational autoencoder with a flow as its posterior",
        "Rezende & Mohamed 2015", sizeof(options), opts},
    .fill = fill,
    .columns = columns,
    .layers = layers,
    .base = base,
};
