/* Summaries of chains: rank-normalised split R-hat, effective sample sizes, Monte-Carlo
 * errors. Vehtari, Gelman, Simpson, Carpenter, Buerkner 2021, "Rank-normalization,
 * folding, and localization", sections 3 and 4.
 *
 *     R-hat^2 = ((n - 1)/n W + B/n) / W           W within, B between split chains
 *     ESS     = m n / tau,  tau = -1 + 2 sum_t P_t
 *
 * P_t the sums of neighbouring autocorrelations, cut where they are no longer positive
 * and made monotone (Geyer 1992). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/normal.h"
#include "infer/infer.h"
#include "weir/diagnose.h"

#define RESOLUTION 1e-15

/* Split chains side by side: x [m, n]. */
typedef struct split {
  int64_t m, n;
  double *x;
} split;

typedef struct ranked {
  double value;
  int64_t at;
} ranked;

static int by_value(const void *a, const void *b) {
  const double x = ((const ranked *)a)->value, y = ((const ranked *)b)->value;
  return (x > y) - (x < y);
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double mean_of(int64_t n, const double *x) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) {
    sum += x[i];
  }
  return sum / (double)n;
}

/* Sum of squared deviations over n - less. */
static double variance_of(int64_t n, const double *x, int less) {
  const double mean = mean_of(n, x);
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) {
    sum += (x[i] - mean) * (x[i] - mean);
  }
  return sum / (double)(n - less);
}

double weiri_quantile(int64_t n, const double *sorted, double p) {
  const double at = p * (double)(n - 1);
  const int64_t i = (int64_t)at;
  return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i])
                   : sorted[n - 1];
}

/* Halves of each chain; the middle draw of an odd number is left out. */
static void split_chains(split *s, int64_t chains, int64_t draws, const double *x) {
  s->m = 2 * chains;
  s->n = draws / 2;
  for (int64_t k = 0; k < chains; k++) {
    memcpy(s->x + 2 * k * s->n, x + k * draws, (size_t)s->n * sizeof *x);
    memcpy(s->x + (2 * k + 1) * s->n, x + (k + 1) * draws - s->n,
        (size_t)s->n * sizeof *x);
  }
}

/* Normal scores of the ranks, ties at their mean rank. */
static void normal_scores(split *s, ranked *work) {
  const int64_t total = s->m * s->n;
  for (int64_t i = 0; i < total; i++) {
    work[i] = (ranked){s->x[i], i};
  }
  qsort(work, (size_t)total, sizeof *work, by_value);
  for (int64_t i = 0; i < total;) {
    int64_t j = i;
    while (j < total && work[j].value == work[i].value) {
      j++;
    }
    const double rank = 0.5 * (double)(i + 1 + j);
    const double z = weiri_normal_quantile((rank - 0.375) / ((double)total + 0.25));
    for (; i < j; i++) {
      s->x[work[i].at] = z;
    }
  }
}

/* mean over chains of their variances, and variance of their means times n */
static void within_between(const split *s, double *within, double *between) {
  double *x = s->x, sum = 0.0, square = 0.0;
  *within = 0.0;
  for (int64_t k = 0; k < s->m; k++) {
    const double mean = mean_of(s->n, x + k * s->n);
    *within += variance_of(s->n, x + k * s->n, 1) / (double)s->m;
    sum += mean;
  }
  sum /= (double)s->m;
  for (int64_t k = 0; k < s->m; k++) {
    const double mean = mean_of(s->n, x + k * s->n);
    square += (mean - sum) * (mean - sum);
  }
  *between = s->m > 1 ? (double)s->n * square / (double)(s->m - 1) : 0.0;
}

static double rhat_of(const split *s) {
  double within, between;
  within_between(s, &within, &between);
  const double n = (double)s->n;
  return sqrt((between / within + n - 1.0) / n);
}

/* Mean over chains of the autocovariance at a lag, divided by n. */
static double autocovariance(const split *s, int64_t lag) {
  double sum = 0.0;
  for (int64_t k = 0; k < s->m; k++) {
    const double *x = s->x + k * s->n;
    const double mean = mean_of(s->n, x);
    double c = 0.0;
    for (int64_t i = 0; i + lag < s->n; i++) {
      c += (x[i] - mean) * (x[i + lag] - mean);
    }
    sum += c / (double)s->n;
  }
  return sum / (double)s->m;
}

static bool constant(const split *s) {
  double lo = s->x[0], hi = s->x[0];
  for (int64_t i = 1; i < s->m * s->n; i++) {
    lo = fmin(lo, s->x[i]);
    hi = fmax(hi, s->x[i]);
  }
  return hi - lo < RESOLUTION;
}

/* Effective draws; rho [n + 2] is scratch. */
static double ess_of(const split *s, double *rho) {
  const double total = (double)(s->m * s->n), n = (double)s->n;
  if (s->n < 2 || constant(s)) {
    return total;
  }
  double within, between;
  within_between(s, &within, &between);
  const double plus = within * (n - 1.0) / n + between / n;
  double even = 1.0, odd = 1.0 - (within - autocovariance(s, 1)) / plus;
  rho[0] = even;
  rho[1] = odd;
  int64_t t = 1;
  for (; t < s->n - 3 && even + odd > 0.0; t += 2) {
    even = 1.0 - (within - autocovariance(s, t + 1)) / plus;
    odd = 1.0 - (within - autocovariance(s, t + 2)) / plus;
    rho[t + 1] = even + odd >= 0.0 ? even : 0.0;
    rho[t + 2] = even + odd >= 0.0 ? odd : 0.0;
  }
  const int64_t last = t - 2;
  if (even > 0.0) {
    rho[last + 1] = even;
  }
  for (int64_t i = 1; i <= last - 2; i += 2) {
    if (rho[i + 1] + rho[i + 2] > rho[i - 1] + rho[i]) {
      rho[i + 1] = rho[i + 2] = 0.5 * (rho[i - 1] + rho[i]);
    }
  }
  double tau = -1.0 + rho[last + 1];
  for (int64_t i = 0; i <= last; i++) {
    tau += 2.0 * rho[i];
  }
  return total / fmax(tau, 1.0 / log10(total));
}

