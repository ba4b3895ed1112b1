/* Von Mises-Fisher distributions on the unit sphere of R^m: what the density, the draws
 * and the divergence share. */
#ifndef WEIRI_VMF_H
#define WEIRI_VMF_H

#include "part/part.h"

typedef enum weiri_vmf_sampler {
  WEIRI_VMF_EXACT,
  WEIRI_VMF_OFFICIAL
} weiri_vmf_sampler;

/* 1 - w [n] for w = mu . z of draws with concentration kappa [n], by Wood's rejection
 * from a beta distribution (m = 3: the inverse of the distribution function). noise [n,
 * 3], uniform numbers, names each row's own stream. The gradient to kappa is that of
 * the path, the accepted proposal held fixed. Errors: E_NUMERIC when a kappa is not a
 * positive number below 1e8. */
weir_var weiri_vmf_draw(
    weir_tape *t, weir_var kappa, weir_var noise, int64_t m, weiri_vmf_sampler how);
/* log C_m(kappa) + kappa, the log density's normaliser without its largest term. */
weir_var weiri_vmf_log_norm(weir_tape *t, weir_var kappa, int64_t m);
/* log area of the unit sphere of R^m: log 2 + m/2 log pi - log Gamma(m/2). */
double weiri_sphere_log_area(int64_t m);
/* Rows u [n, m] over their lengths. */
weir_var weiri_unit_rows(weir_tape *t, weir_var u);
/* WEIR_OK when all columns are the coordinates of one unit vector, two at least. */
weir_status weiri_require_sphere(const weir_event *event, const char *path);
/* Concentrations [k, 1] of a vmf distribution, k rows or 1. */
weir_var weiri_vmf_kappa(const weir_dist *vmf, weir_run *run, weir_var context);

#endif
