/* Self-check of the kernels in use: each result against a plain sum or libm. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/ctx.h"
#include "base/rng.h"
#include "kern/kern.h"
#include "weir/about.h"

enum { SIDE = 37, COUNT = SIDE * SIDE };

/* Room for one check: two inputs, a result, and gemm's scratch. */
typedef struct desk {
  const weir_ctx *ctx;
  void *a, *b, *c;
  double worst;
} desk;

static double at(weir_dtype t, const void *x, int64_t i) {
  return t == WEIR_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

static double epsilon(weir_dtype t) {
  return t == WEIR_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
}

/* Notes the difference of got from want, which has the given scale, in precisions. */
static weir_status note(desk *d, const char *what, weir_dtype t, double got,
    double want, double scale, double bound) {
  const double units = fabs(got - want) / (scale * epsilon(t));
  if (units > d->worst) {
    d->worst = units;
  }
  if (units <= bound) {
    return WEIR_OK;
  }
  return weiri_fail(WEIR_E_NUMERIC, "kernel %s (%s, %s): got %.17g, expected %.17g",
      what, d->ctx->isa, t == WEIR_F32 ? "f32" : "f64", got, want);
}

static weir_status check_gemm(desk *d, weir_dtype t) {
  const weiri_gemm g = {.m = SIDE,
      .n = SIDE,
      .k = SIDE,
      .a = d->a,
      .b = d->b,
      .c = d->c,
      .lda = SIDE,
      .ldb = SIDE,
      .ldc = SIDE};
  void *scratch = weiri_alloc(d->ctx, d->ctx->kern->gemm_scratch[t](&g) + 64);
  if (scratch == NULL) {
    return WEIR_E_MEMORY;
  }
  d->ctx->kern->gemm[t](&g, (void *)(((uintptr_t)scratch + 63) / 64 * 64));
  weiri_free(d->ctx, scratch);
  for (int64_t i = 0; i < SIDE; i++) {
    for (int64_t j = 0; j < SIDE; j++) {
      double sum = 0.0, scale = 1.0;
      for (int64_t k = 0; k < SIDE; k++) {
        const double term = at(t, d->a, i * SIDE + k) * at(t, d->b, k * SIDE + j);
        sum += term;
        scale += fabs(term);
      }
      WEIR_TRY(note(d, "gemm", t, at(t, d->c, i * SIDE + j), sum, scale, SIDE));
    }
  }
  return WEIR_OK;
}

static weir_status check_unary(desk *d, weir_dtype t, const char *what,
    weiri_unary_fn *fn, double (*truth)(double)) {
  fn(COUNT, d->a, d->c);
  for (int64_t i = 0; i < COUNT; i++) {
    const double want = truth(at(t, d->a, i));
    WEIR_TRY(note(d, what, t, at(t, d->c, i), want, fabs(want) + epsilon(t), 8.0));
  }
  return WEIR_OK;
}

static weir_status check_type(desk *d, weir_dtype t) {
  const weiri_kern *kern = d->ctx->kern;
  const weiri_rng rng = {1, weiri_stream("kernel check", 0)};
  weiri_fill_normal(rng, 0, COUNT, t, d->a);
  weiri_fill_normal(rng, COUNT, COUNT, t, d->b);
  WEIR_TRY(check_gemm(d, t));
  WEIR_TRY(check_unary(d, t, "exp", kern->exp[t], exp));
  WEIR_TRY(check_unary(d, t, "tanh", kern->tanh[t], tanh));
  WEIR_TRY(check_unary(d, t, "sin", kern->sin[t], sin));
  WEIR_TRY(check_unary(d, t, "erf", kern->erf[t], erf));
  weiri_fill_uniform(rng, 0, COUNT, t, d->a);
  return check_unary(d, t, "log1p", kern->log1p[t], log1p);
}

weir_status weir_kernel_check(weir_ctx *ctx, double *worst) {
  desk d = {ctx, weiri_alloc(ctx, COUNT * sizeof(double)),
      weiri_alloc(ctx, COUNT * sizeof(double)),
      weiri_alloc(ctx, COUNT * sizeof(double)), 0.0};
  weir_status status = WEIR_E_MEMORY;
  if (d.a != NULL && d.b != NULL && d.c != NULL) {
    status = check_type(&d, WEIR_F32);
    if (status == WEIR_OK) {
      status = check_type(&d, WEIR_F64);
    }
  }
  *worst = d.worst;
  weiri_free(ctx, d.a);
  weiri_free(ctx, d.b);
  weiri_free(ctx, d.c);
  return status;
}

bool weir_kernel_choice(const weir_ctx *ctx, int i, char line[160]) {
  static const char *const types[] = {"float", "double"};
  if (i < 0 || i > 1) {
    return false;
  }
  const weiri_kern *k = ctx->kern;
  const weiri_gemm_table *t = &k->gemm_table[i];
  snprintf(line, 160,
      "%s: tiles of %d x %d; one row streamed %s; transposed up to %d and %d columns; "
      "unpacked up to %d rows",
      types[i], (int)k->tile_rows, (int)k->tile_columns[i],
      t->row_along    ? "always"
      : t->row_across ? "across the weights' rows"
                      : "never",
      (int)t->narrow, (int)t->narrow_along, (int)t->in_place);
  return true;
}
