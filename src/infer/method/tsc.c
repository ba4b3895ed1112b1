/* Transport score climbing (Zhang, Blei & Naesseth 2022): fitting by the forward
 * divergence KL(p || q). Particles move by Hamiltonian Monte Carlo in the space warped
 * by the flow that is being learned, with target log p(T(v)) + log |dT/dv|, and the
 * flow climbs the mean of log q at the particles. Particles are kept in the target's
 * coordinates, so that they stay valid when the flow changes. With space: original the
 * moves are made there (Markovian score climbing, Naesseth et al. 2020). */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "infer/fit.h"

enum { WARPED, ORIGINAL };
#define FAR_AWAY 1e10
enum { WINDOW = 100, TRIES = 1000 };
enum { CHUNK = 32 }; /* particles that move in one call of the density */

typedef struct tsc {
  weiri_method base;
  const weir_spec *family;
  int64_t particles, steps, leapfrogs;
  double rate, decay, step, target_accept;
  int space, start, weights;
} tsc;

static const weir_opt opts[] = {
    {"family", WEIR_OPT_SPEC, offsetof(tsc, family), "\"fullrank\"", 0, 0, NULL,
        "density that is fitted, as in vi; it must know the density of any point"},
    {"particles", WEIR_OPT_INT, offsetof(tsc, particles), "64", 1, 100000, NULL,
        "chains whose states the flow is fitted to"},
    {"steps", WEIR_OPT_INT, offsetof(tsc, steps), "3000", 1, 1e9, NULL,
        "updates; each moves every particle once"},
    {"leapfrogs", WEIR_OPT_INT, offsetof(tsc, leapfrogs), "4", 1, 10000, NULL,
        "leapfrog steps of a move"},
    {"rate", WEIR_OPT_REAL, offsetof(tsc, rate), "0.003", 1e-12, 10.0, NULL,
        "learning rate of the first update"},
    {"decay", WEIR_OPT_REAL, offsetof(tsc, decay), "0.001", 0.0, 10.0, NULL,
        "the rate of update t is rate / (1 + decay t)"},
    {"step", WEIR_OPT_REAL, offsetof(tsc, step), "0.25", 1e-12, 1e6, NULL,
        "step size of the first moves"},
    {"target_accept", WEIR_OPT_REAL, offsetof(tsc, target_accept), "0.8", 0.0, 0.999,
        NULL, "mean acceptance that the step size is adapted to; 0: it is kept"},
    {"space", WEIR_OPT_CHOICE, offsetof(tsc, space), "\"warped\"", 0, 0,
        "warped|original", "where the particles move"},
    {"start", WEIR_OPT_CHOICE, offsetof(tsc, start), "\"laplace\"", 0, 0,
        "laplace|none",
        "where the fit begins: at the mode with its curvature, or at a standard "
        "normal"},
    WEIRI_WEIGHTS_OPTION(tsc, weights), {0}};

typedef struct numbers {
  double updates, step, accept, objective, seen, gradients, failed;
} numbers;

typedef struct climb {
  const tsc *m;
  weiri_job *job;
  weiri_fitted f;
  const weir_target *target;
  weir_target *warped;
  weir_run *run;
  weiri_optim *optim;
  weir_var *x, *gx;
  int32_t *index;
  int64_t size;
  double *w, *grad, *mean;             /* [size] blocks */
  double *u, *v;                       /* [particles, d] */
  double *work, *accept;               /* [chunks, n_work], [particles] */
  int64_t *gradients, *failed, n_work; /* [chunks] */
  weir_status *status;                 /* [chunks] */
  weiri_metric metric;
  numbers n;
} climb;

/* ---- particles ---- */

static int64_t chunks_of(const climb *c) {
  return (c->m->particles + CHUNK - 1) / CHUNK;
}

