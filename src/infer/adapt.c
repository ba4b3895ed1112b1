/* Step size by dual averaging, metric by running moments over doubling windows: the
 * warm-up of Stan (Stan reference manual, "HMC algorithm parameters"; Hoffman and
 * Gelman 2014, section 3.2). */
#include "infer/adapt.h"

#include <math.h>
#include <string.h>

enum { NUMBERS = sizeof(weiri_chain_numbers) / sizeof(double) };

/* Dual averaging: gamma, t0, kappa. */
#define GAMMA 0.05
#define DELAY 10.0
#define KAPPA 0.75

int64_t weiri_chain_size(int64_t d, bool dense) {
  return NUMBERS + 3 * d + 3 * weiri_metric_size(d, dense);
}

void weiri_chain_view(
    weiri_chain *c, int64_t index, int64_t d, bool dense, double *block) {
  const int64_t m = weiri_metric_size(d, dense);
  *c = (weiri_chain){.index = index, .n = (weiri_chain_numbers *)(void *)block};
  double *w = block + NUMBERS;
  c->at = (weiri_point){w, w + d, c->n->log_density};
  c->mean = w + 2 * d;
  w += 3 * d;
  c->metric = (weiri_metric){d, dense, w, w + m};
  c->m2 = w + 2 * m;
}

bool weiri_window(int64_t warmup, int64_t i, bool *ends) {
  int64_t start = 75, size = 25, last = 50;
  *ends = false;
  if (warmup < 20) {
    return false;
  }
  if (start + size + last > warmup) {
    start = (int64_t)(0.15 * (double)warmup);
    last = (int64_t)(0.1 * (double)warmup);
    size = warmup - start - last;
  }
  const int64_t stop = warmup - last;
  if (i < start || i >= stop) {
    return false;
  }
  for (;; start += size, size *= 2) {
    const int64_t end = start + 3 * size > stop ? stop : start + size;
    if (i < end) {
      *ends = i == end - 1;
      return true;
    }
  }
}

void weiri_average_restart(weiri_chain_numbers *n, double boost) {
  n->mu = log(boost * n->step);
  n->x_bar = n->s_bar = n->updates = 0.0;
}

void weiri_average_take(weiri_chain_numbers *n, double accept, double target) {
  n->updates += 1.0;
  const double eta = 1.0 / (n->updates + DELAY);
  n->s_bar = (1.0 - eta) * n->s_bar + eta * (target - fmin(accept, 1.0));
  const double x = n->mu - n->s_bar * sqrt(n->updates) / GAMMA;
  const double weight = pow(n->updates, -KAPPA);
  n->x_bar = (1.0 - weight) * n->x_bar + weight * x;
  n->step = exp(x);
}

void weiri_average_settle(weiri_chain_numbers *n) {
  if (n->updates > 0.0) {
    n->step = exp(n->x_bar);
  }
}

/* Welford 1962. */
void weiri_moments_take(weiri_chain *c) {
  const int64_t d = c->metric.d;
  c->n->seen += 1.0;
  const double share = 1.0 / c->n->seen;
  for (int64_t i = 0; c->metric.dense && i < d; i++) {
    const double a = c->at.x[i] - c->mean[i];
    for (int64_t j = 0; j < d; j++) {
      c->m2[i * d + j] += a * (c->at.x[j] - c->mean[j]) * (1.0 - share);
    }
  }
  for (int64_t i = 0; i < d; i++) {
    const double a = c->at.x[i] - c->mean[i];
    c->mean[i] += a * share;
    if (!c->metric.dense) {
      c->m2[i] += a * (c->at.x[i] - c->mean[i]);
    }
  }
}

void weiri_moments_settle(weiri_chain *c) {
  const int64_t d = c->metric.d, size = weiri_metric_size(d, c->metric.dense);
  const double n = c->n->seen;
  if (n > 1.0) {
    for (int64_t i = 0; i < size; i++) {
      const bool diagonal = !c->metric.dense || i % (d + 1) == 0;
      c->metric.inverse[i] = n / (n + 5.0) * c->m2[i] / (n - 1.0) +
                             (diagonal ? 1e-3 * 5.0 / (n + 5.0) : 0.0);
    }
    if (!weiri_metric_factor(&c->metric)) {
      weiri_metric_identity(&c->metric);
    }
  }
  c->n->seen = 0.0;
  memset(c->mean, 0, (size_t)d * sizeof *c->mean);
  memset(c->m2, 0, (size_t)size * sizeof *c->m2);
}
