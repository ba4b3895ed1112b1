/* Limited-memory BFGS: direction by the two-loop recursion (Nocedal & Wright 2006,
 * algorithm 7.4), step by bisection to the weak Wolfe conditions (Lewis & Overton 2013,
 * algorithm 2.6), which also steps back from where f is not finite. */
#include "optim/lbfgs.h"

#include <math.h>
#include <string.h>

#define SUFFICIENT 1e-4 /* c1 */
#define CURVATURE 0.9   /* c2 */
#define TRIALS 60

typedef struct lbfgs {
  int64_t n, memory, pairs;
  double *x, *grad, *next, *next_grad, *direction;
  double *s, *y, *rho, *alpha; /* [memory, n], [memory, n], [memory], [memory] */
  double value;
  weiri_minimise_fn *f;
  void *user;
  int64_t evaluations;
} lbfgs;

static double dot(int64_t n, const double *a, const double *b) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) {
    sum += a[i] * b[i];
  }
  return sum;
}

static void add(int64_t n, double scale, const double *x, double *y) {
  for (int64_t i = 0; i < n; i++) {
    y[i] += scale * x[i];
  }
}

static weir_status evaluate(lbfgs *l, const double *x, double *value, double *grad) {
  l->evaluations++;
  WEIR_TRY(l->f(l->user, x, value, grad));
  for (int64_t i = 0; i < l->n && isfinite(*value); i++) {
    *value = isfinite(grad[i]) ? *value : INFINITY;
  }
  *value = isnan(*value) ? INFINITY : *value;
  return WEIR_OK;
}

/* direction = -H grad; pair i of the last `pairs` steps stands at i % memory. */
static void find_direction(lbfgs *l) {
  const int64_t n = l->n, used = l->pairs < l->memory ? l->pairs : l->memory;
  double *q = l->direction;
  for (int64_t i = 0; i < n; i++) {
    q[i] = -l->grad[i];
  }
  for (int64_t k = l->pairs; k-- > l->pairs - used;) {
    const int64_t at = k % l->memory;
    l->alpha[at] = l->rho[at] * dot(n, l->s + at * n, q);
    add(n, -l->alpha[at], l->y + at * n, q);
  }
  if (used > 0) {
    const int64_t at = (l->pairs - 1) % l->memory;
    const double yy = dot(n, l->y + at * n, l->y + at * n);
    for (int64_t i = 0; i < n; i++) {
      q[i] /= l->rho[at] * yy;
    }
  }
  for (int64_t k = l->pairs - used; k < l->pairs; k++) {
    const int64_t at = k % l->memory;
    const double beta = l->rho[at] * dot(n, l->y + at * n, q);
    add(n, l->alpha[at] - beta, l->s + at * n, q);
  }
}

/* A point along the direction that meets the weak Wolfe conditions, in next; *found is
 * false when none is within TRIALS. */
static weir_status search(lbfgs *l, double *value, bool *found) {
  const int64_t n = l->n;
  const double slope = dot(n, l->grad, l->direction);
  const double length = sqrt(dot(n, l->direction, l->direction));
  double low = 0.0, high = INFINITY,
         step = l->pairs == 0 ? fmin(1.0, 1.0 / length) : 1.0;
  *found = false;
  for (int trial = 0; trial < TRIALS && !*found && slope < 0.0; trial++) {
    memcpy(l->next, l->x, (size_t)n * sizeof *l->x);
    add(n, step, l->direction, l->next);
    WEIR_TRY(evaluate(l, l->next, value, l->next_grad));
    if (!(*value <= l->value + SUFFICIENT * step * slope)) {
      high = step;
    } else if (dot(n, l->next_grad, l->direction) < CURVATURE * slope) {
      low = step;
    } else {
      *found = true;
    }
    step = isinf(high) ? 2.0 * step : 0.5 * (low + high);
  }
  return WEIR_OK;
}

static void keep_pair(lbfgs *l) {
  const int64_t n = l->n, at = l->pairs % l->memory;
  double *s = l->s + at * n, *y = l->y + at * n;
  for (int64_t i = 0; i < n; i++) {
    s[i] = l->next[i] - l->x[i];
    y[i] = l->next_grad[i] - l->grad[i];
  }
  const double sy = dot(n, s, y);
  if (sy > 0.0) {
    l->rho[at] = 1.0 / sy;
    l->pairs++;
  }
}

static double largest(int64_t n, const double *x) {
  double most = 0.0;
  for (int64_t i = 0; i < n; i++) {
    most = fmax(most, fabs(x[i]));
  }
  return most;
}

static weir_status descend(
    lbfgs *l, const weiri_lbfgs_opts *opts, weiri_lbfgs_result *out) {
  const size_t bytes = (size_t)l->n * sizeof *l->x;
  while (out->iterations < opts->iterations) {
    if (largest(l->n, l->grad) <= opts->gradient) {
      out->converged = true;
      break;
    }
    double value = l->value;
    bool found;
    find_direction(l);
    WEIR_TRY(search(l, &value, &found));
    if (!found && l->pairs > 0) { /* the curvature kept is of no use here */
      l->pairs = 0;
      continue;
    }
    if (!found) {
      break;
    }
    out->iterations++;
    const double fall = l->value - value;
    keep_pair(l);
    memcpy(l->x, l->next, bytes);
    memcpy(l->grad, l->next_grad, bytes);
    l->value = value;
    if (fall <= opts->decrease * fmax(1.0, fabs(value))) {
      out->converged = true;
      break;
    }
  }
  return WEIR_OK;
}

weir_status weiri_lbfgs(const weir_ctx *ctx, int64_t n, double *x, weiri_minimise_fn *f,
    void *user, const weiri_lbfgs_opts *opts, weiri_lbfgs_result *out) {
  const int64_t m = opts->memory;
  double *room = weiri_calloc(ctx, (size_t)(4 * n + 2 * m * (n + 1)), sizeof *room);
  *out = (weiri_lbfgs_result){0};
  if (room == NULL) {
    return WEIR_E_MEMORY;
  }
  lbfgs l = {.n = n,
      .memory = m,
      .x = x,
      .grad = room,
      .next = room + n,
      .next_grad = room + 2 * n,
      .direction = room + 3 * n,
      .s = room + 4 * n,
      .y = room + 4 * n + m * n,
      .rho = room + 4 * n + 2 * m * n,
      .alpha = room + 4 * n + 2 * m * n + m,
      .f = f,
      .user = user};
  weir_status status = evaluate(&l, x, &l.value, l.grad);
  if (status == WEIR_OK && !isfinite(l.value)) {
    status = weiri_fail(WEIR_E_NUMERIC, "the function is not finite at the start");
  }
  if (status == WEIR_OK) {
    status = descend(&l, opts, out);
  }
  out->value = l.value;
  out->evaluations = l.evaluations;
  weiri_free(ctx, room);
  return status;
}
