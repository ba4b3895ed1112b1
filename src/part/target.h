/* Making and using targets (weir/target.h, weir/sys/target.h) inside the library. */
#ifndef WEIRI_TARGET_H
#define WEIRI_TARGET_H

#include "part/part.h"
#include "weir/sys/target.h"
#include "weir/target.h"

/* A target of a registered class; spec: its name, or {name: ..., options}. */
weir_status weiri_target_make(
    weir_target **out, weir_ctx *ctx, const json_t *spec, const char *data);
/* Sets up an instance (cls->is.size zeroed bytes of the context, options in place) and
 * takes it, also on failure. */
weir_status weiri_target_set_up(weir_target **out, weir_ctx *ctx,
    const weir_target_class *cls, void *instance, const char *data);

/* A class's from_outputs where what is shown of a point begins with its coordinates. */
weir_status weiri_outputs_lead(
    const weir_target *t, int64_t n, const double *outputs, double *x);

/* x [n, dim] of theta [n, dim]; *log_jacobian [n] = log |dx/dtheta| unless NULL. */
void weiri_target_map(const weir_target *t, int64_t n, const double *theta, double *x,
    double *log_jacobian);
/* The way back. */
void weiri_target_unmap(
    const weir_target *t, int64_t n, const double *x, double *theta);
/* grad of log p(x) [n, dim] becomes that of log p(theta). */
void weiri_target_map_grad(
    const weir_target *t, int64_t n, const double *theta, double *grad);
/* hv = H_x (J v) [n, dim] becomes H_theta v; grad is that of log p(x). */
void weiri_target_map_hessian(const weir_target *t, int64_t n, const double *theta,
    const double *v, const double *grad, double *hv);
/* jv = dx/dtheta v */
void weiri_target_map_vector(
    const weir_target *t, int64_t n, const double *theta, const double *v, double *jv);

#endif
