/* A target seen through a flow, x = T(v) (Parno & Marzouk 2018; Hoffman et al. 2019):
 *     log p(v) = log p(x) + log |dT/dv|,
 *     grad_v = (dT/dv)' grad_x + grad_v log |dT/dv|,
 * the last two terms by one reverse walk. Where the flow fits, p(v) is a standard
 * normal. Each call at a time has a run of its own, kept for the next. */
#include <math.h>
#include <pthread.h>

#include "infer/fit.h"

#define LOG_2PI 1.8378770664093454836

typedef struct spare {
  weir_run *run;
  struct spare *next;
} spare;

typedef struct warped {
  weir_target base;
  const weir_target *target;
  const weiri_family *family;
  pthread_mutex_t lock;
  spare *spares; /* under lock: runs that nobody uses */
} warped;

static weir_status setup(weir_target *t) {
  warped *w = (warped *)t;
  pthread_mutex_init(&w->lock, NULL);
  return weir_target_shape(t, w->target->dim, w->target->dim);
}

static void teardown(weir_target *t) {
  warped *w = (warped *)t;
  while (w->spares != NULL) {
    spare *s = w->spares;
    w->spares = s->next;
    weiri_run_destroy(&s->run);
    weiri_free(t->ctx, s);
  }
  pthread_mutex_destroy(&w->lock);
}

static weir_status borrow(const weir_target *t, spare **out) {
  warped *w = (warped *)(uintptr_t)t;
  pthread_mutex_lock(&w->lock);
  spare *s = w->spares;
  if (s != NULL) {
    w->spares = s->next;
  }
  pthread_mutex_unlock(&w->lock);
  if (s == NULL) {
    s = weiri_calloc(t->ctx, 1, sizeof *s);
    if (s == NULL) {
      return WEIR_E_MEMORY;
    }
    const weir_status status = weiri_family_run(w->family, &s->run);
    if (status != WEIR_OK) {
      weiri_free(t->ctx, s);
      return status;
    }
  }
  weiri_run_reset(s->run);
  *out = s;
  return WEIR_OK;
}

static void give_back(const weir_target *t, spare *s) {
  warped *w = (warped *)(uintptr_t)t;
  pthread_mutex_lock(&w->lock);
  s->next = w->spares;
  w->spares = s;
  pthread_mutex_unlock(&w->lock);
}

/* T(v) and log |dT/dv| [n] on the run's tape. */
static weir_var push(
    const warped *w, weir_run *run, int64_t n, weir_var v, weir_var *log_det) {
  const int first = run->n_parts;
  const weir_var x = weir_dist_decode(w->family->dist, run, v, weir_var_none());
  *log_det = run->n_parts > first ? weiri_run_total(run, first)
                                  : weir_fill(run->tape, weir_shape_1(n), 0.0);
  run->n_parts = first;
  return x;
}

/* numbers: room for [n, d] points, then [n, d] gradients, then [n] log-determinants. */
static weir_status evaluate(const warped *w, weir_run *run, int64_t n, const double *at,
    double *value, double *grad, double *numbers) {
  weir_tape *t = run->tape;
  const int64_t d = w->base.dim;
  double *point = numbers, *slope = numbers + n * d, *dets = slope + n * d;
  int64_t failed = 0;
  weir_var log_det, gv;
  const weir_var v = weir_leaf_borrow(t, weir_shape_2(n, d), at);
  const weir_var x = push(w, run, n, v, &log_det);
  WEIR_TRY(weir_var_read(t, x, point));
  WEIR_TRY(weir_var_read(t, log_det, dets));
  WEIR_TRY(weir_target_log_density(
      w->target, n, point, value, grad == NULL ? NULL : slope, &failed));
  for (int64_t i = 0; i < n; i++) {
    value[i] = failed > 0 && n == 1 ? NAN : value[i] + dets[i];
  }
  if (grad == NULL) {
    return WEIR_OK;
  }
  const weir_var y = weir_add(t,
      weir_sum_last(t, weir_mul(t, x, weir_leaf_borrow(t, weir_shape_2(n, d), slope))),
      log_det);
  WEIR_TRY(weir_grad(t, y, weir_var_none(), 1, &v, &gv, false));
  return weir_var_read(t, gv, grad);
}

