/* Using a model: rows in blocks on one tape. A row's numbers do not depend on the block
 * it is in: kernels give each element the same bits however many rows there are, and
 * random numbers are functions of the row's index. */
#include <string.h>

#include "ad/tape.h"
#include "base/bulk.h"
#include "base/ctx.h"
#include "model/evaluate.h"
#include "model/importance.h"
#include "part/replay.h"

/* Rows per block at most: enough to fill the cores, little enough to stay in cache. A
 * call is cut into blocks of equal size, so that one plan serves them all. */
#define BLOCK 512

struct weir_evaluator {
  const weir_model *model;
  weir_run *run;
  weiri_replay *replay[WEIRI_VERBS][2]; /* [1]: one context for all rows */
  weiri_verb verb;
  bool shared;
  weiri_weights weights;      /* of log_prob, once asked for */
  const double *in, *context; /* of the block at hand */
  int64_t number[BLOCK];      /* its rows' numbers in their file */
};

weir_status weir_evaluator_create(weir_evaluator **out, const weir_model *model) {
  weir_evaluator *e = weiri_calloc(model->ctx, 1, sizeof *e);
  if (e == NULL) {
    return WEIR_E_MEMORY;
  }
  e->model = model;
  const weir_status status = weiri_run_create(
      &e->run, model->ctx, weiri_params_dtype(model->params), model->params);
  if (status != WEIR_OK) {
    weir_evaluator_destroy(&e);
    return status;
  }
  e->run->seed = model->seed;
  *out = e;
  return WEIR_OK;
}

void weir_evaluator_destroy(weir_evaluator **evaluator) {
  weir_evaluator *e = *evaluator;
  if (e != NULL) {
    for (int i = 0; i < 2 * WEIRI_VERBS; i++) {
      weiri_replay_destroy(&e->replay[i / 2][i % 2]);
    }
    weiri_weights_destroy(&e->weights);
    weiri_run_destroy(&e->run);
    weiri_free(e->model->ctx, e);
    *evaluator = NULL;
  }
}

/* Rows that came out of the model, back to the data's own place. */
static void restore(const weir_model *model, int64_t n, double *x) {
  const int64_t d = model->dist->event.features;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < d; j++) {
      x[i * d + j] += model->origin[j];
    }
  }
}

static weir_status check_context(const weiri_pass *p) {
  const int64_t c = p->model->dist->context;
  if (c > 0 && (p->context == NULL || (p->contexts != p->n && p->contexts != 1))) {
    return weiri_fail(WEIR_E_SHAPE,
        "the model is conditional: expected a context of width %lld for each of %lld "
        "rows, "
        "or one for all; found %lld",
        (long long)c, (long long)p->n,
        (long long)(p->context == NULL ? 0 : p->contexts));
  }
  return WEIR_OK;
}

/* ---- recording ---- */

static weir_var given_rows(weir_evaluator *e, weir_run *run, int64_t n) {
  return weiri_model_rows(e->model, run, n, &e->in);
}

/* Its parts in order, each [n]. */
static void record_parts(
    weir_evaluator *e, weir_run *run, int64_t n, weir_var context, weiri_results *r) {
  weir_dist_parts(e->model->dist, run, given_rows(e, run, n), context);
  for (int64_t i = 0; i < e->model->n_parts && i < run->n_parts; i++) {
    const weir_var v = run->parts[i].value;
    const weir_shape s = weir_var_shape(run->tape, v);
    weiri_results_add(r, s.rank == 2 ? weir_sum_last(run->tape, v) : v, NULL);
  }
}

