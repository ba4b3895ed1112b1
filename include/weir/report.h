/** A report on a fitted model: one self-contained HTML file, no scripts, nothing
 * fetched, readable on a phone and on paper. */
#ifndef WEIR_REPORT_H
#define WEIR_REPORT_H

#include "weir/calibrate.h"
#include "weir/diagnose.h"
#include "weir/selftest.h"
#include "weir/train.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_report_opts {
  uint32_t struct_size; /**< sizeof(weir_report_opts) */
  const char *path;     /**< file to write, replaced atomically */
  uint64_t seed;        /**< of draws, subsamples and permutations */
  const char *title;    /**< heading; NULL: "weir report" */
  const char *command;  /**< command line that made this report; NULL: not shown */
  const char *model;    /**< name of the model file, to show; NULL: not shown */
  const char *metrics;  /**< JSON lines that weir_fit wrote; NULL or missing file: no
                           learning curves, and the report says so */
  const weir_selftest_result *selftest; /**< shown when given; NULL: "not run" */
  const weir_table *table; /**< that test's frame is of, for the lines of the least
                              likely rows; NULL: rows of the frame are counted */
  int64_t rows;            /**< rows compared with as many draws, at most; 0: 2000 */
  int64_t permutations;    /**< of the two-sample test; 0: 500 */
} weir_report_opts;
#define WEIR_REPORT_OPTS_INIT                                                          \
  { sizeof(weir_report_opts), NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0 }

/** Writes the report of a model on rows of its schema: data and schema with warnings,
 * model, learning curves, log-likelihood with standard error beside the baselines, data
 * against as many draws (marginals, and a corner plot of at most 6 columns: those whose
 * marginals or correlations differ most from the draws'), latent normality and the
 * probability-integral transform per column as Kolmogorov-Smirnov distances with 95 %
 * intervals, an energy-distance test against its permutation null, the least likely
 * rows with their lines in the file, the selftest, and every setting needed to repeat
 * it (from weir_model_record).
 *
 * test: the rows judged, at least 2, with contexts and weights where the schema has
 * them. train (frame NULL or n 0: none): scored beside them; where given, baselines are
 * fitted to it and replace the recorded ones, which are of the rows the record names.
 * The same model, rows and options give the same bytes. Cost: about 2 * rows
 * evaluations and draws, rows^2 distances, a scoring of all rows, and the baselines.
 * Errors: E_ARGUMENT (no path, a frame of other width), E_DATA (fewer than 2 rows),
 * E_IO, E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_report_write(const weir_model *model,
    weir_row_set train, weir_row_set test, const weir_report_opts *opts);

typedef struct weir_inference_report_opts {
  uint32_t struct_size; /**< sizeof(weir_inference_report_opts) */
  const char *path;     /**< file to write, replaced atomically */
  const char *title;    /**< heading; NULL: "weir inference" */
  const char *command;  /**< command line of the run; NULL: not shown */
  /** What weir_check_modes found; NULL: not looked for. */
  const weir_mode_check *modes;
} weir_inference_report_opts;
#define WEIR_INFERENCE_REPORT_OPTS_INIT                                                \
  { sizeof(weir_inference_report_opts), NULL, NULL, NULL, NULL }

/** Writes the report of an inference: the verdict, a table of all parameters, traces
 * and rank plots of those with the largest R-hat, a corner plot, energies and their
 * steps (of a fit: the tail of its importance weights with k-hat), settings. The same
 * posterior gives the same bytes but for its seconds. Errors: E_ARGUMENT (no path),
 * E_IO, E_MEMORY.
 */
WEIR_API WEIR_MUST_USE weir_status weir_report_inference(
    const weir_posterior *posterior, const weir_inference_report_opts *opts);

/** Writes the report of a simulation-based calibration: the verdict, rank histograms
 * with the band that they should keep to, tests of all quantities. Errors: as above. */
WEIR_API WEIR_MUST_USE weir_status weir_report_calibration(
    const weir_calibration *calibration, const weir_inference_report_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
