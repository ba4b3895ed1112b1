/* The parameters of a Gaussian, for divergences. */
#ifndef WEIRI_NORMAL_H
#define WEIRI_NORMAL_H

#include "part/part.h"

extern const weir_dist_class weir_dist_normal;

/* Mean and log standard deviations, [n, d] or [1, d]; none when standard. false: the
 * covariance is full, and the two do not say everything. */
bool weiri_normal_bind(const weir_dist *normal, weir_run *run, weir_var context,
    weir_var *loc, weir_var *log_scale);

/* KL(N(m, diag exp(2 s)) || N(0, I)) per column: (exp(2 s) + m^2 - 1) / 2 - s, [n, d].
 */
weir_var weiri_kl_to_standard(weir_tape *t, weir_var m, weir_var s);

#endif
