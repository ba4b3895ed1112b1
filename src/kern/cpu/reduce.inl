/* Sums in float64 and in a fixed order, and softmax along rows. */

/* Lane l adds elements l, l + 8, ...; lanes are then added in pairs. */
#define LANES 8

static double NAME(fold)(const double *lane) {
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
         ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

#define LANE_SUM(name, term)                                                           \
  static double NAME(name)(int64_t n, const void *px) {                                \
    const T *x = px;                                                                   \
    double lane[LANES] = {0};                                                          \
    int64_t i = 0;                                                                     \
    for (; i + LANES <= n; i += LANES) {                                               \
      for (int l = 0; l < LANES; l++) {                                                \
        const double v = (double)x[i + l];                                             \
        lane[l] += (term);                                                             \
      }                                                                                \
    }                                                                                  \
    for (int l = 0; i < n; i++, l++) {                                                 \
      const double v = (double)x[i];                                                   \
      lane[l] += (term);                                                               \
    }                                                                                  \
    return NAME(fold)(lane);                                                           \
  }

LANE_SUM(sum, v)
LANE_SUM(sum_squares, v *v)

static void NAME(sum_rows)(int64_t m, int64_t n, const void *px, void *py) {
  const T *x = px;
  T *y = py;
  for (int64_t i = 0; i < m; i++) {
    y[i] = (T)NAME(sum)(n, x + i * n);
  }
}

static void NAME(sum_cols)(
    int64_t m, int64_t n, const void *px, int64_t j0, int64_t j1, void *py) {
  const T *x = px;
  T *y = py;
  double acc[64];
  for (int64_t j = j0; j < j1; j += 64) {
    const int64_t width = j1 - j < 64 ? j1 - j : 64;
    memset(acc, 0, sizeof acc);
    for (int64_t i = 0; i < m; i++) {
      const T *row = x + i * n + j;
      for (int64_t c = 0; c < width; c++) {
        acc[c] += (double)row[c];
      }
    }
    for (int64_t c = 0; c < width; c++) {
      y[j + c] = (T)acc[c];
    }
  }
}

static T NAME(row_max)(int64_t n, const T *x) {
  T best = x[0];
  for (int64_t j = 1; j < n; j++) {
    best = x[j] > best || x[j] != x[j] ? x[j] : best;
  }
  return best;
}

static int NAME(infinite)(T x) {
  return x - x != 0;
}

static void NAME(logsumexp_rows)(int64_t m, int64_t n, const void *px, void *py) {
  const T *x = px;
  T *y = py;
  for (int64_t i = 0; i < m; i++) {
    const T *row = x + i * n;
    const T best = n > 0 ? NAME(row_max)(n, row) : (T)-INFINITY;
    double sum = 0.0;
    for (int64_t j = 0; j < n; j++) {
      sum += (double)NAME(vexp)(row[j] - best);
    }
    y[i] = NAME(infinite)(best) ? best : best + (T)log(sum);
  }
}

/* Blocks of rows: the exponentials are one long loop, whatever the length of a row. */
static void NAME(softmax_rows)(int64_t m, int64_t n, const void *px, void *py) {
  const T *x = px;
  T *y = py;
  for (int64_t i = 0; i < m && n > 0; i++) {
    const T best = NAME(row_max)(n, x + i * n);
    for (int64_t j = 0; j < n; j++) {
      y[i * n + j] = x[i * n + j] - best;
    }
  }
  for (int64_t i = 0; i < m * n; i++) {
    y[i] = NAME(vexp)(y[i]);
  }
  for (int64_t i = 0; i < m; i++) {
    double sum = 0.0;
    for (int64_t j = 0; j < n; j++) {
      sum += (double)y[i * n + j];
    }
    const T factor = (T)(1.0 / sum);
    for (int64_t j = 0; j < n; j++) {
      y[i * n + j] *= factor;
    }
  }
}
#undef LANES
#undef LANE_SUM
