/* A target whose log density is a C function. */
#include "part/target.h"

typedef struct callback {
  weir_target base;
  weir_target_fn *log_density;
  weir_target_opts opts; /* names and support are read in setup only */
  int64_t dim;
} callback;

static weir_status setup(weir_target *t) {
  const callback *c = (const callback *)t;
  WEIR_TRY(weir_target_shape(t, c->dim, c->dim));
  for (int64_t j = 0; j < c->dim; j++) {
    if (c->opts.names != NULL) {
      WEIR_TRY(weir_target_names(t, j, 0, c->opts.names[j]));
    }
    if (c->opts.support != NULL) {
      t->support[j] = c->opts.support[j];
    }
  }
  t->serial = c->opts.serial;
  return WEIR_OK;
}

static weir_status log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  const callback *c = (const callback *)t;
  return c->log_density(c->opts.user, n, x, value, grad);
}

static weir_status hessian_vector(
    const weir_target *t, int64_t n, const double *x, const double *v, double *out) {
  const callback *c = (const callback *)t;
  return c->opts.hessian_vector(c->opts.user, n, x, v, out);
}

static const weir_target_class plain = {
    .is = {"callback", "a C function", NULL, sizeof(callback), NULL},
    .setup = setup,
    .log_density = log_density};
static const weir_target_class curved = {
    .is = {"callback", "a C function with its Hessian", NULL, sizeof(callback), NULL},
    .setup = setup,
    .log_density = log_density,
    .hessian_vector = hessian_vector};

weir_status weir_target_create(weir_target **out, weir_ctx *ctx, int64_t dim,
    weir_target_fn *fn, const weir_target_opts *opts) {
  const weir_target_opts defaults = WEIR_TARGET_OPTS_INIT;
  opts = opts == NULL ? &defaults : opts;
  callback *c = weiri_calloc(ctx, 1, sizeof *c);
  if (c == NULL) {
    return WEIR_E_MEMORY;
  }
  c->log_density = fn;
  c->opts = *opts;
  c->dim = dim;
  return weiri_target_set_up(
      out, ctx, opts->hessian_vector == NULL ? &plain : &curved, c, NULL);
}
