/** Targets: unnormalised log densities to draw from or to fit. Made from a C function,
 * from an expression in weir's operations, from a shared object, or built in.
 *
 * Everything is float64. Points are unconstrained: theta [n, dim], row-major, every
 * coordinate real. Densities include the log-Jacobian of the map to where the
 * coordinates live (weir/sys/target.h), so that they are densities of theta. */
#ifndef WEIR_TARGET_H
#define WEIR_TARGET_H

#include "weir/ops.h"
#include "weir/sys/option.h"
#include "weir/sys/support.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Immutable once made; threads may share it. */
typedef struct weir_target weir_target;

/** log_density[n] and, when grad is not NULL, its gradients grad [n, dim], at x [n,
 * dim] in the space that the supports say. A status other than WEIR_OK, NaN or -inf
 * rejects the points. */
typedef weir_status weir_target_fn(
    void *user, int64_t n, const double *x, double *log_density, double *grad);

typedef struct weir_target_opts {
  uint32_t struct_size;
  void *user;                  /**< first argument of the functions */
  const char *const *names;    /**< [dim], copied; NULL: x[1], x[2], ... */
  const weir_support *support; /**< [dim] real, positive, interval; NULL: all real */
  bool serial;                 /**< the functions must not run twice at once */
  /** out [n, dim] = Hessian of the log density at x times v; or NULL. */
  weir_status (*hessian_vector)(
      void *user, int64_t n, const double *x, const double *v, double *out);
} weir_target_opts;
#define WEIR_TARGET_OPTS_INIT                                                          \
  { sizeof(weir_target_opts), NULL, NULL, NULL, false, NULL }

/** A target of dim coordinates from a C function. opts may be NULL. Errors: E_ARGUMENT
 * (dim < 1, a repeated name), E_SUPPORT (a support that is not one of the three),
 * E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_target_create(weir_target **out, weir_ctx *ctx,
    int64_t dim, weir_target_fn *log_density, const weir_target_opts *opts);

/** The log density [n] of x [n, dim] as an expression on a float64 tape; its gradient
 * and Hessian-vector products come from the tape. */
typedef weir_var weir_target_expression(void *user, weir_tape *t, weir_var x);
/** A target from an expression; opts->hessian_vector is not used. Errors: as above. */
WEIR_API WEIR_MUST_USE weir_status weir_target_from_expression(weir_target **out,
    weir_ctx *ctx, int64_t dim, weir_target_expression *log_density,
    const weir_target_opts *opts);

/** A built-in target or one in a shared object. spec: a name of `weir list targets`, a
 * path ("./model.so": with a slash), or {name: ..., options}. data: a file for it, or
 * NULL. Errors: E_CONFIG (unknown name or option, nearest named), E_IO, E_UNSUPPORTED
 * (a shared object without the symbols; the missing one is named), E_VERSION (another
 * interface version), E_DATA (the data are refused, with the model's own words),
 * E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_target_make(
    weir_target **out, weir_ctx *ctx, const weir_spec *spec, const char *data);
WEIR_API void weir_target_destroy(weir_target **target);

WEIR_API int64_t weir_target_dim(const weir_target *target);
/** Numbers that are shown of a point: its coordinates where they live, then derived
 * quantities. */
WEIR_API int64_t weir_target_outputs(const weir_target *target);
/** Name of output i, "tau", "theta[3]". Borrowed. */
WEIR_API const char *weir_target_name(const weir_target *target, int64_t i);
/** Name of the class: "funnel", "module", "callback". */
WEIR_API const char *weir_target_kind(const weir_target *target);

/** Log densities [n] of points theta [n, dim] and their gradients [n, dim] (NULL: not
 * wanted). Points whose evaluation fails, or gives NaN or +inf, get -inf and gradient
 * 0; *failed, unless NULL, grows by their number. Errors: E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_target_log_density(const weir_target *target,
    int64_t n, const double *theta, double *log_density, double *grad, int64_t *failed);
/** Hessian times v, out [n, dim]: from the target where it has that, else by central
 * differences of the gradient; *exact says which. */
WEIR_API WEIR_MUST_USE weir_status weir_target_hessian_vector(const weir_target *target,
    int64_t n, const double *theta, const double *v, double *out, bool *exact);
/** Outputs [n, outputs] of points; draw i is number first + i of the run. */
WEIR_API WEIR_MUST_USE weir_status weir_target_show(const weir_target *target,
    uint64_t seed, int64_t first, int64_t n, const double *theta, double *out);
/** Points theta [n, dim] of outputs [n, outputs] as weir_target_show gives them;
 * derived quantities among them are not looked at. Errors: E_DATA (a value out of its
 * support), E_UNSUPPORTED where the target cannot say. */
WEIR_API WEIR_MUST_USE weir_status weir_target_place(
    const weir_target *target, int64_t n, const double *outputs, double *theta);
/** Exact draws theta [n, dim]. Errors: E_UNSUPPORTED where the target has none. */
WEIR_API WEIR_MUST_USE weir_status weir_target_sample(
    const weir_target *target, uint64_t seed, int64_t first, int64_t n, double *theta);
/** Exact means and standard deviations of the outputs [outputs]; NaN where not known.
 * Errors: E_UNSUPPORTED where the target has none. */
WEIR_API WEIR_MUST_USE weir_status weir_target_moments(
    const weir_target *target, double *mean, double *sd);
/** A draw theta [dim] from the prior, and the model with data simulated at it. Errors:
 * E_UNSUPPORTED where the target has no simulator. */
WEIR_API WEIR_MUST_USE weir_status weir_target_simulate(
    const weir_target *target, uint64_t seed, double *theta, weir_target **posterior);
WEIR_API bool weir_target_can_sample(const weir_target *target);
WEIR_API bool weir_target_can_simulate(const weir_target *target);

/** Where a gradient disagrees with differences. */
typedef struct weir_gradient_check {
  int64_t points;           /**< looked at */
  int64_t parameter;        /**< the one that disagrees most */
  double given, difference; /**< its derivative as given, and by differences */
  double error; /**< |given - difference| over the tolerance; above 1: wrong */
} weir_gradient_check;
/** Compares the gradient with central differences (Richardson-extrapolated) at points
 * points around the origin, uniform in (-radius, radius). Errors: E_NUMERIC, naming the
 * parameter and both numbers, where they disagree; E_DATA when the density is finite at
 * none of the points. */
WEIR_API WEIR_MUST_USE weir_status weir_target_check_gradient(const weir_target *target,
    uint64_t seed, int64_t points, double radius, weir_gradient_check *out);

#ifdef __cplusplus
}
#endif
#endif
