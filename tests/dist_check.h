/* A part under test: its parameters away from their initial values, gradients against
 * differences, densities against quadrature, draws against densities. All in float64.
 */
#ifndef DIST_CHECK_H
#define DIST_CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "part/part.h"

typedef struct rig {
  weir_ctx *ctx;
  weir_params *params;
  weir_run *run;
  weir_dist *dist;
  weir_layer *layer;
  weir_build build;
} rig;

#define OK(expr)                                                                       \
  do {                                                                                 \
    const weir_status s_ = (expr);                                                     \
    if (s_ != WEIR_OK) {                                                               \
      print_error("%s\n", weir_error());                                               \
    }                                                                                  \
    assert_int_equal(s_, WEIR_OK);                                                     \
  } while (0)

static inline json_t *spec_of(const char *text) {
  json_error_t e;
  json_t *spec = json_loads(text, JSON_DECODE_ANY, &e);
  if (spec == NULL) {
    print_error("%s: %s\n", text, e.text);
  }
  assert_non_null(spec);
  return spec;
}

static inline void rig_open(rig *r, int64_t context) {
  memset(r, 0, sizeof *r);
  OK(weir_ctx_create(&r->ctx, NULL));
  OK(weiri_params_create(&r->params, r->ctx, WEIR_F64));
  r->build =
      (weir_build){.ctx = r->ctx, .params = r->params, .path = "m", .context = context};
}

/* Draws parameters and adds noise of the given size, so that none is at a special
 * point.
 */
static inline void rig_ready(rig *r, double noise) {
  OK(weiri_params_init(r->params, 7));
  double *p = weiri_params_block(r->params);
  for (int32_t k = 0; k < weiri_params_count(r->params); k++) {
    const weiri_tensor_info *info = weiri_params_info(r->params, k);
    const weiri_rng rng = {11, weiri_stream(info->name, 3)};
    for (int64_t i = 0; info->trained && i < weir_shape_size(&info->shape); i++) {
      if (info->keep == NULL || info->keep[i]) {
        p[info->offset + i] += noise * weiri_normal(rng, (uint64_t)i);
      }
    }
  }
  OK(weiri_run_create(&r->run, r->ctx, WEIR_F64, r->params));
  r->run->seed = 5;
  weiri_run_reset(r->run);
}

static inline weir_status rig_make(
    rig *r, const char *text, const weir_event *event, bool layer) {
  json_t *spec = spec_of(text);
  const weir_status status =
      layer ? weir_layer_make(&r->layer, &r->build, "l", spec, event)
            : weir_dist_make(&r->dist, &r->build, "d", spec, event);
  json_decref(spec);
  return status;
}

/* Columns of one support. */
static inline weir_event event_of(int64_t d, weir_support *buf, weir_support s) {
  for (int64_t j = 0; j < d; j++) {
    buf[j] = s;
  }
  return (weir_event){d, buf};
}

static inline void rig_dist(rig *r, const char *text, int64_t d, int64_t context) {
  weir_support s[16];
  const weir_event event = event_of(d, s, (weir_support){WEIR_REAL, 0, 0});
  rig_open(r, context);
  OK(rig_make(r, text, &event, false));
  rig_ready(r, 0.3);
}

static inline void rig_layer(rig *r, const char *text, int64_t d, int64_t context) {
  weir_support s[16];
  const weir_event event = event_of(d, s, (weir_support){WEIR_REAL, 0, 0});
  rig_open(r, context);
  OK(rig_make(r, text, &event, true));
  rig_ready(r, 0.3);
}

static inline void rig_close(rig *r) {
  weir_dist_destroy(&r->dist);
  weir_layer_destroy(&r->layer);
  weiri_run_destroy(&r->run);
  weiri_params_destroy(&r->params);
  weir_ctx_destroy(&r->ctx);
}

