/* The parts of the training loop: one step, one evaluation, and the way out. */
#include <math.h>
#include <string.h>

#include "ad/tape.h"
#include "base/ctx.h"
#include "base/rng.h"
#include "train/train.h"

double weiri_loop_seconds(const weiri_loop *l) {
  return l->before + weiri_clock() - l->begun;
}

#define BAD_MOST 8 /* steps in a row that are not finite, then back to good weights */
#define RESTORED_MOST 3 /* times */
#define GOOD_STEPS 100  /* finite steps after which a halved rate is doubled */
#define WARNINGS_MOST 5

/* ---- making and freeing ---- */

static weir_status take_blocks(weiri_loop *l, int64_t room) {
  const weir_params *p = l->model->params;
  const size_t size = weir_dtype_size(weiri_params_dtype(p));
  l->weights_bytes = (size_t)weiri_params_block_size(p) * size;
  l->stats_bytes = (size_t)weiri_params_stats_size(p) * size;
  l->weights = weiri_params_block(p);
  l->stats = weiri_params_stats(p);
  WEIR_TRY(weiri_arena_create(&l->arena, l->ctx, 4096));
  l->best = weiri_arena_take(l->arena, l->weights_bytes);
  l->best_stats = weiri_arena_take(l->arena, l->stats_bytes);
  l->pick = weiri_arena_take(l->arena, (size_t)room * sizeof *l->pick);
  l->scores = weiri_bulk_alloc(l->ctx, l->valid.n + 1, sizeof *l->scores);
  l->ema = l->config.ema > 0.0 ? weiri_arena_take(l->arena, l->weights_bytes) : NULL;
  if (l->best == NULL || l->best_stats == NULL || l->pick == NULL ||
      l->scores == NULL || (l->config.ema > 0.0 && l->ema == NULL)) {
    return WEIR_E_MEMORY;
  }
  return WEIR_OK;
}

/* Batches have two sizes at most: plans for both, so that no later step makes one. */
static weir_status plan_steps(weiri_loop *l) {
  const int64_t size = l->train.n / l->per_epoch;
  WEIR_TRY(weiri_gradient_prepare(l->gradient, size));
  return l->train.n % l->per_epoch == 0 ? WEIR_OK
                                        : weiri_gradient_prepare(l->gradient, size + 1);
}

/* Weights that a mask keeps at zero have nothing to update. */
static weir_status make_optim(weiri_loop *l) {
  const weir_params *p = l->model->params;
  int64_t n, *runs = NULL;
  WEIR_TRY(weiri_optim_create(&l->optim, l->ctx,
      weiri_tape_team(l->gradient->run->tape), weiri_optim_at(l->config.optimizer),
      weiri_params_dtype(p), weiri_params_block_size(p)));
  WEIR_TRY(weiri_params_runs(p, &n, &runs));
  const weir_status status = weiri_optim_restrict(l->optim, n, runs);
  weiri_free(l->ctx, runs);
  return status;
}

static weir_status make_pieces(weiri_loop *l) {
  const int64_t room = l->train.n / l->per_epoch + 1;
  WEIR_TRY(take_blocks(l, room));
  WEIR_TRY(weiri_order_create(&l->order, l->ctx, l->train.n, l->opts.seed));
  WEIR_TRY(weiri_batch_create(&l->batch, l->ctx, room, l->model));
  WEIR_TRY(weiri_gradient_create(
      &l->gradient, l->model, l->objective, &l->batch, l->opts.seed));
  WEIR_TRY(plan_steps(l));
  WEIR_TRY(
      weiri_scorer_create(&l->scorer, l->model, weiri_objective_samples(l->objective)));
  return make_optim(l);
}

static void begin_state(weiri_loop *l) {
  l->state = (weiri_state){.best_step = -1,
      .brake = 1.0,
      .best_score = -INFINITY,
      .best_error = NAN,
      .last_score = NAN,
      .last_train = NAN};
  l->schedule = (weiri_schedule){.cls = weiri_schedule_at(l->config.schedule),
      .floor = l->config.final_rate,
      .shrink = l->config.plateau_factor,
      .patience = l->config.plateau_patience};
  weiri_schedule_begin(&l->schedule);
  l->measured_step = l->paced_step = -1;
  l->begun = l->saved = weiri_clock();
}

