/* A mixture of Gaussians with full covariances by expectation maximisation (Dempster,
 * Laird, Rubin 1977). E: shares s_ik = w_k N(x_i; mu_k, S_k) / sum; M: weighted moments
 * per component, with a little of the overall variance on each diagonal so that none
 * collapses onto a point. Rows are shared out in blocks of a fixed size, components one
 * by one, so the numbers do not depend on the number of threads. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "train/baseline.h"

#define ROWS 64
#define ITERATIONS 60
#define TOLERANCE 1e-5  /* nats per row between iterations */
#define RIDGE 1e-6      /* of the mean variance, on diagonals */
#define NEGLIGIBLE 1e-9 /* shares below are left out of the sums */

void weiri_mixture_destroy(weir_ctx *ctx, weiri_mixture *mix) {
  weiri_free(ctx, mix->log_weight);
  weiri_free(ctx, mix->mean);
  weiri_free(ctx, mix->chol);
  *mix = (weiri_mixture){0};
}

static weir_status mixture_alloc(
    weiri_mixture *mix, weir_ctx *ctx, int64_t k, int64_t m) {
  *mix = (weiri_mixture){.k = k, .m = m};
  mix->log_weight = weiri_calloc(ctx, (size_t)k + 1, sizeof(double));
  mix->mean = weiri_calloc(ctx, (size_t)(k * m) + 1, sizeof(double));
  mix->chol = weiri_calloc(ctx, (size_t)(k * m * m) + 1, sizeof(double));
  if (mix->log_weight == NULL || mix->mean == NULL || mix->chol == NULL) {
    weiri_mixture_destroy(ctx, mix);
    return WEIR_E_MEMORY;
  }
  return WEIR_OK;
}

/* ---- E ---- */

typedef struct e_job {
  const weiri_mixture *mix;
  const weiri_flat *rows;
  double *log_prob, *share;
} e_job;

/* log of weight times density of n rows under a component; y [m, ROWS] holds the rows
 * as columns, so that the inner loops run over rows. */
static void component(const weiri_mixture *mix, int64_t k, const double *x, int64_t n,
    double *y, double *out) {
  const int64_t m = mix->m;
  const double *mean = mix->mean + k * m, *l = mix->chol + k * m * m;
  double log_det = 0.0, sq[ROWS] = {0};
  for (int64_t i = 0; i < m; i++) {
    double *yi = y + i * ROWS;
    for (int64_t r = 0; r < n; r++) {
      yi[r] = x[r * m + i] - mean[i];
    }
    for (int64_t j = 0; j < i; j++) {
      const double lij = l[i * m + j], *yj = y + j * ROWS;
      for (int64_t r = 0; r < ROWS; r++) {
        yi[r] -= lij * yj[r];
      }
    }
    const double inverse = 1.0 / l[i * m + i];
    for (int64_t r = 0; r < ROWS; r++) {
      yi[r] *= inverse;
      sq[r] += yi[r] * yi[r];
    }
    log_det += log(l[i * m + i]);
  }
  const double constant = mix->log_weight[k] - log_det - 0.9189385332046727 * (double)m;
  for (int64_t r = 0; r < n; r++) {
    out[r] = constant - 0.5 * sq[r];
  }
}

/* Scratch: y [m, ROWS], then a [k, ROWS]. */
static void e_chunk(void *arg, int64_t chunk, void *scratch) {
  const e_job *job = arg;
  const int64_t m = job->mix->m, k = job->mix->k, first = chunk * ROWS;
  const int64_t left = job->rows->n - first, n = left < ROWS ? left : ROWS;
  double *y = scratch, *a = y + m * ROWS;
  memset(y, 0, (size_t)(m * ROWS) * sizeof *y);
  for (int64_t c = 0; c < k; c++) {
    component(job->mix, c, job->rows->r + first * m, n, y, a + c * ROWS);
  }
  for (int64_t r = 0; r < n; r++) {
    double top = -INFINITY, sum = 0.0;
    for (int64_t c = 0; c < k; c++) {
      top = a[c * ROWS + r] > top ? a[c * ROWS + r] : top;
    }
    for (int64_t c = 0; c < k; c++) {
      sum += exp(a[c * ROWS + r] - top);
    }
    job->log_prob[first + r] = top + log(sum);
    for (int64_t c = 0; job->share != NULL && c < k; c++) {
      job->share[(first + r) * k + c] =
          exp(a[c * ROWS + r] - job->log_prob[first + r]) *
          job->rows->weight[first + r];
    }
  }
}

