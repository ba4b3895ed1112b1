/** What a target is: an unnormalised log density with its gradient, and what else is
 * known of it. For those who add one; every built-in target is written against this
 * header. From a program: weir/target.h.
 *
 * Samplers and fits see a target through unconstrained points theta [n, dim], each
 * coordinate on the real line. A target whose coordinates live elsewhere says where
 * (support); weir maps them and adds the log-Jacobian of the map:
 *
 *     x = lo + exp(u)                  log dx/du = u                  (lo, inf)
 *     x = lo + (hi - lo) sigmoid(u)    log dx/du = log((hi - lo) sigmoid(u)
 * sigmoid(-u))
 *
 * (Stan reference manual, constraint transforms). */
#ifndef WEIR_SYS_TARGET_H
#define WEIR_SYS_TARGET_H

#include "weir/sys/part.h"
#include "weir/sys/support.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_target weir_target;

/** All slots but setup and log_density may be NULL. Functions may be called from many
 * threads at once unless the target is serial. Points are float64, row-major. */
typedef struct weir_target_class {
  weir_class is; /**< size of the instance, whose first member is weir_target */
  /** A shared object that exports this symbol is opened as this class (its option
   * `path` then names the file); NULL: none. */
  const char *symbol;
  /** Reads the options and t->data; fills in the target by weir_target_shape and
   * weir_target_names. */
  weir_status (*setup)(weir_target *t);
  void (*teardown)(weir_target *t);
  /** log_density[n] and, when grad is not NULL, grad [n, dim] of the points x [n, dim],
   * which lie in the target's support. NaN, -inf or a status other than WEIR_OK: the
   * points are rejected and counted. */
  weir_status (*log_density)(const weir_target *t, int64_t n, const double *x,
      double *log_density, double *grad);
  /** out [n, dim] = Hessian of the log density at x times v, in the same space. */
  weir_status (*hessian_vector)(
      const weir_target *t, int64_t n, const double *x, const double *v, double *out);
  /** Exact draws first .. first + n - 1 of the seed into x [n, dim]. */
  weir_status (*sample)(
      const weir_target *t, uint64_t seed, int64_t first, int64_t n, double *x);
  /** Exact means and standard deviations of the outputs; NaN where they are not known
   * or do not exist. */
  weir_status (*moments)(const weir_target *t, double *mean, double *sd);
  /** What is shown of points: out [n, outputs] from x [n, dim]; draw i of these is
   * number first + i of the run, for targets whose outputs are random. NULL: x. */
  weir_status (*outputs)(const weir_target *t, uint64_t seed, int64_t first, int64_t n,
      const double *x, double *out);
  /** x [n, dim] of given outputs [n, outputs]. */
  weir_status (*from_outputs)(
      const weir_target *t, int64_t n, const double *out, double *x);
  /** A draw from the prior into x [dim], and the same model with data simulated at it.
   */
  weir_status (*simulate)(
      const weir_target *t, uint64_t seed, double *x, weir_target **posterior);
} weir_target_class;

struct weir_target {
  const weir_target_class *cls;
  weir_ctx *ctx;
  const char *data;      /**< file named by the user, or NULL; during setup */
  int64_t dim, outputs;  /**< coordinates; numbers shown of a point */
  char **name;           /**< [outputs], "theta[1]" */
  weir_support *support; /**< [dim] real, positive or interval; NULL: all real */
  bool serial;           /**< one call at a time */
  bool mapped;           /**< some support is not real; set by weir */
  void *lock;            /**< of serial targets; set by weir */
};

/** Sets dim and outputs; names them x[1], x[2], ... and makes every support real.
 * Errors: E_ARGUMENT (a size < 1), E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_target_shape(
    weir_target *t, int64_t dim, int64_t outputs);
/** Names outputs first .. first + n - 1 name[1] .. name[n]; n == 0: the one output
 * `first` is called name. */
WEIR_API WEIR_MUST_USE weir_status weir_target_names(
    weir_target *t, int64_t first, int64_t n, const char *name);

/** The class is borrowed and must outlive the context. Errors: E_ARGUMENT when the name
 * is taken or a required member is missing; E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_register_target(
    weir_ctx *ctx, const weir_target_class *cls);

#ifdef __cplusplus
}
#endif
#endif
