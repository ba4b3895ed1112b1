/* The gradient of a target's log density as an expression. */
#ifndef WEIRI_SCORE_H
#define WEIRI_SCORE_H

#include "part/target.h"

/* s(x) = grad log p(x) [n, d] at x [n, d] on a float64 tape. Its gradient is a
 * Hessian-vector product of the target, exact where the target has one, else by
 * differences; it is not differentiable again. */
weir_var weiri_score(weir_tape *t, const weir_target *target, weir_var x);

/* That of the density between a standard normal and the target,
 * power log p(x) - (1 - power) |x|^2 / 2. */
weir_var weiri_bridge_score(
    weir_tape *t, const weir_target *target, double power, weir_var x);

#endif