weir_status weiri_mixture_log_prob(const weiri_mixture *mix, weir_ctx *ctx,
    weiri_team *team, const weiri_flat *rows, double *log_prob, double *share) {
  (void)ctx;
  e_job job = {mix, rows, log_prob, share};
  const double work = (double)rows->n * (double)mix->k * (double)(mix->m * mix->m + 20);
  return weiri_parallel(team, (rows->n + ROWS - 1) / ROWS, work,
      (size_t)((mix->m + mix->k) * ROWS) * sizeof(double), e_chunk, &job);
}

/* ---- M ---- */

typedef struct m_job {
  weiri_mixture *mix;
  const weiri_flat *rows;
  const double *share; /* [n, k]; NULL: the weights of the rows, one component */
  double ridge, total;
} m_job;

/* Lower triangle of the covariance about the mean, into s. */
static void covariance(const m_job *job, int64_t c, double *s, double *off) {
  const int64_t m = job->mix->m, k = job->mix->k;
  const double *mean = job->mix->mean + c * m;
  memset(s, 0, (size_t)(m * m) * sizeof *s);
  for (int64_t r = 0; r < job->rows->n; r++) {
    const double w = job->share == NULL ? job->rows->weight[r] : job->share[r * k + c];
    if (w < NEGLIGIBLE) {
      continue;
    }
    for (int64_t i = 0; i < m; i++) {
      off[i] = job->rows->r[r * m + i] - mean[i];
    }
    for (int64_t i = 0; i < m; i++) {
      const double a = w * off[i];
      double *row = s + i * m;
      for (int64_t j = 0; j <= i; j++) {
        row[j] += a * off[j];
      }
    }
  }
}

/* Moments of one component. One without rows, or without volume, keeps what it has. */
static void m_chunk(void *arg, int64_t c, void *scratch) {
  const m_job *job = arg;
  const int64_t m = job->mix->m, k = job->mix->k;
  double *s = scratch, *sum = s + m * m, *off = sum + m, weight = 0.0;
  memset(sum, 0, (size_t)m * sizeof *sum);
  for (int64_t r = 0; r < job->rows->n; r++) {
    const double w = job->share == NULL ? job->rows->weight[r] : job->share[r * k + c];
    weight += w;
    for (int64_t i = 0; w >= NEGLIGIBLE && i < m; i++) {
      sum[i] += w * job->rows->r[r * m + i];
    }
  }
  job->mix->log_weight[c] = log(fmax(weight, 1e-12 * job->total) / job->total);
  if (weight <= (double)(m + 1) * 1e-6 * job->total) {
    return;
  }
  for (int64_t i = 0; i < m; i++) {
    job->mix->mean[c * m + i] = sum[i] / weight;
  }
  covariance(job, c, s, off);
  for (int64_t i = 0; i < m * m; i++) {
    s[i] /= weight;
  }
  for (int64_t i = 0; i < m; i++) {
    s[i * m + i] += job->ridge;
  }
  if (weiri_chol(m, s)) {
    memcpy(job->mix->chol + c * m * m, s, (size_t)(m * m) * sizeof *s);
  }
}

static size_t m_scratch(int64_t m) {
  return (size_t)(m * m + 2 * m + 1) * sizeof(double);
}

static double total_of(const weiri_flat *rows) {
  double total = 0.0;
  for (int64_t r = 0; r < rows->n; r++) {
    total += rows->weight[r];
  }
  return total;
}

/* RIDGE times the mean variance of the columns. */
static double ridge_of(const weiri_flat *rows, double total) {
  double squares = 0.0;
  for (int64_t r = 0; r < rows->n; r++) {
    for (int64_t i = 0; i < rows->m; i++) {
      const double x = rows->r[r * rows->m + i];
      squares += rows->weight[r] * x * x;
    }
  }
  return RIDGE * squares / (total * (double)rows->m) + 1e-12;
}

weir_status weiri_gaussian_fit(
    weiri_mixture *out, weir_ctx *ctx, const weiri_flat *rows) {
  const int64_t m = rows->m;
  WEIR_TRY(mixture_alloc(out, ctx, 1, m));
  void *scratch = weiri_alloc(ctx, m_scratch(m));
  if (scratch == NULL) {
    weiri_mixture_destroy(ctx, out);
    return WEIR_E_MEMORY;
  }
  const double total = total_of(rows);
  m_job job = {out, rows, NULL, 1e-3 * ridge_of(rows, total), total};
  m_chunk(&job, 0, scratch);
  weiri_free(ctx, scratch);
  const bool good = out->chol[0] > 0.0;
  if (!good) {
    weiri_mixture_destroy(ctx, out);
  }
  return good ? WEIR_OK
              : weiri_fail(WEIR_E_NUMERIC, "baselines: the covariance is singular");
}

