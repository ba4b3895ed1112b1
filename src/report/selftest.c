/* The selftest: rows and copies, then one check after another. */
#include "weir/selftest.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "report/selftest.h"
#include "train/train.h"

enum { CONTEXTS = 3 };  /* of a conditional density, for its integrals */
enum { FEW_DRAWS = 4 }; /* of a latent at a point of an integral */

static weir_status read_opts(const weir_selftest_opts *given, weir_selftest_opts *o) {
  *o = (weir_selftest_opts)WEIR_SELFTEST_OPTS_INIT;
  if (given != NULL) {
    if (given->struct_size == 0 || given->struct_size > sizeof *o) {
      return weiri_fail(WEIR_E_ARGUMENT,
          "weir_selftest_opts: struct_size is %u, expected %zu", given->struct_size,
          sizeof *o);
    }
    memcpy(o, given, given->struct_size);
  }
  o->rows = o->rows > 0 ? o->rows : 1000;
  o->points = o->points > 0 ? o->points : 200000;
  o->jacobian = o->jacobian > 0 ? o->jacobian : 100;
  return WEIR_OK;
}

/* Whether event column j is ordinal, and has a density over its cells in the copies. */
static bool in_cells(const weiri_selftest *s, int64_t j) {
  const weir_schema *given = s->given->schema, *copy = s->schema;
  return weir_schema_type(given, weir_schema_event(given, j)).kind ==
             WEIR_KIND_ORDINAL &&
         weir_schema_type(copy, weir_schema_event(copy, j)).kind == WEIR_KIND_REAL;
}

/* Row i of the set is row order[i] of the frame. Ordinal values are moved into their
 * cells. */
static void gather(weiri_selftest *s, const weir_row_set *rows, const int64_t *order) {
  const weiri_rng rng = {s->opts.seed, weiri_stream("selftest.cells", 0)};
  const double *c = weir_frame_context(rows->frame);
  for (int64_t i = 0; i < s->n; i++) {
    const int64_t at = order[i], row = rows->rows == NULL ? at : rows->rows[at];
    weir_frame_copy_row(rows->frame, row, s->x + i * s->d);
    if (s->c > 0) {
      memcpy(s->context + i * s->c, c + row * s->c, (size_t)s->c * sizeof *c);
    }
    s->line[i] = weir_frame_row(rows->frame, row);
    for (int64_t j = 0; j < s->d; j++) {
      if (in_cells(s, j)) {
        const weir_column_type type =
            weir_schema_type(s->given->schema, weir_schema_event(s->given->schema, j));
        s->x[i * s->d + j] += type.step * weiri_uniform(rng, (uint64_t)(i * s->d + j));
      }
    }
  }
}

static void moments(weiri_selftest *s) {
  for (int64_t j = 0; j < s->d; j++) {
    double mean = 0.0, square = 0.0;
    for (int64_t i = 0; i < s->n; i++) {
      const double off = s->x[i * s->d + j] - mean;
      mean += off / (double)(i + 1);
      square += off * (s->x[i * s->d + j] - mean);
    }
    s->mean[j] = mean;
    s->sd[j] = s->n > 1 && square > 0.0 ? sqrt(square / (double)(s->n - 1)) : 1.0;
  }
}

static weir_status take_rows(weiri_selftest *s, const weir_row_set *rows) {
  const size_t n = (size_t)s->n, d = (size_t)s->d;
  s->x = weiri_alloc(s->ctx, n * d * sizeof *s->x);
  s->context = s->c > 0 ? weiri_alloc(s->ctx, n * (size_t)s->c * sizeof *s->x) : NULL;
  s->line = weiri_alloc(s->ctx, n * sizeof *s->line);
  s->mean = weiri_alloc(s->ctx, 2 * d * sizeof *s->mean);
  int64_t *order = weiri_alloc(s->ctx, (size_t)rows->n * sizeof *order);
  const bool made = s->x != NULL && (s->c == 0 || s->context != NULL) &&
                    s->line != NULL && s->mean != NULL && order != NULL;
  if (made) {
    const weiri_rng rng = {s->opts.seed, weiri_stream("selftest.rows", 0)};
    s->sd = s->mean + s->d;
    weiri_permutation(rng, rows->n, order);
    gather(s, rows, order);
    moments(s);
  }
  weiri_free(s->ctx, order);
  return made ? WEIR_OK : WEIR_E_MEMORY;
}

static weir_status sort_columns(weiri_selftest *s) {
  s->place = weiri_alloc(s->ctx, (size_t)s->d * sizeof *s->place);
  if (s->place == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < s->d; j++) {
    const weir_schema *schema = s->given->schema;
    const weir_kind kind = weir_schema_type(schema, weir_schema_event(schema, j)).kind;
    s->ordinals += in_cells(s, j);
    if (kind != WEIR_KIND_CATEGORICAL) {
      s->place[s->free++] = j;
    }
  }
  return WEIR_OK;
}

static weir_status prepare(weiri_selftest *s, const weir_row_set *rows) {
  WEIR_TRY(weiri_check_rows(s->given, rows, "selftest"));
  if (rows->n < 1) {
    return weiri_fail(WEIR_E_DATA, "selftest: no rows");
  }
  s->d = weir_model_features(s->given);
  s->c = weir_model_context(s->given);
  s->n = rows->n < s->opts.rows ? rows->n : s->opts.rows;
  WEIR_TRY(weiri_selftest_copy(&s->exact, s->given, WEIR_F64));
  if (weir_model_dtype(s->given) != WEIR_F64) {
    WEIR_TRY(weiri_selftest_copy(&s->own, s->given, weir_model_dtype(s->given)));
  }
  s->schema = s->exact->schema;
  WEIR_TRY(sort_columns(s));
  return take_rows(s, rows);
}

