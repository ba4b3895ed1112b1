/* Statistics of the training data, layer by layer: the moments of what reaches a layer,
 * given the statistics that the layers before it have just been given. */
#include "part/part.h"
#include "train/train.h"

#define BLOCK WEIRI_OBSERVED_ROWS

/* The same tensors in float64, so that statistics do not see the model's rounding. */
static weir_status shadow_create(
    weir_params **out, weir_ctx *ctx, const weir_params *p) {
  WEIR_TRY(weiri_params_create(out, ctx, WEIR_F64));
  for (int32_t i = 0; i < weiri_params_count(p); i++) {
    const weiri_tensor_info *info = weiri_params_info(p, i);
    int32_t index;
    WEIR_TRY(weiri_params_add(
        *out, &index, info->name, info->shape, info->trained, info->init, info->keep));
  }
  return weiri_params_init(*out, 0);
}

static void shadow_copy(weir_params *shadow, const weir_params *p, bool trained) {
  for (int32_t i = 0; i < weiri_params_count(p); i++) {
    if (trained || !weiri_params_info(p, i)->trained) {
      weiri_params_get(p, i, weiri_params_data(shadow, i));
    }
  }
}

typedef struct observing {
  weir_model *model;
  const weir_row_set *set;
  weir_run *run;
  weiri_batch batch;
  double *seen; /* [BLOCK, room] of the widest layer so far */
  int64_t room;
} observing;

static weir_status read_seen(observing *o, int64_t features) {
  if (features > o->room) {
    double *seen = weiri_realloc(
        o->model->ctx, o->seen, (size_t)(features * BLOCK) * sizeof *seen);
    if (seen == NULL) {
      return WEIR_E_MEMORY;
    }
    o->seen = seen;
    o->room = features;
  }
  return weir_var_read(o->run->tape, o->run->seen, o->seen);
}

/* A block of rows up to the watched layer, into its moments. */
static weir_status block_moments(observing *o, weir_moments *m) {
  weir_var context;
  weiri_run_reset(o->run);
  const weir_var x = weiri_batch_leaves(&o->batch, o->model, o->run, &context);
  weir_dist_parts(o->model->dist, o->run, x, context);
  WEIR_TRY(weir_tape_status(o->run->tape));
  if (!weir_var_ok(o->run->seen)) {
    return WEIR_OK;
  }
  WEIR_TRY(read_seen(o, m->features));
  weiri_moments_add(m, o->seen, o->batch.n, o->batch.weight);
  return WEIR_OK;
}

static weir_status layer_moments(observing *o, const weir_layer *l, weir_moments *m) {
  o->run->watched = l;
  weir_status status = WEIR_OK;
  for (int64_t first = 0; status == WEIR_OK && first < o->set->n; first += BLOCK) {
    const int64_t left = o->set->n - first;
    weiri_batch_fill(&o->batch, o->set, NULL, first, left < BLOCK ? left : BLOCK);
    status = block_moments(o, m);
  }
  o->run->watched = NULL;
  return status;
}

/* A layer that no row reaches on its way to the latent keeps what it has. */
static weir_status observe_layer(observing *o, weir_layer *l) {
  weir_moments m;
  WEIR_TRY(weiri_moments_create(
      o->model->ctx, &m, l->data.features, l->cls->observe_products));
  weir_status status = layer_moments(o, l, &m);
  if (status == WEIR_OK && m.weight > 0.0) {
    status = l->cls->observe(l, o->model->params, &m);
  }
  weiri_moments_destroy(o->model->ctx, &m);
  return status == WEIR_OK ? WEIR_OK
                           : weiri_where(status, "statistics of the training rows");
}

static weir_status observe_all(observing *o, weir_params *shadow, bool every) {
  const weir_site *site = &o->model->site;
  for (int i = 0; i < site->n_observers; i++) {
    if (every && !site->observers[i]->cls->observe_each) {
      continue;
    }
    WEIR_TRY(observe_layer(o, site->observers[i]));
    if (shadow != NULL) {
      shadow_copy(shadow, o->model->params, false);
    }
  }
  return WEIR_OK;
}

/* Batches by way of networks, with the layers' statistics in place. */
static weir_status note_all(observing *o, weir_params *shadow, bool every) {
  const weir_site *site = &o->model->site;
  if (!every && site->notes_first) {
    WEIR_TRY(weiri_take_notes(o->model, o->set, o->run, &o->batch, true));
    if (shadow != NULL) {
      shadow_copy(shadow, o->model->params, true);
    }
  }
  return site->notes_each ? weiri_take_notes(o->model, o->set, o->run, &o->batch, false)
                          : WEIR_OK;
}

bool weiri_observes_each(const weir_model *model) {
  bool any = model->site.notes_each;
  for (int i = 0; i < model->site.n_observers; i++) {
    any = any || model->site.observers[i]->cls->observe_each;
  }
  return any;
}

weir_status weiri_observe(weir_model *model, const weir_row_set *set, bool every) {
  const weir_site *site = &model->site;
  const bool any = site->n_observers > 0 || site->notes_first || site->notes_each;
  if (!any || (every && !weiri_observes_each(model))) {
    return WEIR_OK;
  }
  observing o = {.model = model, .set = set};
  weir_params *shadow = NULL;
  const weir_dtype dtype = every ? weiri_params_dtype(model->params) : WEIR_F64;
  weir_status status = weiri_batch_create(&o.batch, model->ctx, BLOCK, model);
  if (status == WEIR_OK && dtype != weiri_params_dtype(model->params)) {
    status = shadow_create(&shadow, model->ctx, model->params);
  }
  if (status == WEIR_OK) {
    if (shadow != NULL) {
      shadow_copy(shadow, model->params, true);
    }
    status = weiri_run_create(
        &o.run, model->ctx, dtype, shadow == NULL ? model->params : shadow);
  }
  if (status == WEIR_OK) {
    o.run->seed = model->seed;
    o.run->no_grad = true;
    status = observe_all(&o, shadow, every);
  }
  if (status == WEIR_OK) {
    status = note_all(&o, shadow, every);
  }
  weiri_run_destroy(&o.run);
  weiri_params_destroy(&shadow);
  weiri_batch_destroy(&o.batch);
  weiri_free(model->ctx, o.seen);
  return status;
}
