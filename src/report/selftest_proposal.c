/* A mixture fitted to draws of a model, in whitened coordinates y of its lines:
 *     q = a t(y / b) b^-m prod freq(c) + (1 - a) / K sum_k [c = c_k] t_k(y),
 * t a Student t, t_k one about draw k with the covariance of the draws of the same
 * categories that are nearest to it. Circles are uniform. The broad part bounds the
 * weights (defensive mixture, Hesterberg 1995). */
#include "report/selftest_proposal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX = WEIRI_PROPOSAL_FREE, DRAWS = 4000, KERNELS = 256, NEAR = 64, NU = 5 };
#define BROAD 1.6       /* factor on the spread of the broad part */
#define BROAD_SHARE 0.3 /* its share */

typedef struct normal {
  double mean[MAX], chol[MAX][MAX], log_det;
} normal;

typedef struct kernel {
  normal shape;
  const double *x; /* the draw: its categories */
} kernel;

struct weiri_proposal {
  const weiri_selftest *s;
  weiri_coord coord[MAX];
  int64_t m, line[MAX]; /* coordinates that are lines */
  normal all;
  kernel *kernel;  /* [KERNELS] */
  double *x, *y;   /* draws [DRAWS, d] and their whitened lines [DRAWS, MAX] */
  double *freq;    /* [sum of categories] by column */
  double log_unit; /* log of the t density at 0 */
};

static int64_t categories(const weiri_selftest *s, int64_t j) {
  return weir_schema_column(s->schema, weir_schema_event(s->schema, j)).categories;
}

static bool same_categories(const weiri_selftest *s, const double *a, const double *b) {
  bool same = true;
  for (int64_t j = 0; j < s->d && same; j++) {
    same = categories(s, j) == 0 || a[j] == b[j];
  }
  return same;
}

/* Lower Cholesky factor of cov, its pivots at least floor. */
static void factor(int64_t m, double cov[MAX][MAX], double floor, normal *out) {
  out->log_det = 0.0;
  for (int64_t a = 0; a < m; a++) {
    for (int64_t b = 0; b <= a; b++) {
      double v = cov[a][b];
      for (int64_t k = 0; k < b; k++) {
        v -= out->chol[a][k] * out->chol[b][k];
      }
      out->chol[a][b] = a == b ? sqrt(fmax(v, floor * floor)) : v / out->chol[b][b];
    }
    out->log_det += log(out->chol[a][a]);
  }
}

/* y = chol^-1 (u - mean) */
static void whiten(int64_t m, const normal *n, const double *u, double *y) {
  for (int64_t a = 0; a < m; a++) {
    double v = u[a] - n->mean[a];
    for (int64_t k = 0; k < a; k++) {
      v -= n->chol[a][k] * y[k];
    }
    y[a] = v / n->chol[a][a];
  }
}

/* u = mean + chol y */
static void colour(int64_t m, const normal *n, const double *y, double *u) {
  for (int64_t a = 0; a < m; a++) {
    u[a] = n->mean[a];
    for (int64_t k = 0; k <= a; k++) {
      u[a] += n->chol[a][k] * y[k];
    }
  }
}

/* Mean and covariance of the draws' lines, in units of each one's own spread so that a
 * floor means the same for all. u [DRAWS, MAX] becomes the whitened lines. */
static void fit_all(weiri_proposal *q) {
  double cov[MAX][MAX] = {{0}}, scale[MAX] = {0};
  for (int64_t a = 0; a < q->m; a++) {
    scale[a] = q->coord[q->line[a]].scale;
    q->all.mean[a] = 0.0;
    for (int64_t i = 0; i < DRAWS; i++) {
      q->all.mean[a] += q->y[i * MAX + a] / DRAWS;
    }
  }
  for (int64_t i = 0; i < DRAWS; i++) {
    for (int64_t a = 0; a < q->m; a++) {
      for (int64_t b = 0; b <= a; b++) {
        cov[a][b] += (q->y[i * MAX + a] - q->all.mean[a]) / scale[a] *
                     (q->y[i * MAX + b] - q->all.mean[b]) / scale[b] / DRAWS;
      }
    }
  }
  factor(q->m, cov, 1e-4, &q->all);
  for (int64_t a = 0; a < q->m; a++) {
    for (int64_t b = 0; b <= a; b++) {
      q->all.chol[a][b] *= scale[a];
    }
    q->all.log_det += log(scale[a]);
  }
  for (int64_t i = 0; i < DRAWS; i++) {
    double y[MAX];
    whiten(q->m, &q->all, q->y + i * MAX, y);
    memcpy(q->y + i * MAX, y, sizeof y);
  }
}

typedef struct neighbour {
  double r2;
  int64_t i;
} neighbour;

static int nearest_first(const void *a, const void *b) {
  const neighbour *x = a, *y = b;
  return x->r2 != y->r2 ? (x->r2 > y->r2) - (x->r2 < y->r2)
                        : (x->i > y->i) - (x->i < y->i);
}