/* Sets the named parameter. */
static inline void rig_set(rig *r, const char *name, const double *values) {
  const int32_t i = weiri_params_find(r->params, name);
  if (i < 0) {
    print_error("no parameter %s\n", name);
  }
  assert_true(i >= 0);
  weiri_params_set(r->params, i, values);
}

static inline weir_var rows(rig *r, int64_t n, int64_t d, const double *x) {
  return x == NULL ? weir_var_none()
                   : weir_leaf_f64(r->run->tape, weir_shape_2(n, d), x);
}

static inline double *normals(int64_t n, uint64_t seed, double scale) {
  double *x = malloc((size_t)(n + 1) * sizeof *x);
  const weiri_rng rng = {seed, weiri_stream("test", 0)};
  weiri_fill_normal(rng, 0, n, WEIR_F64, x);
  for (int64_t i = 0; i < n; i++) {
    x[i] *= scale;
  }
  return x;
}

/* log density at n rows; context: one row for all, or NULL. */
static inline void log_probs(
    rig *r, int64_t n, const double *x, const double *context, double *out) {
  const int64_t c = r->build.context;
  weiri_run_reset(r->run);
  weir_var ctx = rows(r, 1, c, c == 0 ? NULL : context);
  ctx = c == 0 ? ctx : weir_broadcast(r->run->tape, ctx, weir_shape_2(n, c));
  OK(weir_var_read(r->run->tape,
      weir_dist_log_prob(r->dist, r->run, rows(r, n, r->dist->event.features, x), ctx),
      out));
}

/* ---- gradients ---- */

/* A scalar of x [n, d] and the context. */
typedef weir_var scalar_fn(rig *r, weir_var x, weir_var context);

typedef struct point {
  int64_t n, d, c;
  double *x, *context; /* context NULL: none */
} point;

static inline double scalar_at(rig *r, scalar_fn *fn, const point *p) {
  double y;
  weiri_run_reset(r->run);
  OK(weir_var_read(r->run->tape,
      fn(r, rows(r, p->n, p->d, p->x), rows(r, p->n, p->c, p->context)), &y));
  return y;
}

/* Moves *number by h either way, and by 2 h: fourth-order differences. */
static inline double difference(rig *r, scalar_fn *fn, const point *p, double *number) {
  const double at = *number, h = 1e-4;
  double f[4];
  const double step[4] = {-2, -1, 1, 2};
  for (int i = 0; i < 4; i++) {
    *number = at + h * step[i];
    f[i] = scalar_at(r, fn, p);
  }
  *number = at;
  return (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h);
}

static inline void near(
    double found, double expected, double tolerance, const char *what) {
  const double gap = fabs(found - expected);
  if (!(gap <= tolerance * (1.0 + fabs(expected)))) {
    print_error("%s: %.15g, expected %.15g\n", what, found, expected);
    fail();
  }
}

static inline void compare(rig *r, scalar_fn *fn, const point *p, int64_t n,
    const double *grad, double *numbers, const char *what) {
  for (int64_t i = 0; i < n; i++) {
    near(grad[i], difference(r, fn, p, &numbers[i]), 1e-6, what);
  }
}

