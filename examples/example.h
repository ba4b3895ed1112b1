/* What the examples share: stop with the message when a call fails. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <stdio.h>
#include <stdlib.h>

#include "weir/weir.h"

#define CHECK(call)                                                                    \
  do {                                                                                 \
    if ((call) != WEIR_OK) {                                                           \
      fprintf(stderr, "%s\n", weir_error());                                           \
      exit(1);                                                                         \
    }                                                                                  \
  } while (0)

/* n rows of a crescent: x1 normal, x2 = x1^2 / 2 - 1 plus a little noise. */
static inline double *crescent(int n) {
  double *x = malloc((size_t)n * 2 * sizeof *x);
  unsigned long long s = 88172645463325252ULL;
  for (int i = 0; x != NULL && i < n; i++) {
    double g[2] = {0, 0};
    for (int k = 0; k < 24; k++) { /* sums of uniforms: close enough to normal */
      s ^= s << 13, s ^= s >> 7, s ^= s << 17;
      g[k % 2] += (double)(s >> 11) / 9007199254740992.0 - 0.5;
    }
    x[2 * i] = g[0];
    x[2 * i + 1] = 0.5 * g[0] * g[0] - 1.0 + 0.3 * g[1];
  }
  return x;
}

#endif
