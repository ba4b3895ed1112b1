/* The thread pool: every chunk once, small work alone, and few offers to threads that
 * do not come. Counts, never times. */
#include "dev/threads.h"

#include <stdatomic.h>

#include "train_help.h"

enum { CHUNKS = 64 };
#define MUCH 1e9
#define SOME 1e7
#define LITTLE 1e3

typedef struct marks {
  atomic_int done[CHUNKS];
} marks;

static void mark(void *arg, int64_t chunk, void *scratch) {
  (void)scratch;
  atomic_fetch_add(&((marks *)arg)->done[chunk], 1);
}

static void run_job(weiri_team *team, double work) {
  marks m = {{0}};
  OK(weiri_parallel(team, CHUNKS, work, 128, mark, &m));
  for (int i = 0; i < CHUNKS; i++) {
    assert_int_equal(atomic_load(&m.done[i]), 1);
  }
}

static void every_chunk_once(void **state) {
  (void)state;
  for (int threads = 1; threads <= 8; threads++) {
    weir_ctx *ctx = context_of(threads, NULL, NULL);
    weiri_team *team = NULL;
    OK(weiri_team_create(&team, ctx));
    for (int i = 0; i < 500; i++) {
      run_job(team, MUCH);
    }
    assert_true((weiri_team_offered(team) > 0) == (threads > 1));
    weiri_team_destroy(&team);
    weir_ctx_destroy(&ctx);
  }
}

static void little_work_stays(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(4, NULL, NULL);
  weiri_team *team = NULL;
  OK(weiri_team_create(&team, ctx));
  for (int i = 0; i < 200; i++) {
    run_job(team, LITTLE);
  }
  assert_int_equal(weiri_team_threads(team, LITTLE), 1);
  assert_int_equal(weiri_team_offered(team), 0);
  weiri_team_destroy(&team);
  weir_ctx_destroy(&ctx);
}

/* Trials of 8 jobs, and 20, 40, ... 2560, then 3200 done alone in between (2e8 to
 * 3.2e10 operations): 20,000 jobs see 8 trials that double the rest and 5 or 6 more. */
static void threads_that_do_not_come_are_not_asked(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(2, NULL, NULL);
  weiri_team *team = NULL;
  OK(weiri_team_create(&team, ctx));
  weiri_team_stall(team, true);
  assert_int_equal(weiri_team_threads(team, SOME), 2);
  for (int i = 0; i < 8; i++) {
    run_job(team, SOME);
  }
  assert_int_equal(weiri_team_threads(team, SOME), 1);
  for (int i = 0; i < 20000; i++) {
    run_job(team, SOME);
  }
  assert_true(weiri_team_offered(team) >= 12 * 8);
  assert_true(weiri_team_offered(team) <= 15 * 8);
  /* Once they come again, they are asked again, after 3200 jobs at the latest. */
  weiri_team_stall(team, false);
  const int64_t before = weiri_team_offered(team);
  for (int i = 0; i < 3210; i++) {
    run_job(team, SOME);
  }
  assert_true(weiri_team_offered(team) > before);
  weiri_team_destroy(&team);
  weir_ctx_destroy(&ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_chunk_once),
      cmocka_unit_test(little_work_stays),
      cmocka_unit_test(threads_that_do_not_come_are_not_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
