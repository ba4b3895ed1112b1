/* Whether draws miss a mode: short chains are started from dispersed points and
 * compared with the draws. All is seen in coordinates z whitened by the draws' own mean
 * and covariance. A chain that has settled has means m and standard deviations s; its
 * region is where max_j |z_j - m_j| / s_j is at most a little more than over the chain
 * itself, and about
 *
 *     log Z = mean log p + d/2 (1 + log 2 pi) + sum_j log s_j + log |whitening|
 *
 * is the mass of it (exact for a normal density). Beside the mass that the draws stand
 * for (their evidence, or the same formula) this is a share w of the posterior. A
 * region of w >= MASS_MIN with less than SHARE_MIN w of the draws in it is a mode that
 * was missed. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/chol.h"
#include "infer/infer.h"
#include "weir/diagnose.h"

#define LOG_2PI 1.8378770664093454836
#define MASS_MIN 0.01
#define SHARE_MIN 0.02
#define WIDER 1.2 /* a region reaches this much further than its chain */
#define FAR 10.0  /* spread of the starts around the draws, in standard deviations */
#define WIDE 5.0  /* and around 0, in radii of ordinary starts */
#define RADIUS 2.0
#define OTHER_SEED UINT64_C(0x6d6f646573) /* not the random numbers of the draws */
enum { SHRINKS = 40, DEPTH = 6, CHAINS = 16, WARMUP = 150, DRAWS = 100 };

/* z = L^-1 (theta - mean), L lower: of the draws. */
typedef struct frame {
  int64_t d;
  double *mean, *root, log_det;
} frame;

typedef struct region {
  bool settled;
  double *m, *s, reach, log_mass;
  double share; /* of the draws */
  int64_t mode; /* missed mode that it is of, or -1 */
} region;

typedef struct check {
  const weir_target *target;
  const weir_posterior *p;
  weir_mode_check_opts opts;
  frame f;
  double *z; /* [rows, d] the draws */
  int64_t rows;
  double log_mass; /* of what the draws visit */
  weir_posterior *chains;
  bool *lost;
  region *region; /* [chains] */
} check;

/* ---- the frame ---- */

static void moments(const check *c, double *mean, double *cov) {
  const int64_t d = c->f.d;
  for (int64_t i = 0; i < c->rows; i++) {
    for (int64_t j = 0; j < d; j++) {
      mean[j] += c->p->theta[i * d + j] / (double)c->rows;
    }
  }
  for (int64_t i = 0; i < c->rows; i++) {
    const double *x = c->p->theta + i * d;
    for (int64_t j = 0; j < d; j++) {
      for (int64_t k = 0; k <= j; k++) {
        cov[j * d + k] += (x[j] - mean[j]) * (x[k] - mean[k]) / (double)c->rows;
      }
    }
  }
}

/* The covariance's root where the draws are enough for one, else that of its diagonal.
 */
static weir_status set_frame(check *c) {
  frame *f = &c->f;
  const int64_t d = f->d;
  double *diag = weiri_alloc(c->p->ctx, (size_t)d * sizeof *diag);
  if (diag == NULL) {
    return WEIR_E_MEMORY;
  }
  moments(c, f->mean, f->root);
  for (int64_t j = 0; j < d; j++) {
    diag[j] = f->root[j * d + j] > 0.0 ? sqrt(f->root[j * d + j]) : 1.0;
  }
  if (c->rows < 4 * d || !weiri_chol(d, f->root)) {
    memset(f->root, 0, (size_t)(d * d) * sizeof *f->root);
    for (int64_t j = 0; j < d; j++) {
      f->root[j * d + j] = diag[j];
    }
  }
  for (int64_t j = 0; j < d; j++) {
    f->log_det += log(f->root[j * d + j]);
  }
  weiri_free(c->p->ctx, diag);
  return WEIR_OK;
}

/* ---- starts ---- */

/* A point of one of three spreads: as ordinary starts are, widely around the draws,
 * widely around 0. */
