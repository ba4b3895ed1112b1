/* Annealed importance sampling (Neal 2001): with f_0, ..., f_T at powers b_0 = 0 < ...
 * < b_T = 1 and moves that leave f_t as it is,
 *     z_0 ~ f_0;  log w += (b_t - b_{t-1}) u(z_{t-1}),  z_t ~ move_t(z_{t-1})
 * E w is the ratio of the two normalising constants, p(x). Backwards, from z ~ f_1 /
 * p(x) with the moves in reverse order, E 1/w is 1 / p(x) (Grosse et al. 2015). */
#include "part/theta.h"
#include "train/anneal.h"

#include <math.h>
#include <string.h>

#define PILOT_LEAST 50 /* temperatures of the run that finds step sizes */
#define PILOT_PART 4   /* or this part of the temperatures */
#define WARM 20        /* moves before the first */
#define FIRST_STEP 0.3
#define TARGET 0.65 /* acceptance (Neal 2011, section 4.4) */
#define GAIN 0.3    /* change of a log step size per unit of acceptance */
#define STEP_MOST 1e4
#define ARC 1.5707963267948966 /* the longest step on the sphere */

double weiri_anneal_power(weir_ais_schedule schedule, int64_t t, int64_t steps) {
  const double at = (double)t / (double)steps;
  if (schedule == WEIR_AIS_LINEAR || t <= 0 || t >= steps) {
    return at;
  }
  const double lo = 1.0 / (1.0 + exp(4.0)), hi = 1.0 / (1.0 + exp(-4.0));
  return (1.0 / (1.0 + exp(-4.0 * (2.0 * at - 1.0))) - lo) / (hi - lo);
}

int64_t weiri_anneal_pilots(int64_t temperatures) {
  const int64_t part = temperatures / PILOT_PART;
  return part > PILOT_LEAST ? part : PILOT_LEAST;
}

/* ---- the density ---- */

weir_var weiri_anneal_given(const weiri_anneal *a, weir_var context) {
  return a->base->context > 0 ? context : weir_var_none();
}

static double power_now(const void *self, uint64_t step) {
  (void)step;
  return ((const weiri_anneal *)self)->b;
}

static weir_var columns(
    weir_run *run, int64_t n, int64_t width, const double *const *at) {
  return width > 0 ? weiri_model_latents(run, n, width, at) : weir_var_none();
}

void weiri_anneal_record(void *self, weir_run *run, int64_t n, weiri_results *r) {
  const weiri_anneal *a = self;
  weir_tape *t = run->tape;
  const weir_var z = columns(run, n, a->latent, &a->z_at);
  const weir_var x = columns(run, n, a->data, &a->x_at);
  const weir_var c = columns(run, n, a->context, &a->c_at);
  const weir_var prior = weir_dist_log_prob(a->base, run, z, weiri_anneal_given(a, c));
  const weir_var given =
      weir_dist_log_prob(a->layer->likelihood, run, x, weiri_beside(run, z, c));
  weir_var start = prior, u = given;
  if (a->opts.from_posterior) {
    start = weir_dist_log_prob(a->q, run, z, columns(run, n, a->hid, &a->h_at));
    u = weir_sub(t, weir_add(t, prior, given), start);
  }
  const weir_var b = weir_run_number(run, power_now, a);
  const weir_var f = weir_add(t, start, weir_mul(t, u, b));
  weir_var slope = weir_var_none();
  weiri_results_add(r, start, NULL);
  weiri_results_add(r, u, NULL);
  if (weir_tape_status(t) == WEIR_OK) {
    weiri_tape_note(t, weir_grad(t, f, weir_var_none(), 1, &z, &slope, false));
    weiri_results_add(r, slope, NULL);
  }
}

static weir_status density(
    void *user, int64_t n, int64_t d, const double *z, double *value, double *grad) {
  weiri_anneal *a = user;
  a->z_at = z;
  a->run->rows = NULL;
  WEIR_TRY(weiri_replay_step(a->replay, n));
  weiri_replay_read(a->replay, 0, n, a->start);
  weiri_replay_read(a->replay, 1, n, a->u);
  weiri_replay_read(a->replay, 2, n * d, grad);
  for (int64_t i = 0; i < n; i++) {
    value[i] = a->b > 0.0 ? a->start[i] + a->b * a->u[i] : a->start[i];
  }
  return WEIR_OK;
}

/* ---- runs of chains ---- */

static weir_status stopped(weiri_anneal *a, double share) {
  return a->opts.progress == NULL ||
                 a->opts.progress(a->opts.user, a->done + a->share * share)
             ? WEIR_OK
             : weiri_fail(WEIR_E_CANCELLED, "stopped");
}

static weir_status evaluate(weiri_anneal *a, double power) {
  const weiri_rows_density f = {density, a};
  a->b = power;
  return weiri_rows_evaluate(&a->chains, &f);
}

