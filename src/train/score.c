/* Mean log-likelihood of rows with weights w:
 *     mean = sum w l / sum w,  error^2 = n / (n - 1) sum w^2 (l - mean)^2 / (sum w)^2,
 * which is sd / sqrt(n) when all weights are equal. Sums are float64, in row order.
 * Random numbers follow a row's number in its file, as in weir_model_frame_log_prob. */
#include <math.h>

#include "base/bulk.h"
#include "data/frame.h"
#include "train/train.h"

static void record(void *self, weir_run *run, int64_t n, weiri_results *results) {
  const weiri_scorer *s = self;
  weir_var context;
  (void)n;
  const weir_var x = weiri_batch_leaves(&s->batch, s->model, run, &context);
  weir_dist_parts(s->model->dist, run, x, context);
  weiri_results_add(results, weiri_run_total(run, 0), NULL);
  if (weiri_model_stochastic(s->model)) {
    const weiri_terms terms = weiri_terms_of(run);
    weiri_results_add(results, terms.likelihood, NULL);
    weiri_results_add(results, terms.rate, NULL);
  }
}

static void vary(void *self) {
  weiri_batch_turn(&((weiri_scorer *)self)->batch);
}

weir_status weiri_scorer_create(
    weiri_scorer **out, const weir_model *model, int64_t samples) {
  weiri_scorer *s = weiri_calloc(model->ctx, 1, sizeof *s);
  if (s == NULL) {
    return WEIR_E_MEMORY;
  }
  s->model = model;
  weir_status status = weiri_weights_create(&s->weights, model->ctx, samples);
  if (status == WEIR_OK) {
    status = weiri_batch_create(&s->batch, model->ctx, s->weights.room, model);
  }
  if (status == WEIR_OK) {
    s->draws = weiri_calloc(
        model->ctx, (size_t)(s->weights.room * s->weights.chunk), sizeof *s->draws);
    status = s->draws == NULL ? WEIR_E_MEMORY : WEIR_OK;
  }
  if (status == WEIR_OK) {
    status = weiri_run_create(
        &s->run, model->ctx, weiri_params_dtype(model->params), model->params);
  }
  if (status == WEIR_OK) {
    s->run->seed = model->seed;
    s->run->no_grad = true;
    const weiri_repeat block = {record, vary, s, 3, false, false, false};
    status = weiri_replay_create(&s->replay, s->run, &block);
  }
  if (status != WEIR_OK) {
    weiri_scorer_destroy(&s);
    return status;
  }
  *out = s;
  return WEIR_OK;
}

void weiri_scorer_destroy(weiri_scorer **scorer) {
  weiri_scorer *s = *scorer;
  if (s != NULL) {
    weiri_replay_destroy(&s->replay);
    weiri_run_destroy(&s->run);
    weiri_batch_destroy(&s->batch);
    weiri_weights_destroy(&s->weights);
    weiri_free(s->model->ctx, s->draws);
    weiri_free(s->model->ctx, s);
    *scorer = NULL;
  }
}

/* Adds part i of the block to its sum: over the draws of the last step, by weight. */
static void add_part(weiri_scorer *s, int i) {
  const int64_t n = s->batch.n, k = s->weights.chunk;
  weiri_replay_read(s->replay, i + 1, n * k, s->draws);
  for (int64_t r = 0; r < n; r++) {
    double mean = 0.0;
    for (int64_t j = 0; j < k; j++) {
      mean += s->draws[r * k + j] / (double)k;
    }
    s->part[i] += s->batch.weight[r] * mean;
    s->part_weight += i == 0 ? s->batch.weight[r] : 0.0;
  }
}

weir_status weiri_log_probs(
    weiri_scorer *s, const weir_row_set *set, double *out, double *ess) {
  weiri_batch *batch = &s->batch;
  s->part[0] = s->part[1] = s->part_weight = 0.0;
  for (int64_t first = 0; first < set->n; first += batch->room) {
    const int64_t left = set->n - first;
    weiri_bulk_touch(s->model->ctx, batch->room * (int64_t)sizeof *out);
    weiri_batch_fill(batch, set, NULL, first, left < batch->room ? left : batch->room);
    for (int64_t i = 0; i < batch->n; i++) {
      batch->row[i] = weir_frame_number(set->frame, batch->row[i]);
    }
    WEIR_TRY(weiri_weights_run(&s->weights, s->run, s->replay, batch->n, out + first,
        ess ? ess + first : NULL));
    for (int i = 0; i < weiri_replay_results(s->replay) - 1; i++) {
      add_part(s, i);
    }
  }
  return WEIR_OK;
}

static double weight_of(const weir_row_set *set, const double *w, int64_t i) {
  return w == NULL ? 1.0 : w[set->rows == NULL ? i : set->rows[i]];
}

void weiri_score_of(
    const weir_row_set *set, const double *log_prob, double *mean, double *error) {
  const double *w = weir_frame_weights(set->frame);
  double total = 0.0, sum = 0.0, squares = 0.0;
  for (int64_t i = 0; i < set->n; i++) {
    const double wi = weight_of(set, w, i);
    total += wi;
    sum += wi * log_prob[i];
  }
  *mean = sum / total;
  for (int64_t i = 0; i < set->n; i++) {
    const double wi = weight_of(set, w, i);
    const double off = wi * (log_prob[i] - *mean);
    squares += off * off;
  }
  const double n = (double)set->n;
  *error = set->n < 2 ? NAN : sqrt(n / (n - 1.0) * squares) / total;
}

static weir_status refuse_nan(const weir_row_set *set, const double *log_prob) {
  for (int64_t i = 0; i < set->n; i++) {
    if (isnan(log_prob[i])) {
      const int64_t row = set->rows == NULL ? i : set->rows[i];
      return weiri_frame_fail(set->frame, WEIR_E_NUMERIC, row,
          "the model's log-likelihood is not a number");
    }
  }
  return WEIR_OK;
}

static weir_status score(const weir_model *model, const weir_row_set *set,
    weiri_scorer *scorer, double *log_prob, weir_score *out) {
  WEIR_TRY(weiri_log_probs(scorer, set, log_prob, NULL));
  WEIR_TRY(refuse_nan(set, log_prob));
  weiri_score_of(set, log_prob, &out->mean_log_prob, &out->standard_error);
  const int64_t d = weir_model_features(model);
  out->n = set->n;
  out->bits_per_dim = weir_model_discrete(model) == d && model->site.measure == NULL
                          ? -out->mean_log_prob / ((double)d * 0.6931471805599453)
                          : NAN;
  return WEIR_OK;
}

weir_status weir_model_score(
    const weir_model *model, weir_row_set rows, weir_score *out) {
  WEIR_TRY(weiri_check_rows(model, &rows, "score"));
  if (rows.n < 1) {
    return weiri_fail(WEIR_E_ARGUMENT, "score: no rows");
  }
  weiri_scorer *scorer = NULL;
  double *log_prob = weiri_bulk_alloc(model->ctx, rows.n, sizeof *log_prob);
  weir_status status = log_prob == NULL ? WEIR_E_MEMORY : WEIR_OK;
  if (status == WEIR_OK) {
    status = weiri_scorer_create(&scorer, model, weir_model_samples(model));
  }
  if (status == WEIR_OK) {
    status = score(model, &rows, scorer, log_prob, out);
  }
  weiri_scorer_destroy(&scorer);
  weiri_free(model->ctx, log_prob);
  return status;
}
