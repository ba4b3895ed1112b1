/* The parameters of a Gaussian, for divergences. */
#ifndef WEIRI_NORMAL_H
#define WEIRI_NORMAL_H

#include "part/part.h"

extern const weir_dist_class weir_dist_normal;

/* Mean and log standard deviations, [n, d] or [1, d]; none when standard. false: the
 * covariance is full, and the two do not say everything. */
bool weiri_normal_bind(const weir_dist *normal, weir_run *run, weir_var context,
    weir_var *loc, weir_var *log_scale);

/* Of a full covariance U diag(exp(2 s)) U', U unit lower triangular: mean and s, [n, d]
 * or [1, d], and in row j of square [d, d] the squares of column j of U. false: it is
 * not full. */
bool weiri_normal_bind_full(const weir_dist *normal, weir_run *run, weir_var context,
    weir_var *loc, weir_var *log_scale, weir_var *square);

/* KL(N(m, diag exp(2 s)) || N(0, I)) per column: (exp(2 s) + m^2 - 1) / 2 - s, [n, d].
 */
weir_var weiri_kl_to_standard(weir_tape *t, weir_var m, weir_var s);
/* KL(q || p) [n] of a q with full covariance, against a p with mean k and log standard
 * deviations u (none: N(0, I)); none where q's is not full. */
weir_var weiri_kl_of_full(const weir_dist *q, weir_run *run, int64_t n,
    weir_var q_context, weir_var k, weir_var u);

#endif
