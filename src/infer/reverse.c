/* Fitting by the reverse Kullback-Leibler divergence: the lower bound
 *     L = E_q[log p(x) - log q(x)]
 * climbed by Adam on draws x = T(e), e ~ N(0, I). Its gradient is that of
 *     mean_i x_i . stop(grad log p(x_i)) - log q(x_i),
 * where log q's own parameters are held (sticking the landing, Roeder et al. 2017) or
 * not (the total gradient). The learning rate is that of short trials which climbs
 * highest; it falls when a window of updates brings no more, and after the last fall
 * the mean of the window's parameters is kept (Polyak & Juditsky 1992). */
#include <math.h>
#include <string.h>

#include "infer/fit.h"

enum { AUTO, STL, TOTAL };
enum { WINDOW = 200, TRIAL = 60, FALLS = 3, PATIENCE = 2 };
#define FALL 0.25

static const double rates[] = {0.1, 0.03, 0.01, 0.003, 0.001};
enum { RATES = sizeof rates / sizeof *rates };

/* Everything that the next update depends on, beside blocks of numbers. */
typedef struct numbers {
  double rate, updates, sum, squares, count, best, waited, falls, steps, dropped,
      gradients, failed, objective, error, settled;
} numbers;

typedef struct reverse {
  weiri_fitted *f;
  weiri_job *job;
  const weiri_reverse_opts *opts;
  const weir_target *target;
  weir_run *run;
  weiri_optim *optim;
  weir_var *x, *gx;
  int32_t *index;
  int64_t size;
  double *w, *grad, *mean, *start; /* [size] blocks */
  double *point, *slope, *value, *log_q;
  numbers n;
  bool sticks;
} reverse;

/* ---- one gradient ---- */

/* log q of the draws with its own parameters held: only the draws carry a gradient. */
static weir_var held_density(reverse *r, weir_var x) {
  r->run->frozen = true;
  const weir_var log_q =
      weir_dist_log_prob(r->f->family->dist, r->run, x, weir_var_none());
  r->run->frozen = false;
  return log_q;
}

/* Draws at which the density is not there count for nothing. */
static double objective_of(reverse *r, double power, int64_t *kept) {
  double sum = 0.0;
  *kept = 0;
  for (int64_t i = 0; i < r->opts->batch; i++) {
    const double gain = power * r->value[i] - r->log_q[i];
    if (isfinite(gain)) {
      sum += gain;
      ++*kept;
    }
  }
  return sum / (double)*kept;
}

/* The gradient of -L at the parameters in place; *objective is NaN when no draw had a
 * density. */
static weir_status take_gradient(
    reverse *r, uint64_t stream, double power, double *objective) {
  weir_run *run = r->run;
  weir_tape *t = run->tape;
  const int64_t n = r->opts->batch, d = r->job->d;
  int64_t kept, failed = 0;
  weir_var log_q;
  weiri_run_reset(run);
  run->step = stream;
  weir_var x = weir_dist_sample(r->f->family->dist, run, n, weir_var_none(), &log_q);
  WEIR_TRY(weir_var_read(t, x, r->point));
  WEIR_TRY(weir_var_read(t, log_q, r->log_q));
  WEIR_TRY(
      weir_target_log_density(r->target, n, r->point, r->value, r->slope, &failed));
  r->n.gradients += (double)n;
  r->n.failed += (double)failed;
  *objective = objective_of(r, power, &kept);
  r->n.dropped += (double)(n - kept);
  if (kept == 0) {
    return WEIR_OK;
  }
  double *weight = r->value; /* no longer needed */
  for (int64_t i = 0; i < n; i++) {
    weight[i] =
        isfinite(r->value[i]) && isfinite(r->log_q[i]) ? -1.0 / (double)kept : 0.0;
    for (int64_t j = 0; j < d; j++) {
      r->slope[i * d + j] *= power;
    }
  }
  if (r->sticks) {
    log_q = held_density(r, x);
  }
  const weir_var slope = weir_leaf_borrow(t, weir_shape_2(n, d), r->slope);
  const weir_var y = weir_sub(t, weir_sum_last(t, weir_mul(t, x, slope)), log_q);
  const weir_var seed = weir_leaf_borrow(t, weir_shape_1(n), weight);
  const int m = weiri_family_bound(r->f->family, run, r->index, r->x);
  WEIR_TRY(weir_grad(t, y, seed, m, r->x, r->gx, false));
  weiri_family_gradient(r->f->family, t, m, r->index, r->gx, r->grad);
  return WEIR_OK;
}

