/* A context, a target of the registry and what a transition works with. */
#ifndef INFER_HELP_H
#define INFER_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "infer/infer.h"

enum { FIXTURE_WORK = 1 << 14 };

typedef struct fixture {
  weir_ctx *ctx;
  weir_target *target;
  int64_t gradients, failed;
  double work[FIXTURE_WORK];
} fixture;

/* The target of that name with one option (NULL: none). */
static inline void fixture_open(
    fixture *f, const char *name, const char *option, double value) {
  weir_ctx_opts opts = WEIR_CTX_OPTS_INIT;
  opts.threads = 1;
  f->gradients = f->failed = 0;
  f->target = NULL;
  assert_int_equal(weir_ctx_create(&f->ctx, &opts), WEIR_OK);
  json_t *spec = json_pack("{s:s}", "name", name);
  if (option != NULL) {
    json_object_set_new(spec, option,
        value == (double)(int64_t)value ? json_integer((json_int_t)value)
                                        : json_real(value));
  }
  assert_int_equal(weir_target_make(&f->target, f->ctx, spec, NULL), WEIR_OK);
  json_decref(spec);
}

static inline void fixture_close(fixture *f) {
  weir_target_destroy(&f->target);
  weir_ctx_destroy(&f->ctx);
}

static inline weiri_mover fixture_mover(
    fixture *f, const weiri_metric *metric, double step) {
  return (weiri_mover){.target = f->target,
      .metric = metric,
      .d = weir_target_dim(f->target),
      .step = step,
      .work = f->work,
      .gradients = &f->gradients,
      .failed = &f->failed};
}

#endif
