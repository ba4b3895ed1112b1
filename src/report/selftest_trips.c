/* Data to latents and back, at the rows and far from them. A flow may be so flat far
 * from its data that float64 cannot tell points apart there (slopes of 1e-14 were seen
 * 100 standard deviations off). Where a point does not come back, its way back is still
 * right when what came back has the same latent; the text counts such points. A wrong
 * inverse has another latent. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "report/selftest.h"

enum { FAR_ROWS = 100 };
#define FAR_TOLERANCE 1e-6

typedef struct trip {
  int64_t n;
  double *x, *z, *back;     /* [n, d], [n, latent], [n, d] */
  double *again;            /* [n, latent] of back */
  double *there, *and_back; /* [n] log-determinants of the two directions */
} trip;

static weir_status trip_create(trip *t, const weiri_selftest *s, int64_t n) {
  const int64_t latent = s->exact->dist->latent;
  *t = (trip){.n = n};
  t->x =
      weiri_calloc(s->ctx, (size_t)n * (size_t)(2 * (s->d + latent) + 2), sizeof *t->x);
  if (t->x == NULL) {
    return WEIR_E_MEMORY;
  }
  t->back = t->x + n * s->d;
  t->z = t->back + n * s->d;
  t->again = t->z + n * latent;
  t->there = t->again + n * latent;
  t->and_back = t->there + n;
  return WEIR_OK;
}

static weir_status travel(const weiri_selftest *s, trip *t) {
  WEIR_TRY(weir_model_encode(
      s->exact, t->n, t->x, t->n, s->context, s->opts.seed, t->z, t->there));
  return weir_model_decode(
      s->exact, t->n, t->z, t->n, s->context, s->opts.seed, t->back, t->and_back);
}

/* Difference of two values of column j: the shorter way round a circle. */
static double apart(const weiri_selftest *s, int64_t j, double a, double b) {
  const weir_support *v = &s->exact->dist->event.support[j];
  const double gap = fabs(a - b), period = v->hi - v->lo;
  return v->kind == WEIR_CIRCLE && gap > 0.5 * period ? fabs(period - gap) : gap;
}

/* Largest distance of point i from where it came back to, in units of k standard
 * deviations of the column. NaN where a number is not finite. */
static double point_error(const weiri_selftest *s, double k, const trip *t, int64_t i) {
  double worst = 0.0;
  for (int64_t j = 0; j < s->d; j++) {
    const double off =
        apart(s, j, t->x[i * s->d + j], t->back[i * s->d + j]) / (k * s->sd[j]);
    if (!isfinite(off)) {
      return NAN;
    }
    worst = fmax(worst, off);
  }
  return worst;
}

static double trip_error(const weiri_selftest *s, double k, const trip *t) {
  double worst = 0.0;
  for (int64_t i = 0; i < t->n && !isnan(worst); i++) {
    const double off = point_error(s, k, t, i);
    worst = off <= worst ? worst : off;
  }
  return worst;
}

/* Largest difference of the two latents of point i, relative to 1 + its largest one. */
static double latent_error(const weiri_selftest *s, const trip *t, int64_t i) {
  const int64_t m = s->exact->dist->latent;
  const double *z = t->z + i * m, *again = t->again + i * m;
  double size = 1.0, worst = 0.0;
  for (int64_t j = 0; j < m; j++) {
    const double off = fabs(z[j] - again[j]);
    if (!isfinite(off)) {
      return NAN;
    }
    size = fmax(size, 1.0 + fabs(z[j]));
    worst = fmax(worst, off);
  }
  return worst / size;
}

typedef struct far_result {
  double error; /* the smaller of the two of a point, the largest of all points */
  double data;  /* largest distance in the data */
  int64_t flat; /* points that came back elsewhere, with the same latent */
} far_result;

static far_result far_errors(const weiri_selftest *s, double k, const trip *t) {
  far_result r = {0};
  for (int64_t i = 0; i < t->n && !isnan(r.error); i++) {
    double off = point_error(s, k, t, i);
    r.data = off <= r.data ? r.data : off;
    if (off > FAR_TOLERANCE) {
      const double latent = latent_error(s, t, i);
      r.flat += latent <= FAR_TOLERANCE;
      off = isnan(latent) ? latent : fmin(off, latent);
    }
    r.error = off <= r.error ? r.error : off;
  }
  return r;
}

/* Real and positive columns of FAR_ROWS rows go to k standard deviations from the mean
 * in a random direction; others stay. False when no column can move. */
