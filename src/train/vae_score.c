/* What an autoencoder does to rows: its bound and the parts of it, the importance-
 * weighted log-likelihood, and what its latents carry.
 *     KL_j          mean over rows of the KL of latent j (closed form, else by a draw)
 *     A_j           variance over rows of E[z_j | x]; active where above 0.01 (Burda et
 *                   al. 2016, section 5.1)
 *     information   E[log q(z | x)] - E[log q(z)], q(z) the mixture over a batch of B
 *                   rows, one draw per row: at most log B
 *     error         root mean square of x minus the mean that the decoder gives at
 *                   E[z | x], in units of the columns */
#include <math.h>
#include <string.h>

#include "train/train.h"

#define ACTIVE 0.01 /* variance of an active latent, the prior's being 1 */
#define DRAWS 16    /* for E[z | x] of posteriors that do not know their mean */
#define BATCH 256   /* rows of the mixture that information is measured against */
#define ROWS 512

typedef struct work {
  const weir_model *model;
  const weir_row_set *set;
  weir_run *run;
  weiri_batch batch;
  int64_t d, latents;
  double *mean, *m2; /* [latents] of E[z | x] over rows */
  double *buffer;    /* [ROWS, widest] */
  weir_vae_score *out;
  double *elbo; /* [n] */
} work;

/* The rows of a block on a fresh tape. */
static weir_var begin(work *w, weiri_wants wants, weir_var *context) {
  weiri_run_reset(w->run);
  w->run->wants = wants;
  return weiri_batch_leaves(&w->batch, w->model, w->run, context);
}

static void fill(work *w, int64_t first, int64_t n) {
  weiri_batch_fill(&w->batch, w->set, NULL, first, n);
  for (int64_t i = 0; i < n; i++) {
    w->batch.row[i] = weir_frame_number(w->set->frame, w->batch.row[i]);
  }
}

/* Adds the sum over the block's rows of x [n] or [n, k] to sum [k]; row (or NULL)
 * receives the numbers of [n]. */
static weir_status add_rows(work *w, weir_var x, double *sum, double *row) {
  const weir_shape s = weir_var_shape(w->run->tape, x);
  const int64_t n = w->batch.n, k = s.rank == 2 ? s.dim[1] : 1;
  WEIR_TRY(weir_var_read(w->run->tape, x, w->buffer));
  for (int64_t i = 0; i < n * k; i++) {
    sum[i % k] += w->buffer[i];
    if (row != NULL) {
      row[i] += w->buffer[i];
    }
  }
  return WEIR_OK;
}

static weir_status bound_block(work *w, int64_t first) {
  const weiri_wants wants = {.samples = 1, .closed_kl = true, .groups = true};
  weir_var context;
  const weir_var x = begin(w, wants, &context);
  weir_dist_parts(w->model->dist, w->run, x, context);
  const weiri_terms t = weiri_terms_of(w->run);
  double *row = w->elbo + first, unused = 0.0;
  WEIR_TRY(add_rows(w, t.likelihood, &w->out->reconstruction, row));
  WEIR_TRY(add_rows(w, t.rate, &w->out->rate, row));
  if (weir_var_ok(t.data)) {
    WEIR_TRY(add_rows(w, t.data, &unused, row));
  }
  const weir_shape s = weir_var_shape(w->run->tape, t.rate_groups);
  weir_vae_score *o = w->out;
  if (o->group_kl == NULL) {
    o->groups = s.rank == 2 ? s.dim[1] : 1;
    o->group_kl = weiri_calloc(w->model->ctx, (size_t)o->groups, sizeof *o->group_kl);
  }
  return o->group_kl == NULL ? WEIR_E_MEMORY
                             : add_rows(w, t.rate_groups, o->group_kl, NULL);
}

/* E[z | x] as a leaf [n, latents]. */
static weir_status latent_means(work *w, double *z) {
  const int64_t n = w->batch.n;
  for (int64_t draws = 1; draws <= DRAWS; draws *= DRAWS) {
    weir_var context;
    const weiri_wants wants = {.samples = draws, .means = true};
    const weir_var x = begin(w, wants, &context);
    weir_var y = weir_dist_encode(w->model->dist, w->run, x, context);
    const bool drawn = w->run->n_parts > 0 &&
                       w->run->parts[w->run->n_parts - 1].kind == WEIR_PART_POSTERIOR;
    if (drawn && draws == 1) {
      continue; /* no mean in closed form: once more, with many draws */
    }
    y = drawn
            ? weir_scale(w->run->tape,
                  weir_sum(w->run->tape,
                      weir_reshape(w->run->tape, y, weir_shape_3(n, draws, w->latents)),
                      1),
                  1.0 / (double)draws)
            : y;
    return weir_var_read(w->run->tape, y, z);
  }
  return WEIR_OK;
}