/* One update; a gradient that is not finite changes nothing. */
static weir_status update(
    reverse *r, uint64_t stream, double power, double *objective) {
  double norm;
  weir_status status = take_gradient(r, stream, power, objective);
  if (status == WEIR_E_NUMERIC) {
    *objective = NAN;
    status = WEIR_OK;
  }
  WEIR_TRY(status);
  if (!isfinite(*objective)) {
    return WEIR_OK;
  }
  WEIR_TRY(weiri_optim_norm(r->optim, r->grad, &norm));
  if (!isfinite(norm)) {
    *objective = NAN;
    return WEIR_OK;
  }
  const double most = 10.0 * sqrt((double)r->size);
  r->n.updates += 1.0;
  const weiri_update u = {.rate = r->n.rate,
      .beta1 = 0.9,
      .beta2 = 0.999,
      .epsilon = 1e-8,
      .scale = norm > most ? most / norm : 1.0,
      .t = (int64_t)r->n.updates};
  return weiri_optim_step(r->optim, r->w, r->grad, &u);
}

/* ---- the learning rate ---- */

static double power_at(const reverse *r, double step) {
  return r->opts->anneal == 0 ? 1.0
                              : fmin(1.0, 0.01 + 0.99 * step / (double)r->opts->anneal);
}

static void restart(reverse *r, double rate) {
  memcpy(r->w, r->start, (size_t)r->size * sizeof *r->w);
  weiri_optim_clear(r->optim);
  r->n.updates = 0.0;
  r->n.rate = rate;
}

/* Mean objective of the last third of a trial; -inf when it is lost. */
static weir_status try_rate(reverse *r, double rate, double *score) {
  const int last = TRIAL / 3; /* steps that count */
  double objective;
  restart(r, rate);
  *score = 0.0;
  for (int i = 0; i < TRIAL; i++) {
    WEIR_TRY(update(r, (uint64_t)i, power_at(r, 0), &objective));
    *score += i >= TRIAL - last ? objective / last : 0.0;
  }
  *score = isfinite(*score) ? *score : -INFINITY;
  return WEIR_OK;
}

static weir_status find_rate(reverse *r) {
  double best = -INFINITY, rate = rates[RATES - 1], score;
  if (r->opts->rate > 0.0) {
    restart(r, r->opts->rate);
    return WEIR_OK;
  }
  for (int i = 0; i < RATES; i++) {
    WEIR_TRY(try_rate(r, rates[i], &score));
    if (score > best) {
      best = score;
      rate = rates[i];
    }
  }
  if (isinf(best)) {
    return weiri_fail(WEIR_E_DIVERGED,
        "the fit loses itself at every learning rate from %g to %g: the density may be "
        "improper, or not finite where the fit begins",
        rates[0], rates[RATES - 1]);
  }
  restart(r, rate);
  return WEIR_OK;
}

/* ---- windows ---- */

/* At the end of a window: whether the fit goes on. */
static bool judge(reverse *r) {
  numbers *n = &r->n;
  const double mean = n->sum / n->count;
  n->objective = mean;
  n->error = sqrt(fmax(0.0, n->squares / n->count - mean * mean) / n->count);
  n->sum = n->squares = n->count = 0.0;
  const bool annealing = n->steps < (double)r->opts->anneal;
  if (annealing || mean > n->best + r->opts->tolerance) {
    n->best = annealing ? -INFINITY : mean;
    n->waited = 0.0;
    return true;
  }
  n->waited += 1.0;
  if (n->waited < PATIENCE) {
    return true;
  }
  n->waited = 0.0;
  n->falls += 1.0;
  n->rate *= FALL;
  n->settled = n->falls > FALLS ? 1.0 : 0.0;
  return n->settled == 0.0;
}

static void average(reverse *r) {
  const double share = 1.0 / (r->n.count + 1.0);
  for (int64_t i = 0; i < r->size; i++) {
    r->mean[i] =
        r->n.count == 0.0 ? r->w[i] : r->mean[i] + share * (r->w[i] - r->mean[i]);
  }
}

static weir_status step(reverse *r, bool *more) {
  double objective;
  const double power = power_at(r, r->n.steps);
  WEIR_TRY(update(r, (uint64_t)r->n.steps + 1000, power, &objective));
  r->n.steps += 1.0;
  if (isfinite(objective)) {
    average(r);
    r->n.sum += objective;
    r->n.squares += objective * objective;
    r->n.count += 1.0;
  }
  if (fmod(r->n.steps, WINDOW) == 0.0) {
    if (r->n.count == 0.0) {
      return weiri_fail(WEIR_E_DIVERGED,
          "update %.0f: no draw of the last %d updates had a finite density: the fit "
          "has "
          "lost itself, the posterior may be improper",
          r->n.steps, WINDOW);
    }
    *more = judge(r);
  }
  *more = *more && r->n.steps < (double)r->opts->steps;
  return WEIR_OK;
}

/* ---- all of it ---- */

