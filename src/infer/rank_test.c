/* Ranks against the discrete uniform distribution on 0 .. R - 1: a chi-square statistic
 * over bins of ranks, and z of two moments. With u = rank - (R - 1)/2,
 *
 *     E u^2 = (R^2 - 1)/12,  Var u^2 = (R^2 - 1)(R^2 - 4)/180. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/chisq.h"
#include "base/file.h"
#include "infer/calibrate.h"

#define LEAST_P 0.01
enum { EXPECTED = 5 }; /* simulations in a bin */

static double normal_p(double z) {
  return erfc(fabs(z) / sqrt(2.0));
}

/* Most bins that divide the ranks and leave enough in each. */
static int64_t bins_of(int64_t ranks, int64_t n) {
  int64_t bins = ranks;
  while (bins > 2 && (ranks % bins != 0 || n < EXPECTED * bins)) {
    bins--;
  }
  return bins;
}

weir_rank_test weir_calibration_test(const weir_calibration *c, int64_t output) {
  const int64_t *counts = c->counts + output * c->ranks;
  const int64_t n = weir_calibration_simulations(c);
  const int64_t bins = bins_of(c->ranks, n);
  const double r = (double)c->ranks, middle = 0.5 * (r - 1.0);
  const double second = (r * r - 1.0) / 12.0;
  const double fourth = (r * r - 1.0) * (r * r - 4.0) / 180.0;
  weir_rank_test out = {.bins = bins};
  for (int64_t b = 0; b < bins; b++) { /* ranks b R / bins .. (b + 1) R / bins - 1 */
    const int64_t lo = b * c->ranks / bins, hi = (b + 1) * c->ranks / bins;
    const double expected = (double)n * (double)(hi - lo) / r;
    double seen = 0.0;
    for (int64_t k = lo; k < hi; k++) {
      seen += (double)counts[k];
    }
    out.chi_square += (seen - expected) * (seen - expected) / expected;
  }
  for (int64_t k = 0; k < c->ranks; k++) {
    const double u = (double)k - middle, many = (double)counts[k];
    out.bias += many * u;
    out.spread += many * (u * u - second);
  }
  out.bias /= sqrt((double)n * second);
  out.spread = fourth > 0.0 ? out.spread / sqrt((double)n * fourth) : 0.0;
  out.p = weiri_chi_square_above(out.chi_square, (double)(bins - 1));
  out.least_p =
      fmin(1.0, 3.0 * fmin(out.p, fmin(normal_p(out.bias), normal_p(out.spread))));
  return out;
}

double weir_calibration_least_p(const weir_calibration *c, int64_t *worst) {
  double least = INFINITY;
  for (int64_t j = 0; j < c->outputs; j++) {
    const double p = weir_calibration_test(c, j).least_p;
    if (p < least) {
      least = p;
      if (worst != NULL) {
        *worst = j;
      }
    }
  }
  return fmin(1.0, least * (double)c->outputs);
}

bool weir_calibration_good(const weir_calibration *c) {
  return weir_calibration_least_p(c, NULL) >= LEAST_P;
}

static const char *shape_of(const weir_rank_test *t) {
  return fabs(t->bias) > fabs(t->spread)
             ? (t->bias > 0.0 ? "its posteriors lie too low"
                              : "its posteriors lie too high")
             : (t->spread > 0.0 ? "its posteriors are too narrow"
                                : "its posteriors are too wide");
}

static void say(weir_calibration *c) {
  int64_t worst = 0;
  const int64_t n = weir_calibration_simulations(c);
  const double p = weir_calibration_least_p(c, &worst);
  const weir_rank_test t = weir_calibration_test(c, worst);
  int used = p >= LEAST_P
                 ? snprintf(c->text, sizeof c->text,
                       "The ranks of %" PRId64
                       " simulations speak for calibrated posteriors (least p of "
                       "%" PRId64 " quantities %.2g, all counted).",
                       n, c->outputs, p)
                 : snprintf(c->text, sizeof c->text,
                       "The ranks of %.80s over %" PRId64
                       " simulations are not uniform (p %.1e, all %" PRId64
                       " quantities counted): %s.",
                       c->name[worst], n, p, c->outputs, shape_of(&t));
  if (c->failed > 0) {
    snprintf(c->text + used, sizeof c->text - (size_t)used,
        " %" PRId64 " simulations failed and are left out: %.120s.", c->failed,
        c->first_failure);
  }
}

weir_status weiri_calibration_finish(weir_calibration *c) {
  for (int64_t i = 0; i < c->n; i++) {
    c->failed += c->rank[i * c->outputs] < 0.0;
    for (int64_t j = 0; j < c->outputs; j++) {
      const double rank = c->rank[i * c->outputs + j];
      c->counts[j * c->ranks + (rank < 0.0 ? 0 : (int64_t)rank)] += rank >= 0.0;
    }
  }
  if (c->failed == c->n) {
    return weiri_fail(WEIR_E_DATA,
        "calibration: all %" PRId64 " simulations failed: %s", c->n, c->first_failure);
  }
  say(c);
  return WEIR_OK;
}

/* ---- asking ---- */

int64_t weir_calibration_simulations(const weir_calibration *c) {
  return c->n - c->failed;
}

int64_t weir_calibration_failed(const weir_calibration *c) {
  return c->failed;
}

int64_t weir_calibration_ranks(const weir_calibration *c) {
  return c->ranks;
}

int64_t weir_calibration_outputs(const weir_calibration *c) {
  return c->outputs;
}

const char *weir_calibration_name(const weir_calibration *c, int64_t output) {
  return c->name[output];
}

const int64_t *weir_calibration_counts(const weir_calibration *c, int64_t output) {
  return c->counts + output * c->ranks;
}

const char *weir_calibration_text(const weir_calibration *c) {
  return c->text;
}

/* ---- writing ---- */

static weir_status put_row(weiri_out *out, const weir_calibration *c, int64_t i) {
  char text[32];
  for (int64_t j = 0; j < c->outputs; j++) {
    const int n = snprintf(
        text, sizeof text, "%s%.0f", j == 0 ? "" : ",", c->rank[i * c->outputs + j]);
    WEIR_TRY(weiri_out_write(out, text, (size_t)n));
  }
  return weiri_out_write(out, "\n", 1);
}

static weir_status put_all(weiri_out *out, const weir_calibration *c) {
  for (int64_t j = 0; j < c->outputs; j++) {
    WEIR_TRY(weiri_put_csv_name(out, c->name[j], j == 0));
  }
  WEIR_TRY(weiri_out_write(out, "\n", 1));
  for (int64_t i = 0; i < c->n; i++) {
    if (c->rank[i * c->outputs] >= 0.0) {
      WEIR_TRY(put_row(out, c, i));
    }
  }
  return WEIR_OK;
}

weir_status weir_calibration_write(const weir_calibration *c, const char *path) {
  weiri_out *out = NULL;
  WEIR_TRY(weiri_out_open(&out, c->ctx, path));
  const weir_status status = put_all(out, c);
  if (status != WEIR_OK) {
    weiri_out_abort(&out);
    return status;
  }
  return weiri_out_commit(&out);
}
