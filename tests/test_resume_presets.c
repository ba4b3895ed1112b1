/* Every preset, and flows that begin with statistics of the whole training set: a run
 * that was stopped and resumed, on other threads, ends with the bits of one that was
 * not. */
#include <stdio.h>

#include "model/preset.h"
#include "train_help.h"

#define CHECKPOINT "test_resume_presets.ckpt"
#define TRAIN "{steps: 5, batch_size: 40, eval_every: 2, ema: 0.5, learning_rate: 0.01}"
enum { ROWS = 160 };

static bool stop_after_3(void *user, const weir_progress *p) {
  (void)user;
  return p->step != 3;
}

static weir_status run(
    bench *b, const char *config, int threads, bool stop, weir_fit_result *r) {
  weir_fit_opts o = WEIR_FIT_OPTS_INIT;
  bench_open(b, context_of(threads, NULL, NULL), ROWS, 21, config);
  o.seed = 3;
  o.checkpoint = CHECKPOINT;
  o.resume = true;
  o.progress = stop ? stop_after_3 : NULL;
  return bench_fit(b, TRAIN, &o, r);
}

static void check(const char *config) {
  bench whole, part, rest;
  weir_fit_result r;
  (void)remove(CHECKPOINT);
  OK(run(&whole, config, 1, false, NULL));
  assert_int_equal(run(&part, config, 1, true, NULL), WEIR_E_CANCELLED);
  OK(run(&rest, config, 2, false, &r));
  assert_true(r.resumed);
  assert_same_model(whole.model, rest.model);
  bench_close(&whole);
  bench_close(&part);
  bench_close(&rest);
}

static void presets(void **state) {
  (void)state;
  for (int i = 0; weiri_preset_at(i) != NULL; i++) {
    check(weiri_preset_at(i)->is.name);
  }
}

/* The statistics are taken once, at the start: a resumed run has them from its
 * checkpoint and must not take them again under weights that have moved. */
static void statistics_first(void **state) {
  (void)state;
  check("{name: flow, layers: [whiten, actnorm, lu_linear]}");
  check("{name: flow, layers: [standardize, lu_linear, whiten, scaling]}");
  check("{name: flow, layers: [lu_linear, batch_norm, whiten, lu_linear, actnorm]}");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(presets),
      cmocka_unit_test(statistics_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
