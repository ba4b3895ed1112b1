/* The densities that fits choose from: flows over a standard normal. A mean-field
 * normal is one affine map of each coordinate, a full-rank normal a linear layer after
 * it; planar and radial flows are the named layer, so many times over (Rezende &
 * Mohamed 2015); presets bring their own layers. */
#include <string.h>

#include "infer/fit.h"
#include "model/preset.h"

static const char *name_of(const json_t *spec) {
  return json_is_string(spec) ? json_string_value(spec)
                              : json_string_value(json_object_get(spec, "name"));
}

static json_t *normal_layers(bool full) {
  json_t *list = json_array();
  json_array_append_new(
      list, json_pack("{s:s, s:s}", "name", "elementwise", "map", "affine"));
  if (full) {
    json_array_append_new(list, json_string("lu_linear"));
  }
  return list;
}

/* ---- layers so many times over ---- */

typedef struct repeated {
  int64_t length;
} repeated;

static const weir_opt repeated_opts[] = {
    {"length", WEIR_OPT_INT, offsetof(repeated, length), "8", 1, 10000, NULL, "layers"},
    {0}};

static weir_status repeated_layers(
    weir_ctx *ctx, const char *name, const json_t *spec, json_t **layers) {
  repeated r = {0};
  WEIR_TRY(weiri_opts_read(ctx, repeated_opts, &r, json_is_object(spec) ? spec : NULL,
      "infer.method.family", NULL));
  *layers = normal_layers(false);
  for (int64_t i = 0; i < r.length; i++) {
    json_array_append_new(*layers, json_string(name));
  }
  return WEIR_OK;
}

/* Steps of dynamics from a learned normal to the target, each towards a larger power of
 * it (Salimans, Kingma & Welling 2015). */
static weir_status bridge_layers(
    weir_ctx *ctx, const char *name, const json_t *spec, json_t **layers) {
  repeated r = {0};
  WEIR_TRY(weiri_opts_read(ctx, repeated_opts, &r, json_is_object(spec) ? spec : NULL,
      "infer.method.family", NULL));
  *layers = json_array();
  for (int64_t i = 0; i < r.length; i++) {
    json_array_append_new(*layers, json_pack("{s:s, s:f}", "name", name, "power",
                                       (double)(r.length - i) / (double)r.length));
  }
  json_t *normal = normal_layers(false);
  json_array_extend(*layers, normal);
  json_decref(normal);
  return WEIR_OK;
}

/* ---- presets ---- */

static const weiri_preset *find_preset(const char *name) {
  for (int i = 0; weiri_preset_at(i) != NULL; i++) {
    if (strcmp(weiri_preset_at(i)->is.name, name) == 0) {
      return weiri_preset_at(i);
    }
  }
  return NULL;
}

static weir_status unknown(const char *name) {
  const char *names[64] = {
      "meanfield", "fullrank", "planar", "radial", "langevin", "hamiltonian"};
  for (int i = 0; weiri_preset_at(i) != NULL && i < 57; i++) {
    names[i + 6] = weiri_preset_at(i)->is.name;
  }
  const char *near = weiri_nearest(name, names);
  return weiri_fail(WEIR_E_CONFIG,
      "infer.method.family: no density is called '%s'%s%s%s", name,
      near == NULL ? "" : "; did you mean '", near == NULL ? "" : near,
      near == NULL ? "" : "'?");
}

/* Sizes for a fit, where they are left open: a target has no rows to go by, and a small
 * flow bends far in whitened coordinates. */
static const struct {
  const char *key;
  double value;
} sizes[] = {
    {"transforms", 4}, {"hidden_features", 32}, {"hidden_layers", 1}, {"dropout", 0}};

static json_t *with_sizes(const weiri_preset *preset, const json_t *spec) {
  json_t *all =
      json_is_object(spec) ? json_copy((json_t *)(uintptr_t)spec) : json_object();
  for (const weir_opt *o = preset->is.opts; o->name != NULL; o++) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      if (strcmp(o->name, sizes[i].key) == 0 && json_object_get(all, o->name) == NULL) {
        json_object_set_new(all, o->name,
            o->type == WEIR_OPT_INT ? json_integer((json_int_t)sizes[i].value)
                                    : json_real(sizes[i].value));
      }
    }
  }
  return all;
}

static weir_status preset_layers(
    weir_ctx *ctx, int64_t d, const char *name, const json_t *spec, json_t **layers) {
  const weiri_preset *preset = find_preset(name);
  if (preset == NULL) {
    return unknown(name);
  }
  const weiri_plan_info info = {
      .ctx = ctx, .features = d, .context = 0, .rows = 0, .time_limit = 0.0};
  void *options = weiri_calloc(ctx, 1, preset->is.size);
  if (options == NULL) {
    return WEIR_E_MEMORY;
  }
  json_t *full = with_sizes(preset, spec);
  const weir_status status =
      weiri_opts_read(ctx, preset->is.opts, options, full, "infer.method.family", NULL);
  if (status == WEIR_OK) {
    if (preset->fill != NULL) {
      preset->fill(options, &info);
    }
    *layers = preset->layers(options, &info);
  }
  weiri_opts_free(ctx, preset->is.opts, options);
  weiri_free(ctx, options);
  json_decref(full);
  return status;
}

/* ---- making ---- */

