/* The density at the rows and at draws: finite, the same from both sides, on its
 * support, and the same in the model's number type. */
#include <math.h>

#include "report/selftest.h"

static weir_status count_bad(
    const weiri_selftest *s, const weir_model *m, double *lp, int64_t *bad) {
  *bad = 0;
  WEIR_TRY(weir_model_log_prob(m, s->n, s->x, s->n, s->context, lp));
  for (int64_t i = 0; i < s->n; i++) {
    *bad += !isfinite(lp[i]);
  }
  return WEIR_OK;
}

weir_status weiri_selftest_finite(weiri_selftest *s) {
  const char *name = "finite at the data";
  double *lp = weiri_alloc(s->ctx, (size_t)(s->n + 1) * sizeof *lp);
  int64_t bad = 0;
  weir_status status = lp == NULL
                           ? WEIR_E_MEMORY
                           : count_bad(s, s->own == NULL ? s->exact : s->own, lp, &bad);
  if (status == WEIR_OK) {
    const weir_check numbers = {.value = (double)bad, .error = NAN};
    status = weiri_selftest_measured(s->result, name, false, numbers,
        "%lld of %lld rows have a log density that is not a finite number",
        (long long)bad, (long long)s->n);
  } else {
    status = weiri_selftest_unsupported(s->result, name, status);
  }
  weiri_free(s->ctx, lp);
  return status;
}

/* Mean and largest difference of the log densities of two models at the rows. */
static weir_status differences(
    const weiri_selftest *s, double *lp, double *mean, double *largest) {
  double *other = lp + s->n;
  WEIR_TRY(weir_model_log_prob(s->own, s->n, s->x, s->n, s->context, lp));
  WEIR_TRY(weir_model_log_prob(s->exact, s->n, s->x, s->n, s->context, other));
  *mean = *largest = 0.0;
  for (int64_t i = 0; i < s->n; i++) {
    *mean += (lp[i] - other[i]) / (double)s->n;
    *largest = fmax(*largest, fabs(lp[i] - other[i]));
  }
  return WEIR_OK;
}

weir_status weiri_selftest_precision(weiri_selftest *s) {
  if (s->own == NULL) {
    return WEIR_OK; /* the model is in float64 */
  }
  const char *name = "float32 against float64";
  double *lp = weiri_alloc(s->ctx, (size_t)(2 * s->n + 1) * sizeof *lp);
  double mean = NAN, largest = NAN;
  weir_status status = lp == NULL ? WEIR_E_MEMORY : differences(s, lp, &mean, &largest);
  if (status == WEIR_OK) {
    const weir_check numbers = {.value = mean, .error = NAN, .tolerance = 1e-3};
    status = weiri_selftest_measured(s->result, name, false, numbers,
        "mean log density of %lld rows: %.1e nats apart, at most %.1e in a row",
        (long long)s->n, mean, largest);
  } else {
    status = weiri_selftest_unsupported(s->result, name, status);
  }
  weiri_free(s->ctx, lp);
  return status;
}

static bool on_support(const weir_support *v, double x) {
  switch (v->kind) {
  case WEIR_REAL:
    return isfinite(x);
  case WEIR_POSITIVE:
    return x > v->lo && isfinite(x);
  case WEIR_INTERVAL:
    return x > v->lo && x < v->hi;
  case WEIR_CIRCLE: /* either end is the same point */
    return x >= v->lo && x <= v->hi;
  case WEIR_INTEGERS:
    return x >= v->lo && x <= v->hi && x == floor(x);
  default:
    return isfinite(x);
  }
}

static weir_status check_support(weiri_selftest *s, const double *x) {
  int64_t outside = 0, column = -1;
  if (s->exact->site.as_real) {
    return weiri_selftest_skipped(s->result, "supports",
        "the model takes columns with two ends as real numbers: its draws may lie "
        "between their values and beyond their ends");
  }
  for (int64_t i = 0; i < s->n * s->d; i++) {
    const bool in = on_support(&s->exact->dist->event.support[i % s->d], x[i]);
    column = in || outside > 0 ? column : i % s->d;
    outside += !in;
  }
  const weir_check numbers = {.value = (double)outside, .error = NAN};
  return weiri_selftest_measured(s->result, "supports", false, numbers,
      "the layers' supports meet; %lld of %lld numbers drawn are off their column's "
      "support%s%s",
      (long long)outside, (long long)(s->n * s->d), column < 0 ? "" : ", first in ",
      column < 0
          ? ""
          : weir_schema_column(s->schema, weir_schema_event(s->schema, column)).name);
}

/* Density of draws by the way they were made against that of evaluating them. */
static weir_status check_density(
    weiri_selftest *s, const double *drawn, const double *evaluated) {
  double worst = 0.0;
  for (int64_t i = 0; i < s->n; i++) {
    const double off = fabs(drawn[i] - evaluated[i]) / (1.0 + fabs(evaluated[i]));
    worst = off <= worst || isnan(worst) ? worst : off;
  }
  const weir_check numbers = {.value = worst, .error = NAN, .tolerance = 1e-6};
  return weiri_selftest_measured(s->result, "draws to the data and back", true, numbers,
      "%lld draws, density on the way to the data against density of the point: "
      "largest "
      "difference %.1e, relative to 1 + its size",
      (long long)s->n, worst);
}

weir_status weiri_selftest_draws(weiri_selftest *s) {
  const char *name = "draws to the data and back";
  double *x = weiri_calloc(s->ctx, (size_t)s->n * (size_t)(s->d + 2) + 1, sizeof *x);
  if (x == NULL) {
    return WEIR_E_MEMORY;
  }
  double *drawn = x + s->n * s->d, *evaluated = drawn + s->n;
  weir_sample_opts o = WEIR_SAMPLE_OPTS_INIT;
  o.seed = s->opts.seed;
  weir_status status =
      weir_model_sample(s->exact, s->n, s->n, s->context, &o, x, drawn);
  if (status == WEIR_OK) {
    status = check_support(s, x);
  }
  if (status == WEIR_OK) {
    status = weir_model_log_prob(s->exact, s->n, x, s->n, s->context, evaluated);
  }
  if (status == WEIR_OK && s->exact->dist->exactness != WEIR_EXACT) {
    status = weiri_selftest_skipped(
        s->result, name, "the log density is a %s", weir_model_kind(s->exact));
  } else if (status == WEIR_OK) {
    status = check_density(s, drawn, evaluated);
  } else {
    status = weiri_selftest_unsupported(s->result, name, status);
  }
  weiri_free(s->ctx, x);
  return status;
}
