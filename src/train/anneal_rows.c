/* Rows of an annealer: those of the data as the decoder's layer sees them, or drawn
 * from the model; and its memory. */
#include <string.h>

#include "part/theta.h"
#include "train/anneal.h"

#define ROOM 4096 /* chains at a time, about */

/* Row r of from [n, width] becomes rows r C .. r C + C - 1 of to. */
static void spread(
    const weiri_anneal *a, int64_t width, const double *from, double *to) {
  for (int64_t i = 0; i < a->chains.n; i++) {
    memcpy(
        to + i * width, from + i / a->opts.chains * width, (size_t)width * sizeof *to);
  }
}

static void number_chains(weiri_anneal *a, int64_t n) {
  const int64_t c = a->opts.chains;
  a->n = n;
  a->chains.n = n * c;
  for (int64_t i = 0; i < n * c; i++) {
    a->index[i] = a->batch.row[i / c] * c + i % c;
  }
}

/* Room for one block of the layer's rows x [n, data] and of q's contexts [n, hid]. */
static weir_status take_rows(weiri_anneal *a, weir_var x, weir_var c) {
  weir_run *run = a->run;
  const size_t n = (size_t)a->n, wide = (size_t)(a->data + a->hid);
  double *block = weiri_alloc(run->ctx, n * wide * sizeof *block);
  if (block == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_status status = weir_var_read(run->tape, x, block);
  spread(a, a->data, block, a->x);
  if (status == WEIR_OK && a->opts.from_posterior) {
    (void)weiri_posterior_of(a->layer, run, x, &c);
    status = weir_var_read(run->tape, c, block);
    spread(a, a->hid, block, a->h);
  }
  spread(a, a->context, a->batch.context, a->c);
  weiri_free(run->ctx, block);
  run->seed = a->opts.seed;
  return status;
}

static weir_var fresh_rows(weiri_anneal *a, const weir_row_set *set, int64_t first,
    int64_t n, weir_var *context) {
  weiri_batch_fill(&a->batch, set, NULL, first, n);
  for (int64_t i = 0; i < n; i++) {
    a->batch.row[i] = weir_frame_number(set->frame, a->batch.row[i]);
  }
  number_chains(a, n);
  weiri_run_reset(a->run);
  a->run->seed = a->opts.seed;
  a->run->step = WEIRI_ANNEAL_SIMULATE;
  return weiri_batch_leaves(&a->batch, a->model, a->run, context);
}

weir_status weiri_anneal_rows(
    weiri_anneal *a, const weir_row_set *set, int64_t first, int64_t n) {
  weir_var c;
  const weir_var x = fresh_rows(a, set, first, n, &c);
  a->run->seed = a->model->seed; /* as in other evaluations */
  a->run->step = 0;
  const weir_var y = weiri_flow_front(a->model->dist, a->run, x, c);
  const weir_var before = weiri_run_total(a->run, 0);
  memset(a->offset, 0, (size_t)n * sizeof *a->offset);
  if (weir_var_ok(before)) {
    WEIR_TRY(weir_var_read(a->run->tape, before, a->offset));
  }
  return take_rows(a, y, c);
}

weir_status weiri_anneal_simulate(
    weiri_anneal *a, const weir_row_set *set, int64_t first, int64_t n, double *z) {
  weir_var c;
  weir_run *run = a->run;
  (void)fresh_rows(a, set, first, n, &c);
  const weir_var drawn =
      weir_dist_sample(a->base, run, n, weiri_anneal_given(a, c), NULL);
  const weir_var x =
      weir_dist_sample(a->layer->likelihood, run, n, weiri_beside(run, drawn, c), NULL);
  memset(a->offset, 0, (size_t)n * sizeof *a->offset);
  WEIR_TRY(weir_var_read(run->tape, drawn, z));
  return take_rows(a, x, c);
}

/* ---- making and freeing ---- */

static weir_status unsuited(const weiri_anneal *a, const char *what, const char *name) {
  return weiri_fail(WEIR_E_UNSUPPORTED, "annealed importance sampling of %s: %s ('%s')",
      a->layer->path, what, name);
}

static weir_status check_latent(weiri_anneal *a) {
  const weir_event *e = &a->layer->latent;
  int64_t real = 0, sphere = 0;
  for (int64_t j = 0; j < e->features; j++) {
    real += e->support[j].kind == WEIR_REAL;
    sphere += e->support[j].kind == WEIR_SPHERE;
  }
  a->chains.sphere = sphere == e->features;
  return real == e->features || a->chains.sphere
             ? WEIR_OK
             : unsuited(a, "its latents are neither real nor one unit vector",
                   a->layer->cls->is.name);
}

static weir_status check(weiri_anneal *a) {
  a->layer = weiri_flow_layer(a->model->dist);
  if (a->layer == NULL || a->layer->posterior == NULL) {
    return weiri_fail(WEIR_E_UNSUPPORTED,
        "annealed importance sampling: expected a model whose last layer has a "
        "posterior");
  }
  a->base = weiri_flow_base(a->model->dist);
  if (a->base->exactness != WEIR_EXACT || a->base->log_prob_how == WEIR_ABSENT) {
    return unsuited(a, "the density of its prior is not known", a->base->cls->is.name);
  }
  const weir_dist *given = a->layer->likelihood;
  if (given->exactness != WEIR_EXACT || given->log_prob_how == WEIR_ABSENT) {
    return unsuited(
        a, "the density of its likelihood is not known", given->cls->is.name);
  }
  return check_latent(a);
}

/* What the posterior's network gives for a row of zeros: its columns. */
static weir_status look_at_posterior(weiri_anneal *a) {
  weir_run *run = a->run;
  weiri_run_reset(run);
  const weir_var x = weir_fill(run->tape, weir_shape_2(1, a->data), 0.0);
  weir_var c = a->context > 0 ? weir_fill(run->tape, weir_shape_2(1, a->context), 0.0)
                              : weir_var_none();
  a->q = weiri_posterior_of(a->layer, run, x, &c);
  a->hid = weir_var_ok(c) ? weir_var_dim(run->tape, c, 1) : 0;
  const weir_status status = weir_tape_status(run->tape);
  weiri_run_reset(run);
  WEIR_TRY(status);
  return a->q->log_prob_how == WEIR_ABSENT
             ? unsuited(a, "its posterior knows the density of its own draws only",
                   a->q->cls->is.name)
             : WEIR_OK;
}

static weir_status take_memory(weiri_anneal *a) {
  weir_ctx *ctx = a->model->ctx;
  const int64_t m = a->room * a->opts.chains, k = a->latent;
  struct {
    double **at;
    int64_t size;
  } blocks[] = {{&a->x, m * a->data}, {&a->c, m * a->context}, {&a->h, m * a->hid},
      {&a->offset, a->room}, {&a->u, m}, {&a->start, m}, {&a->accept, m}, {&a->step, m},
      {&a->work, weiri_hamiltonian_rows_work(m, k)}, {&a->chains.z, m * k},
      {&a->chains.grad, m * k}, {&a->chains.value, m},
      {&a->pilot, a->room * (a->pilots + 1)}};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
    *blocks[i].at = weiri_calloc(ctx, (size_t)blocks[i].size + 1, sizeof(double));
    if (*blocks[i].at == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  a->index = weiri_calloc(ctx, (size_t)m, sizeof *a->index);
  a->chains.index = a->index;
  a->chains.d = k;
  a->x_at = a->x;
  a->c_at = a->c;
  a->h_at = a->h;
  return a->index == NULL ? WEIR_E_MEMORY
                          : weiri_batch_create(&a->batch, ctx, a->room, a->model);
}

static weir_status set_up(weiri_anneal *a) {
  const weir_model *model = a->model;
  WEIR_TRY(check(a));
  a->data = a->layer->data.features;
  a->latent = a->layer->latent.features;
  a->context = model->dist->context;
  a->room = a->opts.chains < ROOM ? ROOM / a->opts.chains : 1;
  a->pilots = weiri_anneal_pilots(a->opts.temperatures);
  WEIR_TRY(weiri_run_create(
      &a->run, model->ctx, weiri_params_dtype(model->params), model->params));
  a->run->seed = a->opts.seed;
  a->run->wants.samples = 1;
  if (a->opts.from_posterior) {
    WEIR_TRY(look_at_posterior(a));
  }
  const weiri_repeat step = {weiri_anneal_record, NULL, a, 3, false, false, false};
  WEIR_TRY(weiri_replay_create(&a->replay, a->run, &step));
  return take_memory(a);
}

weir_status weiri_anneal_create(
    weiri_anneal **out, const weir_model *model, const weir_ais_opts *opts) {
  weiri_anneal *a = weiri_calloc(model->ctx, 1, sizeof *a);
  if (a == NULL) {
    return WEIR_E_MEMORY;
  }
  a->model = model;
  a->opts = *opts;
  const weir_status status = set_up(a);
  if (status != WEIR_OK) {
    weiri_anneal_destroy(&a);
    return status;
  }
  *out = a;
  return WEIR_OK;
}

void weiri_anneal_destroy(weiri_anneal **anneal) {
  weiri_anneal *a = *anneal;
  if (a == NULL) {
    return;
  }
  double *blocks[] = {a->x, a->c, a->h, a->offset, a->u, a->start, a->accept, a->step,
      a->work, a->chains.z, a->chains.grad, a->chains.value, a->pilot};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
    weiri_free(a->model->ctx, blocks[i]);
  }
  weiri_free(a->model->ctx, a->index);
  weiri_replay_destroy(&a->replay);
  weiri_run_destroy(&a->run);
  weiri_batch_destroy(&a->batch);
  weiri_free(a->model->ctx, a);
  *anneal = NULL;
}