/* The draws of kernel k's categories, nearest first; how many. */
static int64_t neighbours(const weiri_proposal *q, int64_t k, neighbour *near) {
  const double *x = q->x, *centre = q->y + k * MAX;
  int64_t n = 0;
  for (int64_t i = 0; i < DRAWS; i++) {
    if (i == k || !same_categories(q->s, x + i * q->s->d, x + k * q->s->d)) {
      continue;
    }
    near[n] = (neighbour){0.0, i};
    for (int64_t a = 0; a < q->m; a++) {
      near[n].r2 += (q->y[i * MAX + a] - centre[a]) * (q->y[i * MAX + a] - centre[a]);
    }
    n++;
  }
  qsort(near, (size_t)n, sizeof *near, nearest_first);
  return n < NEAR ? n : NEAR;
}

/* Second moments of the neighbours about draw k; Silverman's width where they are too
 * few. */
static void fit_kernel(weiri_proposal *q, int64_t k, neighbour *near) {
  const double m = (double)q->m;
  const double width = pow(4.0 / ((m + 2.0) * KERNELS), 1.0 / (m + 4.0));
  const double *centre = q->y + k * MAX;
  const int64_t n = neighbours(q, k, near);
  const bool enough = n >= 4 * q->m + 4;
  double cov[MAX][MAX] = {{0}};
  for (int64_t i = 0; i < n && enough; i++) {
    const double *y = q->y + near[i].i * MAX;
    for (int64_t a = 0; a < q->m; a++) {
      for (int64_t b = 0; b <= a; b++) {
        cov[a][b] += (y[a] - centre[a]) * (y[b] - centre[b]) / (double)n;
      }
    }
  }
  for (int64_t a = 0; a < q->m && !enough; a++) {
    cov[a][a] = width * width;
  }
  kernel *out = &q->kernel[k];
  out->x = q->x + k * q->s->d;
  memcpy(out->shape.mean, centre, sizeof out->shape.mean);
  factor(q->m, cov, 1e-3 * width, &out->shape);
}

/* Smoothed frequencies of every categorical column's values. */
static void fit_categories(weiri_proposal *q) {
  double *f = q->freq;
  for (int64_t j = 0; j < q->s->d; j++) {
    const int64_t k = categories(q->s, j);
    for (int64_t v = 0; v < k; v++) {
      f[v] = 1.0 / (double)(DRAWS + k);
    }
    for (int64_t i = 0; i < DRAWS && k > 0; i++) {
      f[(int64_t)q->x[i * q->s->d + j]] += 1.0 / (double)(DRAWS + k);
    }
    f += k;
  }
}

/* Line coordinates of the draws into y; a draw that has none keeps the centre. */
static void take_lines(weiri_proposal *q) {
  for (int64_t f = 0; f < q->s->free; f++) {
    if (q->coord[f].kind != WEIR_KIND_CIRCULAR) {
      q->line[q->m++] = f;
    }
  }
  for (int64_t i = 0; i < DRAWS; i++) {
    for (int64_t a = 0; a < q->m; a++) {
      const weiri_coord *c = &q->coord[q->line[a]];
      const double u = weiri_coord_u(c, q->x[i * q->s->d + q->s->place[q->line[a]]]);
      q->y[i * MAX + a] = isfinite(u) ? u : c->centre;
    }
  }
}

static weir_status fit(weiri_proposal *q) {
  const weiri_selftest *s = q->s;
  weir_sample_opts o = WEIR_SAMPLE_OPTS_INIT;
  o.seed = s->opts.seed + 1;
  WEIR_TRY(
      weir_model_sample(s->exact, DRAWS, 1, weiri_selftest_context(s), &o, q->x, NULL));
  WEIR_TRY(weiri_coords_fit(s, DRAWS, q->x, q->coord));
  neighbour *near = weiri_alloc(s->ctx, DRAWS * sizeof *near);
  if (near == NULL) {
    return WEIR_E_MEMORY;
  }
  take_lines(q);
  fit_all(q);
  for (int64_t k = 0; k < KERNELS; k++) {
    fit_kernel(q, k, near);
  }
  fit_categories(q);
  const double m = (double)q->m;
  q->log_unit = lgamma(0.5 * (NU + m)) - lgamma(0.5 * NU) -
                0.5 * m * log(NU * 3.14159265358979323846);
  weiri_free(s->ctx, near);
  return WEIR_OK;
}

weir_status weiri_proposal_fit(weiri_proposal **out, const weiri_selftest *s) {
  int64_t total = 1;
  for (int64_t j = 0; j < s->d; j++) {
    total += categories(s, j);
  }
  weiri_proposal *q = weiri_calloc(s->ctx, 1, sizeof *q);
  *out = q;
  if (q == NULL) {
    return WEIR_E_MEMORY;
  }
  q->s = s;
  q->x = weiri_calloc(s->ctx, (size_t)(DRAWS * s->d), sizeof *q->x);
  q->y = weiri_calloc(s->ctx, (size_t)DRAWS * MAX, sizeof *q->y);
  q->kernel = weiri_calloc(s->ctx, KERNELS, sizeof *q->kernel);
  q->freq = weiri_calloc(s->ctx, (size_t)total, sizeof *q->freq);
  const bool made =
      q->x != NULL && q->y != NULL && q->kernel != NULL && q->freq != NULL;
  const weir_status status = made ? fit(q) : WEIR_E_MEMORY;
  if (status != WEIR_OK) {
    weiri_proposal_destroy(out);
  }
  return status;
}