static weir_status place(climb *c, int64_t i) {
  const int64_t d = c->job->d;
  double value;
  for (int64_t t = 0; t < TRIES; t++) {
    weiri_chance chance =
        weiri_chance_of(c->job->opts.seed, "particle", (uint64_t)i, (uint64_t)t);
    weiri_chance_normals(&chance, d, c->u + i * d);
    WEIR_TRY(weir_target_log_density(
        c->target, 1, c->u + i * d, &value, NULL, &c->job->out->failed));
    c->n.gradients += 1.0;
    if (value > -INFINITY) {
      return WEIR_OK;
    }
  }
  return weiri_fail(WEIR_E_DATA,
      "the log density is not finite at any of %d points around the start", TRIES);
}

/* One move of a chunk of particles, on any thread. */
static void move_chunk(void *arg, int64_t k, void *scratch) {
  climb *c = arg;
  const int64_t d = c->job->d, first = k * CHUNK, left = c->m->particles - first;
  const int64_t n = left < CHUNK ? left : CHUNK;
  const bool warped = c->m->space == WARPED;
  weiri_chance chance[CHUNK];
  for (int64_t i = 0; i < n; i++) {
    chance[i] = weiri_chance_of(
        c->job->opts.seed, "tsc", (uint64_t)(first + i), (uint64_t)c->n.updates);
  }
  const weiri_mover mover = {.target = warped ? c->warped : c->target,
      .metric = &c->metric,
      .d = d,
      .step = c->n.step,
      .work = c->work + k * c->n_work,
      .gradients = &c->gradients[k],
      .failed = &c->failed[k]};
  (void)scratch;
  c->status[k] = weiri_hmc_rows(&mover, n, chance, c->m->leapfrogs,
      (warped ? c->v : c->u) + first * d, c->accept + first);
}

/* Towards the wanted acceptance by steps that shrink (Andrieu & Thoms 2008). */
static void adapt(climb *c, double accept) {
  const double t = c->n.updates + 1.0;
  c->n.accept += (accept - c->n.accept) / fmin(t, 100.0);
  if (c->m->target_accept > 0.0) {
    c->n.step *= exp((accept - c->m->target_accept) / pow(t, 0.6));
  }
}

static weir_status move_all(climb *c) {
  const int64_t n = c->m->particles, chunks = chunks_of(c);
  const bool warped = c->m->space == WARPED;
  double accept = 0.0;
  if (warped) {
    WEIR_TRY(weiri_warp_take(c->warped, n, c->u, c->v));
  }
  WEIR_TRY(weiri_parallel(c->job->team, chunks, 1e9, 64, move_chunk, c));
  for (int64_t k = 0; k < chunks; k++) {
    WEIR_TRY(c->status[k]);
    c->n.gradients += (double)c->gradients[k];
    c->n.failed += (double)c->failed[k];
    c->gradients[k] = c->failed[k] = 0;
  }
  for (int64_t i = 0; i < n; i++) {
    accept += c->accept[i] / (double)n;
  }
  adapt(c, accept);
  return warped ? weiri_warp_show(c->warped, n, c->v, c->u) : WEIR_OK;
}

/* Particles of a density that can be normalised stay near where the fit began. */
static weir_status check_near(const climb *c) {
  for (int64_t k = 0; k < c->m->particles * c->job->d; k++) {
    if (!(fabs(c->u[k]) < FAR_AWAY)) {
      return weiri_fail(WEIR_E_DIVERGED,
          "update %.0f: coordinate %" PRId64
          " of a particle has run away to %g: the posterior is improper",
          c->n.updates + 1.0, k % c->job->d + 1, c->u[k]);
    }
  }
  return WEIR_OK;
}

/* ---- the flow ---- */

