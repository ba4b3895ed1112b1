/* The log-determinant that the layers claim against log |det dz/dx| from automatic
 * differentiation: latent j is differentiated with respect to every row at once, which
 * gives row j of the Jacobian of each. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "report/selftest.h"

/* GROUP: latents differentiated on one tape, whose memory grows with each. */
enum { MAX_FEATURES = 1024, GROUP = 8 };
#define TOLERANCE 1e-7
#define SHAKE 1e-13

double weiri_log_abs_det(int64_t m, double *a) {
  double sum = 0.0;
  for (int64_t k = 0; k < m; k++) {
    int64_t best = k;
    for (int64_t i = k + 1; i < m; i++) {
      best = fabs(a[i * m + k]) > fabs(a[best * m + k]) ? i : best;
    }
    for (int64_t j = k; j < m; j++) {
      const double held = a[k * m + j];
      a[k * m + j] = a[best * m + j];
      a[best * m + j] = held;
    }
    sum += log(fabs(a[k * m + k]));
    for (int64_t i = k + 1; i < m; i++) {
      const double f = a[i * m + k] / a[k * m + k];
      for (int64_t j = k + 1; j < m; j++) {
        a[i * m + j] -= f * a[k * m + j];
      }
    }
  }
  return sum;
}

/* Points: rows, every other one moved by a few standard deviations where it may be. */
static void choose(const weiri_selftest *s, int64_t n, double *x) {
  const weiri_rng rng = {s->opts.seed, weiri_stream("selftest.jacobian", 0)};
  memcpy(x, s->x, (size_t)(n * s->d) * sizeof *x);
  for (int64_t i = 1; i < n; i += 2) {
    for (int64_t f = 0; f < s->free; f++) {
      const int64_t j = s->place[f];
      if (s->exact->dist->event.support[j].kind == WEIR_REAL) {
        x[i * s->d + j] += 3.0 * s->sd[j] * weiri_normal(rng, (uint64_t)(i * s->d + j));
      }
    }
  }
}

/* Rows first .. first + count - 1 of the Jacobians [n, m, m] of rows x, and the claimed
 * log-determinants [n]. scratch [n, d]. */
static weir_status differentiate(const weiri_selftest *s, weir_run *run, int64_t n,
    int64_t first, int64_t count, const double *x, double *scratch, double *jac,
    double *claim) {
  weiri_run_reset(run);
  weir_tape *t = run->tape;
  const int64_t m = s->free, skip = s->d - s->free;
  const double *context = s->context;
  const weir_var c = weiri_model_context(s->exact, run, n, n, &context);
  const weir_var xv = weiri_model_rows(s->exact, run, n, &x);
  const weir_var z = weir_dist_encode(s->exact->dist, run, xv, c);
  const weir_var total = weiri_run_total(run, 0);
  WEIR_TRY(weir_tape_status(t));
  if (weir_var_ok(total)) {
    WEIR_TRY(weir_var_read(t, total, claim));
  }
  for (int64_t k = first; k < first + count; k++) {
    weir_var g;
    const weir_var zk = weir_slice(t, z, 1, skip + k, 1);
    WEIR_TRY(weir_grad(t, zk, weir_var_none(), 1, &xv, &g, false));
    WEIR_TRY(weir_var_read(t, g, scratch));
    for (int64_t i = 0; i < n; i++) {
      for (int64_t f = 0; f < m; f++) {
        jac[(i * m + k) * m + f] = scratch[i * s->d + s->place[f]];
      }
    }
  }
  return WEIR_OK;
}

/* The differences of claimed and computed log-determinants. */
typedef struct difference {
  double largest; /* relative to 1 + its size; NaN when one is not a number */
  int64_t n;      /* points that count */
} difference;

/* How far log |det a| moves when every entry of a [m, m] is rounded a little worse than
 * float64 does; copy [m, m] is scratch. */
static double shake(const weiri_selftest *s, int64_t point, int64_t m, const double *a,
    double det, double *copy) {
  const weiri_rng rng = {s->opts.seed, weiri_stream("selftest.shake", (uint64_t)point)};
  for (int64_t i = 0; i < m * m; i++) {
    copy[i] = a[i] * (1.0 + SHAKE * weiri_normal(rng, (uint64_t)i));
  }
  return fabs(weiri_log_abs_det(m, copy) - det);
}