/* ---- start and iterations ---- */

static double distance(const double *a, const double *b, int64_t m) {
  double s = 0.0;
  for (int64_t i = 0; i < m; i++) {
    s += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return s;
}

/* Means far from each other: each is a row drawn with probability proportional to its
 * squared distance from the nearest before (k-means++, Arthur & Vassilvitskii 2007). */
static void spread_means(
    weiri_mixture *mix, const weiri_flat *rows, double *near, uint64_t seed) {
  const int64_t m = mix->m, n = rows->n;
  const weiri_rng rng = {seed, weiri_stream("baseline.means", (uint64_t)mix->k)};
  int64_t at = weiri_below(rng, 0, n);
  for (int64_t r = 0; r < n; r++) {
    near[r] = INFINITY;
  }
  for (int64_t c = 0; c < mix->k; c++) {
    const double *mean = rows->r + at * m;
    double sum = 0.0;
    memcpy(mix->mean + c * m, mean, (size_t)m * sizeof *mean);
    for (int64_t r = 0; r < n; r++) {
      near[r] = fmin(near[r], distance(rows->r + r * m, mean, m));
      sum += near[r];
    }
    double left = sum * weiri_uniform(rng, (uint64_t)(2 * c + 2));
    for (at = 0; at < n - 1 && left > near[at]; at++) {
      left -= near[at];
    }
  }
}

/* Every component starts with the covariance of all rows. */
static weir_status start(
    weiri_mixture *mix, weir_ctx *ctx, const weiri_flat *rows, uint64_t seed) {
  const size_t size = (size_t)(mix->m * mix->m);
  weiri_mixture all;
  WEIR_TRY(weiri_gaussian_fit(&all, ctx, rows));
  double *near = weiri_calloc(ctx, (size_t)rows->n, sizeof *near);
  for (int64_t c = 0; near != NULL && all.chol != NULL && c < mix->k; c++) {
    memcpy(mix->chol + (size_t)c * size, all.chol, size * sizeof *all.chol);
    mix->log_weight[c] = -log((double)mix->k);
  }
  if (near != NULL) {
    spread_means(mix, rows, near, seed);
  }
  const weir_status status = near == NULL ? WEIR_E_MEMORY : WEIR_OK;
  weiri_free(ctx, near);
  weiri_mixture_destroy(ctx, &all);
  return status;
}

static weir_status iterate(weiri_mixture *mix, weir_ctx *ctx, weiri_team *team,
    const weiri_flat *rows, double *log_prob, double *share) {
  const double total = total_of(rows);
  m_job job = {mix, rows, share, ridge_of(rows, total), total};
  const double work = (double)rows->n * (double)mix->k * (double)(mix->m * mix->m);
  double before = -INFINITY;
  for (int i = 0; i < ITERATIONS; i++) {
    WEIR_TRY(weiri_mixture_log_prob(mix, ctx, team, rows, log_prob, share));
    double now = 0.0;
    for (int64_t r = 0; r < rows->n; r++) {
      now += rows->weight[r] * log_prob[r] / total;
    }
    if (now - before < TOLERANCE) {
      break;
    }
    before = now;
    WEIR_TRY(weiri_parallel(team, mix->k, work, m_scratch(mix->m), m_chunk, &job));
  }
  return WEIR_OK;
}

weir_status weiri_mixture_fit(weiri_mixture *out, weir_ctx *ctx, weiri_team *team,
    const weiri_flat *rows, int64_t k, uint64_t seed) {
  WEIR_TRY(mixture_alloc(out, ctx, k, rows->m));
  double *log_prob = weiri_calloc(ctx, (size_t)rows->n, sizeof *log_prob);
  double *share = weiri_calloc(ctx, (size_t)(rows->n * k), sizeof *share);
  weir_status status = log_prob == NULL || share == NULL ? WEIR_E_MEMORY : WEIR_OK;
  if (status == WEIR_OK) {
    status = start(out, ctx, rows, seed);
  }
  if (status == WEIR_OK) {
    status = iterate(out, ctx, team, rows, log_prob, share);
  }
  weiri_free(ctx, log_prob);
  weiri_free(ctx, share);
  if (status != WEIR_OK) {
    weiri_mixture_destroy(ctx, out);
  }
  return status;
}