static weir_status layers_of(
    weir_ctx *ctx, int64_t d, const json_t *spec, json_t **layers) {
  const char *name = name_of(spec);
  if (name == NULL) {
    return weiri_fail(
        WEIR_E_CONFIG, "infer.method.family: expected a name or {name: ..., options}");
  }
  if (strcmp(name, "meanfield") == 0 || strcmp(name, "fullrank") == 0) {
    *layers = normal_layers(name[0] == 'f');
    return WEIR_OK;
  }
  if (strcmp(name, "planar") == 0 || strcmp(name, "radial") == 0) {
    return repeated_layers(ctx, name, spec, layers);
  }
  if (strcmp(name, "langevin") == 0 || strcmp(name, "hamiltonian") == 0) {
    return bridge_layers(ctx, name, spec, layers);
  }
  return preset_layers(ctx, d, name, spec, layers);
}

static weir_status make(
    weiri_family *f, const weir_target *target, const json_t *spec, uint64_t seed) {
  json_t *layers = NULL;
  WEIR_TRY(layers_of(f->ctx, f->d, spec, &layers));
  json_t *dist = json_pack(
      "{s:s, s:o, s:s}", "name", "flow", "layers", layers, "base", "standard");
  weir_event event;
  weir_status status = dist == NULL ? weiri_fail(WEIR_E_MEMORY, "out of memory")
                                    : weir_event_create(f->ctx, &event, f->d);
  if (status != WEIR_OK) {
    json_decref(dist);
    return status;
  }
  weir_site site = {.target = target};
  status = weiri_params_create(&f->params, f->ctx, WEIR_F64);
  if (status == WEIR_OK) {
    const weir_build b = {
        .ctx = f->ctx, .params = f->params, .path = "", .context = 0, .site = &site};
    status = weir_dist_make(&f->dist, &b, "family", dist, &event);
  }
  weiri_free(f->ctx, site.observers);
  weir_event_destroy(f->ctx, &event);
  json_decref(dist);
  return status == WEIR_OK ? weiri_params_init(f->params, seed) : status;
}

weir_status weiri_family_create(
    weiri_family **out, const weir_target *target, const json_t *spec, uint64_t seed) {
  weir_ctx *ctx = target->ctx;
  const int64_t d = target->dim;
  weiri_family *f = weiri_calloc(ctx, 1, sizeof *f);
  if (f == NULL) {
    return WEIR_E_MEMORY;
  }
  f->ctx = ctx;
  f->d = d;
  weir_status status = make(f, target, spec, seed);
  if (status == WEIR_OK &&
      (f->dist->sample_how == WEIR_ABSENT || f->dist->latent != d)) {
    status = weiri_fail(WEIR_E_CONFIG,
        "infer.method.family: '%s' cannot be drawn from, or changes the dimension",
        name_of(spec));
  }
  if (status != WEIR_OK) {
    weiri_family_destroy(&f);
    return status;
  }
  *out = f;
  return WEIR_OK;
}

void weiri_family_destroy(weiri_family **family) {
  weiri_family *f = *family;
  if (f == NULL) {
    return;
  }
  weir_dist_destroy(&f->dist);
  weiri_params_destroy(&f->params);
  weiri_free(f->ctx, f);
  *family = NULL;
}

/* ---- using ---- */

weir_status weiri_family_run(const weiri_family *f, weir_run **out) {
  WEIR_TRY(weiri_run_create(out, f->ctx, WEIR_F64, f->params));
  (*out)->mode = WEIR_EVAL;
  return WEIR_OK;
}

weir_status weiri_family_sample(const weiri_family *f, weir_run *run, uint64_t seed,
    int64_t first, int64_t n, double *x, double *log_q) {
  weir_var density;
  weiri_run_reset(run);
  run->seed = seed;
  run->step = 0;
  run->first_row = first;
  const weir_var draws = weir_dist_sample(f->dist, run, n, weir_var_none(), &density);
  WEIR_TRY(weir_var_read(run->tape, draws, x));
  return weir_var_read(run->tape, density, log_q);
}

weir_status weiri_family_log_prob(
    const weiri_family *f, weir_run *run, int64_t n, const double *x, double *log_q) {
  weiri_run_reset(run);
  const weir_var at = weir_leaf_borrow(run->tape, weir_shape_2(n, f->d), x);
  return weir_var_read(
      run->tape, weir_dist_log_prob(f->dist, run, at, weir_var_none()), log_q);
}

bool weiri_family_knows(const weiri_family *f) {
  return f->dist->log_prob_how == WEIR_CLOSED && f->dist->exactness == WEIR_EXACT;
}

/* ---- gradients ---- */

int weiri_family_bound(
    const weiri_family *f, const weir_run *run, int32_t *index, weir_var *x) {
  int m = 0;
  for (int32_t i = 0; i < weiri_params_count(f->params); i++) {
    if (weiri_params_info(f->params, i)->trained && weir_var_ok(run->bound[i])) {
      index[m] = i;
      x[m++] = run->bound[i];
    }
  }
  return m;
}

void weiri_family_gradient(const weiri_family *f, const weir_tape *t, int m,
    const int32_t *index, const weir_var *gx, double *block) {
  memset(block, 0, (size_t)weiri_params_block_size(f->params) * sizeof *block);
  for (int i = 0; i < m; i++) {
    const weiri_tensor_info *info = weiri_params_info(f->params, index[i]);
    double *to = block + info->offset;
    const int64_t size = weir_shape_size(&info->shape);
    memcpy(to, weir_var_data(t, gx[i]), (size_t)size * sizeof *to);
    for (int64_t j = 0; info->keep != NULL && j < size; j++) {
      to[j] = info->keep[j] ? to[j] : 0.0;
    }
  }
}
