/* Adaptive integration over the cube [-1, 1]^d, d = 1, 2, 3: the degree 7 rule of Genz
 * and Malik (1980) with its embedded rule of degree 5. Boxes whose two values differ
 * most are halved, along the axis with the largest fourth difference, many at a time so
 * that the integrand sees many points in a call. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/selftest.h"

enum { MAX_D = 3, MAX_RULE = 33, ROUND = 128 };

typedef struct box {
  double centre[MAX_D], half[MAX_D];
  double value, error;
  int64_t region;
  int axis; /* to halve next */
} box;

typedef struct cubature {
  const weir_ctx *ctx;
  int d, rule; /* points per box */
  weiri_integrand *f;
  void *user;
  box *boxes;
  int64_t n, room, points;
} cubature;

static int rule_points(int d) {
  return 1 + 4 * d + 2 * d * (d - 1) + (1 << d);
}

/* Boxes per axis at the start: enough that a mode of a tenth of the spread is met. */
static int start_of(int d) {
  return d == 1 ? 32 : d == 2 ? 10 : 6;
}

int64_t weiri_cubature_start(int d, int64_t regions) {
  int64_t boxes = regions;
  for (int i = 0; i < d; i++) {
    boxes *= start_of(d);
  }
  return boxes * rule_points(d);
}

/* Points of the rule: centre, then +-l2 and +-l4 on each axis, pairs of +-l4, corners
 * of l5. */
static void place_points(const cubature *c, const box *b, double *t) {
  const double l2 = sqrt(9.0 / 70.0), l4 = sqrt(9.0 / 10.0), l5 = sqrt(9.0 / 19.0);
  const int d = c->d;
  for (int p = 0; p < c->rule; p++) {
    memcpy(t + p * d, b->centre, (size_t)d * sizeof *t);
  }
  double *at = t + d;
  for (int i = 0; i < d; i++, at += 4 * d) {
    at[i] += l2 * b->half[i];
    at[d + i] -= l2 * b->half[i];
    at[2 * d + i] += l4 * b->half[i];
    at[3 * d + i] -= l4 * b->half[i];
  }
  for (int i = 0; i < d; i++) {
    for (int j = 0; j < i; j++) {
      for (int k = 0; k < 4; k++, at += d) {
        at[i] += (k & 1 ? l4 : -l4) * b->half[i];
        at[j] += (k & 2 ? l4 : -l4) * b->half[j];
      }
    }
  }
  for (int k = 0; k < 1 << d; k++, at += d) {
    for (int i = 0; i < d; i++) {
      at[i] += (k >> i & 1 ? l5 : -l5) * b->half[i];
    }
  }
}

/* Value, error and next axis of a box from the rule's function values y. */
static void weigh(const cubature *c, box *b, const double *y) {
  const int d = c->d, pairs = 2 * d * (d - 1);
  const double n = d, ratio = (9.0 / 70.0) / (9.0 / 10.0);
  double near = 0.0, far = 0.0, both = 0.0, corners = 0.0, volume = 1.0, best = -1.0;
  for (int i = 0; i < d; i++) {
    const double *q = y + 1 + 4 * i;
    near += q[0] + q[1];
    far += q[2] + q[3];
    const double fourth =
        fabs(q[0] + q[1] - 2.0 * y[0] - ratio * (q[2] + q[3] - 2.0 * y[0]));
    if (fourth > best || (fourth == best && b->half[i] > b->half[b->axis])) {
      best = fourth;
      b->axis = i;
    }
    volume *= 2.0 * b->half[i];
  }
  for (int p = 0; p < pairs; p++) {
    both += y[1 + 4 * d + p];
  }
  for (int p = 1 + 4 * d + pairs; p < c->rule; p++) {
    corners += y[p];
  }
  const double seven = (12824.0 - 9120.0 * n + 400.0 * n * n) / 19683.0 * y[0] +
                       980.0 / 6561.0 * near + (1820.0 - 400.0 * n) / 19683.0 * far +
                       200.0 / 19683.0 * both +
                       6859.0 / 19683.0 / (double)(1 << d) * corners;
  const double five = (729.0 - 950.0 * n + 50.0 * n * n) / 729.0 * y[0] +
                      245.0 / 486.0 * near + (265.0 - 100.0 * n) / 1458.0 * far +
                      25.0 / 729.0 * both;
  b->value = volume * seven;
  b->error = volume * fabs(seven - five);
}