static bool move_far(const weiri_selftest *s, double k, trip *t) {
  const weiri_rng rng = {s->opts.seed, weiri_stream("selftest.far", (uint64_t)k)};
  const weir_support *support = s->exact->dist->event.support;
  bool moved = false;
  for (int64_t i = 0; i < t->n; i++) {
    double *x = t->x + i * s->d, norm = 0.0;
    for (int64_t j = 0; j < s->d; j++) {
      if (support[j].kind == WEIR_REAL || support[j].kind == WEIR_POSITIVE) {
        const double v = weiri_normal(rng, (uint64_t)(i * s->d + j));
        norm += v * v;
      }
    }
    for (int64_t j = 0; j < s->d; j++) {
      const double v =
          k * s->sd[j] * weiri_normal(rng, (uint64_t)(i * s->d + j)) / sqrt(norm);
      if (support[j].kind == WEIR_REAL) {
        x[j] = s->mean[j] + v;
        moved = true;
      } else if (support[j].kind == WEIR_POSITIVE) {
        x[j] += fabs(v);
        moved = true;
      }
    }
  }
  return moved;
}

static weir_status report_far(
    weiri_selftest *s, const char *name, double k, const trip *t) {
  const far_result r = far_errors(s, k, t);
  char flat[128] = "";
  if (r.flat > 0) {
    snprintf(flat, sizeof flat,
        "; %lld come back elsewhere (%.1e) with the same latent: float64 cannot tell",
        (long long)r.flat, r.data);
  }
  const weir_check numbers = {
      .value = r.error, .error = NAN, .tolerance = FAR_TOLERANCE};
  return weiri_selftest_measured(s->result, name, false, numbers,
      "%lld points %.0f standard deviations from the mean in random directions, data "
      "to "
      "latent to data: largest error %.1e of that distance%s",
      (long long)t->n, k, r.error, flat);
}

static weir_status far_trip(weiri_selftest *s, double k) {
  char name[64];
  snprintf(name, sizeof name, "round trip at %.0f sigma", k);
  trip t;
  WEIR_TRY(trip_create(&t, s, s->n < FAR_ROWS ? s->n : FAR_ROWS));
  memcpy(t.x, s->x, (size_t)(t.n * s->d) * sizeof *t.x);
  weir_status status;
  if (!move_far(s, k, &t)) {
    status = weiri_selftest_skipped(s->result, name, "no column is unbounded");
  } else if ((status = travel(s, &t)) != WEIR_OK ||
             (status = weir_model_encode(s->exact, t.n, t.back, t.n, s->context,
                  s->opts.seed, t.again, NULL)) != WEIR_OK) {
    status = weiri_selftest_unsupported(s->result, name, status);
  } else {
    status = report_far(s, name, k, &t);
  }
  weiri_free(s->ctx, t.x);
  return status;
}

/* The two directions' log-determinants, which must cancel. */
static weir_status cancel(weiri_selftest *s, const trip *t) {
  const char *name = "directions cancel";
  if (s->exact->dist->exactness != WEIR_EXACT) {
    return weiri_selftest_skipped(
        s->result, name, "the two directions of a stochastic layer need not cancel");
  }
  double worst = 0.0;
  for (int64_t i = 0; i < t->n; i++) {
    const double off = fabs(t->there[i] + t->and_back[i]) / (1.0 + fabs(t->there[i]));
    worst = off <= worst || isnan(worst) ? worst : off;
  }
  const weir_check numbers = {.value = worst, .error = NAN, .tolerance = 1e-7};
  return weiri_selftest_measured(s->result, name, false, numbers,
      "log-determinants to the latent and to the data at %lld rows: largest sum %.1e, "
      "relative to 1 + its size",
      (long long)t->n, worst);
}

static weir_status row_trip(weiri_selftest *s) {
  const char *name = "round trip at the data";
  trip t;
  WEIR_TRY(trip_create(&t, s, s->n));
  memcpy(t.x, s->x, (size_t)(t.n * s->d) * sizeof *t.x);
  weir_status status = travel(s, &t);
  if (status == WEIR_OK) {
    const double off = trip_error(s, 1.0, &t);
    const weir_check numbers = {.value = off, .error = NAN, .tolerance = 1e-7};
    status = weiri_selftest_measured(s->result, name, false, numbers,
        "%lld rows, data to latent to data in float64: largest error %.1e standard "
        "deviations",
        (long long)t.n, off);
    if (status == WEIR_OK) {
      status = cancel(s, &t);
    }
  } else {
    status = weiri_selftest_unsupported(s->result, name, status);
  }
  weiri_free(s->ctx, t.x);
  return status;
}

weir_status weiri_selftest_trips(weiri_selftest *s) {
  if (s->exact->dist->latent == 0) {
    return weiri_selftest_skipped(
        s->result, "round trips", "the model has no latent: it is not a map");
  }
  if (weiri_model_stochastic(s->exact)) {
    return weiri_selftest_skipped(s->result, "round trips",
        "a latent is a draw, and so is what it is taken back to: the two ways are no "
        "inverses");
  }
  WEIR_TRY(row_trip(s));
  WEIR_TRY(far_trip(s, 10.0));
  WEIR_TRY(far_trip(s, 100.0));
  return far_trip(s, 1000.0);
}
