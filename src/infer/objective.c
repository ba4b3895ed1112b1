/* What objectives.def lists, and making one from its name and options. */
#include "infer/objective.h"

#include <string.h>

#include "base/option.h"

#define WEIR_OBJECTIVE(name) extern const weiri_objective_class weiri_objective_##name;
#include "weir/objectives.def"
#undef WEIR_OBJECTIVE

static const weiri_objective_class *const classes[] = {
#define WEIR_OBJECTIVE(name) &weiri_objective_##name,
#include "weir/objectives.def"
#undef WEIR_OBJECTIVE
    NULL};

const weiri_objective_class *weiri_objective_at(int i) {
  return classes[i];
}

static weir_status find(
    const weir_spec *spec, const char *path, const weiri_objective_class **out) {
  const char *name = json_is_string(spec)
                         ? json_string_value(spec)
                         : json_string_value(json_object_get(spec, "name"));
  const char *names[32] = {NULL};
  *out = classes[0];
  if (spec == NULL || json_is_null(spec)) {
    return WEIR_OK;
  }
  if (name == NULL && json_is_object(spec)) {
    return WEIR_OK; /* options of the default */
  }
  if (name == NULL) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: expected the name of an objective, or {name: ..., options}", path);
  }
  for (int i = 0; classes[i] != NULL && i < 31; i++) {
    *out = classes[i];
    if (strcmp(name, classes[i]->is.name) == 0) {
      return WEIR_OK;
    }
    names[i] = classes[i]->is.name;
  }
  const char *near = weiri_nearest(name, names);
  return weiri_fail(WEIR_E_CONFIG, "%s: no objective is called '%s'%s%s%s", path, name,
      near == NULL ? "" : "; did you mean '", near == NULL ? "" : near,
      near == NULL ? "" : "'?");
}

weir_status weiri_objective_make(weiri_objective **out, weir_ctx *ctx,
    const weir_spec *spec, const char *path, json_t *resolved) {
  const weiri_objective_class *cls = NULL;
  WEIR_TRY(find(spec, path, &cls));
  weiri_objective *o = weiri_calloc(ctx, 1, cls->is.size);
  if (o == NULL) {
    return WEIR_E_MEMORY;
  }
  o->cls = cls;
  o->ctx = ctx;
  o->latent = cls->latent;
  weir_status status = weiri_opts_read(
      ctx, cls->is.opts, o, json_is_object(spec) ? spec : NULL, path, resolved);
  if (status == WEIR_OK && resolved != NULL &&
      json_object_set_new(resolved, "name", json_string(cls->is.name)) != 0) {
    status = weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  if (status == WEIR_OK && cls->check != NULL) {
    status = cls->check(o);
  }
  if (status != WEIR_OK) {
    weiri_objective_destroy(&o);
    return status;
  }
  *out = o;
  return WEIR_OK;
}

void weiri_objective_destroy(weiri_objective **objective) {
  weiri_objective *o = *objective;
  if (o != NULL) {
    weiri_opts_free(o->ctx, o->cls->is.opts, o);
    weiri_free(o->ctx, o);
    *objective = NULL;
  }
}

void weiri_objective_wants(const weiri_objective *o, weiri_wants *w) {
  *w = (weiri_wants){.samples = 1};
  if (o->cls->wants != NULL) {
    o->cls->wants(o, w);
  }
}

weir_var weiri_objective_value(
    const weiri_objective *o, weir_run *run, weir_var weight) {
  return o->cls->value(o, run, weight);
}

weir_var weiri_objective_rows(const weiri_objective *o, weir_run *run) {
  weir_tape *t = run->tape;
  const weir_var total = weiri_run_total(run, 0);
  const int64_t k = run->replicas;
  if (k <= 1 || o->cls->weighs) {
    return weiri_run_log_mean(run, total);
  }
  const int64_t n = weir_var_dim(t, total, 0) / k;
  return weir_scale(
      t, weir_sum_last(t, weir_reshape(t, total, weir_shape_2(n, k))), 1.0 / (double)k);
}

int64_t weiri_objective_samples(const weiri_objective *o) {
  weiri_wants w;
  weiri_objective_wants(o, &w);
  return o->cls->weighs && w.samples > 1 ? w.samples : 1;
}