const double *weiri_selftest_context(const weiri_selftest *s) {
  return s->c > 0 ? s->context + s->at * s->c : NULL;
}

const char *weiri_selftest_where(const weiri_selftest *s, char *buf, size_t size) {
  buf[0] = '\0';
  if (s->c > 0) {
    (void)snprintf(
        buf, size, ", given the context of row %lld", (long long)s->line[s->at] + 1);
  }
  return buf;
}

/* Whether row i has the context of one of the rows picked before. */
static bool repeats(const weiri_selftest *s, const int64_t *picked, int n, int64_t i) {
  const size_t bytes = (size_t)s->c * sizeof *s->context;
  for (int k = 0; k < n; k++) {
    if (memcmp(s->context + picked[k] * s->c, s->context + i * s->c, bytes) == 0) {
      return true;
    }
  }
  return false;
}

/* Rows with contexts that differ, at most CONTEXTS, from all of the table; returns how
 * many. */
static int pick_contexts(const weiri_selftest *s, int64_t picked[CONTEXTS]) {
  int n = 0;
  picked[n++] = 0;
  for (int64_t k = 1; s->c > 0 && k < s->n && n < CONTEXTS; k++) {
    const int64_t i = k * 7919 % s->n; /* spread over the rows */
    if (!repeats(s, picked, n, i)) {
      picked[n++] = i;
    }
  }
  return n;
}

static weir_status integrals_given(weiri_selftest *s) {
  bool settled;
  WEIR_TRY(weiri_selftest_integral(s, &settled));
  return settled ? WEIR_OK : weiri_selftest_importance(s);
}

static bool whole_numbers(const weiri_selftest *s) {
  for (int64_t j = 0; j < s->d; j++) {
    if (s->exact->dist->event.support[j].kind == WEIR_INTEGERS) {
      return true;
    }
  }
  return false;
}

/* Of a model whose likelihood is an importance-weighted mean, each value is an estimate
 * of the density without bias, so the estimate of the integral has none either. */
static weir_status integrals(weiri_selftest *s) {
  if (weiri_model_stochastic(s->exact) && !whole_numbers(s)) {
    const int64_t samples = weir_model_samples(s->exact);
    WEIR_TRY(weir_model_set_samples(s->exact, FEW_DRAWS)); /* more points tell more */
    const weir_status status = weiri_selftest_importance(s);
    return status == WEIR_OK ? weir_model_set_samples(s->exact, samples) : status;
  }
  if (s->exact->dist->exactness != WEIR_EXACT) {
    return weiri_selftest_skipped(s->result, "integral",
        "the log density is a %s: its integral need not be 1",
        weir_model_kind(s->exact));
  }
  int64_t picked[CONTEXTS];
  const int n = pick_contexts(s, picked);
  const int64_t points = s->opts.points;
  s->opts.points = points / n;
  weir_status status = WEIR_OK;
  bool any = true; /* what cannot be done for one context cannot for another */
  for (int i = 0; i < n && status == WEIR_OK && any; i++) {
    const int64_t skipped = weir_selftest_count(s->result, WEIR_CHECK_NOT_CHECKED);
    const int64_t all = weir_selftest_checks(s->result);
    s->at = picked[i];
    status = integrals_given(s);
    any = weir_selftest_checks(s->result) - all >
          weir_selftest_count(s->result, WEIR_CHECK_NOT_CHECKED) - skipped;
  }
  s->opts.points = points;
  s->at = 0;
  return status;
}

static weir_status check_all(weiri_selftest *s) {
  WEIR_TRY(weiri_selftest_finite(s));
  WEIR_TRY(integrals(s));
  WEIR_TRY(weiri_selftest_jacobian(s));
  WEIR_TRY(weiri_selftest_trips(s));
  WEIR_TRY(weiri_selftest_draws(s));
  WEIR_TRY(weiri_selftest_precision(s));
  return s->ordinals == 0
             ? WEIR_OK
             : weiri_selftest_skipped(s->result, "probabilities of ordinal values",
                   "the density over the cells of %lld ordinal column%s was checked; "
                   "the probability of a value is printed as a bound on its integral",
                   (long long)s->ordinals, s->ordinals == 1 ? "" : "s");
}

static void clean_up(weiri_selftest *s) {
  weir_model_destroy(&s->exact);
  weir_model_destroy(&s->own);
  weiri_free(s->ctx, s->x);
  weiri_free(s->ctx, s->context);
  weiri_free(s->ctx, s->line);
  weiri_free(s->ctx, s->mean);
  weiri_free(s->ctx, s->place);
}

weir_status weir_selftest(weir_selftest_result **out, const weir_model *model,
    weir_row_set rows, const weir_selftest_opts *opts) {
  weiri_selftest s = {.ctx = model->ctx, .given = model};
  *out = NULL;
  WEIR_TRY(read_opts(opts, &s.opts));
  WEIR_TRY(weiri_selftest_result_create(&s.result, s.ctx));
  weir_status status = prepare(&s, &rows);
  if (status == WEIR_OK) {
    status = check_all(&s);
  }
  clean_up(&s);
  if (status != WEIR_OK) {
    weir_selftest_destroy(&s.result);
  }
  *out = s.result;
  return status;
}