static weir_status latent_block(work *w, int64_t first, double *z) {
  const int64_t n = w->batch.n, k = w->latents;
  WEIR_TRY(latent_means(w, z));
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < k; j++) {
      const double off = z[i * k + j] - w->mean[j];
      w->mean[j] += off / (double)(first + i + 1);
      w->m2[j] += off * (z[i * k + j] - w->mean[j]);
    }
  }
  weir_var context;
  (void)begin(w, (weiri_wants){.means = true}, &context);
  const weir_var latent = weir_leaf_f64(w->run->tape, weir_shape_2(n, k), z);
  const weir_var x = weir_dist_decode(w->model->dist, w->run, latent, context);
  WEIR_TRY(weir_var_read(w->run->tape, x, w->buffer));
  for (int64_t i = 0; i < n * w->d; i++) {
    const double off = w->buffer[i] + w->model->origin[i % w->d] - w->batch.x[i];
    w->out->reconstruction_error += off * off;
  }
  return WEIR_OK;
}

/* log q of a draw under its own row and under the mixture of all rows of the batch. */
static weir_status information_of(
    work *w, const weir_dist *q, weir_var h, weir_var z, double *out) {
  weir_tape *t = w->run->tape;
  const int64_t n = w->batch.n, k = w->latents;
  double total = 0.0, log_q[BATCH];
  for (int64_t i = 0; i < n; i++) {
    const weir_var one =
        weir_broadcast(t, weir_slice(t, z, 0, i, 1), weir_shape_2(n, k));
    WEIR_TRY(weir_var_read(t, weir_dist_log_prob(q, w->run, one, h), log_q));
    double top = -INFINITY, sum = 0.0;
    for (int64_t j = 0; j < n; j++) {
      top = log_q[j] > top ? log_q[j] : top;
    }
    for (int64_t j = 0; j < n; j++) {
      sum += exp(log_q[j] - top);
    }
    total += log_q[i] - top - log(sum / (double)n);
  }
  *out = total / (double)n;
  return WEIR_OK;
}

/* Of the first rows; NaN for a posterior that does not know its density at a point. */
static weir_status information(work *w) {
  const weir_layer *l = weiri_flow_layer(w->model->dist);
  w->out->information = w->out->information_cap = NAN;
  if (l == NULL || l->posterior == NULL) {
    return WEIR_OK;
  }
  weir_var context;
  fill(w, 0, w->set->n < BATCH ? w->set->n : BATCH);
  const weir_var x = begin(w, (weiri_wants){.samples = 1}, &context);
  weir_var h = context;
  const weir_dist *q = weiri_posterior_of(
      l, w->run, weiri_flow_front(w->model->dist, w->run, x, context), &h);
  if (q->log_prob_how == WEIR_ABSENT) {
    return WEIR_OK;
  }
  const weir_var z = weir_dist_sample(q, w->run, w->batch.n, h, NULL);
  WEIR_TRY(weir_tape_status(w->run->tape));
  w->out->information_cap = log((double)w->batch.n);
  return information_of(w, q, h, z, &w->out->information);
}

static weir_status all_blocks(work *w, double *z) {
  for (int64_t first = 0; first < w->set->n; first += ROWS) {
    const int64_t left = w->set->n - first;
    fill(w, first, left < ROWS ? left : ROWS);
    WEIR_TRY(bound_block(w, first));
    WEIR_TRY(latent_block(w, first, z));
  }
  return information(w);
}

/* Sums become means; which latents are active. */
static void finish(work *w) {
  weir_vae_score *o = w->out;
  const double n = (double)w->set->n;
  o->reconstruction /= n;
  o->rate /= n;
  o->reconstruction_error = sqrt(o->reconstruction_error / (n * (double)w->d));
  for (int64_t j = 0; j < o->groups; j++) {
    o->group_kl[j] = -o->group_kl[j] / n;
  }
  o->has_kl = o->groups == w->latents;
  const bool sphere = weir_model_latent_on_sphere(w->model);
  o->active_variance = sphere ? ACTIVE / (double)w->latents : ACTIVE;
  for (int64_t j = 0; j < w->latents; j++) {
    o->kl[j] = o->has_kl ? o->group_kl[j] : NAN;
    o->variance[j] = n > 1 ? w->m2[j] / (n - 1.0) : NAN;
    o->active += o->variance[j] > o->active_variance;
  }
  weiri_score_of(w->set, w->elbo, &o->elbo, &o->elbo_error);
}

