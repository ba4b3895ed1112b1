/* Logistic regression on a table: P(y = 1) = s(a + x b), a and b_j ~ N(0, scale^2).
 *
 *     log p = sum_i y_i e_i - log(1 + e^(e_i)) - |(a, b)|^2 / 2 scale^2,  e = a + X b
 *     H v   = -X' diag(s (1 - s)) X v - v / scale^2 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "part/target.h"
#include "weir/data.h"

typedef struct logistic {
  weir_target base;
  char *response;
  double scale;
  bool standardize;
  int64_t n;
  double *x, *y; /* [n, dim] with a first column of ones; [n] */
} logistic;

static const weir_opt opts[] = {
    {"response", WEIR_OPT_TEXT, offsetof(logistic, response), "null", 0, 0, NULL,
        "column of two values; null: the last"},
    {"scale", WEIR_OPT_REAL, offsetof(logistic, scale), "2.5", 1e-3, 1e6, NULL,
        "standard deviation of the normal prior of every coefficient"},
    {"standardize", WEIR_OPT_BOOL, offsetof(logistic, standardize), "true", 0, 0, NULL,
        "give every predictor mean 0 and standard deviation 1"},
    {0}};

/* ---- data ---- */

/* The response as 0 and 1: the larger of its two values is 1. */
static weir_status read_response(logistic *m, const weir_table *table, int64_t column) {
  double lo = INFINITY, hi = -INFINITY;
  for (int64_t i = 0; i < m->n; i++) {
    lo = fmin(lo, weir_table_value(table, i, column));
    hi = fmax(hi, weir_table_value(table, i, column));
  }
  for (int64_t i = 0; i < m->n; i++) {
    const double y = weir_table_value(table, i, column);
    if ((y != lo && y != hi) || lo == hi) {
      return weiri_fail(WEIR_E_DATA,
          "%s: %s %" PRId64
          ", column '%s': expected a response of two values, found %g",
          weir_table_source(table), weir_table_line_word(table),
          weir_table_line(table, i), weir_table_column(table, column).name, y);
    }
    m->y[i] = y == hi ? 1.0 : 0.0;
  }
  return WEIR_OK;
}

static weir_status read_predictor(
    logistic *m, const weir_table *table, int64_t column, int64_t j) {
  const int64_t dim = weir_table_columns(table);
  const weir_column c = weir_table_column(table, column);
  double mean = 0.0, square = 0.0;
  if (c.cell == WEIR_CELL_CATEGORY) {
    return weiri_fail(WEIR_E_DATA, "%s: column '%s': expected numbers, found text",
        weir_table_source(table), c.name);
  }
  for (int64_t i = 0; i < m->n; i++) {
    if (!isfinite(weir_table_value(table, i, column))) {
      return weiri_fail(WEIR_E_DATA, "%s: %s %" PRId64 ", column '%s': a missing value",
          weir_table_source(table), weir_table_line_word(table),
          weir_table_line(table, i), c.name);
    }
    mean += weir_table_value(table, i, column) / (double)m->n;
  }
  for (int64_t i = 0; i < m->n; i++) {
    square += (weir_table_value(table, i, column) - mean) *
              (weir_table_value(table, i, column) - mean) / (double)m->n;
  }
  const double sd = m->standardize && square > 0.0 ? sqrt(square) : 1.0;
  for (int64_t i = 0; i < m->n; i++) {
    m->x[i * dim + j] =
        (weir_table_value(table, i, column) - (m->standardize ? mean : 0.0)) / sd;
  }
  return WEIR_OK;
}

static weir_status response_column(
    const logistic *m, const weir_table *table, int64_t *out) {
  *out = m->response == NULL ? weir_table_columns(table) - 1
                             : weir_table_find(table, m->response);
  return *out >= 0 && weir_table_columns(table) >= 2
             ? WEIR_OK
             : weiri_fail(WEIR_E_DATA,
                   "%s: expected a response '%s' and at least one predictor",
                   weir_table_source(table), m->response == NULL ? "" : m->response);
}

static weir_status make_room(logistic *m, int64_t dim) {
  m->x = weiri_alloc(m->base.ctx, (size_t)(m->n * dim) * sizeof *m->x);
  m->y = weiri_alloc(m->base.ctx, (size_t)m->n * sizeof *m->y);
  return m->x != NULL && m->y != NULL ? WEIR_OK : WEIR_E_MEMORY;
}

static weir_status read_table(logistic *m, const weir_table *table) {
  int64_t response, j = 1;
  m->n = weir_table_rows(table);
  WEIR_TRY(response_column(m, table, &response));
  const int64_t dim = weir_table_columns(table);
  WEIR_TRY(make_room(m, dim));
  WEIR_TRY(read_response(m, table, response));
  for (int64_t i = 0; i < m->n; i++) {
    m->x[i * dim] = 1.0;
  }
  for (int64_t c = 0; c < dim; c++) {
    if (c != response) {
      WEIR_TRY(read_predictor(m, table, c, j++));
    }
  }
  return weir_target_shape(&m->base, dim, dim);
}

