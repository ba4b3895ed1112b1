/* log p(x) of an autoencoder by annealed importance sampling, and the bracket around it
 * on simulated rows:
 *     lower  log (1/C) sum_k w_k        chains forward, below log p(x) in expectation
 *     upper  -log (1/C) sum_k 1/w_k     chains backward from an exact posterior draw
 * (Neal 2001; Grosse, Ghahramani, Adams 2015; Wu, Burda, Salakhutdinov, Grosse 2017).
 */
#include <math.h>
#include <string.h>

#include "train/anneal.h"

static weir_status read_opts(weir_ais_opts *o, const weir_ais_opts *opts) {
  *o = (weir_ais_opts)WEIR_AIS_OPTS_INIT;
  if (opts != NULL) {
    if (opts->struct_size == 0 || opts->struct_size > sizeof *o) {
      return weiri_fail(WEIR_E_ARGUMENT,
          "weir_ais_opts: struct_size is %u, expected %zu", opts->struct_size,
          sizeof *o);
    }
    memcpy(o, opts, opts->struct_size);
  }
  const bool ok = o->temperatures >= 1 && o->temperatures <= 10000000 &&
                  o->chains >= 1 && o->chains <= 100000 && o->leapfrogs >= 1 &&
                  o->leapfrogs <= 100000;
  return ok ? WEIR_OK
            : weiri_fail(WEIR_E_ARGUMENT,
                  "annealed importance sampling: expected at least one temperature "
                  "(at most 1e7), chain and leapfrog step (at most 1e5 each)");
}

/* log (1/C) sum exp(sign log_w) over C weights, and (sum)^2 / sum of squares. */
static double log_mean(int64_t c, const double *log_w, double sign, double *effective) {
  double top = -INFINITY, sum = 0.0, squares = 0.0;
  for (int64_t k = 0; k < c; k++) {
    top = fmax(top, sign * log_w[k]);
  }
  for (int64_t k = 0; k < c && isfinite(top); k++) {
    const double w = exp(sign * log_w[k] - top);
    sum += w;
    squares += w * w;
  }
  if (effective != NULL) {
    *effective += squares > 0.0 ? sum * sum / squares : 0.0;
  }
  return isfinite(top) ? top + log(sum / (double)c) : top;
}

/* One call over the rows of a set, a block at a time. */
typedef struct job {
  weiri_anneal *a;
  const weir_row_set *set;
  double *log_w;         /* [room C] */
  double *z;             /* [room, latent] of simulated rows */
  double *lower, *upper; /* [n] */
  double effective;
  int64_t done;
} job;

/* The next run of chains, so many temperatures of all that a block takes. */
static void stage(job *j, int64_t n, int64_t temperatures, int64_t all) {
  weiri_anneal *a = j->a;
  a->done += a->share;
  a->share = (double)n / (double)j->set->n * (double)temperatures / (double)all;
}

static weir_status forward_block(job *j, int64_t first, int64_t n, int64_t all) {
  weiri_anneal *a = j->a;
  const int64_t c = a->opts.chains;
  stage(j, n, a->pilots, all);
  WEIR_TRY(weiri_anneal_pilot(a));
  stage(j, n, a->opts.temperatures, all);
  WEIR_TRY(weiri_anneal_forward(a, j->log_w));
  for (int64_t i = 0; i < n; i++) {
    j->lower[first + i] =
        a->offset[i] + log_mean(c, j->log_w + i * c, 1.0, &j->effective);
  }
  return WEIR_OK;
}

static weir_status data_block(job *j, int64_t first, int64_t n) {
  WEIR_TRY(weiri_anneal_rows(j->a, j->set, first, n));
  return forward_block(j, first, n, j->a->pilots + j->a->opts.temperatures);
}

static weir_status simulated_block(job *j, int64_t first, int64_t n) {
  weiri_anneal *a = j->a;
  const int64_t c = a->opts.chains, all = a->pilots + 2 * a->opts.temperatures;
  WEIR_TRY(weiri_anneal_simulate(a, j->set, first, n, j->z));
  WEIR_TRY(forward_block(j, first, n, all));
  stage(j, n, a->opts.temperatures, all);
  WEIR_TRY(weiri_anneal_backward(a, j->z, j->log_w));
  for (int64_t i = 0; i < n; i++) {
    j->upper[first + i] = -log_mean(c, j->log_w + i * c, -1.0, NULL);
  }
  return WEIR_OK;
}