/* One step up the mean of log q at the particles. */
static weir_status update(climb *c) {
  weir_run *run = c->run;
  weir_tape *t = run->tape;
  const int64_t n = c->m->particles;
  double norm, sum = 0.0;
  weiri_run_reset(run);
  const weir_var at = weir_leaf_borrow(t, weir_shape_2(n, c->job->d), c->u);
  const weir_var log_q =
      weir_dist_log_prob(c->f.family->dist, run, at, weir_var_none());
  WEIR_TRY(weir_var_read(t, log_q, c->accept));
  for (int64_t i = 0; i < n; i++) {
    sum += c->accept[i] / (double)n;
  }
  const int m = weiri_family_bound(c->f.family, run, c->index, c->x);
  const weir_var seed = weir_fill(t, weir_shape_1(n), -1.0 / (double)n);
  WEIR_TRY(weir_grad(t, log_q, seed, m, c->x, c->gx, false));
  weiri_family_gradient(c->f.family, t, m, c->index, c->gx, c->grad);
  WEIR_TRY(weiri_optim_norm(c->optim, c->grad, &norm));
  c->n.updates += 1.0;
  if (!isfinite(sum) || !isfinite(norm)) {
    return WEIR_OK; /* nothing is learned from it */
  }
  c->n.objective += (sum - c->n.objective) / fmin(c->n.updates, WINDOW);
  const weiri_update u = {
      .rate = c->m->rate / (1.0 + c->m->decay * (c->n.updates - 1.0)),
      .beta1 = 0.9,
      .beta2 = 0.999,
      .epsilon = 1e-8,
      .scale = 1.0,
      .t = (int64_t)c->n.updates};
  return weiri_optim_step(c->optim, c->w, c->grad, &u);
}

/* The mean of the last parameters is the result (the paper keeps that of 100). */
static void average(climb *c) {
  if (c->n.updates <= (double)(c->m->steps - WINDOW)) {
    return;
  }
  c->n.seen += 1.0;
  for (int64_t i = 0; i < c->size; i++) {
    c->mean[i] += (c->w[i] - c->mean[i]) / c->n.seen;
  }
}

/* ---- the run ---- */

static weir_status take_room(climb *c, weiri_arena *arena) {
  const int64_t n = c->m->particles, d = c->job->d;
  const size_t count = (size_t)weiri_params_count(c->f.family->params) + 1;
  c->size = weiri_params_block_size(c->f.family->params);
  c->w = weiri_params_block(c->f.family->params);
  const int64_t chunks = chunks_of(c);
  c->n_work = weiri_hmc_rows_work(CHUNK, d);
  const int64_t total = 2 * c->size + n * (2 * d + 1) + chunks * c->n_work + 2 * d;
  double *room = weiri_arena_take(arena, (size_t)total * sizeof *room);
  c->gradients = weiri_arena_take(arena, (size_t)(2 * chunks) * sizeof *c->gradients);
  c->status = weiri_arena_take(arena, (size_t)chunks * sizeof *c->status);
  c->x = weiri_arena_take(arena, count * sizeof *c->x);
  c->gx = weiri_arena_take(arena, count * sizeof *c->gx);
  c->index = weiri_arena_take(arena, count * sizeof *c->index);
  if (room == NULL || c->gradients == NULL || c->status == NULL || c->x == NULL ||
      c->gx == NULL || c->index == NULL) {
    return WEIR_E_MEMORY;
  }
  memset(room, 0, (size_t)total * sizeof *room);
  memset(c->gradients, 0, (size_t)(2 * chunks) * sizeof *c->gradients);
  c->failed = c->gradients + chunks;
  c->grad = room;
  c->mean = c->grad + c->size;
  c->u = c->mean + c->size;
  c->v = c->u + n * d;
  c->work = c->v + n * d;
  c->accept = c->work + chunks * c->n_work;
  c->metric = (weiri_metric){d, false, c->accept + n, c->accept + n + d};
  weiri_metric_identity(&c->metric);
  return WEIR_OK;
}