static weir_status setup(weir_target *t) {
  logistic *m = (logistic *)t;
  weir_table *table = NULL;
  if (m->x == NULL) { /* else: simulated */
    if (t->data == NULL) {
      return weiri_fail(WEIR_E_DATA, "target logistic: expected --data, a table");
    }
    WEIR_TRY(weir_table_read(&table, t->ctx, t->data, NULL));
    const weir_status status = read_table(m, table);
    weir_table_destroy(&table);
    WEIR_TRY(status);
  }
  WEIR_TRY(weir_target_names(t, 0, 0, "intercept"));
  return weir_target_names(t, 1, t->dim - 1, "beta");
}

static void teardown(weir_target *t) {
  weiri_free(t->ctx, ((logistic *)t)->x);
  weiri_free(t->ctx, ((logistic *)t)->y);
}

/* ---- density ---- */

static double dot(int64_t n, const double *a, const double *b) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) {
    sum += a[i] * b[i];
  }
  return sum;
}

static void add(int64_t n, double a, const double *x, double *to) {
  for (int64_t i = 0; i < n; i++) {
    to[i] += a * x[i];
  }
}

static double one(const logistic *m, const double *b, double *grad) {
  const int64_t d = m->base.dim;
  const double precision = 1.0 / (m->scale * m->scale);
  double sum = -0.5 * precision * dot(d, b, b);
  for (int64_t j = 0; grad != NULL && j < d; j++) {
    grad[j] = -precision * b[j];
  }
  for (int64_t i = 0; i < m->n; i++) {
    const double *row = m->x + i * d, e = dot(d, row, b), q = exp(-fabs(e));
    const double p = e >= 0.0 ? 1.0 / (1.0 + q) : q / (1.0 + q);
    sum += m->y[i] * e - fmax(e, 0.0) - log1p(q);
    if (grad != NULL) {
      add(d, m->y[i] - p, row, grad);
    }
  }
  return sum;
}

static weir_status log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  for (int64_t i = 0; i < n; i++) {
    value[i] = one(
        (const logistic *)t, x + i * t->dim, grad == NULL ? NULL : grad + i * t->dim);
  }
  return WEIR_OK;
}

static weir_status hessian_vector(
    const weir_target *t, int64_t n, const double *x, const double *v, double *out) {
  const logistic *m = (const logistic *)t;
  const int64_t d = t->dim;
  for (int64_t k = 0; k < n; k++, x += d, v += d, out += d) {
    for (int64_t j = 0; j < d; j++) {
      out[j] = -v[j] / (m->scale * m->scale);
    }
    for (int64_t i = 0; i < m->n; i++) {
      const double *row = m->x + i * d, q = exp(-fabs(dot(d, row, x)));
      add(d, -q / ((1.0 + q) * (1.0 + q)) * dot(d, row, v), row, out);
    }
  }
  return WEIR_OK;
}

extern const weir_target_class weiri_target_logistic;

/* New responses for the same predictors. */
static weir_status simulate(
    const weir_target *t, uint64_t seed, double *x, weir_target **posterior) {
  const logistic *m = (const logistic *)t;
  const weiri_rng prior = {seed, weiri_stream("target.logistic", 0)};
  const weiri_rng response = {seed, weiri_stream("target.logistic.response", 0)};
  logistic *other = weiri_calloc(t->ctx, 1, sizeof *other);
  if (other == NULL) {
    return WEIR_E_MEMORY;
  }
  other->base.ctx = t->ctx;
  other->scale = m->scale;
  other->n = m->n;
  if (make_room(other, t->dim) != WEIR_OK) {
    weiri_free(t->ctx, other->x);
    weiri_free(t->ctx, other->y);
    weiri_free(t->ctx, other);
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < t->dim; j++) {
    x[j] = m->scale * weiri_normal(prior, (uint64_t)j);
  }
  memcpy(other->x, m->x, (size_t)(m->n * t->dim) * sizeof *m->x);
  for (int64_t i = 0; i < m->n; i++) {
    const double p = 1.0 / (1.0 + exp(-dot(t->dim, m->x + i * t->dim, x)));
    other->y[i] = weiri_uniform(response, (uint64_t)i) < p ? 1.0 : 0.0;
  }
  other->base.cls = &weiri_target_logistic;
  const weir_status status = weir_target_shape(&other->base, t->dim, t->dim);
  if (status != WEIR_OK) {
    weir_target *gone = &other->base;
    weir_target_destroy(&gone);
    return status;
  }
  return weiri_target_set_up(posterior, t->ctx, &weiri_target_logistic, other, NULL);
}

const weir_target_class weiri_target_logistic = {
    .is = {"logistic", "logistic regression on a table", NULL, sizeof(logistic), opts},
    .setup = setup,
    .teardown = teardown,
    .log_density = log_density,
    .hessian_vector = hessian_vector,
    .simulate = simulate};