/* ---- all of it ---- */

typedef struct room {
  double *x;      /* [chains, draws] in order */
  double *sorted; /* [chains * draws] */
  split s;
  ranked *work;
  double *rho;
} room;

/* Split chains of f(x, a): the number itself, its distance from a, whether it is at
 * most a, its squared distance from a. */
typedef enum shape { PLAIN, FOLDED, BELOW, SQUARED } shape;

static void load(room *r, int64_t chains, int64_t draws, shape f, double a) {
  split_chains(&r->s, chains, draws, r->x);
  for (int64_t i = 0; f != PLAIN && i < r->s.m * r->s.n; i++) {
    const double d = r->s.x[i] - a;
    r->s.x[i] = f == FOLDED ? fabs(d) : f == SQUARED ? d * d : d <= 0.0 ? 1.0 : 0.0;
  }
}

static double ranked_rhat(room *r) {
  normal_scores(&r->s, r->work);
  return rhat_of(&r->s);
}

/* Standard error of sd from that of the mean square (delta method). */
static double error_of_sd(room *r, int64_t chains, int64_t draws, double mean) {
  load(r, chains, draws, SQUARED, mean);
  const double ess = ess_of(&r->s, r->rho);
  const int64_t n = chains * draws;
  double second = 0.0, fourth = 0.0;
  for (int64_t i = 0; i < n; i++) {
    const double q = (r->x[i] - mean) * (r->x[i] - mean);
    second += q / (double)n;
    fourth += q * q / (double)n;
  }
  return sqrt((fourth - second * second) / ess / second / 4.0);
}

static void fill(weir_summary *out, room *r, int64_t chains, int64_t draws) {
  const int64_t n = chains * draws;
  memcpy(r->sorted, r->x, (size_t)n * sizeof *r->x);
  qsort(r->sorted, (size_t)n, sizeof *r->sorted, ascending);
  out->mean = mean_of(n, r->x);
  out->sd = sqrt(variance_of(n, r->x, 1));
  out->q5 = weiri_quantile(n, r->sorted, 0.05);
  out->q50 = weiri_quantile(n, r->sorted, 0.5);
  out->q95 = weiri_quantile(n, r->sorted, 0.95);
  if (draws < 4) {
    return;
  }
  load(r, chains, draws, PLAIN, 0.0);
  if (constant(&r->s)) {
    out->ess_bulk = out->ess_tail = (double)n;
    out->mcse_mean = out->mcse_sd = 0.0;
    return;
  }
  out->mcse_mean = out->sd / sqrt(ess_of(&r->s, r->rho));
  const double bulk = ranked_rhat(r);
  out->ess_bulk = ess_of(&r->s, r->rho);
  load(r, chains, draws, FOLDED, out->q50);
  out->rhat = fmax(bulk, ranked_rhat(r));
  load(r, chains, draws, BELOW, out->q5);
  const double low = ess_of(&r->s, r->rho);
  load(r, chains, draws, BELOW, out->q95);
  out->ess_tail = fmin(low, ess_of(&r->s, r->rho));
  out->mcse_sd = error_of_sd(r, chains, draws, out->mean);
}

weir_status weir_summarize(weir_summary *out, weir_ctx *ctx, int64_t chains,
    int64_t draws, const double *x, int64_t stride) {
  const int64_t n = chains * draws;
  *out = (weir_summary){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  if (chains < 1 || draws < 1) {
    return weiri_fail(WEIR_E_ARGUMENT, "a summary needs at least one draw");
  }
  double *block = weiri_alloc(ctx, (size_t)(3 * n + draws + 4) * sizeof *block);
  ranked *work = weiri_alloc(ctx, (size_t)n * sizeof *work);
  bool finite = true;
  if (block != NULL && work != NULL) {
    room r = {block, block + n, {0, 0, block + 2 * n}, work, block + 3 * n};
    for (int64_t i = 0; i < n; i++) {
      r.x[i] = x[i * stride];
      finite = finite && isfinite(r.x[i]);
    }
    if (finite) {
      fill(out, &r, chains, draws);
    }
  }
  const bool bad = block == NULL || work == NULL;
  weiri_free(ctx, block);
  weiri_free(ctx, work);
  return bad ? WEIR_E_MEMORY : WEIR_OK;
}

double weir_ebfmi(int64_t n, const double *energy, int64_t stride) {
  double mean = 0.0, steps = 0.0, spread = 0.0;
  if (n < 2) {
    return NAN;
  }
  for (int64_t i = 0; i < n; i++) {
    mean += energy[i * stride] / (double)n;
  }
  for (int64_t i = 0; i < n; i++) {
    const double d = energy[i * stride] - mean;
    const double step = i == 0 ? 0.0 : energy[i * stride] - energy[(i - 1) * stride];
    spread += d * d;
    steps += step * step;
  }
  return steps / spread;
}
