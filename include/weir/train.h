/** Training by maximum likelihood. */
#ifndef WEIR_TRAIN_H
#define WEIR_TRAIN_H

#include "weir/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Rows of a frame. rows NULL: all of them. */
typedef struct weir_rows {
  const weir_frame *frame;
  const int64_t *rows;
  int64_t n;
} weir_rows;

/** Where training stands; given to the callback after every step that is reported. */
typedef struct weir_progress {
  int64_t step, steps; /**< done, planned (0: not known yet) */
  int64_t epoch, epochs;
  double seconds; /**< since the start, resumed time counted */
  double rows_per_second;
  double seconds_left;   /**< estimate; NaN: not known yet */
  double train_log_prob; /**< mean of the last steps, nats per row */
  double valid_log_prob; /**< of the last evaluation; NaN before the first */
  double best_log_prob;  /**< the best so far; NaN */
  double learning_rate;
  bool evaluated; /**< valid_log_prob is new */
} weir_progress;

/** Return false to cancel: the step is finished, the checkpoint written, and weir_fit
 * returns WEIR_E_CANCELLED. */
typedef bool (*weir_progress_fn)(void *user, const weir_progress *p);

typedef struct weir_fit_opts {
  uint32_t struct_size;
  /** The `train` section of a configuration; every option of weir_fit_options. NULL:
   * all defaults. */
  const weir_spec *config;
  double time_limit; /**< seconds; the rate is measured early, then the number of steps
                        is fixed and the schedule runs over them; 0: none */
  uint64_t seed;
  const char *checkpoint; /**< file for checkpoints, removed at the end; NULL: none */
  bool resume;            /**< continue from the checkpoint when there is one */
  const char *metrics;    /**< file for metrics as JSON lines; NULL: none */
  weir_progress_fn progress;
  void *user;
} weir_fit_opts;
#define WEIR_FIT_OPTS_INIT                                                             \
  { sizeof(weir_fit_opts), NULL, 0.0, 0, NULL, false, NULL, NULL, NULL }

typedef struct weir_fit_result {
  int64_t steps, epochs, best_step;
  double seconds;
  double valid_log_prob,
      valid_standard_error; /**< of the best weights, which are kept */
  bool resumed, stopped_early, diverged_once;
} weir_fit_result;

/** Option table of the `train` section (batch_size, epochs, learning_rate, optimizer,
 * schedule, warmup, clip, ema, patience, ...), for help and docs. */
WEIR_API const weir_opt *weir_fit_options(void);

/** Trains the model in place by maximum weighted likelihood with early stopping on the
 * validation rows (valid.n 0: none, the last weights are kept). On cancellation and on
 * errors the model holds the best weights so far. With a checkpoint, a run killed at
 * any moment and resumed ends with the same bits as one never stopped (same build,
 * instruction set, dtype). Errors: E_CONFIG, E_MISMATCH (resume with other data or
 * configuration: the key is named), E_DIVERGED, E_CANCELLED, E_IO, E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_fit(weir_model *model, weir_rows train,
    weir_rows valid, const weir_fit_opts *opts, weir_fit_result *result);

/** Mean log-likelihood of rows with its standard error over rows, weighted. */
typedef struct weir_score {
  int64_t n;
  double mean_log_prob, standard_error;
  double bits_per_dim; /**< NaN unless every event column is discretised */
} weir_score;
WEIR_API WEIR_MUST_USE weir_status weir_model_score(
    const weir_model *model, weir_rows rows, weir_score *out);

#ifdef __cplusplus
}
#endif
#endif
