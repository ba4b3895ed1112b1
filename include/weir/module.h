/** What a shared object exports to be a target of `weir infer ./model.so`. Plain C: it
 * needs nothing of weir, this header only helps the compiler to check it.
 *
 *     cc -O2 -shared -fPIC model.c -o model.so -lm
 *
 * Every function gets the model that weir_target_open made. Points x [n, d] are
 * float64, row-major, in the space that weir_target_bounds says; weir maps them from
 * the real line and adds the log-Jacobian. Functions that return int give 0, or
 * anything else for failure. */
#ifndef WEIR_MODULE_H
#define WEIR_MODULE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The functions are seen from outside however the object is compiled. */
#if defined(__GNUC__)
#define WEIR_MODULE __attribute__((__visibility__("default")))
#else
#define WEIR_MODULE
#endif

/** Version of this interface. */
#define WEIR_TARGET_ABI 1

/* ---- required ---- */

/** WEIR_TARGET_ABI of the header that the object was written against. */
WEIR_MODULE int weir_target_abi(void);
/** Makes a model from the bytes of the data file (NUL-terminated behind size; NULL
 * without one). On failure writes one line into message [room] and returns it. */
WEIR_MODULE int weir_target_open(
    void **model, const char *data, size_t size, char *message, size_t room);
WEIR_MODULE void weir_target_close(void *model);
/** d: coordinates of a point, at least 1. */
WEIR_MODULE int64_t weir_target_size(void *model);
/** log_density[n] up to a constant, and unless grad is NULL its gradients grad [n, d].
 * -inf outside of the support; NaN or failure: the points are rejected and counted. */
WEIR_MODULE int weir_target_eval(
    void *model, int64_t n, const double *x, double *log_density, double *grad);

/* ---- optional ---- */

/** Numbers that are shown of a point, and those numbers out [n, outputs] of points
 * x [n, d]: for quantities derived from the coordinates. Without: the coordinates. */
int64_t weir_target_derived(void *model);
int weir_target_derive(void *model, int64_t n, const double *x, double *out);
/** Name of output i from 0, "tau", "theta[3]"; it lives as long as the model.
 * Without: x[1], x[2], ... */
WEIR_MODULE const char *weir_target_label(void *model, int64_t i);
/** Where coordinate i lives: (-inf, inf), (lo, inf) or (lo, hi). Without: all real. */
WEIR_MODULE int weir_target_bounds(void *model, int64_t i, double *lo, double *hi);
/** 1: the model must not be called twice at once. Without: calls come from many
 * threads.
 */
WEIR_MODULE int weir_target_serial(void *model);
/** out [n, d] = Hessian of the log density at x times v. Without: differences. */
WEIR_MODULE int weir_target_hessian(
    void *model, int64_t n, const double *x, const double *v, double *out);
/** Exact draw i of a seed into x [d]. */
WEIR_MODULE int weir_target_draw(void *model, uint64_t seed, int64_t i, double *x);
/** A draw from the prior into x [d], and a model of data simulated at it. */
WEIR_MODULE int weir_target_simulator(
    void *model, uint64_t seed, double *x, void **simulated);

#ifdef __cplusplus
}
#endif
#endif
