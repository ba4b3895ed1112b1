/* Checkpoints: a run that was stopped anywhere and resumed ends with the bits of one
 * that was not. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "train_help.h"

#define TRAIN                                                                          \
  "{epochs: 8, batch_size: 50, ema: 0.9, learning_rate: 0.01, checkpoint_seconds: 0, " \
  "patience: 4}"
#define CHECKPOINT "test_resume.ckpt"
#define METRICS "test_resume.jsonl"
#define OTHER_METRICS "test_resume_other.jsonl"

static int64_t stop_at; /* step after which the callback acts */
static bool kill_there; /* by SIGKILL, or by cancelling */

static bool stopper(void *user, const weir_progress *p) {
  (void)user;
  if (p->step == stop_at && kill_there) {
    raise(SIGKILL);
  }
  return p->step != stop_at;
}

static weir_fit_opts options(bool resume) {
  weir_fit_opts o = WEIR_FIT_OPTS_INIT;
  o.checkpoint = CHECKPOINT;
  o.metrics = METRICS;
  o.resume = resume;
  o.progress = stopper;
  o.seed = 3;
  return o;
}

static void open_bench(bench *b, int threads) {
  bench_open(b, context_of(threads, NULL, NULL), 400, 21, LAYERED);
}

static bool exists(const char *path) {
  struct stat s;
  return stat(path, &s) == 0;
}

static void clean(void) {
  (void)remove(CHECKPOINT);
  (void)remove(METRICS);
  (void)remove(OTHER_METRICS);
}

/* The run that is never stopped, its metrics in OTHER_METRICS. */
static void reference(bench *b, weir_fit_result *r) {
  weir_fit_opts o = options(false);
  o.checkpoint = NULL;
  o.metrics = OTHER_METRICS;
  stop_at = -1;
  open_bench(b, 1);
  OK(bench_fit(b, TRAIN, &o, r));
}

/* The lines of a metrics file without their seconds, which alone may differ. */
static char *without_seconds(const char *path) {
  void *text = NULL;
  size_t size = 0;
  weir_ctx *ctx = context_of(1, NULL, NULL);
  OK(weiri_file_read_all(ctx, path, &text, &size));
  char *out = calloc(size + 1, 1), *to = out;
  for (const char *p = text; *p != '\0';) {
    const char *cut = strstr(p, "\"seconds\""), *end = strchr(p, '\n');
    assert_non_null(end);
    assert_true(cut != NULL && cut < end);
    memcpy(to, p, (size_t)(cut - p));
    to += cut - p;
    cut = strchr(cut, ',');
    memcpy(to, cut, (size_t)(end + 1 - cut));
    to += end + 1 - cut;
    p = end + 1;
  }
  weiri_free(ctx, text);
  weir_ctx_destroy(&ctx);
  return out;
}

static void assert_same_metrics(void) {
  char *a = without_seconds(METRICS), *b = without_seconds(OTHER_METRICS);
  assert_true(strlen(a) > 100);
  assert_string_equal(a, b);
  free(a);
  free(b);
}

static void finish_and_compare(const bench *whole, const weir_fit_result *expect) {
  bench b;
  weir_fit_result r;
  const weir_fit_opts o = options(true);
  stop_at = -1;
  open_bench(&b, 2);
  OK(bench_fit(&b, TRAIN, &o, &r));
  assert_true(r.resumed);
  assert_int_equal(r.steps, expect->steps);
  assert_int_equal(r.best_step, expect->best_step);
  assert_true(r.valid_log_prob == expect->valid_log_prob);
  assert_same_model(b.model, whole->model);
  assert_same_metrics();
  assert_false(exists(CHECKPOINT));
  bench_close(&b);
}

static void cancelled_and_resumed(void **state) {
  (void)state;
  bench whole, b;
  weir_fit_result expect;
  clean();
  reference(&whole, &expect);
  kill_there = false;
  const int64_t at[] = {1, 5, 6, 13, 24};
  for (int i = 0; i < 5; i++) {
    const weir_fit_opts o = options(false);
    stop_at = at[i];
    open_bench(&b, 1);
    assert_int_equal(bench_fit(&b, TRAIN, &o, NULL), WEIR_E_CANCELLED);
    assert_true(exists(CHECKPOINT));
    bench_close(&b);
    finish_and_compare(&whole, &expect);
  }
  bench_close(&whole);
  clean();
}

