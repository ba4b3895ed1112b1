/* An estimate of the integral of the density where no grid reaches:
 *     I = E_q[ p(x(u)) |dx/du| / q(u) ],
 * q a mixture in whitened coordinates of lines: one broad Student t and one narrow t
 * about each of a few draws of the model; uniform on circles; smoothed frequencies of
 * categories. Whatever q is, the estimate has no bias; it is believed only while its
 * weights are well spread. Defensive mixtures: Hesterberg (1995). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "report/selftest.h"

enum { MAX_FREE = 8, DRAWS = 4000, KERNELS = 256, BLOCK = 4096, NU = 5 };
#define BROAD 1.6       /* factor on the spread of the broad part */
#define BROAD_SHARE 0.3 /* its share of q */

typedef struct proposal {
  const weiri_selftest *s;
  weiri_coord coord[MAX_FREE];
  int64_t lines, line[MAX_FREE]; /* coordinates that are lines */
  double mean[MAX_FREE], chol[MAX_FREE][MAX_FREE], log_det;
  double width;   /* of a narrow part, whitened */
  double *centre; /* [KERNELS, lines] whitened */
  double *freq;   /* [sum of categories] probability of each, by column */
} proposal;

/* log of the standard t density with NU degrees in m dimensions at squared radius r2.
 */
static double log_t(int64_t m, double r2) {
  const double nu = NU, dim = (double)m;
  return lgamma(0.5 * (nu + dim)) - lgamma(0.5 * nu) -
         0.5 * dim * log(nu * 3.14159265358979323846) -
         0.5 * (nu + dim) * log1p(r2 / nu);
}

/* u of the lines of row x, less the mean; false where one is not finite. */
static bool centred(const proposal *q, const double *x, double *u) {
  bool good = true;
  for (int64_t a = 0; a < q->lines; a++) {
    const int64_t f = q->line[a];
    u[a] = weiri_coord_u(&q->coord[f], x[q->s->place[f]]) - q->mean[a];
    good = good && isfinite(u[a]);
  }
  return good;
}

/* Mean and lower Cholesky factor of the covariance of the draws, with a little added to
 * its diagonal. */
static void fit_lines(proposal *q, const double *x) {
  double cov[MAX_FREE][MAX_FREE] = {{0}}, u[MAX_FREE], sum[MAX_FREE] = {0}, n = 0.0;
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t i = 0; i < DRAWS; i++) {
      if (!centred(q, x + i * q->s->d, u)) {
        continue;
      }
      n += pass == 0;
      for (int64_t a = 0; a < q->lines; a++) {
        sum[a] += pass == 0 ? u[a] : 0.0;
        for (int64_t b = 0; b <= a && pass == 1; b++) {
          cov[a][b] += u[a] * u[b] / n;
        }
      }
    }
    for (int64_t a = 0; a < q->lines && pass == 0; a++) {
      q->mean[a] = n > 0.0 ? sum[a] / n : 0.0;
    }
  }
  q->log_det = 0.0;
  for (int64_t a = 0; a < q->lines; a++) {
    for (int64_t b = 0; b <= a; b++) {
      double v = cov[a][b] * (a == b ? 1.0 + 1e-9 : 1.0);
      for (int64_t k = 0; k < b; k++) {
        v -= q->chol[a][k] * q->chol[b][k];
      }
      const double scale = 1e-4 * q->coord[q->line[a]].scale;
      q->chol[a][b] = a == b ? sqrt(fmax(v, scale * scale)) : v / q->chol[b][b];
    }
    q->log_det += log(q->chol[a][a]);
  }
}

/* y = chol^-1 u in place. */
static void whiten(const proposal *q, double *u) {
  for (int64_t a = 0; a < q->lines; a++) {
    for (int64_t k = 0; k < a; k++) {
      u[a] -= q->chol[a][k] * u[k];
    }
    u[a] /= q->chol[a][a];
  }
}

static void fit_kernels(proposal *q, const double *x) {
  const double m = (double)q->lines;
  q->width = 1.2 * pow(4.0 / ((m + 2.0) * KERNELS), 1.0 / (m + 4.0));
  for (int64_t k = 0; k < KERNELS; k++) {
    double *c = q->centre + k * MAX_FREE;
    if (!centred(q, x + k * q->s->d, c)) {
      memset(c, 0, MAX_FREE * sizeof *c);
    }
    whiten(q, c);
  }
}

/* Smoothed frequencies of every categorical column's values among the draws. */
static void fit_categories(proposal *q, const double *x) {
  const weiri_selftest *s = q->s;
  double *f = q->freq;
  for (int64_t j = 0; j < s->d; j++) {
    const int64_t k =
        weir_schema_column(s->schema, weir_schema_event(s->schema, j)).categories;
    for (int64_t v = 0; v < k; v++) {
      f[v] = 1.0;
    }
    for (int64_t i = 0; i < DRAWS && k > 0; i++) {
      f[(int64_t)x[i * s->d + j]] += 1.0;
    }
    for (int64_t v = 0; v < k; v++) {
      f[v] /= (double)(DRAWS + k);
    }
    f += k;
  }
}