/* One move of every chain at the power at hand, each row's with its own step [n]. */
static weir_status move(
    weiri_anneal *a, const double *step, const char *purpose, int64_t t) {
  const weiri_rows_density f = {density, a};
  const weiri_rows_chance chance = {a->opts.seed, purpose, (uint64_t)t};
  for (int64_t i = 0; i < a->chains.n; i++) {
    a->step[i] = step[i / a->opts.chains];
  }
  WEIR_TRY(weiri_hamiltonian_rows(
      &a->chains, &f, a->step, a->opts.leapfrogs, &chance, a->work, a->accept));
  return WEIR_OK;
}

/* Chains at draws of f_0. */
static weir_status begin(weiri_anneal *a, uint64_t step) {
  weir_run *run = a->run;
  const int64_t m = a->chains.n;
  weiri_run_reset(run);
  run->step = step;
  run->rows = a->index;
  const bool q = a->opts.from_posterior;
  const weir_var given =
      q ? columns(run, m, a->hid, &a->h_at)
        : weiri_anneal_given(a, columns(run, m, a->context, &a->c_at));
  const weir_dist *f = q ? a->q : a->base;
  return weir_var_read(
      run->tape, weir_dist_sample(f, run, m, given, NULL), a->chains.z);
}

/* The steps towards the acceptance wanted. */
static void adapt(weiri_anneal *a, double *step) {
  const int64_t c = a->opts.chains;
  for (int64_t r = 0; r < a->n; r++) {
    double mean = 0.0;
    for (int64_t k = 0; k < c; k++) {
      mean += a->accept[r * c + k] / (double)c;
    }
    step[r] =
        fmin(a->chains.sphere ? ARC : STEP_MOST, step[r] * exp(GAIN * (mean - TARGET)));
  }
}

weir_status weiri_anneal_pilot(weiri_anneal *a) {
  double *step = a->pilot;
  for (int64_t r = 0; r < a->n; r++) {
    step[r] = FIRST_STEP;
  }
  WEIR_TRY(begin(a, WEIRI_ANNEAL_PILOT));
  WEIR_TRY(evaluate(a, weiri_anneal_power(a->opts.schedule, 1, a->pilots)));
  for (int64_t t = 1 - WARM; t < a->pilots; t++) {
    if (t > 1) {
      WEIR_TRY(evaluate(a, weiri_anneal_power(a->opts.schedule, t, a->pilots)));
      memcpy(step + a->n, step, (size_t)a->n * sizeof *step);
      step += a->n;
    }
    WEIR_TRY(move(a, step, "ais.pilot", t + WARM));
    adapt(a, step);
    WEIR_TRY(stopped(a, (double)(t + WARM) / (double)(a->pilots + WARM)));
  }
  return WEIR_OK;
}

/* Those found at about the power of t: pilot temperatures are 1 .. pilots - 1. */
static const double *steps_at(const weiri_anneal *a, int64_t t) {
  const double at = (double)t * (double)a->pilots / (double)a->opts.temperatures;
  int64_t k = (int64_t)(at + 0.5);
  k = k < 1 ? 1 : k > a->pilots - 1 ? a->pilots - 1 : k;
  return a->pilot + (k - 1) * a->n;
}

static void add_weights(weiri_anneal *a, double times, double *log_w) {
  for (int64_t i = 0; i < a->chains.n; i++) {
    log_w[i] += times * a->u[i];
  }
}

static void count(weiri_anneal *a) {
  for (int64_t i = 0; i < a->chains.n; i++) {
    a->taken += a->accept[i];
  }
  a->moves += a->chains.n;
}

static double power(const weiri_anneal *a, int64_t t) {
  return weiri_anneal_power(a->opts.schedule, t, a->opts.temperatures);
}

weir_status weiri_anneal_forward(weiri_anneal *a, double *log_w) {
  const int64_t steps = a->opts.temperatures;
  memset(log_w, 0, (size_t)a->chains.n * sizeof *log_w);
  WEIR_TRY(begin(a, WEIRI_ANNEAL_FORWARD));
  for (int64_t t = 1; t <= steps; t++) {
    WEIR_TRY(evaluate(a, power(a, t)));
    add_weights(a, power(a, t) - power(a, t - 1), log_w);
    if (t < steps) {
      WEIR_TRY(move(a, steps_at(a, t), "ais.forward", t));
      count(a);
    }
    WEIR_TRY(stopped(a, (double)t / (double)steps));
  }
  return WEIR_OK;
}

weir_status weiri_anneal_backward(weiri_anneal *a, const double *z, double *log_w) {
  const int64_t steps = a->opts.temperatures, k = a->latent;
  memset(log_w, 0, (size_t)a->chains.n * sizeof *log_w);
  for (int64_t i = 0; i < a->chains.n; i++) {
    memcpy(a->chains.z + i * k, z + i / a->opts.chains * k, (size_t)k * sizeof *z);
  }
  for (int64_t t = steps; t >= 1; t--) {
    WEIR_TRY(evaluate(a, power(a, t - 1)));
    add_weights(a, power(a, t) - power(a, t - 1), log_w);
    if (t > 1) {
      WEIR_TRY(move(a, steps_at(a, t - 1), "ais.backward", t));
      count(a);
    }
    WEIR_TRY(stopped(a, (double)(steps - t + 1) / (double)steps));
  }
  return WEIR_OK;
}
