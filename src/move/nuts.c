/* The no-U-turn sampler: a trajectory is doubled forwards or backwards in time until it
 * turns, a point is drawn along it with weights e^-H. Hoffman and Gelman 2014; points
 * by multinomial sampling, favouring the new half, and the U-turn in terms of the sum
 * of momenta (Betancourt 2017, "A conceptual introduction to HMC", A.3.2 and A.4.2),
 * also asked across the seam of two halves, as Stan does.
 *
 * A piece of trajectory is kept as its two ends' velocities and momenta, the sum of all
 * its momenta rho, the log of its summed weights, and one point drawn from it. It turns
 * unless velocity . rho > 0 at both ends. */
#include <math.h>
#include <string.h>

#include "move/move.h"

/* begin is the end nearer to where the piece was grown from. */
typedef struct piece {
  double *begin_v, *begin_p, *end_v, *end_p, *rho;
  weiri_point draw;
  double energy; /* of draw */
  double log_weight;
} piece;

/* The end of the trajectory that is moved. */
typedef struct edge {
  weiri_point at;
  double *p;
} edge;

enum { LEVEL = 7, TOP = 20 }; /* vectors of a level and of all else */

typedef struct nuts {
  const weiri_mover *m;
  weiri_chance *chance;
  edge *edge; /* the one that moves, in this direction */
  double direction;
  double start; /* energy */
  double accept_sum;
  weiri_moved *out;
  double *levels; /* [max_depth, LEVEL, d] */
} nuts;

int64_t weiri_nuts_work(int64_t d, int max_depth) {
  return d * (TOP + LEVEL * (int64_t)max_depth);
}

static double log_add(double a, double b) {
  const double top = fmax(a, b);
  return top == -INFINITY ? top : top + log1p(exp(fmin(a, b) - top));
}

/* Whether a vector along which rho = a + b has grown still points outwards. */
static bool outwards(int64_t d, const double *v, const double *a, const double *b) {
  double sum = 0.0;
  for (int64_t i = 0; i < d; i++) {
    sum += v[i] * (a[i] + b[i]);
  }
  return sum > 0.0;
}

/* a and b meet at a's end and b's beginning: does nothing turn, as a whole and across
 * the seam? */
static bool straight(int64_t d, const piece *a, const piece *b) {
  return outwards(d, a->begin_v, a->rho, b->rho) &&
         outwards(d, b->end_v, a->rho, b->rho) &&
         outwards(d, a->begin_v, a->rho, b->begin_p) &&
         outwards(d, b->begin_v, a->rho, b->begin_p) &&
         outwards(d, a->end_v, b->rho, a->end_p) &&
         outwards(d, b->end_v, b->rho, a->end_p);
}

static void take(int64_t d, piece *to, const piece *from) {
  weiri_point_copy(d, &to->draw, &from->draw);
  to->energy = from->energy;
}

static void add(int64_t d, double *to, const double *from) {
  for (int64_t i = 0; i < d; i++) {
    to[i] += from[i];
  }
}

/* One leapfrog step; false: the energy has gone off. */
static weir_status leaf(nuts *n, piece *out, bool *grows) {
  const int64_t d = n->m->d;
  const size_t size = (size_t)d * sizeof(double);
  WEIR_TRY(weiri_leapfrog(
      n->m, n->direction * n->m->step, &n->edge->at, n->edge->p, out->begin_v));
  memcpy(out->end_v, out->begin_v, size);
  memcpy(out->begin_p, n->edge->p, size);
  memcpy(out->end_p, n->edge->p, size);
  memcpy(out->rho, n->edge->p, size);
  weiri_point_copy(d, &out->draw, &n->edge->at);
  const double energy =
      weiri_metric_kinetic(d, n->edge->p, out->begin_v) - n->edge->at.log_density;
  out->energy = isnan(energy) ? INFINITY : energy;
  out->log_weight = n->start - out->energy;
  n->out->leapfrogs++;
  n->accept_sum += out->log_weight >= 0.0 ? 1.0 : exp(out->log_weight);
  *grows = out->energy - n->start <= WEIRI_ENERGY_MAX;
  n->out->divergent = n->out->divergent || !*grows;
  return WEIR_OK;
}

/* 2^depth steps on from the edge. *grows: they neither diverged nor turned; else *out
 * is of no use. */
