/* Standard normal rows, shared by the Gaussian distributions. */
#ifndef WEIRI_GAUSS_H
#define WEIRI_GAUSS_H

#include "part/theta.h"

/* log N(e; 0, I) over the last axis: [.., d] to [..]. */
weir_var weiri_gauss_log(weir_tape *t, weir_var e);
/* The same per column: [.., d]. */
weir_var weiri_gauss_log_columns(weir_tape *t, weir_var e);
/* Draws e [n, d] from N(0, T^2 I), T the run's temperature. */
weir_var weiri_gauss_draw(weir_run *run, const char *path, int64_t n, int64_t d);
/* 0/1 mask of the strictly lower triangle of [d, d]; memory of the context or NULL. */
unsigned char *weiri_strictly_lower(const weir_ctx *ctx, int64_t copies, int64_t d);
/* The identity [d, d]; memory of the context or NULL. */
double *weiri_eye(const weir_ctx *ctx, int64_t d);
/* 0, 1, .. d - 1: row j of a strictly lower triangle sees j columns. NULL: no memory.
 */
int64_t *weiri_prefix_strict(const weir_ctx *ctx, int64_t d);

#endif
