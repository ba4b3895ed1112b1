/* Densities fitted to a target: the family that is fitted, and the targets that a fit
 * looks at instead of the one it was given.
 *
 *     theta = mean + root u       whitened by the mode's curvature, weiri_whiten
 *     u = T(v)                    warped by a flow, weiri_warp
 */
#ifndef WEIRI_FIT_H
#define WEIRI_FIT_H

#include "infer/infer.h"
#include "optim/optim.h"

/* ---- the family ---- */

/* A density over a target's d coordinates with parameters in float64: a flow over a
 * standard normal, whose layers may look at the target. */
typedef struct weiri_family {
  weir_ctx *ctx;
  int64_t d;
  weir_params *params;
  weir_dist *dist;
} weiri_family;

/* spec: "meanfield", "fullrank", a preset ("nsf", {name: maf, transforms: 3}), {name:
 * planar, radial, langevin or hamiltonian, length: 8}, or {name: flow, layers: [...]}.
 * Errors: E_CONFIG, E_MEMORY. */
weir_status weiri_family_create(
    weiri_family **out, const weir_target *target, const json_t *spec, uint64_t seed);
void weiri_family_destroy(weiri_family **family);
/* A run of it on a tape of its own. */
weir_status weiri_family_run(const weiri_family *f, weir_run **out);
/* n draws first .. of the seed [n, d] and their log density [n]. */
weir_status weiri_family_sample(const weiri_family *f, weir_run *run, uint64_t seed,
    int64_t first, int64_t n, double *x, double *log_q);
/* Log density [n] of points x [n, d]. */
weir_status weiri_family_log_prob(
    const weiri_family *f, weir_run *run, int64_t n, const double *x, double *log_q);
/* Whether it knows the density of a point that it did not draw. */
bool weiri_family_knows(const weiri_family *f);

/* The trained parameters that a run has used: how many, and each one's index and
 * variable (room for all of them). */
int weiri_family_bound(
    const weiri_family *f, const weir_run *run, int32_t *index, weir_var *x);
/* Their gradients as one block laid out as the parameters. */
void weiri_family_gradient(const weiri_family *f, const weir_tape *t, int m,
    const int32_t *index, const weir_var *gx, double *block);

/* ---- targets made of targets ---- */

/* log p(mean + root u) + log |root| over u [d]; root [d, d] is lower triangular. Copies
 * mean and root; the target is borrowed. */
weir_status weiri_whiten(weir_target **out, const weir_target *target,
    const double *mean, const double *root);
/* theta [n, d] of u [n, d], of a target that weiri_whiten made. */
void weiri_whiten_show(
    const weir_target *whitened, int64_t n, const double *u, double *theta);
/* log |root| */
double weiri_whiten_log_det(const weir_target *whitened);

/* log p(T(v)) + log |dT/dv| over v, T the family's way from its base to the data. Both
 * are borrowed, and the family's parameters are read at every call. */
weir_status weiri_warp(
    weir_target **out, const weir_target *target, const weiri_family *family);
/* T(v) [n, d] and its way back, [n, d]. */
weir_status weiri_warp_show(
    const weir_target *warped, int64_t n, const double *v, double *x);
weir_status weiri_warp_take(
    const weir_target *warped, int64_t n, const double *x, double *v);

/* x = T(v) [n, d] and log q(x) [n] = log N(v; 0, I) - log |dT/dv|; and log q of any
 * points. */
weir_status weiri_warp_draw(
    const weir_target *warped, int64_t n, const double *v, double *x, double *log_q);
weir_status weiri_warp_density(
    const weir_target *warped, int64_t n, const double *x, double *log_q);

/* ---- the mode ---- */

typedef struct weiri_mode {
  double log_density;
  double evidence; /* log of the integral by Laplace's method */
  bool converged;  /* the optimiser says so */
  bool curved;     /* the curvature there is positive definite */
  bool exact;      /* second derivatives from the target, not by differences */
  int64_t gradients, failed;
} weiri_mode;

/* Moves theta [d] to a mode from the best of the n points given [n, d], or (NULL) of
 * some within radius of 0, and fills root [d, d], lower, with root root' the inverse of
 * the curvature there (Laplace's approximation), or what is near it where that is not
 * positive definite. Errors: E_DATA (no finite density near the start), E_MEMORY. */
weir_status weiri_laplace(const weir_target *target, uint64_t seed, double radius,
    int64_t n, const double *given, double *theta, double *root, weiri_mode *out);

/* ---- fitting ---- */

/* Options of fits by the reverse Kullback-Leibler divergence. */
typedef struct weiri_reverse_opts {
  const weir_spec *family;
  int64_t batch, steps, anneal;
  double rate, tolerance;
  int gradient, start; /* choices */
} weiri_reverse_opts;

/* What a fit of either kind ends with. */
typedef struct weiri_fitted {
  weir_target *whitened; /* NULL: the target itself */
  weiri_family *family;
  weiri_mode mode;
  double objective, error; /* of the last window, nats */
  double rate;
  int64_t steps, dropped; /* updates, draws at which the density could not be had */
  bool settled;           /* the stopping rule was met */
} weiri_fitted;