static int64_t all_categories(const weiri_selftest *s) {
  int64_t n = 0;
  for (int64_t j = 0; j < s->d; j++) {
    n += weir_schema_column(s->schema, weir_schema_event(s->schema, j)).categories;
  }
  return n;
}

static weir_status fit(proposal *q) {
  const weiri_selftest *s = q->s;
  double *x = weiri_alloc(s->ctx, (size_t)(DRAWS * s->d) * sizeof *x);
  q->centre = weiri_calloc(s->ctx, (size_t)KERNELS * MAX_FREE, sizeof *q->centre);
  q->freq = weiri_calloc(s->ctx, (size_t)all_categories(s) + 1, sizeof *q->freq);
  weir_sample_opts o = WEIR_SAMPLE_OPTS_INIT;
  o.seed = s->opts.seed + 1;
  weir_status status =
      x == NULL || q->centre == NULL || q->freq == NULL
          ? WEIR_E_MEMORY
          : weir_model_sample(s->exact, DRAWS, 1, s->context, &o, x, NULL);
  if (status == WEIR_OK) {
    status = weiri_coords_fit(s, DRAWS, x, q->coord);
  }
  if (status == WEIR_OK) {
    for (int64_t f = 0; f < s->free; f++) {
      if (q->coord[f].kind != WEIR_KIND_CIRCULAR) {
        q->line[q->lines++] = f;
      }
    }
    fit_lines(q, x);
    fit_kernels(q, x);
    fit_categories(q, x);
  }
  weiri_free(s->ctx, x);
  return status;
}

/* log q of whitened coordinates y of the lines, in the lines' own volume. */
static double log_lines(const proposal *q, const double *y) {
  const int64_t m = q->lines;
  double r2 = 0.0, narrow = 0.0;
  for (int64_t a = 0; a < m; a++) {
    r2 += y[a] * y[a];
  }
  const double broad = exp(log_t(m, r2 / (BROAD * BROAD))) / pow(BROAD, (double)m);
  const double unit = exp(log_t(m, 0.0)), power = -0.5 * (NU + (double)m);
  for (int64_t k = 0; k < KERNELS; k++) {
    const double *c = q->centre + k * MAX_FREE;
    double near = 0.0;
    for (int64_t a = 0; a < m; a++) {
      near += (y[a] - c[a]) * (y[a] - c[a]);
    }
    narrow += pow(1.0 + near / (q->width * q->width * NU), power);
  }
  narrow *= unit / KERNELS / pow(q->width, (double)m);
  return log(BROAD_SHARE * broad + (1.0 - BROAD_SHARE) * narrow) - q->log_det;
}

/* One point's lines, whitened, from numbers first .. of a stream. */
static void draw_lines(const proposal *q, weiri_rng rng, uint64_t first, double *y) {
  const bool broad = weiri_uniform(rng, first) < BROAD_SHARE;
  const int64_t k = weiri_below(rng, first + 1, KERNELS);
  const weiri_rng normal = {rng.seed, rng.stream + 1};
  double chi = 0.0;
  for (uint64_t i = 0; i < NU; i++) {
    const double v = weiri_normal(normal, first + 4 + i);
    chi += v * v;
  }
  const double radius = (broad ? BROAD : q->width) * sqrt(NU / chi);
  for (int64_t a = 0; a < q->lines; a++) {
    y[a] = radius * weiri_normal(normal, first + 16 + (uint64_t)a) +
           (broad ? 0.0 : q->centre[k * MAX_FREE + a]);
  }
}

/* A row x from q and log (|dx/du| / q); false where x leaves float64. */
static bool draw(
    const proposal *q, weiri_rng rng, uint64_t first, double *x, double *log_w) {
  const weiri_selftest *s = q->s;
  double y[MAX_FREE] = {0}, u[MAX_FREE];
  bool inside = true;
  *log_w = 0.0;
  if (q->lines > 0) {
    draw_lines(q, rng, first, y);
    *log_w = -log_lines(q, y);
  }
  for (int64_t f = 0, a = 0; f < s->free; f++) {
    double jac;
    if (q->coord[f].kind == WEIR_KIND_CIRCULAR) {
      u[f] = weiri_uniform(rng, first + 32 + (uint64_t)f);
    } else {
      u[f] = q->mean[a];
      for (int64_t k = 0; k <= a; k++) {
        u[f] += q->chol[a][k] * y[k];
      }
      a++;
    }
    inside = weiri_coord_x(&q->coord[f], u[f], &x[s->place[f]], &jac) && inside;
    *log_w += jac;
  }
  const double *freq = q->freq;
  for (int64_t j = 0; j < s->d; j++) {
    const int64_t k =
        weir_schema_column(s->schema, weir_schema_event(s->schema, j)).categories;
    if (k == 0) {
      continue;
    }
    double left = weiri_uniform(rng, first + 48 + (uint64_t)j);
    int64_t v = 0;
    while (v < k - 1 && left > freq[v]) {
      left -= freq[v++];
    }
    x[j] = (double)v;
    *log_w -= log(freq[v]);
    freq += k;
  }
  return inside;
}