void weiri_proposal_destroy(weiri_proposal **proposal) {
  weiri_proposal *q = *proposal;
  if (q == NULL) {
    return;
  }
  const weir_ctx *ctx = q->s->ctx;
  weiri_free(ctx, q->x);
  weiri_free(ctx, q->y);
  weiri_free(ctx, q->kernel);
  weiri_free(ctx, q->freq);
  weiri_free(ctx, q);
  *proposal = NULL;
}

/* Student t without its constant, (1 + r^2 / nu)^(-(nu + m) / 2). */
static double bell(int64_t m, double r2) {
  return pow(1.0 + r2 / NU, -0.5 * (NU + (double)m));
}

static double square(int64_t m, const double *y) {
  double r2 = 0.0;
  for (int64_t a = 0; a < m; a++) {
    r2 += y[a] * y[a];
  }
  return r2;
}

/* log q of whitened lines y and the categories of x, in the lines' own volume. */
static double log_density(
    const weiri_proposal *q, const double *y, const double *x, double freq) {
  double r[MAX], narrow = 0.0;
  const double broad =
      bell(q->m, square(q->m, y) / (BROAD * BROAD)) / pow(BROAD, (double)q->m) * freq;
  for (int64_t k = 0; k < KERNELS; k++) {
    const kernel *at = &q->kernel[k];
    if (same_categories(q->s, x, at->x)) {
      whiten(q->m, &at->shape, y, r);
      narrow += bell(q->m, square(q->m, r)) * exp(-at->shape.log_det);
    }
  }
  return log(BROAD_SHARE * broad + (1.0 - BROAD_SHARE) / KERNELS * narrow) +
         q->log_unit - q->all.log_det;
}

/* Categories of x by their frequencies, from uniform numbers first .. */
static void draw_categories(
    const weiri_proposal *q, weiri_rng rng, uint64_t first, double *x) {
  const double *f = q->freq;
  for (int64_t j = 0; j < q->s->d; j++) {
    const int64_t k = categories(q->s, j);
    double left = k == 0 ? 0.0 : weiri_uniform(rng, first + (uint64_t)j);
    int64_t v = 0;
    while (v < k - 1 && left > f[v]) {
      left -= f[v++];
    }
    x[j] = k == 0 ? x[j] : (double)v;
    f += k;
  }
}

static double frequency(const weiri_proposal *q, const double *x) {
  const double *f = q->freq;
  double p = 1.0;
  for (int64_t j = 0; j < q->s->d; j++) {
    const int64_t k = categories(q->s, j);
    p *= k == 0 ? 1.0 : f[(int64_t)x[j]];
    f += k;
  }
  return p;
}

/* Whitened lines y and categories in x of one point, from numbers first .. */
static void draw_part(
    const weiri_proposal *q, weiri_rng rng, uint64_t first, double *y, double *x) {
  const weiri_rng normals = {rng.seed, rng.stream + 1};
  const kernel *k = &q->kernel[weiri_below(rng, first + 1, KERNELS)];
  double chi = 0.0, t[MAX];
  for (uint64_t i = 0; i < NU; i++) {
    const double v = weiri_normal(normals, first + i);
    chi += v * v;
  }
  for (int64_t a = 0; a < q->m; a++) {
    t[a] = sqrt(NU / chi) * weiri_normal(normals, first + NU + (uint64_t)a);
  }
  if (weiri_uniform(rng, first) < BROAD_SHARE) {
    for (int64_t a = 0; a < q->m; a++) {
      y[a] = BROAD * t[a];
    }
    draw_categories(q, rng, first + 16, x);
    return;
  }
  colour(q->m, &k->shape, t, y);
  for (int64_t j = 0; j < q->s->d; j++) {
    x[j] = categories(q->s, j) == 0 ? x[j] : k->x[j];
  }
}

bool weiri_proposal_draw(
    const weiri_proposal *q, weiri_rng rng, uint64_t i, double *x, double *log_w) {
  const weiri_selftest *s = q->s;
  const uint64_t first = i * (16 + (uint64_t)s->d);
  double y[MAX] = {0}, lines[MAX] = {0};
  bool inside = true;
  draw_part(q, rng, first, y, x);
  *log_w = -log_density(q, y, x, frequency(q, x));
  colour(q->m, &q->all, y, lines);
  for (int64_t f = 0, a = 0; f < s->free; f++) {
    const bool circle = q->coord[f].kind == WEIR_KIND_CIRCULAR;
    const double u = circle ? weiri_uniform(rng, first + 2 + (uint64_t)f) : lines[a];
    double jac;
    a += !circle;
    inside = weiri_coord_x(&q->coord[f], u, &x[s->place[f]], &jac) && inside;
    *log_w += jac;
  }
  return inside;
}
