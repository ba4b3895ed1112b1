/** Simulation-based calibration: whether a method of inference gives posteriors that
 * are right on average over a model's prior (Talts, Betancourt, Simpson, Vehtari,
 * Gelman 2018). Parameters are drawn from the prior, data at them, and the posterior of
 * those data is drawn from by the method; the rank of the true parameter among the
 * draws is then uniform. Of a fit this tests the fit (Yao, Vehtari, Simpson, Gelman
 * 2018). */
#ifndef WEIR_CALIBRATE_H
#define WEIR_CALIBRATE_H

#include "weir/infer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_calibration weir_calibration;

typedef struct weir_calibration_opts {
  uint32_t struct_size;
  int64_t simulations; /**< at least 2 */
  int64_t ranks;       /**< that a parameter can have: 1 + draws it is ranked among */
  /** How each posterior is drawn from: config, seed, checkpoint, resume,
   * keep_checkpoint, identity, progress, user as of weir_infer. */
  weir_infer_opts infer;
} weir_calibration_opts;
#define WEIR_CALIBRATION_OPTS_INIT                                                     \
  { sizeof(weir_calibration_opts), 200, 20, WEIR_INFER_OPTS_INIT }

/** Calibrates the method on the target's model. The draws of all chains, thinned evenly
 * to ranks - 1, should be nearly independent. Errors: E_UNSUPPORTED (the target has no
 * simulator), E_CONFIG (fewer draws than ranks), E_MISMATCH, E_CANCELLED, E_IO,
 * E_MEMORY; posteriors that fail otherwise are counted and left out, unless all do.
 * Cost: that of `simulations` inferences. */
WEIR_API WEIR_MUST_USE weir_status weir_calibrate(weir_calibration **out,
    const weir_target *target, const weir_calibration_opts *opts);
WEIR_API void weir_calibration_destroy(weir_calibration **calibration);

/** Simulations that were ranked, and those whose inference failed. */
WEIR_API int64_t weir_calibration_simulations(const weir_calibration *c);
WEIR_API int64_t weir_calibration_failed(const weir_calibration *c);
WEIR_API int64_t weir_calibration_ranks(const weir_calibration *c);
WEIR_API int64_t weir_calibration_outputs(const weir_calibration *c);
WEIR_API const char *weir_calibration_name(const weir_calibration *c, int64_t output);
/** How often output had each rank, [ranks]: the rank histogram. Borrowed. */
WEIR_API const int64_t *weir_calibration_counts(
    const weir_calibration *c, int64_t output);

/** Ranks of one output against the uniform distribution. */
typedef struct weir_rank_test {
  int64_t bins;      /**< of the chi-square statistic: 5 simulations in each expected */
  double chi_square; /**< over bins - 1 degrees of freedom */
  double p;          /**< of it; small: not uniform */
  double bias;    /**< z of the mean rank: above 0 the posterior lies below the truth */
  double spread;  /**< z of the ranks' distance from the middle: above 0 they pile up at
                       both ends, the posterior is too narrow */
  double least_p; /**< of the three tests, times three */
} weir_rank_test;
WEIR_API weir_rank_test weir_calibration_test(
    const weir_calibration *c, int64_t output);

/** The least least_p over outputs, times their number: below 0.01 the method is not
 * calibrated; *worst, unless NULL: the output. */
WEIR_API double weir_calibration_least_p(const weir_calibration *c, int64_t *worst);
WEIR_API bool weir_calibration_good(const weir_calibration *c);
/** A plain sentence. Borrowed. */
WEIR_API const char *weir_calibration_text(const weir_calibration *c);

/** Writes the ranks as CSV, a simulation a row. Replaced atomically. Errors: E_IO,
 * E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_calibration_write(
    const weir_calibration *c, const char *path);

#ifdef __cplusplus
}
#endif
#endif
