/* Pareto-smoothed importance sampling: the largest weights are replaced by quantiles of
 * a generalised Pareto distribution fitted to them, whose shape k says whether the
 * weights have a usable tail. Vehtari, Simpson, Gelman, Yao, Gabry 2024, "Pareto
 * smoothed importance sampling"; fit: Zhang and Stephens 2009, profile posterior over
 * b = -k / sigma. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "infer/infer.h"
#include "weir/diagnose.h"

/* Prior of the fit: 3 times the quartile scale; 10 observations of k = 1/2. */
#define PRIOR_SCALE 3.0
#define PRIOR_COUNT 10.0
#define PRIOR_SHAPE 0.5
enum { TAIL_MIN = 5 };

typedef struct ordered {
  double value;
  int64_t at;
} ordered;

static int by_value(const void *a, const void *b) {
  const ordered *x = a, *y = b;
  return x->value != y->value ? (x->value > y->value) - (x->value < y->value)
                              : (x->at > y->at) - (x->at < y->at);
}

double weir_khat_threshold(int64_t n) {
  return n < 2 ? 0.0 : fmin(0.7, 1.0 - 1.0 / log10((double)n));
}

/* mean log(1 - b x) */
static double shape_at(int64_t n, const double *x, double b) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) {
    sum += log1p(-b * x[i]);
  }
  return sum / (double)n;
}

/* Exceedances x [n] ascending, positive; work [2 m] with m = 30 + floor(sqrt n). */
static void fit_tail(
    int64_t n, const double *x, double *work, double *k, double *sigma) {
  const int64_t m = 30 + (int64_t)sqrt((double)n);
  double *b = work, *length = work + m, weights = 0.0, mean = 0.0;
  const double quartile = x[(int64_t)((double)n / 4.0 + 0.5) - 1];
  for (int64_t i = 0; i < m; i++) {
    b[i] = (1.0 - sqrt((double)m / ((double)i + 0.5))) / (PRIOR_SCALE * quartile) +
           1.0 / x[n - 1];
    const double shape = shape_at(n, x, b[i]);
    length[i] = (double)n * (log(-b[i] / shape) - shape - 1.0);
  }
  for (int64_t i = 0; i < m; i++) {
    double sum = 0.0;
    for (int64_t j = 0; j < m; j++) {
      sum += exp(length[j] - length[i]);
    }
    const double weight = 1.0 / sum;
    if (weight >= 10.0 * DBL_EPSILON) {
      weights += weight;
      mean += weight * b[i];
    }
  }
  mean /= weights;
  const double shape = shape_at(n, x, mean);
  *sigma = -shape / mean;
  *k = ((double)n * shape + PRIOR_COUNT * PRIOR_SHAPE) / ((double)n + PRIOR_COUNT);
}

/* Quantile of the generalised Pareto distribution. */
static double pareto(double p, double k, double sigma) {
  return fabs(k) < DBL_EPSILON ? -sigma * log1p(-p) : sigma * expm1(-k * log1p(-p)) / k;
}

static double log_sum(int64_t n, const double *x) {
  double top = -INFINITY, sum = 0.0;
  for (int64_t i = 0; i < n; i++) {
    top = fmax(top, x[i]);
  }
  for (int64_t i = 0; i < n; i++) {
    sum += exp(x[i] - top);
  }
  return top + log(sum);
}

/* w[n] = log ratios less their largest: smooths the tail in place. order [n], tail [n +
 * 2 m] are scratch. */
static void smooth(weir_khat *out, double *w, ordered *order, double *tail) {
  const int64_t n = out->n;
  for (int64_t i = 0; i < n; i++) {
    order[i] = (ordered){w[i], i};
  }
  qsort(order, (size_t)n, sizeof *order, by_value);
  const double want = ceil(fmin((double)n / 5.0, 3.0 * sqrt((double)n)));
  const int64_t at = n - (int64_t)want - 1;
  const double cut = fmax(order[at > 0 ? at : 0].value, log(DBL_MIN));
  int64_t first = n;
  while (first > 0 && order[first - 1].value > cut) {
    first--;
  }
  out->tail = n - first;
  if (out->tail < TAIL_MIN) {
    return;
  }
  double sigma;
  for (int64_t i = first; i < n; i++) {
    tail[i - first] = exp(order[i].value) - exp(cut);
  }
  fit_tail(out->tail, tail, tail + n, &out->khat, &sigma);
  if (!isfinite(out->khat)) {
    out->khat = INFINITY;
    return;
  }
  for (int64_t i = first; i < n; i++) {
    const double p = ((double)(i - first) + 0.5) / (double)out->tail;
    w[order[i].at] = fmin(0.0, log(pareto(p, out->khat, sigma) + exp(cut)));
  }
}