static void record_density(
    weir_evaluator *e, weir_run *run, int64_t n, weir_var context, weiri_results *r) {
  const weir_var x = given_rows(e, run, n);
  weir_dist_parts(e->model->dist, run, x, context);
  weir_var log_prob = weiri_run_total(run, 0);
  log_prob = e->verb == WEIRI_GRADIENT ? weiri_run_log_mean(run, log_prob) : log_prob;
  weiri_results_add(r, log_prob, NULL);
  if (e->verb == WEIRI_GRADIENT && weir_tape_status(run->tape) == WEIR_OK) {
    weir_var g = weir_var_none();
    weiri_tape_note(
        run->tape, weir_grad(run->tape, log_prob, weir_var_none(), 1, &x, &g, false));
    weiri_results_add(r, g, NULL);
  }
}

/* What a direction gives, and what it contributes if anything. */
static void add_direction(weir_run *run, weir_var y, weiri_results *r) {
  const weir_var total = weiri_run_total(run, 0);
  weiri_results_add(r, y, NULL);
  if (weir_var_ok(total)) {
    weiri_results_add(r, total, NULL);
  }
}

static void record(void *self, weir_run *run, int64_t n, weiri_results *r) {
  weir_evaluator *e = self;
  const weir_dist *d = e->model->dist;
  const weir_var context =
      weiri_model_context(e->model, run, n, e->shared ? 1 : n, &e->context);
  weir_var x, log_prob;
  switch (e->verb) {
  case WEIRI_LOG_PROB:
  case WEIRI_GRADIENT:
    record_density(e, run, n, context, r);
    break;
  case WEIRI_PARTS:
    record_parts(e, run, n, context, r);
    break;
  case WEIRI_SAMPLE:
    weiri_results_add(r, weir_dist_sample(d, run, n, context, NULL), NULL);
    break;
  case WEIRI_SAMPLE_LOG_PROB:
    x = weir_dist_sample(d, run, n, context, &log_prob);
    weiri_results_add(r, x, NULL);
    weiri_results_add(r, log_prob, NULL);
    break;
  case WEIRI_ENCODE:
    add_direction(run, weir_dist_encode(d, run, given_rows(e, run, n), context), r);
    break;
  case WEIRI_COARSEN:
    x = given_rows(e, run, n);
    weiri_results_add(r, weiri_dist_coarsen(d, run, x, context), NULL);
    break;
  case WEIRI_DECODE:
  default:
    x = weiri_model_latents(run, n, d->latent, &e->in);
    add_direction(run, weir_dist_decode(d, run, x, context), r);
    break;
  }
}

/* Other rows, for rehearsals; again: the old ones. */
static void vary(void *self) {
  weir_evaluator *e = self;
  e->run->first_row ^= 1 << 20;
  for (int64_t i = 0; i < BLOCK; i++) {
    e->number[i] ^= 1 << 20;
  }
}

/* ---- running ---- */

/* Which rows of a file these are: what draws depend on. */
static void number_rows(
    const weiri_pass *p, weir_evaluator *e, int64_t first, int64_t n) {
  e->run->first_row = p->from + first;
  e->run->rows = p->frame == NULL ? NULL : e->number;
  for (int64_t i = 0; p->frame != NULL && i < n; i++) {
    e->number[i] = weir_frame_number(p->frame, first + i);
  }
}

static void read_results(const weiri_pass *p, const weiri_replay *r, weiri_verb v,
    int64_t first, int64_t n) {
  const weir_dist *d = p->model->dist;
  const int64_t wide = v == WEIRI_ENCODE ? d->latent : d->event.features;
  double column[BLOCK];
  switch (v) {
  case WEIRI_GRADIENT:
    weiri_replay_read(r, 0, n, p->out + first);
    weiri_replay_read(r, 1, n * p->in_width, p->extra + first * p->in_width);
    break;
  case WEIRI_PARTS:
    for (int64_t i = 0; i < weiri_replay_results(r); i++) {
      weiri_replay_read(r, (int)i, n, column);
      for (int64_t k = 0; k < n; k++) {
        p->out[(first + k) * p->model->n_parts + i] = column[k];
      }
    }
    break;
  default:
    weiri_replay_read(r, 0, n * wide, p->out + first * wide);
    if (p->extra != NULL && weiri_replay_results(r) > 1) {
      weiri_replay_read(r, 1, n, p->extra + first);
    }
    if (v != WEIRI_ENCODE) {
      restore(p->model, n, p->out + first * wide);
    }
    break;
  }
}