static weir_status weigh(const weir_model *model, const weir_row_set *set,
    int64_t samples, double *log_p, weir_vae_score *out) {
  weiri_scorer *scorer = NULL;
  double *ess = weiri_calloc(model->ctx, (size_t)set->n, sizeof *ess);
  weir_status status =
      ess == NULL ? WEIR_E_MEMORY : weiri_scorer_create(&scorer, model, samples);
  if (status == WEIR_OK) {
    status = weiri_log_probs(scorer, set, log_p, ess);
  }
  if (status == WEIR_OK) {
    weiri_score_of(set, log_p, &out->log_likelihood, &out->log_likelihood_error);
    for (int64_t i = 0; i < set->n; i++) {
      out->effective_samples += ess[i] / (double)set->n;
    }
  }
  weiri_scorer_destroy(&scorer);
  weiri_free(model->ctx, ess);
  return status;
}

static weir_status score(work *w, int64_t samples) {
  const weir_model *m = w->model;
  const size_t k = (size_t)w->latents, n = (size_t)w->set->n;
  const size_t wide = (size_t)(w->d > w->latents ? w->d : w->latents);
  WEIR_TRY(weiri_batch_create(&w->batch, m->ctx, ROWS, m));
  WEIR_TRY(weiri_run_create(&w->run, m->ctx, weiri_params_dtype(m->params), m->params));
  w->run->seed = m->seed;
  w->run->no_grad = true;
  w->mean = weiri_calloc(m->ctx, k, sizeof *w->mean);
  w->m2 = weiri_calloc(m->ctx, k, sizeof *w->m2);
  w->buffer = weiri_calloc(m->ctx, ROWS * wide, sizeof *w->buffer);
  w->elbo = weiri_calloc(m->ctx, n, sizeof *w->elbo);
  w->out->kl = weiri_calloc(m->ctx, k, sizeof *w->out->kl);
  w->out->variance = weiri_calloc(m->ctx, k, sizeof *w->out->variance);
  double *z = weiri_calloc(m->ctx, ROWS * k, sizeof *z);
  weir_status status = w->mean == NULL || w->m2 == NULL || w->buffer == NULL ||
                               w->elbo == NULL || w->out->kl == NULL ||
                               w->out->variance == NULL || z == NULL
                           ? WEIR_E_MEMORY
                           : all_blocks(w, z);
  weiri_free(m->ctx, z);
  if (status == WEIR_OK) {
    finish(w);
    status = weigh(m, w->set, samples, w->elbo, w->out);
  }
  return status;
}

weir_status weir_model_vae_score(
    const weir_model *model, weir_row_set rows, int64_t samples, weir_vae_score *out) {
  *out = (weir_vae_score){.ctx = model->ctx,
      .n = rows.n,
      .samples = samples,
      .latents = model->dist->latent};
  WEIR_TRY(weiri_check_rows(model, &rows, "score"));
  if (!weiri_model_stochastic(model) || rows.n < 1 || samples < 1) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "score of an autoencoder: expected a model with a posterior, rows and draws");
  }
  work w = {.model = model,
      .set = &rows,
      .d = weir_model_features(model),
      .latents = model->dist->latent,
      .out = out};
  const weir_status status = score(&w, samples);
  weiri_free(model->ctx, w.mean);
  weiri_free(model->ctx, w.m2);
  weiri_free(model->ctx, w.buffer);
  weiri_free(model->ctx, w.elbo);
  weiri_run_destroy(&w.run);
  weiri_batch_destroy(&w.batch);
  if (status != WEIR_OK) {
    weir_vae_score_free(out);
  }
  return status;
}

void weir_vae_score_free(weir_vae_score *score_) {
  if (score_->ctx != NULL) {
    weiri_free(score_->ctx, score_->kl);
    weiri_free(score_->ctx, score_->group_kl);
    weiri_free(score_->ctx, score_->variance);
  }
  *score_ = (weir_vae_score){0};
}

bool weir_model_has_posterior(const weir_model *model) {
  return weiri_model_stochastic(model);
}
