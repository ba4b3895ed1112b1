/* Training when something fails: numbers that are not finite, memory that is not there.
 */
#include "train_help.h"

/* ---- what is not finite ---- */

typedef struct lines {
  int n;
  char first[300];
} lines;

static void note(void *user, weir_log_level level, const char *line) {
  lines *l = user;
  if (level == WEIR_LOG_WARN) {
    if (l->n++ == 0) {
      snprintf(l->first, sizeof l->first, "%s", line);
    }
  }
}

/* One weight made NaN: every step fails, the parameter or part is named, and after
 * the restarts the run ends with the weights of the last good evaluation. */
static bool poison(void *user, const weir_progress *p) {
  weir_model *m = user;
  if (p->step == 5) {
    ((float *)weiri_params_block(m->params))[0] = NAN;
  }
  return true;
}

static void numbers_that_are_not_finite_are_survived(void **state) {
  (void)state;
  bench b;
  lines l = {0, ""};
  weir_fit_result r;
  weir_fit_opts o = WEIR_FIT_OPTS_INIT;
  bench_open(&b, context_of(1, note, &l), 400, 8, MIXTURE);
  o.progress = poison;
  o.user = b.model;
  OK(bench_fit(&b, "{epochs: 20, batch_size: 100, patience: -1}", &o, &r));
  assert_true(r.diverged_once);
  assert_true(l.n >= 2);
  assert_non_null(strstr(l.first, "step 5: dist"));
  assert_true(isfinite(weights_norm(b.model)));
  bench_close(&b);
}

static bool poison_always(void *user, const weir_progress *p) {
  (void)p;
  weir_model *m = user;
  ((float *)weiri_params_block(m->params))[0] = NAN;
  return true;
}

static void divergence_ends_with_good_weights(void **state) {
  (void)state;
  bench b;
  lines l = {0, ""};
  weir_fit_opts o = WEIR_FIT_OPTS_INIT;
  bench_open(&b, context_of(1, note, &l), 400, 8, MIXTURE);
  o.progress = poison_always;
  o.user = b.model;
  assert_int_equal(
      bench_fit(&b, "{epochs: 200, patience: -1}", &o, NULL), WEIR_E_DIVERGED);
  assert_non_null(strstr(weir_error(), "diverged at step"));
  assert_true(isfinite(weights_norm(b.model)));
  bench_close(&b);
}

/* ---- memory ---- */

typedef struct counted {
  long calls, fail_at, at_step[400];
} counted;

static void *count_alloc(void *user, void *ptr, size_t old_size, size_t new_size) {
  counted *c = user;
  (void)old_size;
  if (new_size == 0) {
    free(ptr);
    return NULL;
  }
  c->calls++;
  return c->calls == c->fail_at ? NULL : realloc(ptr, new_size);
}

static weir_ctx *counting_context(counted *c, int threads) {
  weir_ctx_opts o = WEIR_CTX_OPTS_INIT;
  weir_ctx *ctx = NULL;
  o.threads = threads;
  o.alloc = count_alloc;
  o.alloc_user = c;
  OK(weir_ctx_create(&ctx, &o));
  return ctx;
}

static bool tally(void *user, const weir_progress *p) {
  counted *c = user;
  c->at_step[p->step] = c->calls;
  return true;
}

static void steps_allocate_nothing(void **state) {
  (void)state;
  counted c = {0};
  bench b;
  weir_fit_opts o = WEIR_FIT_OPTS_INIT;
  o.progress = tally;
  o.user = &c;
  bench_open(&b, counting_context(&c, 2), 700, 11, LAYERED);
  OK(bench_fit(
      &b, "{steps: 60, batch_size: 100, eval_every: 1000, ema: 0.99}", &o, NULL));
  assert_true(c.at_step[3] > 0);
  assert_int_equal(c.at_step[3], c.at_step[59]);
  bench_close(&b);
}

/* The n-th allocation fails: an error, no crash, no leak (under the sanitizers). */
static void failed_allocations_are_errors(void **state) {
  (void)state;
  counted c = {0};
  bench b;
  bench_open(&b, counting_context(&c, 1), 60, 12, MIXTURE);
  int failures = 0;
  for (long n = 1;; n++) {
    c.calls = 0;
    c.fail_at = n;
    json_t *spec = json_pack("{s:i, s:f}", "steps", 3, "ema", 0.5);
    weir_fit_opts o = WEIR_FIT_OPTS_INIT;
    o.config = spec;
    const weir_status status = weir_fit(b.model, b.train, b.valid, &o, NULL);
    json_decref(spec);
    const bool reached = c.calls >= n;
    c.fail_at = 0;
    if (!reached) {
      assert_int_equal(status, WEIR_OK);
      break;
    }
    failures += status == WEIR_E_MEMORY;
    assert_true(status == WEIR_E_MEMORY || status == WEIR_OK);
  }
  assert_true(failures > 20);
  bench_close(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_that_are_not_finite_are_survived),
      cmocka_unit_test(divergence_ends_with_good_weights),
      cmocka_unit_test(steps_allocate_nothing),
      cmocka_unit_test(failed_allocations_are_errors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
