/** Posterior inference: draws from a target, by chains or by a fitted density. */
#ifndef WEIR_INFER_H
#define WEIR_INFER_H

#include "weir/target.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where a run stands. */
typedef struct weir_infer_progress {
  const char *phase;   /**< "warmup", "sampling", "fitting"; borrowed */
  int64_t done, total; /**< units of work: iterations of each chain, or updates */
  double seconds;      /**< since the start, resumed time counted */
  double seconds_left; /**< estimate; NaN: not known yet */
  int64_t gradients;   /**< evaluations of the target so far */
  int64_t divergent;   /**< divergent transitions after the warm-up so far */
  double objective;    /**< of a fit, smoothed; NaN for chains */
} weir_infer_progress;

/** Return false to cancel: the checkpoint is written, and weir_infer returns
 * WEIR_E_CANCELLED. */
typedef bool (*weir_infer_progress_fn)(void *user, const weir_infer_progress *p);

typedef struct weir_infer_opts {
  uint32_t struct_size;
  /** The `infer` section of a configuration: {method: nuts, chains: 4, warmup: 1000,
   * draws: 1000, ...}; method is a name of `weir list methods` or {name: ..., options}.
   * NULL: all defaults. */
  const weir_spec *config;
  uint64_t seed;
  const char *checkpoint; /**< file for checkpoints, removed at the end; NULL: none */
  bool resume;            /**< continue from the checkpoint when there is one */
  bool keep_checkpoint;   /**< leave the finished checkpoint for the caller to remove */
  /** What the target is, for the checkpoint: a resumed run must be of the same; NULL:
   * its kind, dimension and names. */
  const char *identity;
  weir_infer_progress_fn progress;
  void *user;
  /** Start points theta [inits, dim], unconstrained: one for all chains, or one for
   * each (fits begin at the best of them); NULL: random ones. */
  const double *init;
  int64_t inits;
  /** Or a file of them, in the space where the parameters live, as CmdStan has it: a
   * JSON object {"mu": 1, "theta": [0, 1]} or an array of such objects; NULL: none. */
  const char *init_file;
} weir_infer_opts;
#define WEIR_INFER_OPTS_INIT                                                           \
  {                                                                                    \
    sizeof(weir_infer_opts), NULL, 0, NULL, false, false, NULL, NULL, NULL, NULL, 0,   \
        NULL                                                                           \
  }

/** Draws from a posterior, with what the method says of each. */
typedef struct weir_posterior weir_posterior;

/** Option table of the `infer` section without its method, for help and docs. */
WEIR_API const weir_opt *weir_infer_options(void);

/** Draws from the target. Chains run in parallel over the context's threads; the result
 * has the same bits on any number of threads, and after any kill and resume. Errors:
 * E_CONFIG (unknown method or option), E_DATA (no finite density at the start, a
 * constant density, a start point without one of the parameters), E_ARGUMENT (start
 * points for another number of chains), E_DIVERGED (an improper density that runs
 * away), E_MISMATCH (resume with other settings, the key named), E_CANCELLED, E_IO,
 * E_MEMORY. Cost: gradient evaluations of the target, see weir_posterior_gradients. */
WEIR_API WEIR_MUST_USE weir_status weir_infer(
    weir_posterior **out, const weir_target *target, const weir_infer_opts *opts);
WEIR_API void weir_posterior_destroy(weir_posterior **posterior);

WEIR_API int64_t weir_posterior_chains(const weir_posterior *p);
/** Draws of each chain. */
WEIR_API int64_t weir_posterior_draws(const weir_posterior *p);
/** Numbers of a draw, as the target shows them, and the name of each (borrowed). */
WEIR_API int64_t weir_posterior_outputs(const weir_posterior *p);
WEIR_API const char *weir_posterior_name(const weir_posterior *p, int64_t i);
/** The draws [chains, draws, outputs], borrowed. */
WEIR_API const double *weir_posterior_values(const weir_posterior *p);
/** The same points in unconstrained space [chains, draws, dim], borrowed. */
WEIR_API const double *weir_posterior_theta(const weir_posterior *p);
/** What the method says of each draw: [chains, draws, stats], names as CmdStan has them
 * ("lp__", "divergent__", ...). */
WEIR_API int64_t weir_posterior_stats(const weir_posterior *p);
WEIR_API const char *weir_posterior_stat_name(const weir_posterior *p, int64_t i);
WEIR_API const double *weir_posterior_stat_values(const weir_posterior *p);
/** Log importance weights log p - log q [chains * draws] of a fit's fresh draws, not
 * normalised; NULL for chains. Where the record's facts say "resampled" the draws kept
 * are others: fresh ones drawn again by the smoothed weights, in order. */
WEIR_API const double *weir_posterior_log_weights(const weir_posterior *p);
/** Name of the method. */
WEIR_API const char *weir_posterior_method(const weir_posterior *p);
/** The run as JSON text: settings with all defaults, seed, counts, seconds, step sizes.
 * Borrowed. */
WEIR_API const char *weir_posterior_record(const weir_posterior *p);
/** Evaluations of the target, and how many of them failed or gave NaN; the message of
 * the first that failed, or NULL. */
WEIR_API int64_t weir_posterior_gradients(const weir_posterior *p);
WEIR_API int64_t weir_posterior_failed(const weir_posterior *p);
WEIR_API const char *weir_posterior_failure(const weir_posterior *p);

/** Writes the draws: "csv", one file a chain as CmdStan writes them (draws.csv becomes
 * draws_1.csv, draws_2.csv, ...); "npy", one array [chains, draws, outputs] with the
 * names and the record beside it (draws.json); "table", one plain CSV file of all
 * draws, which `weir fit` reads. NULL: by the extension. Files are
 * replaced atomically. Errors: E_CONFIG (unknown format), E_IO, E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_posterior_write(
    const weir_posterior *p, const char *path, const char *format);

#ifdef __cplusplus
}
#endif
#endif