/* Log of the mean weight and its standard error. */
static void evidence(weir_khat *out, const double *w, double top) {
  const double n = (double)out->n;
  double mean = 0.0, square = 0.0;
  for (int64_t i = 0; i < out->n; i++) {
    mean += exp(w[i]) / n;
  }
  for (int64_t i = 0; i < out->n; i++) {
    square += (exp(w[i]) - mean) * (exp(w[i]) - mean);
  }
  out->log_mean = top + log(mean);
  out->log_mean_error = n > 1.0 ? sqrt(square / (n - 1.0) / n) / mean : NAN;
}

/* Mean of the finite log ratios and its standard error. */
static void lower_bound(weir_khat *out, const double *log_ratio) {
  const double n = (double)(out->n - out->dropped);
  double mean = 0.0, square = 0.0;
  for (int64_t i = 0; i < out->n; i++) {
    mean += isfinite(log_ratio[i]) ? log_ratio[i] / n : 0.0;
  }
  for (int64_t i = 0; i < out->n; i++) {
    const double e = isfinite(log_ratio[i]) ? log_ratio[i] - mean : 0.0;
    square += e * e;
  }
  out->mean_log = mean;
  out->mean_log_error = n > 1.0 ? sqrt(square / (n - 1.0) / n) : NAN;
}

weir_status weir_psis(weir_khat *out, weir_ctx *ctx, int64_t n, const double *log_ratio,
    double *log_weight) {
  *out = (weir_khat){.n = n, .khat = INFINITY, .threshold = weir_khat_threshold(n)};
  double top = -INFINITY;
  for (int64_t i = 0; i < n; i++) {
    out->dropped += isfinite(log_ratio[i]) ? 0 : 1;
    top = isfinite(log_ratio[i]) ? fmax(top, log_ratio[i]) : top;
  }
  if (n < 1) {
    return weiri_fail(WEIR_E_ARGUMENT, "importance weights: expected at least one");
  }
  if (top == -INFINITY) {
    return weiri_fail(
        WEIR_E_DATA, "importance weights: none of the %lld is finite", (long long)n);
  }
  const size_t extra = 2 * (30 + (size_t)sqrt((double)n));
  double *w = weiri_alloc(ctx, (2 * (size_t)n + extra) * sizeof *w);
  ordered *order = weiri_alloc(ctx, (size_t)n * sizeof *order);
  if (w != NULL && order != NULL) {
    for (int64_t i = 0; i < n; i++) {
      w[i] = isfinite(log_ratio[i]) ? log_ratio[i] - top : -INFINITY;
    }
    lower_bound(out, log_ratio);
    evidence(out, w, top);
    smooth(out, w, order, w + n);
    const double total = log_sum(n, w);
    for (int64_t i = 0; i < n; i++) {
      w[i] -= total;
      out->ess += exp(2.0 * w[i]);
    }
    out->ess = 1.0 / out->ess;
    if (log_weight != NULL) {
      memcpy(log_weight, w, (size_t)n * sizeof *w);
    }
  }
  const bool bad = w == NULL || order == NULL;
  weiri_free(ctx, w);
  weiri_free(ctx, order);
  return bad ? WEIR_E_MEMORY : WEIR_OK;
}

void weir_resample(
    uint64_t seed, int64_t n, const double *log_weight, int64_t n_out, int64_t *index) {
  const weiri_rng rng = {seed, weiri_stream("resample", 0)};
  double passed = exp(log_weight[0]);
  int64_t i = 0;
  for (int64_t k = 0; k < n_out; k++) {
    const double u = ((double)k + weiri_uniform(rng, (uint64_t)k)) / (double)n_out;
    while (passed < u && i + 1 < n) {
      passed += exp(log_weight[++i]);
    }
    index[k] = i;
  }
}