void weiri_fitted_destroy(weiri_fitted *f);
/* The target that the family was fitted to. */
const weir_target *weiri_fitted_target(const weiri_fitted *f, const weiri_job *job);
/* Whitening (unless start is none) and family. */
weir_status weiri_fitted_begin(
    weiri_fitted *f, weiri_job *job, const weir_spec *family, bool whiten);
weir_status weiri_reverse_fit(
    weiri_fitted *f, weiri_job *job, const weiri_reverse_opts *opts);
/* The same without a checkpoint of its own: a run that resumes fits again, to the same
 * bits. */
weir_status weiri_reverse_fit_again(
    weiri_fitted *f, weiri_job *job, const weiri_reverse_opts *opts);
/* A sampler that a fitted flow helps. */
typedef struct weiri_helped {
  const weiri_chain_method *m;
  const weiri_sampler *sampler;
  const weiri_reverse_opts *reverse;
  bool inside; /* chains run in the warped space; else in the fitted target's */
  weir_target *
      *warped; /* while the chains run: the fitted target seen through the flow */
} weiri_helped;
/* Fits, samples, and leaves draws in the target's coordinates. Errors: E_CONFIG (the
 * family cannot warp, or propose), those of the fit and of the chains. */
weir_status weiri_helped_run(const weiri_helped *h, weiri_job *job);
/* The method that infer.method.sampler names, which must be one that moves a point; its
 * options join the run's settings. */
weir_status weiri_helped_sampler(
    weiri_method **out, weiri_job *job, const weir_spec *spec);

#define WEIRI_SAMPLER_OPTION(S, field)                                                 \
  {                                                                                    \
    "sampler", WEIR_OPT_SPEC, offsetof(S, field), "\"nuts\"", 0, 0, NULL,              \
        "what moves the chains: nuts, hmc, mala, rwm, or {name: ..., options}"         \
  }

/* What the fit has to say, among the facts of the result. */
weir_status weiri_fitted_facts(const weiri_fitted *f, weiri_job *job);
/* What becomes of the draws' importance weights: draws stay as the fit made them, or
 * are drawn again by the smoothed weights, which auto does where k-hat is good. */
typedef enum weiri_weights {
  WEIRI_WEIGHTS_AUTO,
  WEIRI_WEIGHTS_KEEP,
  WEIRI_WEIGHTS_RESAMPLE
} weiri_weights;

/* Fills job->out with draws of the fit and their log weights, and its facts. */
weir_status weiri_fitted_draw(weiri_fitted *f, weiri_job *job, int weights);
/* The smoothed weights among what is said of each draw, and the draws as weights says.
 */
weir_status weiri_fitted_reweigh(weiri_job *job, weiri_weights weights);

/* The columns of fits: log density, log q, log of the smoothed weight (they sum to 1).
 */
enum {
  WEIRI_FIT_STAT_LP,
  WEIRI_FIT_STAT_LOG_Q,
  WEIRI_FIT_STAT_WEIGHT,
  WEIRI_FIT_STATS
};
extern const char *const weiri_fit_stat_names[WEIRI_FIT_STATS];

#define WEIRI_WEIGHTS_OPTION(S, field)                                                 \
  {                                                                                    \
    "weights", WEIR_OPT_CHOICE, offsetof(S, field), "\"auto\"", 0, 0,                  \
        "auto|keep|resample",                                                          \
        "draws as the fit makes them (keep), or drawn again by their smoothed "        \
        "importance weights; auto: again where k-hat is below its threshold"           \
  }

#define WEIRI_REVERSE_OPTIONS(S, field)                                                \
  {"family", WEIR_OPT_SPEC, offsetof(S, field.family), "\"fullrank\"", 0, 0, NULL,     \
      "density that is fitted: meanfield, fullrank, planar, radial, langevin, "        \
      "hamiltonian, a preset (nsf, "                                                   \
      "maf, ...) or a flow spelled out"},                                              \
      {"batch", WEIR_OPT_INT, offsetof(S, field.batch), "32", 1, 100000, NULL,         \
          "draws of each update"},                                                     \
      {"steps", WEIR_OPT_INT, offsetof(S, field.steps), "20000", 1, 1e9, NULL,         \
          "updates, at most"},                                                         \
      {"anneal", WEIR_OPT_INT, offsetof(S, field.anneal), "0", 0, 1e9, NULL,           \
          "updates over which the density's power rises from 0.01 to 1"},              \
      {"rate", WEIR_OPT_REAL, offsetof(S, field.rate), "0", 0.0, 10.0, NULL,           \
          "learning rate at first; 0: found by short trials"},                         \
      {"tolerance", WEIR_OPT_REAL, offsetof(S, field.tolerance), "0.01", 0.0, 1e6,     \
          NULL,                                                                        \
          "gain in nats from one window of updates to the next below which the rate "  \
          "falls, and at last the fit ends"},                                          \
      {"gradient", WEIR_OPT_CHOICE, offsetof(S, field.gradient), "\"auto\"", 0, 0,     \
          "auto|stl|total",                                                            \
          "sticking the landing (needs the density of any point), or the total one"},  \
  {                                                                                    \
    "start", WEIR_OPT_CHOICE, offsetof(S, field.start), "\"laplace\"", 0, 0,           \
        "laplace|none",                                                                \
        "where the fit begins: at the mode with its curvature, or at "                 \
        "a standard normal"                                                            \
  }

#endif
