/* What a column's values look like: range, moments, distinct values, grid.
 * Moments by Welford's recurrence; distinct values and the grid from a sorted copy. */
#include <math.h>
#include <stdlib.h>

#include "data/table.h"

enum { STEPS_MAX = 10000 };

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void moments(weir_column_stats *s, const double *x, int64_t n) {
  double mean = 0, m2 = 0;
  s->integers = n > 0;
  for (int64_t i = 0; i < n; i++) {
    const double delta = x[i] - mean;
    mean += delta / (double)(i + 1);
    m2 += delta * (x[i] - mean);
    s->integers = s->integers && x[i] == floor(x[i]);
  }
  s->mean = n > 0 ? mean : (double)NAN;
  s->sd = n > 1 ? sqrt(m2 / (double)(n - 1)) : (double)NAN;
}

/* Over sorted x: distinct values, the most frequent one, the smallest gap. */
static double runs(weir_column_stats *s, const double *x, int64_t n) {
  double gap = INFINITY;
  for (int64_t i = 0, j; i < n; i = j) {
    for (j = i + 1; j < n && x[j] == x[i]; j++) {
    }
    s->distinct++;
    if (j - i > s->mode_count) {
      s->mode_count = j - i;
      s->mode = x[i];
    }
    if (j < n && x[j] - x[i] < gap) {
      gap = x[j] - x[i];
    }
  }
  return gap;
}

/* The step of the grid on which all values lie, or 0. The smallest gap carries rounding
 * errors; the number of steps in the whole range says what the step must be. */
static double grid(const double *x, int64_t n, double gap) {
  const double range = n > 1 ? x[n - 1] - x[0] : 0;
  if (!(range > 0) || !isfinite(range) || !(gap > 0) || range / gap > STEPS_MAX + 0.5) {
    return 0;
  }
  const double step = range / nearbyint(range / gap);
  for (int64_t i = 0; i < n; i++) {
    const double k = (x[i] - x[0]) / step;
    if (fabs(k - nearbyint(k)) > 0.05) {
      return 0;
    }
  }
  return step;
}

weir_status weir_table_stats(
    const weir_table *table, int64_t column, weir_column_stats *out) {
  if (column < 0 || column >= table->d) {
    return weiri_fail(WEIR_E_ARGUMENT, "column %lld is outside [0, %lld)",
        (long long)column, (long long)table->d);
  }
  *out = (weir_column_stats){.rows = table->n};
  double *x = weiri_calloc(table->ctx, (size_t)table->n, sizeof *x);
  if (x == NULL) {
    return WEIR_E_MEMORY;
  }
  int64_t n = 0;
  for (int64_t i = 0; i < table->n; i++) {
    const double v = weiri_table_at(table, i * table->d + column);
    out->missing += isnan(v);
    if (isfinite(v)) {
      x[n++] = v;
    }
  }
  moments(out, x, n);
  qsort(x, (size_t)n, sizeof *x, compare);
  out->min = n > 0 ? x[0] : (double)NAN;
  out->max = n > 0 ? x[n - 1] : (double)NAN;
  out->mode = out->min;
  out->step = grid(x, n, runs(out, x, n));
  weiri_free(table->ctx, x);
  return WEIR_OK;
}
