/* What a Gaussian and a mixture of Gaussians reach on the rows that a model is judged
 * by: fitted to the training rows, chosen on the validation rows, scored on the test
 * rows. */
#include "train/baseline.h"

#include <math.h>
#include <string.h>

#include "base/bulk.h"
#include "base/rng.h"
#include "train/train.h"

#define PASS_MOST 2e8 /* operations of one pass over the rows */
#define ROWS_EACH 20  /* rows per component and column, at least */

typedef struct bench {
  weir_ctx *ctx;
  weiri_team *team;
  weiri_line *line;
  weiri_flat train, valid, test;
  weir_row_set chosen; /* the validation rows, or those held out in their place */
  uint64_t seed;
  double *log_prob; /* [the larger of valid and test] */
} bench;

static int64_t larger(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/* log p of rows with everything counted, so many at a time. */
static weir_status log_probs(bench *b, const weiri_mixture *mix, const weiri_flat *f) {
  enum { ROWS = 1 << 16 };
  memset(b->log_prob, 0, (size_t)f->n * sizeof *b->log_prob);
  for (int64_t at = 0; at < f->n; at += ROWS) {
    weiri_flat part = *f;
    double *out = b->log_prob + at;
    part.n = f->n - at < ROWS ? f->n - at : ROWS;
    part.r += at * f->m;
    weiri_bulk_touch(b->ctx, part.n * (f->m + 2) * (int64_t)sizeof *out);
    if (mix->m > 0) {
      WEIR_TRY(weiri_mixture_log_prob(mix, b->ctx, b->team, &part, out, NULL));
    }
    for (int64_t i = 0; i < part.n; i++) {
      out[i] += f->offset[at + i];
    }
  }
  return WEIR_OK;
}

static bool all_ordinal(const weir_schema *schema) {
  for (int64_t i = 0; i < weir_schema_events(schema); i++) {
    if (weir_schema_type(schema, weir_schema_event(schema, i)).kind !=
        WEIR_KIND_ORDINAL) {
      return false;
    }
  }
  return true;
}

static weir_status score(
    bench *b, const weiri_mixture *mix, const weir_row_set *set, weir_score *out) {
  WEIR_TRY(log_probs(b, mix, &b->test));
  weiri_score_of(set, b->log_prob, &out->mean_log_prob, &out->standard_error);
  out->n = set->n;
  out->bits_per_dim =
      all_ordinal(b->line->schema)
          ? -out->mean_log_prob / (0.6931471805599453 * (double)b->line->d)
          : NAN;
  return WEIR_OK;
}

/* The first rows of f, as many as a pass over k components may have. */
static weiri_flat part_of(const weiri_flat *f, int64_t k) {
  weiri_flat part = *f;
  const double most = PASS_MOST / ((double)k * (double)(f->m * f->m));
  if (most < (double)f->n) {
    part.n = (int64_t)most;
  }
  return part;
}

static weir_status mean_of(
    bench *b, const weiri_mixture *mix, const weiri_flat *f, double *mean) {
  double sum = 0.0, weight = 0.0;
  WEIR_TRY(log_probs(b, mix, f));
  for (int64_t i = 0; i < f->n; i++) {
    sum += f->weight[i] * b->log_prob[i];
    weight += f->weight[i];
  }
  *mean = sum / weight;
  return WEIR_OK;
}

/* Fits one mixture; it takes the place of *best where it is better. */
static weir_status try_mixture(
    bench *b, const weiri_flat *rows, int64_t k, weiri_mixture *best, double *top) {
  weiri_mixture mix;
  double mean = NAN;
  WEIR_TRY(weiri_mixture_fit(&mix, b->ctx, b->team, rows, k, b->seed));
  const weir_status status = mean_of(b, &mix, &b->valid, &mean);
  if (status == WEIR_OK && (best->k == 0 || mean > *top)) {
    weiri_mixture_destroy(b->ctx, best);
    *best = mix;
    *top = mean;
  } else {
    weiri_mixture_destroy(b->ctx, &mix);
  }
  return status;
}

static weir_status mixture(bench *b, const weir_row_set *test, weir_baselines *out) {
  weiri_mixture best = {0};
  double top = -INFINITY;
  weir_status status = WEIR_OK;
  for (int64_t k = 2; status == WEIR_OK && k <= 32; k *= 2) {
    const weiri_flat rows = part_of(&b->train, k);
    if (k > 2 && rows.n < ROWS_EACH * k * b->train.m) {
      break;
    }
    if (rows.n >= 2) {
      status = try_mixture(b, &rows, k, &best, &top);
    }
  }
  if (status == WEIR_OK && best.k > 0) {
    status = score(b, &best, test, &out->mixture);
    out->components = best.k;
  }
  weiri_mixture_destroy(b->ctx, &best);
  return status;
}

static weir_status gaussian(bench *b, const weir_row_set *test, weir_baselines *out) {
  weiri_mixture one = {0};
  if (b->train.m > 0) {
    WEIR_TRY(weiri_gaussian_fit(&one, b->ctx, &b->train));
  }
  const weir_status status = score(b, &one, test, &out->gaussian);
  weiri_mixture_destroy(b->ctx, &one);
  return status;
}

static weir_status prepare(bench *b, const weir_row_set *train,
    const weir_row_set *valid, const weir_row_set *test) {
  WEIR_TRY(weiri_team_create(&b->team, b->ctx));
  WEIR_TRY(weiri_flat_create(&b->train, b->line, train));
  WEIR_TRY(weiri_flat_create(&b->valid, b->line, valid));
  WEIR_TRY(weiri_flat_create(&b->test, b->line, test));
  b->log_prob =
      weiri_bulk_alloc(b->ctx, larger(valid->n, test->n) + 1, sizeof *b->log_prob);
  return b->log_prob == NULL ? WEIR_E_MEMORY : WEIR_OK;
}

static weir_status fit(bench *b, const weir_row_set *train, const weir_row_set *valid,
    const weir_row_set *test, weir_baselines *out) {
  WEIR_TRY(prepare(b, train, valid, test));
  WEIR_TRY(gaussian(b, test, out));
  out->mixture = out->gaussian;
  out->components = 1;
  return b->train.m == 0 ? WEIR_OK : mixture(b, test, out);
}

static weir_status check(
    const weir_schema *schema, const weir_row_set *train, const weir_row_set *test) {
  if (train->n < 1 || test->n < 1 || train->frame == NULL || test->frame == NULL) {
    return weiri_fail(WEIR_E_ARGUMENT, "baselines: no training or no test rows");
  }
  if (train->n <= weir_schema_events(schema)) {
    return weiri_fail(WEIR_E_DATA, "baselines: %lld training rows for %lld columns",
        (long long)train->n, (long long)weir_schema_events(schema));
  }
  return WEIR_OK;
}

/* Training rows in an order of the seed, all or WEIRI_ROWS_MANY of more; the last tenth
 * stands in for validation rows that are missing. */
static void shuffle(const weir_row_set *set, int64_t n, bool hold, uint64_t seed,
    int64_t *rows, bench *b, weir_row_set *train) {
  const weiri_rng rng = {seed, weiri_stream("baseline.rows", 0)};
  if (n == set->n) {
    weiri_permutation(rng, n, rows);
  }
  for (int64_t i = 0; i < n; i++) {
    const int64_t at = n == set->n ? rows[i] : weiri_permuted(rng, set->n, i);
    rows[i] = set->rows != NULL ? set->rows[at] : at;
  }
  const int64_t held = hold ? larger(1, n / 10) : 0;
  *train = (weir_row_set){set->frame, rows, n - held};
  b->chosen = (weir_row_set){set->frame, rows + n - held, held};
}

weir_status weir_baselines_fit(weir_baselines *out, weir_ctx *ctx,
    const weir_schema *schema, weir_row_set train, weir_row_set valid,
    weir_row_set test, uint64_t seed) {
  WEIR_TRY(check(schema, &train, &test));
  bench b = {.ctx = ctx, .seed = seed};
  weir_row_set mixed;
  *out = (weir_baselines){0};
  const int64_t n = train.n < WEIRI_ROWS_MANY ? train.n : WEIRI_ROWS_MANY;
  int64_t *rows = weiri_calloc(ctx, (size_t)n, sizeof *rows);
  weir_status status = rows == NULL ? WEIR_E_MEMORY : WEIR_OK;
  if (status == WEIR_OK) {
    shuffle(&train, n, valid.n == 0, seed, rows, &b, &mixed);
    status = weiri_line_create(&b.line, ctx, schema, &train, seed);
  }
  if (status == WEIR_OK) {
    status = fit(&b, &mixed, valid.n == 0 ? &b.chosen : &valid, &test, out);
  }
  weiri_flat_destroy(ctx, &b.train);
  weiri_flat_destroy(ctx, &b.valid);
  weiri_flat_destroy(ctx, &b.test);
  weiri_line_destroy(&b.line);
  weiri_team_destroy(&b.team);
  weiri_free(ctx, b.log_prob);
  weiri_free(ctx, rows);
  return status;
}