static void candidate(const check *c, int64_t i, double *x) {
  const int64_t d = c->f.d;
  weiri_chance chance = weiri_chance_of(c->opts.seed, "modes", (uint64_t)i, 0);
  for (int64_t j = 0; j < d; j++) {
    const double u = 2.0 * weiri_chance_uniform(&chance) - 1.0;
    double sd = 0.0;
    for (int64_t k = 0; k <= j; k++) {
      sd = hypot(sd, c->f.root[j * d + k]);
    }
    x[j] = i % 3 == 0   ? RADIUS * u
           : i % 3 == 1 ? c->f.mean[j] + FAR * sd * u
                        : WIDE * RADIUS * u;
  }
}

/* A start, drawn nearer to the draws until it has a density. */
static weir_status find_start(const check *c, int64_t i, double *x, double *grad) {
  const int64_t d = c->f.d;
  double value;
  candidate(c, i, x);
  for (int k = 0; k < SHRINKS; k++) {
    WEIR_TRY(weir_target_log_density(c->target, 1, x, &value, grad, NULL));
    if (value > -INFINITY) {
      return WEIR_OK;
    }
    for (int64_t j = 0; j < d; j++) {
      x[j] = c->f.mean[j] + 0.7 * (x[j] - c->f.mean[j]);
    }
  }
  memcpy(x, c->p->theta, (size_t)d * sizeof *x);
  return WEIR_OK;
}

static weir_status run_chains(check *c) {
  const int64_t d = c->f.d, n = c->opts.chains;
  double *init = weiri_alloc(c->p->ctx, (size_t)((n + 1) * d) * sizeof *init);
  json_t *config = json_pack("{s:I, s:I, s:I, s:{s:s, s:i}}", "chains", (json_int_t)n,
      "warmup", (json_int_t)c->opts.warmup, "draws", (json_int_t)c->opts.draws,
      "method", "name", "nuts", "max_depth", (int)DEPTH);
  weir_status status = init == NULL || config == NULL ? WEIR_E_MEMORY : WEIR_OK;
  for (int64_t i = 0; status == WEIR_OK && i < n; i++) {
    status = find_start(c, i, init + i * d, init + n * d);
  }
  if (status == WEIR_OK) {
    weir_infer_opts opts = WEIR_INFER_OPTS_INIT;
    opts.config = config;
    opts.seed = c->opts.seed ^ OTHER_SEED;
    opts.init = init;
    opts.inits = n;
    opts.progress = c->opts.progress;
    opts.user = c->opts.user;
    status = weiri_infer(&c->chains, c->target, &opts, c->lost);
  }
  json_decref(config);
  weiri_free(c->p->ctx, init);
  return status;
}

/* ---- regions ---- */

static double reach_of(const region *r, int64_t d, const double *z) {
  double most = 0.0;
  for (int64_t j = 0; j < d; j++) {
    most = fmax(most, fabs(z[j] - r->m[j]) / r->s[j]);
  }
  return most;
}

static bool holds(const region *r, int64_t d, const double *z) {
  return reach_of(r, d, z) <= WIDER * r->reach;
}

/* Means, deviations, log mass of rows z [n, d] with log densities at stride. */
static void describe(region *r, const frame *f, int64_t n, const double *z,
    const double *lp, int64_t stride) {
  const int64_t d = f->d;
  double mean = 0.0;
  r->settled = true;
  r->log_mass = 0.5 * (double)d * (1.0 + LOG_2PI) + f->log_det;
  for (int64_t j = 0; j < d; j++) {
    double sum = 0.0, square = 0.0;
    for (int64_t i = 0; i < n; i++) {
      sum += z[i * d + j] / (double)n;
    }
    for (int64_t i = 0; i < n; i++) {
      square += (z[i * d + j] - sum) * (z[i * d + j] - sum) / (double)n;
    }
    r->m[j] = sum;
    r->s[j] = sqrt(square);
    r->settled = r->settled && isfinite(square) && square > 0.0;
    r->log_mass += log(r->s[j]);
  }
  for (int64_t i = 0; i < n; i++) {
    mean += lp[i * stride] / (double)n;
    r->reach = r->settled ? fmax(r->reach, reach_of(r, d, z + i * d)) : 0.0;
  }
  r->log_mass += mean;
}

