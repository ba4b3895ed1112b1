/* The rows of a report, the model's densities on them, and draws beside them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/facts.h"
#include "train/train.h"

enum { ROWS = 2000 };

static json_t *object_of(const char *text) {
  json_t *o = json_loads(text, 0, NULL);
  if (!json_is_object(o)) {
    json_decref(o);
    o = json_object();
  }
  return o;
}

/* log p of every test row, with the random numbers that weir_model_score takes. */
static weir_status score_all(weiri_facts *f) {
  weiri_scorer *scorer = NULL;
  WEIR_TRY(weiri_scorer_create(&scorer, f->model, weir_model_samples(f->model)));
  const weir_status status = weiri_log_probs(scorer, &f->test, f->log_prob, NULL);
  weiri_scorer_destroy(&scorer);
  weiri_score_of(
      &f->test, f->log_prob, &f->score.mean_log_prob, &f->score.standard_error);
  f->score.n = f->test.n;
  f->score.bits_per_dim =
      weir_model_discrete(f->model) == f->d && f->model->site.measure == NULL
          ? -f->score.mean_log_prob / ((double)f->d * log(2.0))
          : NAN;
  return status;
}

typedef struct ranked {
  double key;
  int64_t at;
} ranked;

/* NaN first: such a row is the least likely of all. */
static int by_key(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  const int nan = !!isnan(y->key) - !!isnan(x->key);
  const int less = (x->key > y->key) - (x->key < y->key);
  return nan != 0 ? nan : less != 0 ? less : (x->at > y->at) - (x->at < y->at);
}

static weir_status rank(
    const weir_ctx *ctx, int64_t n, const double *key, int64_t *out) {
  ranked *r = weiri_calloc(ctx, (size_t)n + 1, sizeof *r);
  if (r == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < n; i++) {
    r[i] = (ranked){key[i], i};
  }
  qsort(r, (size_t)n, sizeof *r, by_key);
  for (int64_t i = 0; i < n; i++) {
    out[i] = r[i].at;
  }
  weiri_free(ctx, r);
  return WEIR_OK;
}

/* n different rows of the test set in random order, so that any first few of them are a
 * random sample of a sorted file too. */
static weir_status pick_rows(weiri_facts *f, int64_t *pick) {
  int64_t *order = weiri_calloc(f->ctx, (size_t)f->test.n, sizeof *order);
  if (order == NULL) {
    return WEIR_E_MEMORY;
  }
  const weiri_rng rng = {f->opts->seed, weiri_stream("report.rows", 0)};
  weiri_permutation(rng, f->test.n, order);
  memcpy(pick, order, (size_t)f->n * sizeof *pick);
  weiri_free(f->ctx, order);
  return WEIR_OK;
}

static weir_status gather(weiri_facts *f) {
  weiri_batch b;
  WEIR_TRY(pick_rows(f, f->row));
  WEIR_TRY(weiri_batch_create(&b, f->ctx, f->n, f->model));
  weiri_batch_fill(&b, &f->test, f->row, 0, f->n);
  const size_t n = (size_t)f->n;
  memcpy(f->data, b.x, n * (size_t)f->d * sizeof *b.x);
  memcpy(f->row, b.row, n * sizeof *b.row);
  if (f->c > 0) {
    memcpy(f->context, b.context, n * (size_t)f->c * sizeof *b.context);
  }
  weiri_batch_destroy(&b);
  return WEIR_OK;
}

static weir_status draw(weiri_facts *f) {
  weir_sample_opts o = WEIR_SAMPLE_OPTS_INIT;
  o.seed = f->opts->seed;
  const double *context = f->c > 0 ? f->context : NULL;
  WEIR_TRY(weiri_model_coarsen(
      f->model, f->n, f->data, context, f->opts->seed, f->compared));
  WEIR_TRY(weir_model_sample(
      f->model, f->n, f->c > 0 ? f->n : 1, context, &o, f->draws, NULL));
  if (f->z == 0) {
    return WEIR_OK;
  }
  return weir_model_encode(
      f->model, f->n, f->data, f->n, context, f->opts->seed, f->latent, NULL);
}

/* Baselines on these rows, where there are rows to fit them to. A failure is told in
 * the report and ends nothing, but for memory. */
static weir_status baselines(weiri_facts *f) {
  if (f->train.n == 0) {
    return WEIR_OK;
  }
  const weir_row_set none = {0};
  weir_status status = weir_baselines_fit(&f->baselines, f->ctx,
      weir_model_schema(f->model), f->train, none, f->test, f->opts->seed);
  f->has_baselines = status == WEIR_OK;
  if (status != WEIR_OK && status != WEIR_E_MEMORY) {
    f->no_baselines = weiri_strdup(f->ctx, weir_error());
    status = f->no_baselines == NULL ? WEIR_E_MEMORY : WEIR_OK;
  }
  if (status == WEIR_OK) {
    status = weir_model_score(f->model, f->train, &f->train_score);
  }
  return status;
}