/* Gradients of fn with respect to x, the context and every trained parameter. */
static inline void check_gradients(rig *r, scalar_fn *fn, const point *p) {
  enum { MOST = 64 };
  const int32_t count = weiri_params_count(r->params);
  weir_var in[MOST + 2], g[MOST + 2];
  int n = 0;
  assert_true(count <= MOST);
  weiri_run_reset(r->run);
  in[n++] = rows(r, p->n, p->d, p->x);
  in[n++] = p->context == NULL ? in[0] : rows(r, p->n, p->c, p->context);
  for (int32_t k = 0; k < count; k++) {
    in[n++] = weir_run_param(r->run, (weir_slot){k});
  }
  const weir_var y = fn(r, in[0], p->context == NULL ? weir_var_none() : in[1]);
  OK(weir_tape_status(r->run->tape));
  OK(weir_grad(r->run->tape, y, weir_var_none(), n, in, g, false));
  double *grad[MOST + 2];
  for (int k = 0; k < n; k++) {
    const weir_shape s = weir_var_shape(r->run->tape, g[k]);
    grad[k] = malloc((size_t)(weir_shape_size(&s) + 1) * sizeof(double));
    OK(weir_var_read(r->run->tape, g[k], grad[k]));
  }
  compare(r, fn, p, p->n * p->d, grad[0], p->x, "gradient of x");
  if (p->context != NULL) {
    compare(r, fn, p, p->n * p->c, grad[1], p->context, "gradient of the context");
  }
  for (int32_t k = 0; k < count; k++) {
    const weiri_tensor_info *info = weiri_params_info(r->params, k);
    double *data = weiri_params_data(r->params, k);
    for (int64_t i = 0; info->trained && i < weir_shape_size(&info->shape); i++) {
      if (info->keep == NULL || info->keep[i]) {
        near(grad[k + 2][i], difference(r, fn, p, &data[i]), 1e-6, info->name);
      }
    }
  }
  for (int k = 0; k < n; k++) {
    free(grad[k]);
  }
}

/* ---- quadrature in one or two dimensions ---- */

/* Midpoints of a grid over a box: m per axis. */
typedef struct grid {
  int64_t d, m;
  double lo, hi;
} grid;

static inline int64_t grid_size(grid g) {
  return g.d == 1 ? g.m : g.m * g.m;
}

static inline double grid_cell(grid g) {
  return pow((g.hi - g.lo) / (double)g.m, (double)g.d);
}

static inline double *grid_points(grid g) {
  const int64_t n = grid_size(g);
  double *x = malloc((size_t)(n * g.d) * sizeof *x);
  for (int64_t i = 0; i < n; i++) {
    int64_t rest = i;
    for (int64_t j = g.d; j-- > 0; rest /= g.m) {
      x[i * g.d + j] =
          g.lo + ((double)(rest % g.m) + 0.5) * (g.hi - g.lo) / (double)g.m;
    }
  }
  return x;
}

/* Probability of each grid cell; the caller frees. Asserts that they sum to 1. */
static inline double *check_integral(
    rig *r, grid g, const double *x, const double *context, double tolerance) {
  const int64_t n = grid_size(g);
  double *p = malloc((size_t)n * sizeof *p), total = 0.0;
  log_probs(r, n, x, context, p);
  for (int64_t i = 0; i < n; i++) {
    p[i] = exp(p[i]) * grid_cell(g);
    total += p[i];
  }
  near(total, 1.0, tolerance, "integral of the density");
  return p;
}

/* A few functions of a row whose means are compared. Their steps lie on the edges of
 * grids whose cells divide 0.1. */
static inline double feature(int k, int64_t d, const double *x) {
  const double a = x[0], b = x[d - 1];
  const double f[] = {a, b, a * a, b * b, a * b, a < -0.5, a < 0.7, b < 0.3,
      a < -0.5 && b < 0.3, exp(-0.5 * (a - b) * (a - b))};
  return f[k];
}
#define FEATURES 10

/* Means over draws [n, d] against means over the grid: |z| < 5. */
static inline void check_means(
    grid g, const double *x, const double *p, int64_t n, const double *draws) {
  for (int k = 0; k < FEATURES; k++) {
    double expected = 0.0, mean = 0.0, square = 0.0;
    for (int64_t i = 0; i < grid_size(g); i++) {
      expected += p[i] * feature(k, g.d, x + i * g.d);
    }
    for (int64_t i = 0; i < n; i++) {
      const double f = feature(k, g.d, draws + i * g.d);
      mean += f / (double)n;
      square += f * f / (double)n;
    }
    const double sd = sqrt((square - mean * mean) / (double)n);
    if (!(fabs(mean - expected) < 5.0 * sd + 1e-5)) {
      print_error("feature %d: mean %g, expected %g, sd %g\n", k, mean, expected, sd);
      fail();
    }
  }
}

#endif
