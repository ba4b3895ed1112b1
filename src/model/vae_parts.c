/* The spec of an autoencoder: what its columns are decides about the layers in front
 * and about the likelihood. Binary columns are taken as they are, grey levels with
 * known ends are binarised under a Bernoulli, anything else becomes standardised real
 * columns under a Gaussian. */
#include "model/vae_parts.h"

enum { BINARY, GREY, TABLE };

static int kind_of_column(const weir_schema *s, int64_t column) {
  const weir_column_type type = weir_schema_type(s, column);
  const bool two = type.kind == WEIR_KIND_CATEGORICAL
                       ? weir_schema_column(s, column).categories == 2
                       : type.kind == WEIR_KIND_ORDINAL && type.lo == 0.0 &&
                             type.hi == 1.0 && type.step == 1.0;
  const bool ends = (type.kind == WEIR_KIND_ORDINAL && type.hi > type.lo) ||
                    type.kind == WEIR_KIND_INTERVAL;
  return two ? BINARY : ends ? GREY : TABLE;
}

/* What all event columns are. */
static int kind_of(const weiri_plan_info *info) {
  int kind = BINARY;
  for (int64_t i = 0; i < weir_schema_events(info->schema); i++) {
    const int k = kind_of_column(info->schema, weir_schema_event(info->schema, i));
    kind = k > kind ? k : kind;
  }
  return kind;
}

static int likelihood_of(const weiri_vae *v, const weiri_plan_info *info) {
  return v->likelihood != WEIRI_VAE_AUTO ? v->likelihood
         : kind_of(info) == TABLE        ? WEIRI_VAE_NORMAL
                                         : WEIRI_VAE_BERNOULLI;
}

/* Families with a location and a scale, which take columns as real numbers. */
static bool is_located(int likelihood) {
  return likelihood == WEIRI_VAE_NORMAL || likelihood == WEIRI_VAE_LAPLACE ||
         likelihood == WEIRI_VAE_STUDENT;
}

void weiri_vae_fill(weiri_vae *v, const weiri_plan_info *info) {
  if (v->latent_dim == 0) {
    const int64_t half = (weir_schema_events(info->schema) + 1) / 2;
    v->latent_dim = half < 40 ? half : 40;
  }
}

json_t *weiri_vae_columns(const weiri_vae *v, const weiri_plan_info *info) {
  static const char *const modes[] = {"dynamic", "threshold"};
  json_t *list = json_array();
  const int kind = kind_of(info), likelihood = likelihood_of(v, info);
  if (kind == TABLE) {
    json_decref(list);
    return NULL;
  }
  if (kind == GREY && likelihood == WEIRI_VAE_BERNOULLI) {
    json_array_append_new(
        list, json_pack("{s:s, s:s}", "name", "binarize", "mode", modes[v->binarize]));
  }
  if (is_located(likelihood)) {
    json_array_append_new(list, json_string("to_unit"));
  }
  return list;
}

static const char *activation(const weiri_vae *v) {
  static const char *const names[] = {"relu", "tanh", "elu", "sigmoid", "softplus"};
  return names[v->activation];
}

/* The dense network whose last activation `encoded` adds. */
static json_t *dense(const weiri_vae *v) {
  json_t *hidden = json_array();
  for (int64_t i = 1; i < v->hidden_layers; i++) {
    json_array_append_new(hidden, json_integer(v->hidden_features));
  }
  return json_pack("{s:s, s:o, s:s, s:f}", "name", "mlp", "hidden", hidden,
      "activation", activation(v), "last_scale", 1.0);
}

/* net in front of child, which is taken. */
static json_t *behind(const weiri_vae *v, const weir_spec *net, json_t *child) {
  json_t *spec = net == NULL || json_is_null(net) ? dense(v) : json_deep_copy(net);
  return json_pack("{s:s, s:o, s:I, s:s, s:o}", "name", "encoded", "net", spec,
      "features", (json_int_t)v->hidden_features, "activation", activation(v), "dist",
      child);
}

json_t *weiri_vae_posterior(const weiri_vae *v, json_t *steps) {
  static const char *const kinds[] = {"diagonal", "full"};
  json_t *gauss = json_pack("{s:s, s:s, s:f}", "name", "normal", "kind",
      kinds[v->posterior], "head_scale", v->head_scale);
  json_t *dist = steps == NULL ? gauss
                               : json_pack("{s:s, s:o, s:o}", "name", "flow", "layers",
                                     steps, "base", gauss);
  return behind(v, v->encoder, dist);
}

/* Of grey levels the location lies between 0 and 1, and no scale falls below half a
 * level of 256: a density of points on a grid grows without bound otherwise. */
static json_t *located(
    const weiri_vae *v, const weiri_plan_info *info, int likelihood) {
  static const char *const names[] = {[WEIRI_VAE_NORMAL] = "normal",
      [WEIRI_VAE_LAPLACE] = "laplace",
      [WEIRI_VAE_STUDENT] = "student_t"};
  static const char *const scales[] = {NULL, "each", "column", "shared", "fixed"};
  const bool table = kind_of(info) == TABLE;
  const char *scale =
      v->scale == WEIRI_VAE_SCALE_AUTO ? table ? "column" : "each" : scales[v->scale];
  json_t *dist = json_pack("{s:s, s:s, s:s, s:f, s:f, s:f}", "name", names[likelihood],
      "scale", scale, "loc", table ? "linear" : "sigmoid", "scale_value",
      v->scale_value, "scale_floor", v->scale == WEIRI_VAE_SCALE_FIXED ? 0.0 : 0.002,
      "head_scale", v->head_scale);
  if (likelihood == WEIRI_VAE_NORMAL) {
    json_object_set_new(dist, "kind", json_string("diagonal"));
  }
  return dist;
}

json_t *weiri_vae_outputs(const weiri_vae *v, const weiri_plan_info *info) {
  const int likelihood = likelihood_of(v, info);
  switch (likelihood) {
  case WEIRI_VAE_BERNOULLI:
    return json_pack("{s:s, s:f}", "name", "bernoulli", "head_scale", v->head_scale);
  case WEIRI_VAE_LEVELS:
    return json_pack("{s:s, s:I, s:f}", "name", "discretized_logistic", "components",
        (json_int_t)v->components, "head_scale", v->head_scale);
  case WEIRI_VAE_CATEGORICAL:
    return json_pack("{s:s, s:f}", "name", "categorical", "head_scale", v->head_scale);
  case WEIRI_VAE_SPEC:
    return json_deep_copy(v->likelihood_spec);
  default:
    return located(v, info, likelihood);
  }
}

json_t *weiri_vae_layers_of(
    const weiri_vae *v, const weiri_plan_info *info, json_t *posterior) {
  json_t *layer = json_pack("{s:s, s:I, s:o, s:o}", "name", "variational", "latent_dim",
      (json_int_t)v->latent_dim, "posterior", posterior, "likelihood",
      behind(v, v->decoder, weiri_vae_outputs(v, info)));
  return json_pack("[o]", layer);
}

json_t *weiri_vae_layers(
    const weiri_vae *v, const weiri_plan_info *info, json_t *steps) {
  return weiri_vae_layers_of(v, info, weiri_vae_posterior(v, steps));
}

json_t *weiri_vae_prior(const weiri_vae *v) {
  return json_deep_copy(v->prior);
}
