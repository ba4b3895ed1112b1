/* A target whose log density is an expression on a tape. Tapes serve one thread each:
 * there is one for every call at a time, kept for the next. */
#include <pthread.h>
#include <string.h>

#include "part/target.h"
#include "weir/sys/op.h"

typedef struct spare {
  weir_tape *tape;
  struct spare *next;
} spare;

typedef struct expression {
  weir_target base;
  weir_target_expression *build;
  weir_target_opts opts; /* names and support are read in setup only */
  int64_t dim;
  pthread_mutex_t lock;
  spare *spares; /* under lock: tapes that nobody uses */
} expression;

static weir_status setup(weir_target *t) {
  expression *e = (expression *)t;
  pthread_mutex_init(&e->lock, NULL);
  WEIR_TRY(weir_target_shape(t, e->dim, e->dim));
  for (int64_t j = 0; j < e->dim; j++) {
    if (e->opts.names != NULL) {
      WEIR_TRY(weir_target_names(t, j, 0, e->opts.names[j]));
    }
    if (e->opts.support != NULL) {
      t->support[j] = e->opts.support[j];
    }
  }
  t->serial = e->opts.serial;
  return WEIR_OK;
}

static void teardown(weir_target *t) {
  expression *e = (expression *)t;
  while (e->spares != NULL) {
    spare *s = e->spares;
    e->spares = s->next;
    weir_tape_destroy(&s->tape);
    weiri_free(t->ctx, s);
  }
  pthread_mutex_destroy(&e->lock);
}

static weir_status borrow(const weir_target *t, spare **out) {
  expression *e = (expression *)(uintptr_t)t;
  pthread_mutex_lock(&e->lock);
  spare *s = e->spares;
  if (s != NULL) {
    e->spares = s->next;
  }
  pthread_mutex_unlock(&e->lock);
  if (s == NULL) {
    s = weiri_calloc(t->ctx, 1, sizeof *s);
    if (s == NULL) {
      return WEIR_E_MEMORY;
    }
    const weir_status status = weir_tape_create(&s->tape, t->ctx, WEIR_F64);
    if (status != WEIR_OK) {
      weiri_free(t->ctx, s);
      return status;
    }
  }
  weir_tape_reset(s->tape);
  *out = s;
  return WEIR_OK;
}

static void give_back(const weir_target *t, spare *s) {
  expression *e = (expression *)(uintptr_t)t;
  pthread_mutex_lock(&e->lock);
  s->next = e->spares;
  e->spares = s;
  pthread_mutex_unlock(&e->lock);
}

/* The expression at x [n, dim], which must be [n]. */
static weir_var value_at(
    const expression *e, weir_tape *tape, int64_t n, const double *at, weir_var *x) {
  *x = weir_leaf_borrow(tape, weir_shape_2(n, e->dim), at);
  const weir_var y = e->build(e->opts.user, tape, *x);
  const weir_shape shape = weir_var_shape(tape, y);
  if (weir_var_ok(y) && (shape.rank != 1 || shape.dim[0] != n)) {
    return weir_op_fail(tape, WEIR_E_SHAPE,
        "target: expected one log density for each of %lld rows", (long long)n);
  }
  return y;
}

static weir_status evaluate(const expression *e, weir_tape *tape, int64_t n,
    const double *at, double *value, double *grad) {
  weir_var x, gx;
  const weir_var y = value_at(e, tape, n, at, &x);
  WEIR_TRY(weir_var_read(tape, y, value));
  if (grad == NULL) {
    return WEIR_OK;
  }
  WEIR_TRY(weir_grad(tape, y, weir_var_none(), 1, &x, &gx, false));
  return weir_var_read(tape, gx, grad);
}

static weir_status log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  spare *s = NULL;
  WEIR_TRY(borrow(t, &s));
  const weir_status status =
      evaluate((const expression *)t, s->tape, n, x, value, grad);
  give_back(t, s);
  return status;
}

/* H v = gradient of v . gradient. */
static weir_status curve(const expression *e, weir_tape *tape, int64_t n,
    const double *at, const double *v, double *out) {
  weir_var x, gx, hx;
  const weir_var y = value_at(e, tape, n, at, &x);
  WEIR_TRY(weir_grad(tape, y, weir_var_none(), 1, &x, &gx, true));
  const weir_var along = weir_leaf_borrow(tape, weir_shape_2(n, e->dim), v);
  WEIR_TRY(weir_grad(tape, gx, along, 1, &x, &hx, false));
  return weir_var_read(tape, hx, out);
}

static weir_status hessian_vector(
    const weir_target *t, int64_t n, const double *x, const double *v, double *out) {
  spare *s = NULL;
  WEIR_TRY(borrow(t, &s));
  const weir_status status = curve((const expression *)t, s->tape, n, x, v, out);
  give_back(t, s);
  return status;
}

static const weir_target_class class = {
    .is = {"expression", "an expression in weir's operations", NULL, sizeof(expression),
        NULL},
    .setup = setup,
    .teardown = teardown,
    .log_density = log_density,
    .hessian_vector = hessian_vector};

weir_status weir_target_from_expression(weir_target **out, weir_ctx *ctx, int64_t dim,
    weir_target_expression *build, const weir_target_opts *opts) {
  const weir_target_opts defaults = WEIR_TARGET_OPTS_INIT;
  expression *e = weiri_calloc(ctx, 1, sizeof *e);
  if (e == NULL) {
    return WEIR_E_MEMORY;
  }
  e->build = build;
  e->opts = opts == NULL ? defaults : *opts;
  e->dim = dim;
  return weiri_target_set_up(out, ctx, &class, e, NULL);
}
