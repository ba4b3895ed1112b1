/* Kullback-Leibler divergences in closed form, by the pair of classes. */
#ifndef WEIRI_KL_H
#define WEIRI_KL_H

#include "part/part.h"

/* One pair: a line WEIR_KL(name) of kls.def, src/dist/<name>.c. */
typedef struct weiri_kl_class {
  const char *q, *p; /* names of the classes */
  /* KL(q || p) of n rows, [n] or, where the columns come apart, [n, features]; none
   * when these instances have no closed form. */
  weir_var (*kl)(const weir_dist *q, const weir_dist *p, weir_run *run, int64_t n,
      weir_var q_context, weir_var p_context);
} weiri_kl_class;

/* KL(q || p), [n], or [n, groups] when the run wants groups and they come apart; none
 * where no closed form is known. q and p are settled. */
weir_var weiri_kl(const weir_dist *q, const weir_dist *p, weir_run *run, int64_t n,
    weir_var q_context, weir_var p_context);

#endif