typedef struct estimate {
  int64_t n, bad;
  double sum, squares, largest; /* of the weights */
} estimate;

static weir_status add_block(const proposal *q, estimate *e, double *x) {
  const weiri_selftest *s = q->s;
  const weiri_rng rng = {s->opts.seed, weiri_stream("selftest.importance", 0)};
  const uint64_t stride = 48 + (uint64_t)s->d;
  double *log_w = x + BLOCK * s->d, *lp = log_w + BLOCK;
  for (int64_t i = 0; i < BLOCK; i++) {
    double *row = x + i * s->d;
    if (!draw(q, rng, (uint64_t)(e->n + i) * stride, row, &log_w[i])) {
      memcpy(row, s->x, (size_t)s->d * sizeof *row); /* any row that is inside */
      log_w[i] = -INFINITY;
    }
  }
  WEIR_TRY(weir_model_log_prob(s->exact, BLOCK, x, 1, s->context, lp));
  for (int64_t i = 0; i < BLOCK; i++) {
    const double w = log_w[i] == -INFINITY ? 0.0 : exp(lp[i] + log_w[i]);
    if (!isfinite(w)) {
      e->bad++;
      continue;
    }
    e->sum += w;
    e->squares += w * w;
    e->largest = fmax(e->largest, w);
  }
  e->n += BLOCK;
  return WEIR_OK;
}

static double standard_error(const estimate *e) {
  const double n = (double)e->n, mean = e->sum / n;
  return sqrt(fmax(e->squares / n - mean * mean, 0.0) / (n - 1.0));
}

/* Blocks until the error is 0.2 % or the points are spent. */
static weir_status run(const proposal *q, estimate *e) {
  const weiri_selftest *s = q->s;
  double *x = weiri_calloc(s->ctx, (size_t)BLOCK * (size_t)(s->d + 2), sizeof *x);
  weir_status status = x == NULL ? WEIR_E_MEMORY : WEIR_OK;
  bool more = true;
  while (status == WEIR_OK && more) {
    status = add_block(q, e, x);
    more = e->n + BLOCK <= s->opts.points && e->bad == 0 &&
           (e->n < 5 * BLOCK || standard_error(e) > 0.002 * e->sum / (double)e->n);
  }
  weiri_free(s->ctx, x);
  return status;
}

static weir_status judge(const weiri_selftest *s, const estimate *e) {
  const char *name = "importance estimate of the integral";
  const double mean = e->sum / (double)e->n, error = standard_error(e);
  const double share = e->largest / e->sum, effective = e->sum * e->sum / e->squares;
  const double tolerance = 5.0 * error + 1e-3;
  if (e->bad > 0) {
    const weir_check numbers = {.value = NAN, .error = NAN, .target = 1.0};
    return weiri_selftest_measured(s->result, name, true, numbers,
        "the density is not a finite number at %lld of %lld points", (long long)e->bad,
        (long long)e->n);
  }
  if (!(error <= 0.03 * mean && share <= 0.05)) {
    return weiri_selftest_skipped(s->result, name,
        "%lld points give %.3f +- %.2g, worth %.0f even ones: too uneven to judge",
        (long long)e->n, mean, error, effective);
  }
  const weir_check numbers = {
      .value = mean, .error = error, .target = 1.0, .tolerance = tolerance};
  return weiri_selftest_measured(s->result, name, true, numbers,
      "%.4f +- %.4f from %lld points of a mixture of Student t fitted to draws, worth "
      "%.0f "
      "even ones%s",
      mean, error, (long long)e->n, effective,
      s->c > 0 ? ", given the context of one row" : "");
}

weir_status weiri_selftest_importance(weiri_selftest *s) {
  const char *name = "importance estimate of the integral";
  if (s->free > MAX_FREE) {
    return weiri_selftest_skipped(s->result, name,
        "%lld columns: estimates are reliable up to %d", (long long)s->free, MAX_FREE);
  }
  proposal q = {.s = s};
  estimate e = {0};
  weir_status status = fit(&q);
  if (status == WEIR_OK) {
    status = run(&q, &e);
  }
  weiri_free(s->ctx, q.centre);
  weiri_free(s->ctx, q.freq);
  return status == WEIR_OK ? judge(s, &e)
                           : weiri_selftest_unsupported(s->result, name, status);
}