static weir_status all_blocks(
    job *j, weir_status (*block)(job *j, int64_t first, int64_t n)) {
  const int64_t room = j->a->room;
  for (int64_t first = 0; first < j->set->n; first += room) {
    const int64_t left = j->set->n - first, n = left < room ? left : room;
    WEIR_TRY(block(j, first, n));
    j->done = first + n;
  }
  return WEIR_OK;
}

static void close_job(job *j, weir_ctx *ctx) {
  weiri_free(ctx, j->log_w);
  weiri_free(ctx, j->z);
  weiri_free(ctx, j->lower);
  weiri_free(ctx, j->upper);
  weiri_anneal_destroy(&j->a);
}

static weir_status open_job(job *j, const weir_model *model, const weir_row_set *set,
    const weir_ais_opts *opts) {
  weir_ais_opts o;
  *j = (job){.set = set};
  WEIR_TRY(read_opts(&o, opts));
  WEIR_TRY(weiri_check_rows(model, set, "annealed"));
  if (set->n < 1) {
    return weiri_fail(WEIR_E_ARGUMENT, "annealed importance sampling: no rows");
  }
  WEIR_TRY(weiri_anneal_create(&j->a, model, &o));
  const size_t m = (size_t)(j->a->room * o.chains), n = (size_t)set->n;
  j->log_w = weiri_calloc(model->ctx, m, sizeof(double));
  j->z = weiri_calloc(model->ctx, (size_t)(j->a->room * j->a->latent), sizeof(double));
  j->lower = weiri_calloc(model->ctx, n, sizeof(double));
  j->upper = weiri_calloc(model->ctx, n, sizeof(double));
  return j->log_w == NULL || j->z == NULL || j->lower == NULL || j->upper == NULL
             ? WEIR_E_MEMORY
             : WEIR_OK;
}

static double acceptance(const weiri_anneal *a) {
  return a->moves > 0 ? a->taken / (double)a->moves : NAN;
}

/* Mean over the rows done, by their weights. */
static void mean_of(const job *j, const double *x, double *mean, double *error) {
  const weir_row_set done = {j->set->frame, j->set->rows, j->done};
  *mean = *error = NAN;
  if (j->done > 0) {
    weiri_score_of(&done, x, mean, error);
  }
}

weir_status weir_model_ais(const weir_model *model, weir_row_set rows,
    const weir_ais_opts *opts, weir_ais_score *out, double *each) {
  job j;
  *out = (weir_ais_score){0};
  weir_status status = open_job(&j, model, &rows, opts);
  if (status == WEIR_OK) {
    status = all_blocks(&j, data_block);
    out->n = j.done;
    mean_of(&j, j.lower, &out->log_likelihood, &out->standard_error);
    out->effective_chains = j.done > 0 ? j.effective / (double)j.done : NAN;
    out->acceptance = acceptance(j.a);
    for (int64_t i = 0; i < j.done && each != NULL; i++) {
      each[i] = j.lower[i];
    }
  }
  close_job(&j, model->ctx);
  return status;
}

weir_status weir_model_bdmc(const weir_model *model, weir_row_set rows,
    const weir_ais_opts *opts, weir_bdmc_score *out, double *each) {
  job j;
  *out = (weir_bdmc_score){0};
  weir_status status = open_job(&j, model, &rows, opts);
  if (status == WEIR_OK) {
    status = all_blocks(&j, simulated_block);
    out->n = j.done;
    mean_of(&j, j.lower, &out->lower, &out->lower_error);
    mean_of(&j, j.upper, &out->upper, &out->upper_error);
    out->acceptance = acceptance(j.a);
    for (int64_t i = 0; i < j.done; i++) {
      if (each != NULL) {
        each[2 * i] = j.lower[i];
        each[2 * i + 1] = j.upper[i];
      }
      j.upper[i] -= j.lower[i];
    }
    mean_of(&j, j.upper, &out->gap, &out->gap_error);
  }
  close_job(&j, model->ctx);
  return status;
}