static weir_status take_room(reverse *r, weiri_arena *arena) {
  const int64_t n = r->opts->batch, d = r->job->d;
  const size_t count = (size_t)weiri_params_count(r->f->family->params) + 1;
  r->size = weiri_params_block_size(r->f->family->params);
  r->w = weiri_params_block(r->f->family->params);
  double *blocks = weiri_arena_take(
      arena, (size_t)(3 * r->size + 2 * n * d + 2 * n + 1) * sizeof *blocks);
  r->x = weiri_arena_take(arena, count * sizeof *r->x);
  r->gx = weiri_arena_take(arena, count * sizeof *r->gx);
  r->index = weiri_arena_take(arena, count * sizeof *r->index);
  if (blocks == NULL || r->x == NULL || r->gx == NULL || r->index == NULL) {
    return WEIR_E_MEMORY;
  }
  r->grad = blocks;
  r->mean = r->grad + r->size;
  r->start = r->mean + r->size;
  r->point = r->start + r->size;
  r->slope = r->point + n * d;
  r->value = r->slope + n * d;
  r->log_q = r->value + n;
  memcpy(r->start, r->w, (size_t)r->size * sizeof *r->w);
  return WEIR_OK;
}

static int blocks_of(reverse *r, weiri_kept *b) {
  b[0] = (weiri_kept){"weights", r->w, r->size};
  b[1] = (weiri_kept){"mean", r->mean, r->size};
  b[2] = (weiri_kept){"first_moment", r->optim->state[0], r->size};
  b[3] = (weiri_kept){"second_moment", r->optim->state[1], r->size};
  b[4] =
      (weiri_kept){"numbers", (double *)&r->n, (int64_t)(sizeof r->n / sizeof(double))};
  return 5;
}

static weir_status climb(reverse *r) {
  weiri_kept blocks[5];
  const int n_blocks = blocks_of(r, blocks);
  int64_t done;
  bool more = true;
  WEIR_TRY(weiri_job_restore(r->job, &done, n_blocks, blocks));
  if (done == 0) {
    WEIR_TRY(find_rate(r));
    r->n.objective = NAN;
    r->n.best = -INFINITY;
  }
  more = r->n.settled == 0.0 && r->n.steps < (double)r->opts->steps;
  while (more) {
    WEIR_TRY(step(r, &more));
    if (fmod(r->n.steps, 25.0) == 0.0) {
      weir_infer_progress p = {.phase = "fitting",
          .done = (int64_t)r->n.steps,
          .total = r->opts->steps,
          .gradients = (int64_t)r->n.gradients,
          .objective = r->n.objective};
      WEIR_TRY(weiri_job_step(r->job, &p, n_blocks, blocks));
    }
  }
  if (r->job->opts.keep_checkpoint) {
    WEIR_TRY(weiri_job_save(r->job, (int64_t)r->n.steps, n_blocks, blocks));
  }
  return WEIR_OK;
}

static void report(reverse *r) {
  weiri_fitted *f = r->f;
  memcpy(r->w, r->mean, (size_t)r->size * sizeof *r->w);
  f->objective = r->n.objective;
  f->error = r->n.error;
  f->rate = r->n.rate;
  f->steps = (int64_t)r->n.steps;
  f->dropped = (int64_t)r->n.dropped;
  f->settled = r->n.settled != 0.0;
  r->job->out->gradients += (int64_t)r->n.gradients;
  r->job->out->failed += (int64_t)r->n.failed;
}

weir_status weiri_reverse_fit(
    weiri_fitted *f, weiri_job *job, const weiri_reverse_opts *opts) {
  weiri_arena *arena = NULL;
  reverse r = {.f = f, .job = job, .opts = opts};
  WEIR_TRY(weiri_fitted_begin(f, job, opts->family, opts->start == 0));
  r.target = weiri_fitted_target(f, job);
  r.sticks = opts->gradient != TOTAL && weiri_family_knows(f->family);
  weir_status status = WEIR_OK;
  if (opts->gradient == STL && !r.sticks) {
    status = weiri_fail(WEIR_E_CONFIG,
        "infer.method.gradient: stl needs the density of any point, which this family "
        "knows of its own draws only; choose total");
  }
  if (status == WEIR_OK) {
    status = weiri_arena_create(&arena, job->ctx, 4096);
  }
  if (status == WEIR_OK) {
    status = take_room(&r, arena);
  }
  if (status == WEIR_OK) {
    status = weiri_family_run(f->family, &r.run);
  }
  if (status == WEIR_OK) {
    status = weiri_optim_create(
        &r.optim, job->ctx, job->team, weiri_optim_at(0), WEIR_F64, r.size);
  }
  if (status == WEIR_OK) {
    r.run->seed = job->opts.seed;
    status = climb(&r);
  }
  if (status == WEIR_OK) {
    report(&r);
  }
  weiri_optim_destroy(&r.optim);
  weiri_run_destroy(&r.run);
  weiri_arena_destroy(&arena);
  return status;
}

weir_status weiri_reverse_fit_again(
    weiri_fitted *f, weiri_job *job, const weiri_reverse_opts *opts) {
  const weir_infer_opts kept = job->opts;
  job->opts.checkpoint = NULL;
  job->opts.keep_checkpoint = false;
  const weir_status status = weiri_reverse_fit(f, job, opts);
  job->opts = kept;
  return status;
}
