/* What elementwise maps share: parameters by number, and the closed forms that one map
 * uses towards the latent and the same map turned round towards the data. */
#ifndef WEIRI_ELEM_H
#define WEIRI_ELEM_H

#include "base/base.h"
#include "weir/sys/part.h"

/* Parameter k of theta [n, m, p] as [n, m]. */
weir_var weiri_theta(weir_tape *t, weir_var theta, int64_t k);
/* Zeros shaped as x. */
weir_var weiri_zeros_like(weir_tape *t, weir_var x);

/* Whether the map is a scale and a shift, which weir_couple does in one pass; its kind
 * and bound into opts. */
bool weiri_elem_couple(const weir_elem *e, weir_couple_opts *opts);

/* ---- onto a half line, (lo, inf): exp, softplus, and turned round log,
 * inverse_softplus
 */
typedef struct weiri_half_line {
  weir_elem base;
  double lo;
} weiri_half_line;
extern const weir_opt weiri_half_line_opts[];
/* Slots of a class: the half line is the latent side, or the data side. */
weir_status weiri_half_line_latent(weir_elem *e, weir_build *b, int64_t hidden);
weir_status weiri_half_line_data(weir_elem *e, weir_build *b, int64_t hidden);
/* y = lo + exp(x), and its inverse. */
weir_var weiri_exp_from(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det);
weir_var weiri_log_from(
    const weir_elem *e, weir_tape *t, weir_var y, weir_var theta, weir_var *log_det);
/* y = lo + log(1 + exp(x)), and its inverse. */
weir_var weiri_softplus_from(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det);
weir_var weiri_unsoftplus_from(
    const weir_elem *e, weir_tape *t, weir_var y, weir_var theta, weir_var *log_det);

/* ---- onto an interval, (lo, hi): sigmoid, and turned round logit ---- */
typedef struct weiri_interval {
  weir_elem base;
  double lo, hi, eps; /* eps squeezes (0, 1) into (eps, 1 - eps) before the logit */
} weiri_interval;
extern const weir_opt weiri_interval_opts[];
weir_status weiri_interval_latent(weir_elem *e, weir_build *b, int64_t hidden);
weir_status weiri_interval_data(weir_elem *e, weir_build *b, int64_t hidden);
/* u = eps + (1 - 2 eps) (x - lo) / (hi - lo), y = log u - log(1 - u), and its inverse.
 */
weir_var weiri_logit(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det);
weir_var weiri_expit(
    const weir_elem *e, weir_tape *t, weir_var y, weir_var theta, weir_var *log_det);

#endif