/* A child trains and is killed at a step; nothing of it but its files remains. */
static void train_in_child(const char *train, int64_t at, bool resume) {
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    bench b;
    const weir_fit_opts o = options(resume);
    stop_at = at;
    kill_there = true;
    open_bench(&b, 1);
    _exit(bench_fit(&b, train, &o, NULL) == WEIR_OK ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void killed_and_resumed(void **state) {
  (void)state;
  bench whole;
  weir_fit_result expect;
  clean();
  train_in_child(TRAIN, 3, false);
  assert_true(exists(CHECKPOINT));
  train_in_child(TRAIN, 11, true);
  train_in_child(TRAIN, 12, true);
  train_in_child(TRAIN, 17, true);
  kill_there = false;
  reference(&whole, &expect);
  finish_and_compare(&whole, &expect);
  bench_close(&whole);
  clean();
}

/* Killed long after its last checkpoint: metrics of the lost steps go. */
static void killed_far_from_the_checkpoint(void **state) {
  (void)state;
  bench whole;
  weir_fit_result expect;
  clean();
  train_in_child(TRAIN, 7, false);
  train_in_child("{epochs: 8, batch_size: 50, ema: 0.9, learning_rate: 0.01, patience: "
                 "4, checkpoint_seconds: 1000}",
      30, true);
  kill_there = false;
  reference(&whole, &expect);
  finish_and_compare(&whole, &expect);
  bench_close(&whole);
  clean();
}

typedef struct said {
  char text[2000];
} said;

static void hear(void *user, weir_log_level level, const char *line) {
  said *s = user;
  (void)level;
  const size_t used = strlen(s->text);
  snprintf(s->text + used, sizeof s->text - used, "%s\n", line);
}

static void nothing_to_resume_starts_afresh(void **state) {
  (void)state;
  bench whole, b;
  weir_fit_result expect, r;
  said s = {""};
  clean();
  reference(&whole, &expect);
  const weir_fit_opts o = options(true);
  bench_open(&b, context_of(1, hear, &s), 400, 21, LAYERED);
  OK(bench_fit(&b, TRAIN, &o, &r));
  assert_false(r.resumed);
  assert_non_null(strstr(s.text, "nothing to resume"));
  assert_same_model(b.model, whole.model);
  bench_close(&b);
  bench_close(&whole);
  clean();
}

/* ---- what must agree ---- */

static void leave_checkpoint(void) {
  bench b;
  const weir_fit_opts o = options(false);
  clean();
  kill_there = false;
  stop_at = 5;
  open_bench(&b, 1);
  assert_int_equal(bench_fit(&b, TRAIN, &o, NULL), WEIR_E_CANCELLED);
  bench_close(&b);
  stop_at = -1;
}

static void expect_refusal(bench *b, const char *train, const weir_fit_opts *o,
    weir_status code, const char *word) {
  assert_int_equal(bench_fit(b, train, o, NULL), code);
  if (strstr(weir_error(), word) == NULL) {
    fail_msg("'%s' not in: %s", word, weir_error());
  }
  assert_true(exists(CHECKPOINT));
  bench_close(b);
}

static void differences_are_named(void **state) {
  (void)state;
  bench b;
  leave_checkpoint();
  weir_fit_opts o = options(true);
  open_bench(&b, 1);
  expect_refusal(&b,
      "{epochs: 8, batch_size: 51, ema: 0.9, learning_rate: 0.01, "
      "patience: 4}",
      &o, WEIR_E_MISMATCH, "train.batch_size is 51");
  o.seed = 4;
  open_bench(&b, 1);
  expect_refusal(&b, TRAIN, &o, WEIR_E_MISMATCH, "seed is 4");
  o.seed = 3;
  bench_open(&b, context_of(1, NULL, NULL), 400, 22, LAYERED);
  expect_refusal(&b, TRAIN, &o, WEIR_E_MISMATCH, "data.train");
  bench_open(&b, context_of(1, NULL, NULL), 400, 21, MIXTURE);
  expect_refusal(&b, TRAIN, &o, WEIR_E_MISMATCH, "model.");
  clean();
}

/* The time between checkpoints is free to change. */
static void the_pace_of_checkpoints_may_change(void **state) {
  (void)state;
  bench b;
  leave_checkpoint();
  const weir_fit_opts o = options(true);
  weir_fit_result r;
  open_bench(&b, 1);
  OK(bench_fit(&b,
      "{epochs: 8, batch_size: 50, ema: 0.9, learning_rate: 0.01, "
      "patience: 4, checkpoint_seconds: 7}",
      &o, &r));
  assert_true(r.resumed);
  bench_close(&b);
  clean();
}

static void damage_is_an_error(void **state) {
  (void)state;
  bench b;
  leave_checkpoint();
  const weir_fit_opts o = options(true);
  struct stat s;
  assert_int_equal(stat(CHECKPOINT, &s), 0);
  const off_t places[] = {20, s.st_size / 2, s.st_size - 3};
  for (int i = 0; i < 3; i++) {
    FILE *f = fopen(CHECKPOINT, "r+b");
    assert_non_null(f);
    fseek(f, (long)places[i], SEEK_SET);
    const int c = fgetc(f);
    fseek(f, (long)places[i], SEEK_SET);
    fputc(c ^ 4, f);
    fclose(f);
    open_bench(&b, 1);
    expect_refusal(&b, TRAIN, &o, WEIR_E_FORMAT, CHECKPOINT);
    f = fopen(CHECKPOINT, "r+b");
    assert_non_null(f);
    fseek(f, (long)places[i], SEEK_SET);
    fputc(c, f);
    fclose(f);
  }
  assert_int_equal(truncate(CHECKPOINT, s.st_size - 10), 0);
  open_bench(&b, 1);
  expect_refusal(&b, TRAIN, &o, WEIR_E_FORMAT, CHECKPOINT);
  clean();
}

/* ---- the end of a run, and runs under a time limit ---- */

static void a_finished_checkpoint_gives_the_result_again(void **state) {
  (void)state;
  bench a, b;
  weir_fit_result ra, rb;
  clean();
  stop_at = -1;
  weir_fit_opts o = options(false);
  o.keep_checkpoint = true;
  open_bench(&a, 1);
  OK(bench_fit(&a, TRAIN, &o, &ra));
  assert_true(exists(CHECKPOINT));
  o = options(true);
  stop_at = ra.steps; /* no step is taken */
  open_bench(&b, 1);
  OK(bench_fit(&b, TRAIN, &o, &rb));
  assert_int_equal(ra.steps, rb.steps);
  assert_same_model(a.model, b.model);
  assert_false(exists(CHECKPOINT));
  bench_close(&a);
  bench_close(&b);
  clean();
}

static int64_t planned;

static bool stop_when_planned(void *user, const weir_progress *p) {
  (void)user;
  if (p->steps > 0) {
    planned = p->steps;
    return false;
  }
  return true;
}

static void a_time_limit_is_kept_over_a_resume(void **state) {
  (void)state;
  bench b;
  weir_fit_result r;
  clean();
  planned = 0;
  stop_at = -1;
  weir_fit_opts o = options(false);
  o.time_limit = 0.5;
  o.progress = stop_when_planned;
  open_bench(&b, 1);
  assert_int_equal(bench_fit(&b, "{patience: -1}", &o, NULL), WEIR_E_CANCELLED);
  bench_close(&b);
  assert_true(planned > 0);
  o = options(true);
  o.time_limit = 0.5;
  open_bench(&b, 1);
  OK(bench_fit(&b, "{patience: -1}", &o, &r));
  assert_true(r.resumed);
  /* The plan is the one before the stop, until the pace says otherwise. */
  assert_true(r.plans >= 1);
  assert_int_equal(r.plan[1], planned);
  assert_int_equal(r.plan[3 * r.plans - 2], r.steps);
  bench_close(&b);
  clean();
}

/* Without validation rows the last weights are kept, resumed or not. */
static void without_validation(void **state) {
  (void)state;
  bench a, b;
  clean();
  kill_there = false;
  stop_at = -1;
  weir_fit_opts o = options(false);
  o.checkpoint = NULL;
  open_bench(&a, 1);
  a.valid.n = 0;
  OK(bench_fit(&a, TRAIN, &o, NULL));
  o = options(false);
  stop_at = 9;
  open_bench(&b, 1);
  b.valid.n = 0;
  assert_int_equal(bench_fit(&b, TRAIN, &o, NULL), WEIR_E_CANCELLED);
  bench_close(&b);
  o = options(true);
  stop_at = -1;
  open_bench(&b, 1);
  b.valid.n = 0;
  OK(bench_fit(&b, TRAIN, &o, NULL));
  assert_same_model(a.model, b.model);
  bench_close(&a);
  bench_close(&b);
  clean();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(killed_and_resumed),
      cmocka_unit_test(killed_far_from_the_checkpoint),
      cmocka_unit_test(cancelled_and_resumed),
      cmocka_unit_test(nothing_to_resume_starts_afresh),
      cmocka_unit_test(differences_are_named),
      cmocka_unit_test(the_pace_of_checkpoints_may_change),
      cmocka_unit_test(damage_is_an_error),
      cmocka_unit_test(a_finished_checkpoint_gives_the_result_again),
      cmocka_unit_test(a_time_limit_is_kept_over_a_resume),
      cmocka_unit_test(without_validation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
