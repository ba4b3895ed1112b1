/* The same bits on 1, 2, 3 and 8 threads: training, densities and draws of every
 * preset, with plans and the machine's fastest kernels. */
#include "ad/tape.h"
#include "model/preset.h"
#include "train_help.h"

enum { ROWS = 400, STEPS = 3, DRAWS = 90, COLUMNS = 16 }; /* at most */

typedef struct outcome {
  bench b;
  double log_prob[ROWS], draws[COLUMNS * DRAWS], log_draws[DRAWS];
  int64_t offered; /* jobs that other threads were asked to join */
} outcome;

static void train(outcome *o) {
  json_t *spec = spec_of(o->b.ctx, "{batch_size: 150, learning_rate: 0.01}");
  weir_fit_opts opts = WEIR_FIT_OPTS_INIT;
  opts.config = spec;
  opts.seed = 3;
  weiri_loop l;
  OK(weiri_loop_create(&l, o->b.model, o->b.train, o->b.valid, &opts));
  OK(weiri_observe(o->b.model, &o->b.train, false));
  for (int i = 0; i < STEPS; i++) {
    OK(weiri_loop_step(&l));
  }
  o->offered = weiri_team_offered(weiri_tape_team(l.gradient->run->tape));
  weiri_loop_destroy(&l);
  json_decref(spec);
}

static void work(outcome *o, const char *preset, int threads) {
  memset(o, 0, sizeof *o);
  bench_open(&o->b, context_of(threads, NULL, NULL), ROWS, 21, preset);
  train(o);
  const weir_model *m = o->b.model;
  assert_in_range(weir_model_features(m), 3, COLUMNS);
  OK(weir_model_log_prob(m, ROWS, weir_frame_x(o->b.frame), 1, NULL, o->log_prob));
  weir_sample_opts so = WEIR_SAMPLE_OPTS_INIT;
  so.seed = 7;
  const weir_status status =
      weir_model_sample(m, DRAWS, 1, NULL, &so, o->draws, o->log_draws);
  assert_true(status == WEIR_OK || status == WEIR_E_UNSUPPORTED);
}

static void assert_same(const outcome *a, const outcome *b) {
  assert_same_model(a->b.model, b->b.model);
  assert_memory_equal(a->log_prob, b->log_prob, sizeof a->log_prob);
  assert_memory_equal(a->draws, b->draws, sizeof a->draws);
  assert_memory_equal(a->log_draws, b->log_draws, sizeof a->log_draws);
}

static void same_bits_on_any_threads(void **state) {
  (void)state;
  static const int threads[] = {2, 3, 8};
  static outcome one, other;
  int64_t offered = 0;
  for (int i = 0; weiri_preset_at(i) != NULL; i++) {
    work(&one, weiri_preset_at(i)->is.name, 1);
    assert_int_equal(one.offered, 0);
    for (int k = 0; k < 3; k++) {
      work(&other, weiri_preset_at(i)->is.name, threads[k]);
      assert_same(&one, &other);
      offered += other.offered;
      bench_close(&other.b);
    }
    bench_close(&one.b);
  }
  assert_true(offered > 100); /* or nothing has been tested */
}

/* An evaluator in use sees the parameters that the model has by now. Whether training
 * changed its row. */
static bool follows_training(outcome *o, weir_evaluator *e) {
  const double *x = weir_frame_x(o->b.frame);
  double before, after, fresh;
  OK(weir_evaluator_log_prob(e, 1, x, NULL, &before, NULL));
  train(o);
  OK(weir_evaluator_log_prob(e, 1, x, NULL, &after, NULL));
  OK(weir_model_log_prob(o->b.model, 1, x, 1, NULL, &fresh));
  assert_memory_equal(&after, &fresh, sizeof after);
  return before != after;
}

/* A row has the bits that it has alone, whatever the block. */
static void rows_do_not_see_their_neighbours(void **state) {
  (void)state;
  static outcome o;
  for (int i = 0; weiri_preset_at(i) != NULL; i++) {
    work(&o, weiri_preset_at(i)->is.name, 2);
    const double *x = weir_frame_x(o.b.frame);
    weir_evaluator *e = NULL;
    OK(weir_evaluator_create(&e, o.b.model));
    /* row 0 only: what later rows draw depends on their place */
    for (int round = 0; round < 3; round++) {
      double alone, pair[2];
      OK(weir_evaluator_log_prob(e, 1, x, NULL, &alone, NULL));
      OK(weir_evaluator_log_prob(e, 2, x, NULL, pair, NULL));
      assert_memory_equal(&alone, &o.log_prob[0], sizeof alone);
      assert_memory_equal(pair, o.log_prob, sizeof pair);
    }
    assert_true(follows_training(&o, e) || weir_model_parameters(o.b.model) == 0);
    weir_evaluator_destroy(&e);
    bench_close(&o.b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(same_bits_on_any_threads),
      cmocka_unit_test(rows_do_not_see_their_neighbours),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