/* A Jacobian so close to singular that rounding moves its determinant says nothing:
 * such points do not count. */
static difference compare(const weiri_selftest *s, int64_t n, const double *jac,
    const double *claim, double *copy) {
  const int64_t m = s->free;
  difference d = {0};
  for (int64_t i = 0; i < n && !isnan(d.largest); i++) {
    const double *a = jac + i * m * m;
    memcpy(copy, a, (size_t)(m * m) * sizeof *copy);
    const double det = weiri_log_abs_det(m, copy);
    const double off = fabs(claim[i] - det) / (1.0 + fabs(det));
    if (shake(s, i, m, a, det, copy) <= TOLERANCE * (1.0 + fabs(det)) || isnan(det)) {
      d.largest = off <= d.largest ? d.largest : off;
      d.n++;
    }
  }
  return d;
}

static weir_status measure(const weiri_selftest *s, int64_t n, difference *out) {
  const int64_t m = s->free;
  const size_t size = (size_t)(n * (2 * s->d + m * m + 1) + m * m);
  double *x = weiri_calloc(s->ctx, size, sizeof *x);
  weir_run *run = NULL;
  weir_status status = x == NULL ? WEIR_E_MEMORY : WEIR_OK;
  if (status == WEIR_OK) {
    status = weiri_run_create(&run, s->ctx, WEIR_F64, s->exact->params);
  }
  if (status == WEIR_OK) {
    double *scratch = x + n * s->d, *jac = scratch + n * s->d, *claim = jac + n * m * m;
    choose(s, n, x);
    for (int64_t k = 0; k < m && status == WEIR_OK; k += GROUP) {
      const int64_t count = m - k < GROUP ? m - k : GROUP;
      status = differentiate(s, run, n, k, count, x, scratch, jac, claim);
    }
    if (status == WEIR_OK) {
      *out = compare(s, n, jac, claim, claim + n);
    }
  }
  weiri_run_destroy(&run);
  weiri_free(s->ctx, x);
  return status;
}

weir_status weiri_selftest_jacobian(weiri_selftest *s) {
  const char *name = "log-determinant";
  const int64_t m = s->free;
  if (m == 0) {
    return weiri_selftest_skipped(s->result, name, "every column is categorical");
  }
  if (s->exact->dist->latent != s->d || s->exact->dist->exactness != WEIR_EXACT) {
    return weiri_selftest_skipped(s->result, name,
        s->exact->dist->latent == 0 ? "the model has no latent"
                                    : "the model is not a bijection to its latent");
  }
  if (m > MAX_FEATURES) {
    return weiri_selftest_skipped(s->result, name,
        "%lld columns: a Jacobian is made for up to %d", (long long)m, MAX_FEATURES);
  }
  /* a cubic number of operations per point, kept under a minute in all */
  const double room = 2e9 / ((double)m * (double)m * (double)m);
  int64_t n = s->opts.jacobian < s->n ? s->opts.jacobian : s->n;
  n = (double)n <= room ? n : room < 1.0 ? 1 : (int64_t)room;
  difference d = {0};
  const weir_status status = measure(s, n, &d);
  if (status != WEIR_OK) {
    return weiri_selftest_unsupported(s->result, name, status);
  }
  if (d.n == 0) {
    return weiri_selftest_skipped(s->result, name,
        "the Jacobians of all %lld points are singular to float64", (long long)n);
  }
  const weir_check numbers = {.value = d.largest, .error = NAN, .tolerance = TOLERANCE};
  char left[96] = "";
  if (d.n < n) {
    snprintf(left, sizeof left, "; %lld more were singular to float64",
        (long long)(n - d.n));
  }
  return weiri_selftest_measured(s->result, name, true, numbers,
      "against the Jacobian by automatic differentiation in float64 at %lld points: "
      "largest difference %.1e, relative to 1 + its size%s",
      (long long)d.n, d.largest, left);
}