/* Values of boxes first .. first + n - 1, in one call of the integrand per ROUND. */
static weir_status evaluate(cubature *c, int64_t first, int64_t n) {
  const size_t points = (size_t)ROUND * (size_t)c->rule;
  double *t = weiri_alloc(c->ctx, points * ((size_t)c->d + 1) * sizeof *t);
  int64_t *what = weiri_alloc(c->ctx, points * sizeof *what);
  weir_status status = t == NULL || what == NULL ? WEIR_E_MEMORY : WEIR_OK;
  for (int64_t at = 0; at < n && status == WEIR_OK; at += ROUND) {
    const int64_t m = n - at < ROUND ? n - at : ROUND;
    box *b = c->boxes + first + at;
    double *y = t + points * (size_t)c->d;
    for (int64_t i = 0; i < m; i++) {
      place_points(c, &b[i], t + i * c->rule * c->d);
      for (int p = 0; p < c->rule; p++) {
        what[i * c->rule + p] = b[i].region;
      }
    }
    status = c->f(c->user, m * c->rule, t, what, y);
    for (int64_t i = 0; i < m && status == WEIR_OK; i++) {
      weigh(c, &b[i], y + i * c->rule);
    }
    c->points += m * c->rule;
  }
  weiri_free(c->ctx, t);
  weiri_free(c->ctx, what);
  return status;
}

static weir_status reserve(cubature *c, int64_t n) {
  if (n <= c->room) {
    return WEIR_OK;
  }
  const int64_t room = n > 2 * c->room ? n : 2 * c->room;
  box *more = weiri_realloc(c->ctx, c->boxes, (size_t)room * sizeof *more);
  if (more == NULL) {
    return WEIR_E_MEMORY;
  }
  c->boxes = more;
  c->room = room;
  return WEIR_OK;
}

static weir_status begin(cubature *c, int64_t regions) {
  const int per = start_of(c->d);
  const int64_t boxes = weiri_cubature_start(c->d, regions) / c->rule;
  WEIR_TRY(reserve(c, boxes));
  for (int64_t i = 0; i < boxes; i++) {
    box *b = &c->boxes[i];
    *b = (box){.region = i % regions};
    int64_t rest = i / regions;
    for (int j = 0; j < c->d; j++, rest /= per) {
      b->half[j] = 1.0 / per;
      b->centre[j] = -1.0 + (2.0 * (double)(rest % per) + 1.0) / per;
    }
  }
  c->n = boxes;
  return evaluate(c, 0, boxes);
}

static int worst_first(const void *a, const void *b) {
  const double x = ((const box *)a)->error, y = ((const box *)b)->error;
  return (x < y) - (x > y);
}

/* Halves the boxes with the largest errors. */
static weir_status refine(cubature *c) {
  qsort(c->boxes, (size_t)c->n, sizeof *c->boxes, worst_first);
  const int64_t quarter = c->n / 4 + 1, m = quarter < ROUND / 2 ? quarter : ROUND / 2;
  WEIR_TRY(reserve(c, c->n + m));
  for (int64_t i = 0; i < m; i++) {
    box *b = &c->boxes[i], *other = &c->boxes[c->n + i];
    const int axis = b->axis;
    b->half[axis] *= 0.5;
    *other = *b;
    b->centre[axis] -= b->half[axis];
    other->centre[axis] += b->half[axis];
  }
  WEIR_TRY(evaluate(c, 0, m));
  WEIR_TRY(evaluate(c, c->n, m));
  c->n += m;
  return WEIR_OK;
}

static void add_up(const cubature *c, weiri_cubature *out) {
  *out = (weiri_cubature){.points = c->points};
  for (int64_t i = 0; i < c->n; i++) {
    out->value += c->boxes[i].value;
    out->error += c->boxes[i].error;
  }
}

weir_status weiri_cubature_run(const weir_ctx *ctx, int d, int64_t regions,
    weiri_integrand *f, void *user, double tolerance, int64_t max_points,
    weiri_cubature *out) {
  cubature c = {.ctx = ctx, .d = d, .rule = rule_points(d), .f = f, .user = user};
  weir_status status = begin(&c, regions);
  add_up(&c, out);
  while (status == WEIR_OK && out->error > tolerance &&
         c.points + (int64_t)ROUND * c.rule <= max_points) {
    status = refine(&c);
    add_up(&c, out);
  }
  weiri_free(ctx, c.boxes);
  return status;
}