static weir_status take_memory(weiri_facts *f) {
  const size_t n = (size_t)f->n, d = (size_t)f->d, all = (size_t)f->test.n;
  f->log_prob = weiri_calloc(f->ctx, all, sizeof *f->log_prob);
  f->order = weiri_calloc(f->ctx, all, sizeof *f->order);
  f->row = weiri_calloc(f->ctx, n, sizeof *f->row);
  f->data = weiri_calloc(f->ctx, n * d, sizeof *f->data);
  f->compared = weiri_calloc(f->ctx, n * d, sizeof *f->compared);
  f->draws = weiri_calloc(f->ctx, n * d, sizeof *f->draws);
  f->context = weiri_calloc(f->ctx, n * (size_t)f->c + 1, sizeof *f->context);
  f->latent = weiri_calloc(f->ctx, n * (size_t)f->z + 1, sizeof *f->latent);
  f->marginal = weiri_calloc(f->ctx, d, sizeof *f->marginal);
  f->pit = weiri_calloc(f->ctx, d, sizeof *f->pit);
  f->transform = weiri_calloc(f->ctx, n * d, sizeof *f->transform);
  f->deviation = weiri_calloc(f->ctx, d, sizeof *f->deviation);
  const bool ok = f->log_prob != NULL && f->order != NULL && f->row != NULL &&
                  f->data != NULL && f->compared != NULL && f->draws != NULL &&
                  f->context != NULL && f->latent != NULL && f->marginal != NULL &&
                  f->pit != NULL && f->transform != NULL && f->deviation != NULL;
  return ok ? WEIR_OK : WEIR_E_MEMORY;
}

weir_status weiri_facts_open(weiri_facts *f, const weir_model *model,
    weir_row_set train, weir_row_set test, const weir_report_opts *opts) {
  *f = (weiri_facts){.model = model,
      .opts = opts,
      .ctx = model->ctx,
      .train = train,
      .test = test,
      .d = weir_model_features(model),
      .c = weir_model_context(model),
      .z = weir_model_latent_features(model)};
  f->train.n = train.frame == NULL ? 0 : train.n;
  f->record = object_of(weir_model_record(model));
  f->config = object_of(weir_model_config(model));
  f->dist = json_object_get(model->site.resolved, "dist");
  WEIR_TRY(weiri_check_rows(model, &f->test, "test"));
  WEIR_TRY(weiri_check_rows(model, &f->train, "train"));
  if (test.n < 2) {
    return weiri_fail(
        WEIR_E_DATA, "a report needs 2 rows or more, found %lld", (long long)test.n);
  }
  const int64_t most = opts->rows > 1 ? opts->rows : ROWS;
  f->n = test.n < most ? test.n : most;
  weir_frame_digest(test.frame, f->digest);
  WEIR_TRY(take_memory(f));
  WEIR_TRY(score_all(f));
  WEIR_TRY(rank(f->ctx, f->test.n, f->log_prob, f->order));
  WEIR_TRY(baselines(f));
  WEIR_TRY(gather(f));
  WEIR_TRY(draw(f));
  return weiri_facts_compare(f);
}

void weiri_facts_close(weiri_facts *f) {
  void *const all[] = {f->log_prob, f->order, f->row, f->data, f->compared, f->draws,
      f->context, f->latent, f->marginal, f->pit, f->transform, f->deviation,
      f->energy.null, f->no_baselines};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    weiri_free(f->ctx, all[i]);
  }
  json_decref(f->record);
  json_decref(f->config);
  *f = (weiri_facts){.ctx = f->ctx};
}

const char *weiri_facts_name(const weiri_facts *f, int64_t i) {
  const weir_schema *s = weir_model_schema(f->model);
  return weir_schema_column(s, weir_schema_event(s, i)).name;
}

weir_column_type weiri_facts_type(const weiri_facts *f, int64_t i) {
  const weir_schema *s = weir_model_schema(f->model);
  return weir_schema_type(s, weir_schema_event(s, i));
}

bool weiri_facts_categorical(const weiri_facts *f, int64_t i) {
  return weiri_facts_type(f, i).kind == WEIR_KIND_CATEGORICAL;
}

/* The base at the bottom of the model's tree: mixed {flow: flow {base}}. */
static const json_t *base_of(const json_t *dist) {
  for (int depth = 0; depth < 8; depth++) {
    const json_t *inner = json_object_get(dist, "flow");
    inner = inner != NULL ? inner : json_object_get(dist, "base");
    if (inner == NULL) {
      break;
    }
    dist = inner;
  }
  return dist;
}

static bool has_circle(const weiri_facts *f) {
  bool circle = false;
  for (int64_t i = 0; i < f->d; i++) {
    circle = circle || weiri_facts_type(f, i).kind == WEIR_KIND_CIRCULAR;
  }
  return circle;
}

/* Latents begin with the categories; a circle's is uniform, somewhere behind them. */
bool weiri_facts_normal(const weiri_facts *f, int64_t i) {
  const json_t *base = base_of(f->dist);
  const char *name = json_string_value(json_object_get(base, "name"));
  const char *kind = json_string_value(json_object_get(base, "kind"));
  const bool standard =
      name != NULL &&
      (strcmp(name, "standard") == 0 || (strcmp(name, "normal") == 0 && kind != NULL &&
                                            strcmp(kind, "standard") == 0));
  int64_t categories = 0;
  for (int64_t j = 0; j < f->d; j++) {
    categories += weiri_facts_categorical(f, j);
  }
  return standard && i >= categories && !has_circle(f);
}

const char *weiri_facts_likeness(const weiri_facts *f) {
  return weiri_model_coarse(f->model)
             ? " The model draws the two ends of each column only: the rows are "
               "binarised in the same way before they are compared."
             : "";
}

void weiri_facts_column(
    const double *x, int64_t n, int64_t d, int64_t j, bool sorted, double *out) {
  for (int64_t i = 0; i < n; i++) {
    out[i] = x[i * d + j];
  }
  if (sorted) {
    weiri_sort(n, out);
  }
}

void weiri_facts_worst(const weiri_facts *f, int64_t k, int64_t *out) {
  weiri_largest(f->d, f->deviation, k, out);
}
