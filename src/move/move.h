/* Markov transitions on targets: what they share. Points are in unconstrained space;
 * everything is float64. A transition leaves the target's density invariant and depends
 * on its chance alone, which is a function of (seed, chain, iteration). */
#ifndef WEIRI_MOVE_H
#define WEIRI_MOVE_H

#include "base/rng.h"
#include "part/target.h"

/* ---- chance ---- */

/* The random numbers of one transition, taken in order. */
typedef struct weiri_chance {
  weiri_rng normal, uniform;
  uint64_t normals, uniforms; /* taken so far */
} weiri_chance;

weiri_chance weiri_chance_of(
    uint64_t seed, const char *purpose, uint64_t chain, uint64_t iteration);
double weiri_chance_uniform(weiri_chance *c);
void weiri_chance_normals(weiri_chance *c, int64_t n, double *out);

/* ---- points ---- */

/* A point with its log density and gradient; -inf has gradient 0. */
typedef struct weiri_point {
  double *x, *grad; /* [d]; grad NULL: not wanted */
  double log_density;
} weiri_point;

void weiri_point_copy(int64_t d, weiri_point *to, const weiri_point *from);

/* ---- the metric ---- */

/* The inverse mass: variances [d], or a covariance [d, d] (dense), and its square root
 * L with L L' = inverse mass: [d], or lower [d, d]. */
typedef struct weiri_metric {
  int64_t d;
  bool dense;
  double *inverse, *root;
} weiri_metric;

/* Numbers that inverse and root each need. */
int64_t weiri_metric_size(int64_t d, bool dense);
/* The identity. */
void weiri_metric_identity(weiri_metric *m);
/* Fills root from inverse; false when that is not positive definite. */
bool weiri_metric_factor(weiri_metric *m);
/* p ~ N(0, mass) */
void weiri_metric_momentum(const weiri_metric *m, weiri_chance *c, double *p);
/* v = inverse mass times p */
void weiri_metric_velocity(const weiri_metric *m, const double *p, double *v);
/* y = L z, in place: a normal vector with the inverse mass as covariance. */
void weiri_metric_spread(const weiri_metric *m, double *z);
/* 1/2 v' p */
double weiri_metric_kinetic(int64_t d, const double *p, const double *v);
/* 1/2 |L^-1 y|^2; y is overwritten. */
double weiri_metric_distance(const weiri_metric *m, double *y);

/* ---- transitions ---- */

/* What a transition works with. */
typedef struct weiri_mover {
  const weir_target *target;
  const weiri_metric *metric;
  int64_t d;
  double step;
  double *work;       /* as many numbers as the transition's _work says */
  int64_t *gradients; /* grows by the densities evaluated */
  int64_t *failed;    /* grows by those that could not be had */
} weiri_mover;

/* What became of a transition. */
typedef struct weiri_moved {
  double accept;     /* acceptance statistic in [0, 1] */
  bool accepted;     /* the point changed */
  bool divergent;    /* the energy rose by more than WEIRI_ENERGY_MAX */
  int depth;         /* of the tree */
  int64_t leapfrogs; /* steps taken */
  double energy;     /* of the point it ended at; NaN: has none */
} weiri_moved;

#define WEIRI_ENERGY_MAX 1000.0

/* Density and gradient at x, counted. */
weir_status weiri_point_evaluate(const weiri_mover *m, weiri_point *at);

/* One leapfrog step of size step: p half, x whole, p half. velocity [d] is scratch and
 * ends as the velocity at the new p. */
weir_status weiri_leapfrog(
    const weiri_mover *m, double step, weiri_point *at, double *p, double *velocity);

/* Whether a move whose density ratio has this logarithm is taken; *accept, unless NULL:
 * the probability of that. */
bool weiri_metropolis(weiri_chance *c, double log_ratio, double *accept);

/* Random walk: x + step L z. */
int64_t weiri_random_walk_work(int64_t d);
weir_status weiri_random_walk(
    const weiri_mover *m, weiri_chance *c, weiri_point *at, weiri_moved *out);

/* Langevin proposal with its correction: x + step^2/2 S grad + step L z, S = L L'. */
int64_t weiri_langevin_work(int64_t d);
weir_status weiri_langevin(
    const weiri_mover *m, weiri_chance *c, weiri_point *at, weiri_moved *out);

/* Hamiltonian: fresh momentum, so many leapfrog steps, Metropolis on the energy. */
int64_t weiri_hmc_work(int64_t d);
weir_status weiri_hmc(const weiri_mover *m, weiri_chance *c, int64_t steps,
    weiri_point *at, weiri_moved *out);

/* The same for n points x [n, d] of the target at once, each with its own chance[n] and
 * acceptance[n]; one call of the density for all. Rows at which it cannot be had stay.
 */
int64_t weiri_hmc_rows_work(int64_t n, int64_t d);
weir_status weiri_hmc_rows(const weiri_mover *m, int64_t n, weiri_chance *chance,
    int64_t steps, double *x, double *accept);

/* No-U-turn: trajectories doubled until they turn, a point drawn along them. */
int64_t weiri_nuts_work(int64_t d, int max_depth);
weir_status weiri_nuts(const weiri_mover *m, weiri_chance *c, int max_depth,
    weiri_point *at, weiri_moved *out);

#endif