/* The mass that the draws stand for: by their weights, else by the same formula. */
static weir_status own_mass(check *c) {
  const int64_t d = c->f.d;
  weir_khat k;
  if (c->p->log_weight != NULL &&
      weir_psis(&k, c->p->ctx, c->rows, c->p->log_weight, NULL) == WEIR_OK) {
    c->log_mass = k.log_mean;
    return WEIR_OK;
  }
  double *room = weiri_alloc(c->p->ctx, (size_t)(2 * d) * sizeof *room);
  if (room == NULL) {
    return WEIR_E_MEMORY;
  }
  region all = {.m = room, .s = room + d};
  describe(&all, &c->f, c->rows, c->z, c->p->stat, c->p->stats);
  c->log_mass = all.log_mass;
  weiri_free(c->p->ctx, room);
  return WEIR_OK;
}

static weir_status describe_chains(check *c) {
  const weir_posterior *q = c->chains;
  const int64_t d = c->f.d, n = q->draws;
  double *z = weiri_alloc(c->p->ctx, (size_t)(n * d) * sizeof *z);
  if (z == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t k = 0; k < c->opts.chains; k++) {
    region *r = &c->region[k];
    if (c->lost[k]) {
      continue;
    }
    weiri_chol_whiten(d, c->f.root, c->f.mean, n, q->theta + k * n * d, z);
    describe(r, &c->f, n, z, q->stat + k * n * q->stats, q->stats);
    for (int64_t i = 0; r->settled && i < c->rows; i++) {
      r->share += holds(r, d, c->z + i * d) ? 1.0 / (double)c->rows : 0.0;
    }
  }
  weiri_free(c->p->ctx, z);
  return WEIR_OK;
}

/* ---- the verdict ---- */

/* The output whose mean in chain k is furthest from that of the draws, in units of both
 * their spreads. */
static void name_difference(weir_mode_check *out, const check *c, int64_t k) {
  const weir_posterior *q = c->chains;
  double furthest = -1.0;
  for (int64_t j = 0; j < c->p->outputs; j++) {
    double mean[2] = {0.0}, square[2] = {0.0};
    const double *x[2] = {c->p->values + j, q->values + k * q->draws * q->outputs + j};
    const int64_t n[2] = {c->rows, q->draws};
    for (int s = 0; s < 2; s++) {
      for (int64_t i = 0; i < n[s]; i++) {
        const double v = x[s][i * c->p->outputs];
        mean[s] += v / (double)n[s];
        square[s] += v * v / (double)n[s];
      }
    }
    const double spread = fmax(0.0, square[0] - mean[0] * mean[0]) +
                          fmax(0.0, square[1] - mean[1] * mean[1]);
    const double far = fabs(mean[1] - mean[0]) / sqrt(spread + 1e-300);
    if (far > furthest) {
      furthest = far;
      out->output = j;
      out->here = mean[0];
      out->there = mean[1];
    }
  }
}

/* Missed mode of region k: that of an earlier one which holds its middle, or a new one.
 */
static int64_t mode_of(const check *c, int64_t k, int64_t modes) {
  for (int64_t i = 0; i < k; i++) {
    const region *r = &c->region[i];
    if (r->mode >= 0 &&
        (holds(r, c->f.d, c->region[k].m) || holds(&c->region[k], c->f.d, r->m))) {
      return r->mode;
    }
  }
  return modes;
}

static void judge(weir_mode_check *out, check *c) {
  double total = 0.0, best = -INFINITY; /* mass of missed modes, the draws' being 1 */
  int64_t heaviest = -1;
  for (int64_t k = 0; k < c->opts.chains; k++) {
    region *r = &c->region[k];
    const double mass = r->settled ? exp(fmin(600.0, r->log_mass - c->log_mass)) : 0.0;
    const double w = mass / (1.0 + mass);
    r->mode = -1;
    if (!r->settled) {
      out->lost++;
    } else if (r->share >= SHARE_MIN * w) {
      out->same += w >= MASS_MIN || r->share > 0.0;
      out->minor += w < MASS_MIN && r->share == 0.0;
    } else if (w < MASS_MIN) {
      out->minor++;
    } else {
      r->mode = mode_of(c, k, out->modes);
      out->missed++;
      total += r->mode == out->modes ? mass : 0.0;
      out->modes += r->mode == out->modes;
      heaviest = r->log_mass > best ? k : heaviest;
      best = fmax(best, r->log_mass);
    }
  }
  out->mass = total / (1.0 + total);
  out->good = out->missed == 0 && out->lost < out->chains;
  if (heaviest >= 0) {
    name_difference(out, c, heaviest);
  }
}

