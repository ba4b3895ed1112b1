/* A linear-Gaussian autoencoder whose every density is written out here, for tests of
 * objectives. */
#ifndef OBJECTIVE_CHECK_H
#define OBJECTIVE_CHECK_H

#include "infer/objective.h"
#include "vae_check.h"

enum { ROWS = 5, MOST_DRAWS = 6, LATENTS = 2, COLUMNS = 3 };
#define HALF_LOG_2PI 0.91893853320467274178
#define DIAGONAL "{\"name\": \"normal\", \"kind\": \"diagonal\"}"

static const double share[ROWS] = {0.1, 0.3, 0.2, 0.25, 0.15};

typedef struct bench {
  rig r;
  weiri_objective *o;
  double *x; /* [ROWS, COLUMNS] */
} bench;

static inline void bench_open(bench *b, const char *objective, const char *posterior) {
  char spec[2048];
  snprintf(spec, sizeof spec,
      "{\"name\": \"flow\", \"layers\": [{\"name\": \"variational\", \"latent_dim\": "
      "2, "
      "\"posterior\": %s, " LIKELIHOOD "}], \"base\": \"normal\"}",
      posterior);
  rig_dist(&b->r, spec, COLUMNS, 0);
  json_t *o = spec_of(objective);
  OK(weiri_objective_make(&b->o, b->r.ctx, o, "train.objective", NULL));
  json_decref(o);
  weiri_objective_wants(b->o, &b->r.run->wants);
  b->x = normals(ROWS * COLUMNS, 71, 1.2);
}

static inline void bench_close(bench *b) {
  weiri_objective_destroy(&b->o);
  free(b->x);
  rig_close(&b->r);
}

/* The objective on a fresh tape, as a function for differences. */
static weiri_objective *current;
static inline weir_var value_of(rig *r, weir_var x, weir_var context) {
  const weir_var w = weir_leaf_f64(r->run->tape, weir_shape_1(ROWS), share);
  weir_dist_parts(r->dist, r->run, x, context);
  return weiri_objective_value(current, r->run, w);
}

static inline double value_at(bench *b, uint64_t step) {
  const point p = {ROWS, COLUMNS, 0, b->x, NULL};
  current = b->o;
  b->r.run->step = step;
  return scalar_at(&b->r, value_of, &p);
}

static inline double param(const rig *r, const char *name, int64_t i) {
  const int32_t k = weiri_params_find(r->params, name);
  assert_true(k >= 0);
  return ((const double *)weiri_params_data(r->params, k))[i];
}
#define POSTERIOR "m.d.layers[0].posterior"
#define LIKELY "m.d.layers[0].likelihood"

/* Mean and log scale of q(z_j | x). */
static inline void encode_row(const rig *r, const double *x, double m[2], double s[2]) {
  for (int j = 0; j < LATENTS; j++) {
    m[j] = param(r, POSTERIOR ".loc", j);
    s[j] = param(r, POSTERIOR ".log_scale", j);
    for (int i = 0; i < COLUMNS; i++) {
      m[j] += param(r, POSTERIOR ".weight", j * COLUMNS + i) * x[i];
      s[j] += param(r, POSTERIOR ".weight", (LATENTS + j) * COLUMNS + i) * x[i];
    }
  }
}

static inline double log_normal(double x, double m, double s) {
  const double e = (x - m) * exp(-s);
  return -0.5 * e * e - s - HALF_LOG_2PI;
}

static inline double log_likelihood(const rig *r, const double *x, const double *z) {
  double sum = 0.0;
  for (int i = 0; i < COLUMNS; i++) {
    double m = param(r, LIKELY ".loc", i), s = param(r, LIKELY ".log_scale", i);
    for (int j = 0; j < LATENTS; j++) {
      m += param(r, LIKELY ".weight", i * LATENTS + j) * z[j];
      s += param(r, LIKELY ".weight", (COLUMNS + i) * LATENTS + j) * z[j];
    }
    sum += log_normal(x[i], m, s);
  }
  return sum;
}

/* log p(z_j) - log q(z_j | x) */
static inline double rate(
    const double m[2], const double s[2], const double *z, int j) {
  return log_normal(z[j], 0.0, 0.0) - log_normal(z[j], m[j], s[j]);
}

/* Everything about one row's draws. */
typedef struct row {
  int k;
  double m[2], s[2], z[MOST_DRAWS][2], likelihood[MOST_DRAWS], rate[MOST_DRAWS][2],
      log_w[MOST_DRAWS];
} row;

static inline void literal(bench *b, uint64_t step, row out[ROWS]) {
  rig *r = &b->r;
  const int k = (int)(r->run->wants.samples > 1 ? r->run->wants.samples : 1);
  double z[ROWS * MOST_DRAWS * LATENTS];
  weiri_run_reset(r->run);
  r->run->step = step;
  r->run->replicas = k;
  const weir_var e = weir_run_normal(r->run, POSTERIOR, ROWS * (int64_t)k, LATENTS);
  OK(weir_var_read(r->run->tape, e, z));
  weiri_run_reset(r->run);
  for (int i = 0; i < ROWS; i++) {
    row *o = &out[i];
    o->k = k;
    encode_row(r, b->x + i * COLUMNS, o->m, o->s);
    for (int h = 0; h < k; h++) {
      for (int j = 0; j < LATENTS; j++) {
        o->z[h][j] = o->m[j] + exp(o->s[j]) * z[(i * k + h) * LATENTS + j];
      }
      o->likelihood[h] = log_likelihood(r, b->x + i * COLUMNS, o->z[h]);
      o->log_w[h] = o->likelihood[h];
      for (int j = 0; j < LATENTS; j++) {
        o->rate[h][j] = rate(o->m, o->s, o->z[h], j);
        o->log_w[h] += o->rate[h][j];
      }
    }
  }
}

static inline double closed_kl(const row *o, int j) {
  return 0.5 * (exp(2 * o->s[j]) + o->m[j] * o->m[j] - 1.0) - o->s[j];
}

/* sum_i share_i mean_k likelihood, and the same of the closed KL. */
static inline void sums(const row *rows, double *likelihood, double kl[2]) {
  *likelihood = kl[0] = kl[1] = 0.0;
  for (int i = 0; i < ROWS; i++) {
    for (int h = 0; h < rows[i].k; h++) {
      *likelihood += share[i] * rows[i].likelihood[h] / rows[i].k;
    }
    for (int j = 0; j < LATENTS; j++) {
      kl[j] += share[i] * closed_kl(&rows[i], j);
    }
  }
}

/* log mean exp(power log w) / power, weighted over rows. */
static inline double weighted_bound(const row *rows, double power) {
  double total = 0.0;
  for (int i = 0; i < ROWS; i++) {
    double sum = 0.0;
    for (int h = 0; h < rows[i].k; h++) {
      sum += exp(power * rows[i].log_w[h]) / rows[i].k;
    }
    total += share[i] * log(sum) / power;
  }
  return total;
}

#endif
