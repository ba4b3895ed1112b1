/* Data against draws, column by column and all at once.
 *
 * The integral transform of a value x under m draws y of the model is
 * (#{y < x} + u (1 + #{y = x})) / (m + 1) with u uniform: uniform on (0, 1) when x
 * comes from the same distribution, also where values repeat (Gneiting et al. 2007,
 * section 3, for the randomised transform). Without a context the draws are shared by
 * all rows; with one, each row has its own. */
#include <math.h>

#include "report/facts.h"

enum { PER_ROW = 49, CONTEXT_ROWS = 400, SHARED = 5, ENERGY_ROWS = 1000 };

/* Of x among m sorted draws. */
static double transform(int64_t m, const double *sorted, double x, double u) {
  int64_t lo = 0, hi = m;
  while (lo < hi) {
    const int64_t mid = (lo + hi) / 2;
    if (sorted[mid] < x) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  int64_t equal = 0;
  while (lo + equal < m && sorted[lo + equal] == x) {
    equal++;
  }
  return ((double)lo + u * (double)(1 + equal)) / (double)(m + 1);
}

static double coin(const weiri_facts *f, int64_t j, int64_t i) {
  const weiri_rng rng = {f->opts->seed, weiri_stream("report.transform", (uint64_t)j)};
  return weiri_uniform(rng, (uint64_t)i);
}

/* Draws [m, d] shared by all rows. */
static weir_status shared(weiri_facts *f, double *draws, double *column) {
  const int64_t m = SHARED * f->n;
  weir_sample_opts o = WEIR_SAMPLE_OPTS_INIT;
  o.seed = f->opts->seed;
  o.first = f->n; /* behind the draws that are shown */
  WEIR_TRY(weir_model_sample(f->model, m, 1, NULL, &o, draws, NULL));
  f->n_pit = f->n;
  for (int64_t j = 0; j < f->d; j++) {
    double *t = f->transform + j * f->n_pit;
    weiri_facts_column(draws, m, f->d, j, true, column);
    for (int64_t i = 0; i < f->n_pit; i++) {
      t[i] = transform(m, column, f->compared[i * f->d + j], coin(f, j, i));
    }
    weiri_sort(f->n_pit, t);
    f->pit[j] = weiri_ks_uniform(f->n_pit, t);
    const double more = sqrt(log(2.0 / 0.05) / (2.0 * (double)m));
    f->pit[j].lo = fmax(f->pit[j].lo - more, 0.0);
    f->pit[j].hi = fmin(f->pit[j].hi + more, 1.0);
  }
  return WEIR_OK;
}

/* Draws [rows, PER_ROW, d] given each row's context, repeated [rows, PER_ROW, c]. */
static weir_status per_row(weiri_facts *f, double *draws, double *context) {
  f->n_pit = f->n < CONTEXT_ROWS ? f->n : CONTEXT_ROWS;
  const int64_t m = f->n_pit * PER_ROW;
  double own[PER_ROW];
  for (int64_t i = 0; i < m * f->c; i++) {
    context[i] = f->context[i / (PER_ROW * f->c) * f->c + i % f->c];
  }
  weir_sample_opts o = WEIR_SAMPLE_OPTS_INIT;
  o.seed = f->opts->seed;
  o.first = f->n;
  WEIR_TRY(weir_model_sample(f->model, m, m, context, &o, draws, NULL));
  for (int64_t j = 0; j < f->d; j++) {
    double *t = f->transform + j * f->n_pit;
    for (int64_t i = 0; i < f->n_pit; i++) {
      weiri_facts_column(draws + i * PER_ROW * f->d, PER_ROW, f->d, j, true, own);
      t[i] = transform(PER_ROW, own, f->compared[i * f->d + j], coin(f, j, i));
    }
    weiri_sort(f->n_pit, t);
    f->pit[j] = weiri_ks_uniform(f->n_pit, t);
  }
  return WEIR_OK;
}

static weir_status integral_transform(weiri_facts *f) {
  const int64_t m = f->c > 0 ? CONTEXT_ROWS * PER_ROW : SHARED * f->n;
  double *draws = weiri_calloc(f->ctx, (size_t)(m * f->d), sizeof *draws);
  double *more = weiri_calloc(f->ctx, (size_t)(m * (f->c + 1)), sizeof *more);
  weir_status status = WEIR_E_MEMORY;
  if (draws != NULL && more != NULL) {
    status = f->c > 0 ? per_row(f, draws, more) : shared(f, draws, more);
  }
  weiri_free(f->ctx, more);
  weiri_free(f->ctx, draws);
  return status;
}

/* Distance between marginals, and the largest change of a correlation. */
static weir_status marginals(weiri_facts *f) {
  double *a = weiri_calloc(f->ctx, (size_t)(2 * f->n), sizeof *a);
  if (a == NULL) {
    return WEIR_E_MEMORY;
  }
  double *b = a + f->n;
  for (int64_t j = 0; j < f->d; j++) {
    double change = 0.0;
    weiri_facts_column(f->compared, f->n, f->d, j, true, a);
    weiri_facts_column(f->draws, f->n, f->d, j, true, b);
    f->marginal[j] = weiri_ks_two(f->n, a, f->n, b);
    for (int64_t k = 0; k < f->d && f->d <= 128; k++) {
      change = fmax(change, fabs(weiri_correlation(f->n, f->d, f->compared, j, k) -
                                 weiri_correlation(f->n, f->d, f->draws, j, k)));
    }
    f->deviation[j] = f->marginal[j].value + change;
  }
  weiri_free(f->ctx, a);
  return WEIR_OK;
}

weir_status weiri_facts_compare(weiri_facts *f) {
  const int64_t permutations = f->opts->permutations > 0 ? f->opts->permutations : 500;
  const int64_t n = f->n < ENERGY_ROWS ? f->n : ENERGY_ROWS;
  WEIR_TRY(marginals(f));
  WEIR_TRY(integral_transform(f));
  return weiri_energy_test(
      &f->energy, f->ctx, n, f->d, f->compared, f->draws, permutations, f->opts->seed);
}