static weir_status grow(nuts *n, int depth, piece *out, bool *grows) {
  if (depth == 0) {
    return leaf(n, out, grows);
  }
  const int64_t d = n->m->d;
  double *w = n->levels + (int64_t)(depth - 1) * LEVEL * d;
  piece a = {.begin_v = out->begin_v,
      .begin_p = out->begin_p,
      .end_v = w,
      .end_p = w + d,
      .rho = out->rho,
      .draw = out->draw};
  piece b = {.begin_v = w + 2 * d,
      .begin_p = w + 3 * d,
      .end_v = out->end_v,
      .end_p = out->end_p,
      .rho = w + 4 * d,
      .draw = {w + 5 * d, w + 6 * d, 0.0}};
  WEIR_TRY(grow(n, depth - 1, &a, grows));
  if (!*grows) {
    return WEIR_OK;
  }
  WEIR_TRY(grow(n, depth - 1, &b, grows));
  if (!*grows) {
    return WEIR_OK;
  }
  out->log_weight = log_add(a.log_weight, b.log_weight);
  out->energy = a.energy;
  out->draw.log_density = a.draw.log_density;
  if (weiri_metropolis(n->chance, b.log_weight - out->log_weight, NULL)) {
    take(d, out, &b);
  }
  *grows = straight(d, &a, &b);
  add(d, out->rho, b.rho);
  return WEIR_OK;
}

/* The two edges start at the point, with the same momentum. */
static double *begin(nuts *n, weiri_point *at, edge edges[2], piece *whole) {
  const int64_t d = n->m->d;
  const size_t size = (size_t)d * sizeof(double);
  double *w = n->m->work;
  for (int side = 0; side < 2; side++, w += 3 * d) {
    edges[side] = (edge){{w, w + d, 0.0}, w + 2 * d};
    weiri_point_copy(d, &edges[side].at, at);
  }
  *whole = (piece){.begin_v = w,
      .begin_p = w + d,
      .end_v = w + 2 * d,
      .end_p = w + 3 * d,
      .rho = w + 4 * d,
      .draw = *at};
  weiri_metric_momentum(n->m->metric, n->chance, whole->rho);
  weiri_metric_velocity(n->m->metric, whole->rho, whole->begin_v);
  memcpy(whole->end_v, whole->begin_v, size);
  memcpy(whole->begin_p, whole->rho, size);
  memcpy(whole->end_p, whole->rho, size);
  memcpy(edges[0].p, whole->rho, size);
  memcpy(edges[1].p, whole->rho, size);
  n->start = weiri_metric_kinetic(d, whole->rho, whole->begin_v) - at->log_density;
  whole->energy = n->start;
  return w + 5 * d;
}

/* Turns a piece round: its end becomes its beginning. */
static void turn(piece *a) {
  double *v = a->begin_v, *p = a->begin_p;
  a->begin_v = a->end_v;
  a->begin_p = a->end_p;
  a->end_v = v;
  a->end_p = p;
}

weir_status weiri_nuts(const weiri_mover *m, weiri_chance *c, int max_depth,
    weiri_point *at, weiri_moved *out) {
  const int64_t d = m->d;
  edge edges[2];
  piece whole;
  nuts n = {.m = m, .chance = c, .out = out};
  *out = (weiri_moved){0};
  double *w = begin(&n, at, edges, &whole);
  piece next = {.begin_v = w,
      .begin_p = w + d,
      .end_v = w + 2 * d,
      .end_p = w + 3 * d,
      .rho = w + 4 * d,
      .draw = {w + 5 * d, w + 6 * d, 0.0}};
  n.levels = w + 7 * d;
  int facing = 1; /* the side at which `whole` ends */
  for (bool grows = true; grows && out->depth < max_depth;) {
    const int side = weiri_chance_uniform(c) > 0.5 ? 1 : 0;
    if (side != facing) {
      turn(&whole);
      facing = side;
    }
    n.edge = &edges[side];
    n.direction = side == 1 ? 1.0 : -1.0;
    WEIR_TRY(grow(&n, out->depth, &next, &grows));
    if (!grows) {
      break;
    }
    out->depth++;
    if (weiri_metropolis(c, next.log_weight - whole.log_weight, NULL)) {
      take(d, &whole, &next);
      out->accepted = true;
    }
    whole.log_weight = log_add(whole.log_weight, next.log_weight);
    grows = straight(d, &whole, &next);
    add(d, whole.rho, next.rho);
    memcpy(whole.end_v, next.end_v, (size_t)d * sizeof(double));
    memcpy(whole.end_p, next.end_p, (size_t)d * sizeof(double));
  }
  at->log_density = whole.draw.log_density; /* x and grad are the point's own */
  out->energy = whole.energy;
  out->accept = n.accept_sum / (double)out->leapfrogs;
  return WEIR_OK;
}
