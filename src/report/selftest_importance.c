/* An estimate of the integral of the density where no grid reaches:
 *     I = E_q[ p(x) / q(x) ],
 * q of selftest_proposal.c. Whatever q is, the estimate has no bias; it is believed
 * only while its weights are well spread. */
#include <math.h>
#include <string.h>

#include "report/selftest_proposal.h"

enum { BLOCK = 4096 };

typedef struct estimate {
  int64_t n, bad;
  double sum, squares, largest; /* of the weights */
} estimate;

static weir_status add_block(
    const weiri_selftest *s, const weiri_proposal *q, estimate *e, double *x) {
  const weiri_rng rng = {s->opts.seed, weiri_stream("selftest.importance", 0)};
  double *log_w = x + BLOCK * s->d, *lp = log_w + BLOCK;
  for (int64_t i = 0; i < BLOCK; i++) {
    double *row = x + i * s->d;
    if (!weiri_proposal_draw(q, rng, (uint64_t)(e->n + i), row, &log_w[i])) {
      memcpy(row, s->x, (size_t)s->d * sizeof *row); /* any row that is inside */
      log_w[i] = -INFINITY;
    }
  }
  WEIR_TRY(weir_model_log_prob(s->exact, BLOCK, x, 1, weiri_selftest_context(s), lp));
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
static weir_status run(const weiri_selftest *s, const weiri_proposal *q, estimate *e) {
  double *x = weiri_calloc(s->ctx, (size_t)BLOCK * (size_t)(s->d + 2), sizeof *x);
  weir_status status = x == NULL ? WEIR_E_MEMORY : WEIR_OK;
  bool more = true;
  while (status == WEIR_OK && more) {
    status = add_block(s, q, e, x);
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
  char where[96];
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
  if (weiri_model_stochastic(s->exact) && mean < 1.0 - tolerance) {
    return weiri_selftest_skipped(s->result, name,
        "%lld points give %.4f +- %.4f: below 1, as where the encoder misses a part of "
        "the posterior and rare large weights are not seen",
        (long long)e->n, mean, error);
  }
  const weir_check numbers = {
      .value = mean, .error = error, .target = 1.0, .tolerance = tolerance};
  return weiri_selftest_measured(s->result, name, true, numbers,
      "%.4f +- %.4f from %lld points of a mixture of Student t fitted to draws, worth "
      "%.0f "
      "even ones%s",
      mean, error, (long long)e->n, effective,
      weiri_selftest_where(s, where, sizeof where));
}

weir_status weiri_selftest_importance(weiri_selftest *s) {
  const char *name = "importance estimate of the integral";
  if (s->free > WEIRI_PROPOSAL_FREE) {
    return weiri_selftest_skipped(s->result, name,
        "%lld columns: estimates are reliable up to %d", (long long)s->free,
        WEIRI_PROPOSAL_FREE);
  }
  weiri_proposal *q = NULL;
  estimate e = {0};
  weir_status status = weiri_proposal_fit(&q, s);
  if (status == WEIR_OK) {
    status = run(s, q, &e);
  }
  weiri_proposal_destroy(&q);
  return status == WEIR_OK ? judge(s, &e)
                           : weiri_selftest_unsupported(s->result, name, status);
}
