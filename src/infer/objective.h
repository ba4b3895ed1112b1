/* Objectives of training: functions of the parts of a run.
 *
 * One convention for all: an objective is in nats per example, summed over columns and
 * latents, averaged over the rows of the batch by their weights, and maximised; the
 * loss is its negative. Terms that are weighted are named by what they are at weight 1,
 * so that every objective at its neutral setting is the ELBO. */
#ifndef WEIRI_OBJECTIVE_H
#define WEIRI_OBJECTIVE_H

#include <jansson.h>

#include "part/part.h"

typedef struct weiri_objective weiri_objective;

typedef struct weiri_objective_class {
  weir_class is; /* size and options of an instance that starts with weiri_objective */
  /* What it needs of the passes that it is a function of; optional. */
  void (*wants)(const weiri_objective *o, weiri_wants *w);
  /* From the parts on the run and the rows' weights [n], which sum to 1, a scalar. Its
   * gradient is what training follows; its value may be a surrogate's. */
  weir_var (*value)(const weiri_objective *o, weir_run *run, weir_var weight);
  /* Checks options against each other, sets latent where they decide; optional. */
  weir_status (*check)(weiri_objective *o);
  bool weighs; /* draws of a row are importance-weighted, in evaluations too */
  bool latent; /* of no use without a posterior */
} weiri_objective_class;

struct weiri_objective {
  const weiri_objective_class *cls;
  weir_ctx *ctx;
  bool latent; /* of no use without a posterior, with these options */
};

const weiri_objective_class *weiri_objective_at(int i); /* NULL past the last */

/* From a name or {name: ..., options}; NULL: the default. resolved (may be NULL)
 * receives the options. Errors: E_CONFIG, E_MEMORY. */
weir_status weiri_objective_make(weiri_objective **out, weir_ctx *ctx,
    const weir_spec *spec, const char *path, json_t *resolved);
void weiri_objective_destroy(weiri_objective **o);
void weiri_objective_wants(const weiri_objective *o, weiri_wants *w);
weir_var weiri_objective_value(
    const weiri_objective *o, weir_run *run, weir_var weight);
/* Bound of each row [n] as the objective averages its draws: mean of logs, or log of
 * means. */
weir_var weiri_objective_rows(const weiri_objective *o, weir_run *run);
/* Draws per row that an evaluation of the objective makes. */
int64_t weiri_objective_samples(const weiri_objective *o);

/* ---- what they share: terms.c ---- */

/* The parts of a run by what they are to an objective; none where there are no such
 * parts. m is the rows as often as they are drawn. */
typedef struct weiri_terms {
  weir_var data;        /* [n] of layers in front of the posterior */
  weir_var likelihood;  /* [m] log p(x | z) */
  weir_var rate;        /* [m] log p(z) - log q(z | x), or -KL(q || p) */
  weir_var rate_groups; /* [m, groups], when the run was to keep them; else rate */
} weiri_terms;

weiri_terms weiri_terms_of(weir_run *run);
/* sum_i weight_i x_i over rows [n], or over [n K] with weight_i / K each. */
weir_var weiri_weighted(weir_run *run, weir_var x, weir_var weight);
/* The score terms of draws that have no pathwise gradient: score times what follows it,
 * stopped, [m]; none when every draw is reparameterised. rate_weight (a scalar, or none
 * for 1) multiplies the terms of the latent. */
weir_var weiri_scores(weir_run *run, weir_var rate_weight);
/* For objectives that weigh whole rows: the sum of the scores times value [n] stopped.
 */
weir_var weiri_scores_of_rows(weir_run *run, weir_var value);

/* A number that rises linearly from `from` to 1 over `steps` steps, anew every `cycle`
 * steps (0: once; Fu et al. 2019). */
typedef struct weiri_ramp {
  double from, to;
  int64_t steps, cycle;
} weiri_ramp;

double weiri_ramp_at(const weiri_ramp *r, uint64_t step);
/* As a variable of the run's step; a constant when it does not change. */
weir_var weiri_ramp_var(const weiri_ramp *r, weir_run *run);

#endif