static weir_status begin(climb *c, weiri_arena *arena) {
  WEIR_TRY(weiri_fitted_begin(&c->f, c->job, c->m->family, c->m->start == 0));
  if (!weiri_family_knows(c->f.family)) {
    return weiri_fail(WEIR_E_CONFIG,
        "infer.method.family: transport score climbing needs the density of any point, "
        "which this family knows of its own draws only");
  }
  c->target = weiri_fitted_target(&c->f, c->job);
  WEIR_TRY(weiri_warp(&c->warped, c->target, c->f.family));
  WEIR_TRY(weiri_family_run(c->f.family, &c->run));
  WEIR_TRY(take_room(c, arena));
  c->n.step = c->m->step;
  return weiri_optim_create(
      &c->optim, c->job->ctx, c->job->team, weiri_optim_at(0), WEIR_F64, c->size);
}

static int blocks_of(climb *c, weiri_kept *b) {
  b[0] = (weiri_kept){"weights", c->w, c->size};
  b[1] = (weiri_kept){"mean", c->mean, c->size};
  b[2] = (weiri_kept){"first_moment", c->optim->state[0], c->size};
  b[3] = (weiri_kept){"second_moment", c->optim->state[1], c->size};
  b[4] = (weiri_kept){"particles", c->u, c->m->particles * c->job->d};
  b[5] =
      (weiri_kept){"numbers", (double *)&c->n, (int64_t)(sizeof c->n / sizeof(double))};
  return 6;
}

static weir_status loop(climb *c) {
  weiri_kept blocks[6];
  const int n_blocks = blocks_of(c, blocks);
  int64_t done;
  WEIR_TRY(weiri_job_restore(c->job, &done, n_blocks, blocks));
  for (int64_t i = 0; done == 0 && i < c->m->particles; i++) {
    WEIR_TRY(place(c, i));
  }
  while (c->n.updates < (double)c->m->steps) {
    WEIR_TRY(move_all(c));
    WEIR_TRY(check_near(c));
    WEIR_TRY(update(c));
    average(c);
    if (fmod(c->n.updates, 25.0) == 0.0) {
      weir_infer_progress p = {.phase = "fitting",
          .done = (int64_t)c->n.updates,
          .total = c->m->steps,
          .gradients = (int64_t)c->n.gradients,
          .objective = c->n.objective};
      WEIR_TRY(weiri_job_step(c->job, &p, n_blocks, blocks));
    }
  }
  return c->job->opts.keep_checkpoint
             ? weiri_job_save(c->job, c->m->steps, n_blocks, blocks)
             : WEIR_OK;
}

static weir_status finish(climb *c) {
  memcpy(c->w, c->mean, (size_t)c->size * sizeof *c->w);
  c->f.objective = c->n.objective;
  c->f.rate = c->m->rate / (1.0 + c->m->decay * c->n.updates);
  c->f.steps = c->m->steps;
  c->job->out->gradients += (int64_t)c->n.gradients;
  c->job->out->failed += (int64_t)c->n.failed;
  json_object_set_new(c->job->out->facts, "acceptance", json_real(c->n.accept));
  json_object_set_new(c->job->out->facts, "step_size", json_real(c->n.step));
  return weiri_fitted_draw(&c->f, c->job, c->m->weights);
}

static weir_status run(const weiri_method *m, weiri_job *job) {
  climb c = {.m = (const tsc *)m, .job = job};
  weiri_arena *arena = NULL;
  weir_status status = weiri_arena_create(&arena, job->ctx, 4096);
  if (status == WEIR_OK) {
    status = begin(&c, arena);
  }
  if (status == WEIR_OK) {
    status = loop(&c);
  }
  if (status == WEIR_OK) {
    status = finish(&c);
  }
  weiri_optim_destroy(&c.optim);
  weiri_run_destroy(&c.run);
  weir_target_destroy(&c.warped);
  weiri_fitted_destroy(&c.f);
  weiri_arena_destroy(&arena);
  return status;
}

const weiri_method_class weiri_method_tsc = {
    .is = {"tsc",
        "transport score climbing: a density fitted by the forward KL "
        "divergence",
        "Zhang, Blei and Naesseth 2022", sizeof(tsc), opts},
    .run = run,
    .stat_name = weiri_fit_stat_names,
    .stats = WEIRI_FIT_STATS,
    .independent = true};
