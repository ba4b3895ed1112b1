/* Seconds of a clock that only goes forward, and the end of a tool that failed. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "weir/weir.h"

static inline double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void must(weir_status status) {
  if (status != WEIR_OK) {
    fprintf(stderr, "bench: %s\n", weir_error());
    exit(1);
  }
}

#endif
