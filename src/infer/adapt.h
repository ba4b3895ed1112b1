/* What a chain learns in its warm-up: step size and metric. */
#ifndef WEIRI_ADAPT_H
#define WEIRI_ADAPT_H

#include "infer/infer.h"

/* Numbers of a chain's state besides its vectors. */
#define WEIRI_CHAIN_NUMBERS(X)                                                         \
  X(log_density)                                                                       \
  X(step)                                                                              \
  X(mu) /* dual averaging */                                                           \
  X(x_bar)                                                                             \
  X(s_bar)                                                                             \
  X(updates)                                                                           \
  X(seen) /* points in the running moments */                                          \
  X(restarts)                                                                          \
  X(gradients)                                                                         \
  X(failed)                                                                            \
  X(divergent) /* after the warm-up */

typedef struct weiri_chain_numbers {
#define X(name) double name;
  WEIRI_CHAIN_NUMBERS(X)
#undef X
} weiri_chain_numbers;

/* A chain: a view of one block of numbers, which is all that its future depends on. */
typedef struct weiri_chain {
  int64_t index;
  weiri_chain_numbers *n;
  weiri_point at; /* its log density is n->log_density */
  weiri_metric metric;
  double *mean, *m2;         /* running moments: [d]; [d] or [d, d] */
  int64_t gradients, failed; /* of the current call, added to n at its end */
  double *work;
  weir_status status;
  char fault[256], failure[256];
} weiri_chain;

/* Numbers of a chain's block. */
int64_t weiri_chain_size(int64_t d, bool dense);
void weiri_chain_view(
    weiri_chain *c, int64_t index, int64_t d, bool dense, double *block);

/* Windows of the warm-up, as Stan has them: fast 15 %, slow windows that double, fast
 * 10 %. Whether iteration i gives a point to the metric; *ends: it is a window's last.
 */
bool weiri_window(int64_t warmup, int64_t i, bool *ends);

/* Dual averaging (Nesterov 2009; Hoffman and Gelman 2014, eq. 6): starts again around
 * boost times the current step, takes an acceptance statistic, settles on the average.
 */
void weiri_average_restart(weiri_chain_numbers *n, double boost);
void weiri_average_take(weiri_chain_numbers *n, double accept, double target);
void weiri_average_settle(weiri_chain_numbers *n);

/* Running moments of the points; the metric from them, shrunk towards 1e-3, and from
 * the beginning again. */
void weiri_moments_take(weiri_chain *c);
void weiri_moments_settle(weiri_chain *c);

#endif