static weir_status run_block(const weiri_pass *p, weir_evaluator *e, weiri_replay *r,
    int64_t first, int64_t room) {
  const int64_t left = p->n - first, n = left < room ? left : room;
  number_rows(p, e, first, n);
  e->in = p->in == NULL ? NULL : p->in + first * p->in_width;
  e->context = p->context == NULL || e->shared
                   ? p->context
                   : p->context + first * p->model->dist->context;
  const weir_status status =
      e->verb == WEIRI_LOG_PROB
          ? weiri_weights_run(&e->weights, e->run, r, n, p->out + first, NULL)
          : weiri_replay_step(r, n);
  if (status == WEIR_OK && e->verb != WEIRI_LOG_PROB) {
    read_results(p, r, e->verb, first, n);
  }
  e->run->rows = NULL;
  return status;
}

/* Rows of a block, fewer where each is drawn for several times. */
static weir_status plan_draws(weir_evaluator *e, weiri_verb v, int64_t *room) {
  const int64_t samples = weir_model_samples(e->model);
  if (e->weights.samples == 0) {
    WEIR_TRY(weiri_weights_create(&e->weights, e->model->ctx, samples));
  }
  const int64_t most = BLOCK / samples;
  e->run->wants = (weiri_wants){.samples = v == WEIRI_GRADIENT ? samples : 1};
  *room = v == WEIRI_LOG_PROB   ? e->weights.room
          : v != WEIRI_GRADIENT ? BLOCK
          : most > 0            ? most
                                : 1;
  return WEIR_OK;
}

static weir_status run_pass(const weiri_pass *p, weir_evaluator *e, weiri_verb v) {
  int64_t room = BLOCK;
  if (p->in == NULL && p->frame != NULL) {
    return WEIR_E_MEMORY; /* for its bytes as numbers: said by weir_frame_x */
  }
  WEIR_TRY(check_context(p));
  WEIR_TRY(plan_draws(e, v, &room));
  e->run->wants.means = p->means;
  e->verb = v;
  e->shared = p->contexts == 1;
  e->run->no_grad = v != WEIRI_GRADIENT;
  weiri_replay **r = &e->replay[v][e->shared];
  if (*r == NULL) {
    const weiri_repeat repeat = {
        record, vary, e, (int)p->model->n_parts + 2, p->n <= room, false, true};
    WEIR_TRY(weiri_replay_create(r, e->run, &repeat));
  }
  const int64_t blocks = (p->n + room - 1) / room;
  room = blocks < 2 ? room : (p->n + blocks - 1) / blocks;
  for (int64_t first = 0; first < p->n; first += room) {
    WEIR_TRY(run_block(p, e, *r, first, room));
  }
  return WEIR_OK;
}

weir_status weiri_pass_rows(const weiri_pass *p, weiri_verb v, uint64_t seed) {
  weir_evaluator *e = NULL;
  WEIR_TRY(weir_evaluator_create(&e, p->model));
  e->run->seed = seed;
  e->run->temperature = p->opts == NULL ? 1.0 : p->opts->temperature;
  const weir_status status = run_pass(p, e, v);
  weir_evaluator_destroy(&e);
  return status;
}

weir_status weir_evaluator_log_prob(weir_evaluator *e, int64_t n, const double *x,
    const double *context, double *out, double *grad) {
  const weiri_pass p = {.model = e->model,
      .n = n,
      .contexts = n,
      .context = context,
      .in = x,
      .in_width = e->model->dist->event.features,
      .out = out,
      .extra = grad};
  return run_pass(&p, e, grad == NULL ? WEIRI_LOG_PROB : WEIRI_GRADIENT);
}