static weir_status check(const weiri_loop *l) {
  WEIR_TRY(weiri_check_rows(l->model, &l->train, "training"));
  WEIR_TRY(weiri_check_rows(l->model, &l->valid, "validation"));
  if (l->train.n < 1) {
    return weiri_fail(WEIR_E_ARGUMENT, "training: no rows");
  }
  if (!(l->opts.time_limit >= 0.0) || isinf(l->opts.time_limit)) {
    return weiri_fail(WEIR_E_CONFIG,
        "time_limit: expected seconds, 0 or more, found %g", l->opts.time_limit);
  }
  if (l->config.plan.n > 0 && l->opts.time_limit > 0.0) {
    return weiri_fail(WEIR_E_CONFIG,
        "train.plan: says the steps already, leave the time limit of %g s out",
        l->opts.time_limit);
  }
  if (l->valid.n == 0 && l->schedule.cls->observe != NULL) {
    return weiri_fail(WEIR_E_CONFIG,
        "train.schedule: '%s' needs validation rows, there are none",
        l->schedule.cls->name);
  }
  return WEIR_OK;
}

/* The objective with every option filled in goes into the resolved section. */
static weir_status make_objective(weiri_loop *l) {
  json_t *resolved = json_object();
  if (resolved == NULL ||
      json_object_set_new(l->resolved, "objective", resolved) != 0) {
    return weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  WEIR_TRY(weiri_objective_make(
      &l->objective, l->ctx, l->config.objective, "train.objective", resolved));
  return l->objective->latent && !weiri_model_stochastic(l->model)
             ? weiri_fail(WEIR_E_CONFIG,
                   "train.objective: '%s' with these options needs a model with a "
                   "posterior, such as the preset vae",
                   l->objective->cls->is.name)
             : WEIR_OK;
}

weir_status weiri_loop_create(weiri_loop *l, weir_model *model, weir_row_set train,
    weir_row_set valid, const weir_fit_opts *opts) {
  *l = (weiri_loop){.model = model,
      .ctx = model->ctx,
      .train = train,
      .valid = valid,
      .opts = *opts,
      .resolved = json_object()};
  if (l->resolved == NULL) {
    return weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  WEIR_TRY(weiri_fit_config_read(l->ctx, opts->config, &l->config, l->resolved));
  WEIR_TRY(make_objective(l));
  begin_state(l);
  WEIR_TRY(check(l));
  weiri_plan_batch(l);
  weiri_plan_steps(l);
  return make_pieces(l);
}

void weiri_loop_destroy(weiri_loop *l) {
  weiri_metrics_close(&l->metrics);
  weiri_optim_destroy(&l->optim);
  weiri_gradient_destroy(&l->gradient);
  weiri_scorer_destroy(&l->scorer);
  weiri_run_destroy(&l->watching);
  weiri_batch_destroy(&l->batch);
  weiri_order_destroy(&l->order);
  weiri_free(l->ctx, l->scores);
  weiri_arena_destroy(&l->arena);
  weiri_objective_destroy(&l->objective);
  weiri_fit_config_free(l->ctx, &l->config);
  json_decref(l->resolved);
  json_decref(l->identity);
}

/* ---- one step ---- */

/* The rows of this step: each epoch is an order that the seed and its number decide,
 * cut into batches whose sizes differ by one row at most. */
static void next_batch(weiri_loop *l) {
  const int64_t epoch = l->state.step / l->per_epoch, n = l->train.n;
  const int64_t at = l->state.step % l->per_epoch;
  const int64_t size = n / l->per_epoch, larger = n % l->per_epoch;
  const int64_t first = at * size + (at < larger ? at : larger);
  const int64_t count = size + (at < larger);
  weiri_order_take(&l->order, epoch, first, count, l->pick);
  weiri_batch_fill(&l->batch, &l->train, l->pick, 0, count);
}

/* Back to the last good weights, with moments forgotten and a smaller rate. */
static weir_status restore(weiri_loop *l) {
  weiri_state *s = &l->state;
  s->restored++;
  if (s->restored > RESTORED_MOST) {
    return weiri_fail(WEIR_E_DIVERGED, "training diverged at step %lld: %s",
        (long long)s->step, l->gradient->fault);
  }
  memcpy(l->weights, l->best, l->weights_bytes);
  memcpy(l->stats, l->best_stats, l->stats_bytes);
  weiri_optim_clear(l->optim);
  s->updates = s->averaged = s->bad = s->good = 0;
  s->brake = pow(0.25, (double)s->restored);
  weiri_log(l->ctx, WEIR_LOG_WARN,
      "step %lld: %d steps in a row were not finite: back to the weights of step %lld "
      "with %g of the learning rate",
      (long long)s->step, BAD_MOST, (long long)s->best_step, s->brake);
  return WEIR_OK;
}

/* A step that is not finite changes nothing. The first in a row is passed over, each
 * further one halves the rate, and BAD_MOST of them restore good weights. */
static weir_status stumble(weiri_loop *l) {
  weiri_state *s = &l->state;
  s->skipped++;
  s->bad++;
  if (s->bad > 1) {
    s->brake *= 0.5;
    s->good = 0;
  }
  if (l->warnings < WARNINGS_MOST) {
    l->warnings++;
    weiri_log(l->ctx, WEIR_LOG_WARN, "step %lld: %s; the step is skipped%s",
        (long long)s->step, l->gradient->fault,
        l->warnings == WARNINGS_MOST ? " (further warnings like this are not shown)"
                                     : "");
  }
  return s->bad < BAD_MOST ? WEIR_OK : restore(l);
}

static void recover(weiri_state *s) {
  s->bad = 0;
  s->good++;
  if (s->brake < 1.0 && s->good >= GOOD_STEPS) {
    s->brake = s->brake < 0.5 ? 2.0 * s->brake : 1.0;
    s->good = 0;
  }
}

static weir_status update(weiri_loop *l) {
  weiri_state *s = &l->state;
  const weiri_fit_config *c = &l->config;
  l->rate = c->learning_rate * weiri_schedule_factor(&l->schedule, s->step) * s->brake;
  const weiri_update u = {.rate = l->rate,
      .weight_decay = c->weight_decay,
      .beta1 = c->beta1,
      .beta2 = c->beta2,
      .epsilon = c->epsilon,
      .scale = c->clip > 0.0 && l->norm > c->clip ? c->clip / l->norm : 1.0,
      .t = ++s->updates};
  WEIR_TRY(weiri_optim_step(l->optim, l->weights, l->gradient->block, &u));
  if (l->ema == NULL) {
    return WEIR_OK;
  }
  if (s->averaged == 0) {
    memcpy(l->ema, l->weights, l->weights_bytes);
  }
  /* Short memory at first, so that the first weights are soon forgotten. */
  const double t = (double)++s->averaged, decay = (1.0 + t) / (10.0 + t);
  return weiri_optim_average(
      l->optim, decay < c->ema ? decay : c->ema, l->weights, l->ema);
}

weir_status weiri_loop_step(weiri_loop *l) {
  weiri_state *s = &l->state;
  double sum, weight;
  bool finite;
  next_batch(l);
  WEIR_TRY(weiri_gradient_take(
      l->gradient, l->train.frame, s->step, &sum, &weight, &finite));
  if (finite) {
    WEIR_TRY(weiri_gradient_norm(l->gradient, &l->norm));
    finite = isfinite(l->norm);
    if (!finite) {
      weiri_gradient_blame(l->gradient);
    }
  }
  if (!finite) {
    WEIR_TRY(stumble(l));
  } else {
    WEIR_TRY(update(l));
    recover(s);
    s->train_sum += sum;
    s->train_weight += weight;
    s->norm_sum += l->norm;
    s->norm_count += 1.0;
  }
  s->step++;
  weiri_params_touch(l->model->params);
  return WEIR_OK;
}

/* ---- evaluation ---- */

static void swap_bytes(void *a, void *b, size_t size) {
  char *x = a, *y = b, buf[4096];
  while (size > 0) {
    const size_t n = size < sizeof buf ? size : sizeof buf;
    memcpy(buf, x, n);
    memcpy(x, y, n);
    memcpy(y, buf, n);
    x += n;
    y += n;
    size -= n;
  }
}

/* The moving average in place of the weights, or back. */
static void swap_average(weiri_loop *l) {
  if (l->ema != NULL && l->state.averaged > 0) {
    swap_bytes(l->weights, l->ema, l->weights_bytes);
    weiri_params_touch(l->model->params);
  }
}

static void keep(weiri_loop *l) {
  memcpy(l->best, l->weights, l->weights_bytes);
  memcpy(l->best_stats, l->stats, l->stats_bytes);
  l->state.best_step = l->state.step;
}

/* Held-out score of the weights in place; -inf where it is not a number. */
static weir_status held_out(weiri_loop *l, double *score, double *error) {
  weir_status status = weiri_observe(l->model, &l->train, true);
  if (status == WEIR_OK) {
    status = weiri_log_probs(l->scorer, &l->valid, l->scores, NULL);
  }
  *score = *error = NAN;
  if (status == WEIR_OK) {
    weiri_score_of(&l->valid, l->scores, score, error);
  }
  if (isnan(*score)) {
    *score = -INFINITY;
  }
  return status == WEIR_E_NUMERIC ? WEIR_OK : status;
}

static weir_status judge(weiri_loop *l) {
  weiri_state *s = &l->state;
  double error;
  WEIR_TRY(held_out(l, &s->last_score, &error));
  const bool nothing = isinf(s->best_score) && isinf(s->last_score);
  if (s->last_score > s->best_score || s->best_step < 0 || nothing) {
    s->best_score = s->last_score;
    s->best_error = error;
    keep(l);
  }
  weiri_schedule_observe(&l->schedule, s->last_score);
  const int64_t patience = weiri_plan_patience(l);
  if (patience > 0 && s->step - s->best_step >= patience && s->step < s->steps) {
    s->stopped_early = 1;
  }
  return WEIR_OK;
}

/* A file that cannot be written is no reason to lose a training run. */
static void write_metrics(weiri_loop *l) {
  if (l->metrics != NULL && weiri_metrics_line(l->metrics, l) != WEIR_OK) {
    weiri_log(l->ctx, WEIR_LOG_WARN, "%s; no more metrics are written", weir_error());
    weiri_metrics_close(&l->metrics);
  }
}

weir_status weiri_loop_evaluate(weiri_loop *l) {
  weiri_state *s = &l->state;
  const double start = weiri_clock();
  weir_status status = WEIR_OK;
  s->last_train = s->train_weight > 0.0 ? s->train_sum / s->train_weight : NAN;
  swap_average(l);
  if (l->valid.n > 0) {
    status = judge(l);
  } else if (s->bad == 0) {
    keep(l);
  }
  if (status == WEIR_OK) {
    status = weiri_loop_watch(l);
  }
  swap_average(l);
  WEIR_TRY(status);
  write_metrics(l);
  s->train_sum = s->train_weight = s->norm_sum = s->norm_count = 0.0;
  l->eval_seconds = weiri_clock() - start;
  l->measured += l->eval_seconds;
  return WEIR_OK;
}

/* ---- the way out ---- */

weir_status weiri_loop_finish(weiri_loop *l, weir_status ended) {
  const weiri_state *s = &l->state;
  weiri_params_touch(l->model->params);
  /* Cancelled before the first evaluation, the weights in place are all there is. */
  const bool early = ended == WEIR_E_CANCELLED && s->best_step <= 0;
  if (l->valid.n > 0 && isfinite(s->best_score) && !early) {
    memcpy(l->weights, l->best, l->weights_bytes);
    memcpy(l->stats, l->best_stats, l->stats_bytes);
    return WEIR_OK;
  }
  if (l->valid.n > 0 && ended == WEIR_OK) {
    weiri_log(l->ctx, WEIR_LOG_WARN,
        "no evaluation gave a finite held-out log-likelihood: the last weights are "
        "kept");
  }
  if (l->ema != NULL && s->averaged > 0) {
    memcpy(l->weights, l->ema, l->weights_bytes);
  }
  return weiri_observe(l->model, &l->train, true);
}
