/* What elementwise maps share: parameters by number, and the closed forms that one map
 * uses towards the latent and its inverse towards the data. */
#ifndef WEIRI_ELEM_H
#define WEIRI_ELEM_H

#include "base/base.h"
#include "weir/sys/part.h"

/* Parameter k of theta [n, m, p] as [n, m]. */
weir_var weiri_theta(weir_tape *t, weir_var theta, int64_t k);
/* Zeros shaped as x. */
weir_var weiri_zeros_like(weir_tape *t, weir_var x);

/* The interval that logit and sigmoid map from and to; eps squeezes it into
 * (eps, 1 - eps) before the logit. */
typedef struct weiri_interval {
  double lo, hi, eps;
} weiri_interval;
weir_status weiri_interval_check(const weiri_interval *i, const char *path);
/* u = eps + (1 - 2 eps) (x - lo) / (hi - lo), y = log u - log(1 - u); log dy/dx. */
weir_var weiri_logit(
    weir_tape *t, const weiri_interval *i, weir_var x, weir_var *log_det);
/* The inverse. */
weir_var weiri_expit(
    weir_tape *t, const weiri_interval *i, weir_var y, weir_var *log_det);

/* y = lo + exp(x), and its inverse. */
weir_var weiri_exp_from(weir_tape *t, double lo, weir_var x, weir_var *log_det);
weir_var weiri_log_from(weir_tape *t, double lo, weir_var y, weir_var *log_det);
/* y = lo + log(1 + exp(x)), and its inverse. */
weir_var weiri_softplus_from(weir_tape *t, double lo, weir_var x, weir_var *log_det);
weir_var weiri_unsoftplus_from(weir_tape *t, double lo, weir_var y, weir_var *log_det);

#endif
