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
static void NAME(sum_rows)(int64_t m, int64_t n, const void *px, void *py) {
  const T *x = px;
  T *y = py;
  for (int64_t i = 0; i < m; i++) {
    y[i] = (T)NAME(sum)(n, x + i * n);
  }
}

typedef double NAME(sums) __attribute__((vector_size(8 * LANES)));
typedef T NAME(lanes)
    __attribute__((vector_size(sizeof(T) * LANES), aligned(sizeof(T)), may_alias));

/* Four times the lanes: one addition after the other would be slower than memory. */
static double NAME(sum_squares)(int64_t n, const void *px) {
  const T *x = px;
  NAME(sums) a = {0}, b = {0}, c = {0}, d = {0};
  int64_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES) {
    const NAME(lanes) *v = (const void *)(x + i);
    const NAME(sums) p = __builtin_convertvector(v[0], NAME(sums));
    const NAME(sums) q = __builtin_convertvector(v[1], NAME(sums));
    const NAME(sums) r = __builtin_convertvector(v[2], NAME(sums));
    const NAME(sums) s = __builtin_convertvector(v[3], NAME(sums));
    a += p * p;
    b += q * q;
    c += r * r;
    d += s * s;
  }
  for (; i + LANES <= n; i += LANES) {
    const NAME(lanes) *v = (const void *)(x + i);
    const NAME(sums) p = __builtin_convertvector(v[0], NAME(sums));
    a += p * p;
  }
  double lane[LANES];
  a = (a + b) + (c + d);
  memcpy(lane, &a, sizeof lane);
  for (int l = 0; i < n; i++, l++) {
    const double v = (double)x[i];
    lane[l] += v * v;
  }
  return NAME(fold)(lane);
}

/* 4 LANES columns from x on, sums in registers. */
static void NAME(sum_wide)(int64_t m, int64_t n, const T *x, T *y) {
  NAME(sums) a = {0}, b = {0}, c = {0}, d = {0};
  for (int64_t i = 0; i < m; i++, x += n) {
    const NAME(lanes) *v = (const void *)x;
    a += __builtin_convertvector(v[0], NAME(sums));
    b += __builtin_convertvector(v[1], NAME(sums));
    c += __builtin_convertvector(v[2], NAME(sums));
    d += __builtin_convertvector(v[3], NAME(sums));
  }
  for (int l = 0; l < LANES; l++) {
    y[l] = (T)a[l];
    y[LANES + l] = (T)b[l];
    y[2 * LANES + l] = (T)c[l];
    y[3 * LANES + l] = (T)d[l];
  }
}

static void NAME(sum_cols)(
    int64_t m, int64_t n, const void *px, int64_t j0, int64_t j1, void *py) {
  const T *x = px;
  T *y = py;
  double acc[4 * LANES];
  for (int64_t j = j0; j < j1; j += 4 * LANES) {
    const int64_t width = j1 - j < 4 * LANES ? j1 - j : 4 * LANES;
    if (width == 4 * LANES) {
      NAME(sum_wide)(m, n, x + j, y + j);
      continue;
    }
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
