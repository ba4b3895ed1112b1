/* Kolmogorov-Smirnov distances and moments with intervals.
 *
 * The interval of a distance D_n = sup |F_n - F0| around the distance D of the true
 * distribution is that of Dvoretzky, Kiefer and Wolfowitz with Massart's constant:
 * |D_n - D| <= sup |F_n - F|, which exceeds sqrt(log(2 / a) / (2 n)) with probability
 * at most a (Massart 1990). For two samples, a is split between them. */
#include <math.h>
#include <stdlib.h>

#include "report/stats.h"

static const double Z95 = 1.959963984540054;

/* NaN last. */
static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return isnan(x) || isnan(y) ? !!isnan(x) - !!isnan(y) : (x > y) - (x < y);
}

void weiri_sort(int64_t n, double *x) {
  qsort(x, (size_t)n, sizeof *x, by_value);
}

double weiri_normal_cdf(double z) {
  return 0.5 * erfc(-z * 0.70710678118654752440);
}

void weiri_moments(int64_t n, const double *x, double *mean, double *sd) {
  double sum = 0.0, squares = 0.0;
  for (int64_t i = 0; i < n; i++) {
    sum += x[i];
  }
  *mean = sum / (double)n;
  for (int64_t i = 0; i < n; i++) {
    squares += (x[i] - *mean) * (x[i] - *mean);
  }
  *sd = sqrt(squares / (double)(n - 1));
}

weiri_effect weiri_mean_effect(int64_t n, const double *x) {
  double mean, sd;
  weiri_moments(n, x, &mean, &sd);
  const double half = Z95 * sd / sqrt((double)n);
  return (weiri_effect){mean, mean - half, mean + half};
}

weiri_effect weiri_sd_effect(int64_t n, const double *x) {
  double mean, sd, fourth = 0.0;
  weiri_moments(n, x, &mean, &sd);
  for (int64_t i = 0; i < n; i++) {
    const double e = (x[i] - mean) * (x[i] - mean);
    fourth += e * e;
  }
  fourth /= (double)n;
  const double spread = fmax(fourth - sd * sd * sd * sd, 0.0) / (double)n;
  const double half = sd > 0.0 ? Z95 * sqrt(spread) / (2.0 * sd) : 0.0;
  return (weiri_effect){sd, fmax(sd - half, 0.0), sd + half};
}

static double band(double n, double a) {
  return sqrt(log(2.0 / a) / (2.0 * n));
}

static weiri_effect around(double d, double half) {
  return (weiri_effect){d, fmax(d - half, 0.0), fmin(d + half, 1.0)};
}

/* The larger of the gaps on both sides of step i at a value whose probability is f. */
static double gap(double f, int64_t i, int64_t n) {
  return fmax(f - (double)i / (double)n, (double)(i + 1) / (double)n - f);
}

weiri_effect weiri_ks_normal(int64_t n, const double *sorted) {
  double d = 0.0;
  for (int64_t i = 0; i < n; i++) {
    d = fmax(d, gap(weiri_normal_cdf(sorted[i]), i, n));
  }
  return around(d, band((double)n, 0.05));
}

weiri_effect weiri_ks_uniform(int64_t n, const double *sorted) {
  double d = 0.0;
  for (int64_t i = 0; i < n; i++) {
    d = fmax(d, gap(fmin(fmax(sorted[i], 0.0), 1.0), i, n));
  }
  return around(d, band((double)n, 0.05));
}

weiri_effect weiri_ks_two(int64_t n, const double *a, int64_t m, const double *b) {
  int64_t i = 0, j = 0;
  double d = 0.0;
  while (i < n && j < m) {
    const double at = fmin(a[i], b[j]);
    if (isnan(at)) { /* numbers have run out on both sides */
      break;
    }
    while (i < n && a[i] <= at) {
      i++;
    }
    while (j < m && b[j] <= at) {
      j++;
    }
    d = fmax(d, fabs((double)i / (double)n - (double)j / (double)m));
  }
  return around(d, band((double)n, 0.025) + band((double)m, 0.025));
}

double weiri_correlation(int64_t n, int64_t d, const double *x, int64_t i, int64_t j) {
  double mi = 0.0, mj = 0.0, ii = 0.0, jj = 0.0, ij = 0.0;
  for (int64_t r = 0; r < n; r++) {
    mi += x[r * d + i] / (double)n;
    mj += x[r * d + j] / (double)n;
  }
  for (int64_t r = 0; r < n; r++) {
    const double u = x[r * d + i] - mi, v = x[r * d + j] - mj;
    ii += u * u;
    jj += v * v;
    ij += u * v;
  }
  return ii > 0.0 && jj > 0.0 ? ij / sqrt(ii * jj) : 0.0;
}

void weiri_largest(int64_t n, const double *x, int64_t k, int64_t *out) {
  int64_t found = 0;
  for (int64_t i = 0; i < n && found < k; i++) {
    int64_t before = 0;
    for (int64_t j = 0; j < n; j++) {
      before += x[j] > x[i] || (x[j] == x[i] && j < i);
    }
    if (before < k) {
      out[found++] = i;
    }
  }
}
