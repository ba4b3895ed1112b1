/* Just enough of cmocka to run a test program of kernels where no cmocka is installed.
 */
#ifndef CMOCKA_H
#define CMOCKA_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define fail_msg(...)                                                                  \
  do {                                                                                 \
    fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                    \
    fprintf(stderr, __VA_ARGS__);                                                      \
    fprintf(stderr, "\n");                                                             \
    exit(1);                                                                           \
  } while (0)
#define assert_true(x)                                                                 \
  do {                                                                                 \
    if (!(x)) {                                                                        \
      fail_msg("%s", #x);                                                              \
    }                                                                                  \
  } while (0)
#define assert_non_null(x) assert_true((x) != NULL)
#define assert_int_equal(a, b) assert_true((a) == (b))
#define assert_memory_equal(a, b, n) assert_true(memcmp(a, b, n) == 0)

struct CMUnitTest {
  const char *name;
  void (*run)(void **state);
};
#define cmocka_unit_test(f)                                                            \
  { #f, f }

static inline int run_all(const struct CMUnitTest *t, size_t n) {
  for (size_t i = 0; i < n; i++) {
    void *state = NULL;
    printf("%s\n", t[i].name);
    t[i].run(&state);
  }
  return 0;
}
#define cmocka_run_group_tests(t, setup, teardown) run_all(t, sizeof(t) / sizeof *(t))

#endif