static weir_status log_density(
    const weir_target *t, int64_t n, const double *v, double *value, double *grad) {
  const warped *w = (const warped *)t;
  double *numbers =
      weiri_alloc(t->ctx, (size_t)(n * (2 * t->dim + 1)) * sizeof *numbers);
  spare *s = NULL;
  weir_status status = numbers == NULL ? WEIR_E_MEMORY : borrow(t, &s);
  if (status == WEIR_OK) {
    status = evaluate(w, s->run, n, v, value, grad, numbers);
    give_back(t, s);
  }
  weiri_free(t->ctx, numbers);
  return status;
}

static const weir_target_class class = {
    .is = {"warped", "a target seen through a flow", "Hoffman et al. 2019",
        sizeof(warped), NULL},
    .setup = setup,
    .teardown = teardown,
    .log_density = log_density};

weir_status weiri_warp(
    weir_target **out, const weir_target *target, const weiri_family *family) {
  if (family->dist->exactness != WEIR_EXACT) {
    return weiri_fail(WEIR_E_CONFIG,
        "infer.method.family: a space is warped by a bijection, which this family is "
        "not");
  }
  warped *w = weiri_calloc(target->ctx, 1, sizeof *w);
  if (w == NULL) {
    return WEIR_E_MEMORY;
  }
  w->target = target;
  w->family = family;
  return weiri_target_set_up(out, target->ctx, &class, w, NULL);
}

weir_status weiri_warp_show(
    const weir_target *t, int64_t n, const double *v, double *x) {
  const warped *w = (const warped *)t;
  spare *s = NULL;
  weir_var log_det;
  WEIR_TRY(borrow(t, &s));
  const weir_var at = weir_leaf_borrow(s->run->tape, weir_shape_2(n, t->dim), v);
  const weir_status status =
      weir_var_read(s->run->tape, push(w, s->run, n, at, &log_det), x);
  give_back(t, s);
  return status;
}

weir_status weiri_warp_take(
    const weir_target *t, int64_t n, const double *x, double *v) {
  const warped *w = (const warped *)t;
  spare *s = NULL;
  WEIR_TRY(borrow(t, &s));
  const weir_var at = weir_leaf_borrow(s->run->tape, weir_shape_2(n, t->dim), x);
  const weir_status status = weir_var_read(
      s->run->tape, weir_dist_encode(w->family->dist, s->run, at, weir_var_none()), v);
  give_back(t, s);
  return status;
}

/* log N(v; 0, I) - log |dT/dv| on the tape, dets [n]. */
static weir_status draw(const warped *w, weir_run *run, int64_t n, const double *v,
    double *x, double *log_q) {
  weir_tape *t = run->tape;
  const int64_t d = w->base.dim;
  weir_var log_det;
  const weir_var at = weir_leaf_borrow(t, weir_shape_2(n, d), v);
  const weir_var point = push(w, run, n, at, &log_det);
  WEIR_TRY(weir_var_read(t, point, x));
  WEIR_TRY(weir_var_read(t, log_det, log_q));
  for (int64_t i = 0; i < n; i++) {
    double squares = 0.0;
    for (int64_t j = 0; j < d; j++) {
      squares += v[i * d + j] * v[i * d + j];
    }
    log_q[i] = -0.5 * squares - 0.5 * (double)d * LOG_2PI - log_q[i];
  }
  return WEIR_OK;
}

weir_status weiri_warp_draw(
    const weir_target *t, int64_t n, const double *v, double *x, double *log_q) {
  spare *s = NULL;
  WEIR_TRY(borrow(t, &s));
  const weir_status status = draw((const warped *)t, s->run, n, v, x, log_q);
  give_back(t, s);
  return status;
}

weir_status weiri_warp_density(
    const weir_target *t, int64_t n, const double *x, double *log_q) {
  spare *s = NULL;
  WEIR_TRY(borrow(t, &s));
  const weir_status status =
      weiri_family_log_prob(((const warped *)t)->family, s->run, n, x, log_q);
  give_back(t, s);
  return status;
}