static void say(weir_mode_check *out, const check *c) {
  char lost[64] = "";
  if (out->lost > 0) {
    snprintf(lost, sizeof lost, ", %" PRId64 " came to nothing", out->lost);
  }
  if (out->missed > 0) {
    snprintf(out->text, sizeof out->text,
        "%" PRId64 " of %" PRId64 " short chains from dispersed starts settled in "
        "%" PRId64 " region%s that the draws do not visit, with about %.2g %% of the "
        "mass (%.80s is near %.3g there, %.3g in the draws): do not use these draws.",
        out->missed, out->chains, out->modes, out->modes == 1 ? "" : "s",
        100.0 * out->mass, c->p->name[out->output], out->there, out->here);
  } else if (out->lost == out->chains) {
    snprintf(out->text, sizeof out->text,
        "None of %" PRId64 " short chains from dispersed starts got anywhere: whether "
        "a mode was missed is not known.",
        out->chains);
  } else {
    snprintf(out->text, sizeof out->text,
        "Of %" PRId64 " short chains from dispersed starts %" PRId64 " settled where "
        "the draws are, %" PRId64
        " where there is next to no mass%s: no mode was found "
        "that the draws miss.",
        out->chains, out->same, out->minor, lost);
  }
}

/* ---- all of it ---- */

static weir_status take_room(check *c, double **room) {
  const int64_t d = c->f.d, n = c->opts.chains;
  const weir_ctx *ctx = c->p->ctx;
  *room =
      weiri_calloc(ctx, (size_t)(d + d * d + c->rows * d + 2 * n * d), sizeof **room);
  c->lost = weiri_calloc(ctx, (size_t)n, sizeof *c->lost);
  c->region = weiri_calloc(ctx, (size_t)n, sizeof *c->region);
  if (*room == NULL || c->lost == NULL || c->region == NULL) {
    return WEIR_E_MEMORY;
  }
  c->f.mean = *room;
  c->f.root = c->f.mean + d;
  c->z = c->f.root + d * d;
  for (int64_t k = 0; k < n; k++) {
    c->region[k].m = c->z + c->rows * d + 2 * k * d;
    c->region[k].s = c->region[k].m + d;
  }
  return WEIR_OK;
}

static weir_status run_check(weir_mode_check *out, check *c) {
  WEIR_TRY(set_frame(c));
  weiri_chol_whiten(c->f.d, c->f.root, c->f.mean, c->rows, c->p->theta, c->z);
  WEIR_TRY(own_mass(c));
  WEIR_TRY(run_chains(c));
  WEIR_TRY(describe_chains(c));
  out->gradients = c->chains->gradients;
  judge(out, c);
  say(out, c);
  return WEIR_OK;
}

weir_status weir_check_modes(weir_mode_check *out, const weir_target *target,
    const weir_posterior *p, const weir_mode_check_opts *opts) {
  const weir_mode_check_opts defaults = WEIR_MODE_CHECK_OPTS_INIT;
  check c = {.target = target,
      .p = p,
      .opts = opts == NULL ? defaults : *opts,
      .f = {.d = target->dim},
      .rows = p->chains * p->draws};
  double *room = NULL;
  c.opts.chains = c.opts.chains > 0 ? c.opts.chains : CHAINS;
  c.opts.warmup = c.opts.warmup > 0 ? c.opts.warmup : WARMUP;
  c.opts.draws = c.opts.draws > 0 ? c.opts.draws : DRAWS;
  *out = (weir_mode_check){.chains = c.opts.chains};
  if (p->dim != target->dim || p->outputs != target->outputs) {
    return weiri_fail(WEIR_E_ARGUMENT, "the draws are not of this target");
  }
  weir_status status = take_room(&c, &room);
  if (status == WEIR_OK) {
    status = run_check(out, &c);
  }
  weir_posterior_destroy(&c.chains);
  weiri_free(p->ctx, room);
  weiri_free(p->ctx, c.lost);
  weiri_free(p->ctx, c.region);
  return status;
}
