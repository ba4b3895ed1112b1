/* The energy test of two samples (Szekely and Rizzo 2013, eq. 5):
 *
 *     E = 2 mean |a - b| - mean |a - a'| - mean |b - b'|,
 *
 * zero only between equal distributions. With n rows in each sample and signs s = +1
 * for a, -1 for b, E = -(s' D s) / n^2 over the pooled distances D; the null permutes
 * s. Columns are divided by their pooled standard deviation first. */
#include <math.h>
#include <string.h>

#include "report/stats.h"

/* Rows of both samples, scaled: out [2n, d]. */
static void pool(int64_t n, int64_t d, const double *a, const double *b, double *column,
    double *out) {
  for (int64_t j = 0; j < d; j++) {
    double mean, sd;
    for (int64_t i = 0; i < n; i++) {
      column[i] = a[i * d + j];
      column[n + i] = b[i * d + j];
    }
    weiri_moments(2 * n, column, &mean, &sd);
    for (int64_t i = 0; i < 2 * n; i++) {
      out[i * d + j] = sd > 0.0 ? (column[i] - mean) / sd : 0.0;
    }
  }
}

static void distances(int64_t m, int64_t d, const double *x, float *out) {
  for (int64_t i = 0; i < m; i++) {
    out[i * m + i] = 0.0f;
    for (int64_t k = 0; k < i; k++) {
      double sum = 0.0;
      for (int64_t j = 0; j < d; j++) {
        const double e = x[i * d + j] - x[k * d + j];
        sum += e * e;
      }
      out[i * m + k] = out[k * m + i] = (float)sqrt(sum);
    }
  }
}

/* s' D s, from the lower triangle. Rows are short sums in float64 of float products. */
static double form(int64_t m, const float *dist, const float *sign) {
  double sum = 0.0;
  for (int64_t i = 1; i < m; i++) {
    float part[16] = {0};
    const float *row = dist + i * m;
    int64_t k = 0;
    for (; k + 16 <= i; k += 16) {
      for (int l = 0; l < 16; l++) {
        part[l] += row[k + l] * sign[k + l];
      }
    }
    for (; k < i; k++) {
      part[0] += row[k] * sign[k];
    }
    double line = 0.0;
    for (int l = 0; l < 16; l++) {
      line += (double)part[l];
    }
    sum += line * (double)sign[i];
  }
  return 2.0 * sum;
}

static double mean_between(int64_t n, const float *dist) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t k = 0; k < n; k++) {
      sum += (double)dist[i * 2 * n + n + k];
    }
  }
  return sum / ((double)n * (double)n);
}

static void permute(
    weiri_energy *e, const float *dist, float *sign, int64_t *order, uint64_t seed) {
  const int64_t m = 2 * e->n;
  const double scale = (double)e->n * (double)e->n;
  int64_t above = 0;
  for (int64_t p = 0; p < e->permutations; p++) {
    const weiri_rng rng = {seed, weiri_stream("report.permutation", (uint64_t)p)};
    weiri_permutation(rng, m, order);
    for (int64_t i = 0; i < m; i++) {
      sign[order[i]] = i < e->n ? 1.0f : -1.0f;
    }
    e->null[p] = -form(m, dist, sign) / scale;
    above += e->null[p] >= e->statistic;
    e->null_mean += e->null[p] / (double)e->permutations;
  }
  weiri_sort(e->permutations, e->null);
  e->null_95 = e->null[(int64_t)(0.95 * (double)(e->permutations - 1))];
  e->p = (1.0 + (double)above) / (1.0 + (double)e->permutations);
}

weir_status weiri_energy_test(weiri_energy *out, const weir_ctx *ctx, int64_t n,
    int64_t d, const double *a, const double *b, int64_t permutations, uint64_t seed) {
  const size_t m = (size_t)(2 * n);
  double *x = weiri_calloc(ctx, m * (size_t)(d + 1), sizeof *x);
  float *dist = weiri_calloc(ctx, m * (m + 1), sizeof *dist);
  int64_t *order = weiri_calloc(ctx, m, sizeof *order);
  *out = (weiri_energy){.n = n, .permutations = permutations};
  out->null = weiri_calloc(ctx, (size_t)permutations + 1, sizeof *out->null);
  weir_status status = WEIR_E_MEMORY;
  if (x != NULL && dist != NULL && order != NULL && out->null != NULL) {
    float *sign = dist + m * m;
    pool(n, d, a, b, x + m * (size_t)d, x);
    distances(2 * n, d, x, dist);
    for (int64_t i = 0; i < 2 * n; i++) {
      sign[i] = i < n ? 1.0f : -1.0f;
    }
    const double between = mean_between(n, dist);
    out->statistic = -form(2 * n, dist, sign) / ((double)n * (double)n);
    out->ratio = between > 0.0 ? out->statistic / (2.0 * between) : 0.0;
    permute(out, dist, sign, order, seed);
    status = WEIR_OK;
  } else {
    weiri_free(ctx, out->null);
    out->null = NULL;
  }
  weiri_free(ctx, order);
  weiri_free(ctx, dist);
  weiri_free(ctx, x);
  return status;
}
