/** Training by maximum likelihood. */
#ifndef WEIR_TRAIN_H
#define WEIR_TRAIN_H

#include "weir/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** n rows of a frame: those listed, or the first n when rows is NULL. */
typedef struct weir_row_set {
  const weir_frame *frame;
  const int64_t *rows;
  int64_t n;
} weir_row_set;

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
  bool keep_checkpoint;   /**< leave the finished checkpoint for the caller to remove,
                             once the model is saved: a run killed in between resumes to
                             the same result at once */
  const char *metrics;    /**< file for metrics as JSON lines; NULL: none */
  weir_progress_fn progress;
  void *user;
} weir_fit_opts;
#define WEIR_FIT_OPTS_INIT                                                             \
  { sizeof(weir_fit_opts), NULL, 0.0, 0, NULL, false, false, NULL, NULL, NULL }

/** Changes of the number of steps in a run under a time limit, at most. */
enum { WEIR_FIT_PLANS = 8 };

typedef struct weir_fit_result {
  int64_t steps, epochs, best_step;
  double seconds;
  double valid_log_prob,
      valid_standard_error; /**< of the best weights, which are kept */
  bool resumed, stopped_early, diverged_once;
  int64_t replayed; /**< steps since this start that were replayed from a plan */
  /** What was fixed under a time limit: plans times after which step, how many steps in
   * all, how many between evaluations. As `train.plan`, without the limit, it repeats
   * the run bit for bit. */
  int64_t plans, plan[3 * WEIR_FIT_PLANS];
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
WEIR_API WEIR_MUST_USE weir_status weir_fit(weir_model *model, weir_row_set train,
    weir_row_set valid, const weir_fit_opts *opts, weir_fit_result *result);

/** Bytes that training takes, known before it begins. */
typedef struct weir_fit_bytes {
  int64_t parameters; /**< weights and statistics of the model */
  int64_t optimizer;  /**< gradient, moments, best weights, moving average */
  int64_t step;       /**< the packed block of a step, its rows, what describes it */
  int64_t evaluation; /**< the same of scoring validation rows */
  int64_t data;       /**< of frames, beside what is their tables', each once */
} weir_fit_bytes;
/** What weir_fit with these arguments will hold, measured on one step and one
 * evaluation of an untrained model, whose statistics of the data are set as weir_fit
 * sets them and whose weights stay. Without the tables that frames come from. Beside it
 * training takes for moments only what passes over rows for statistics need. Errors:
 * those of weir_fit. */
WEIR_API WEIR_MUST_USE weir_status weir_fit_memory(weir_model *model,
    weir_row_set train, weir_row_set valid, const weir_fit_opts *opts,
    weir_fit_bytes *out);

/** Mean log-likelihood of rows with its standard error over rows, weighted. */
typedef struct weir_score {
  int64_t n;
  double mean_log_prob, standard_error;
  double bits_per_dim; /**< NaN unless every event column is discretised */
} weir_score;
WEIR_API WEIR_MUST_USE weir_status weir_model_score(
    const weir_model *model, weir_row_set rows, weir_score *out);

/** What an autoencoder does to rows; nats per row. The measure is the model's: static
 * and dynamic binarisation differ by about 2 nats on MNIST. */
typedef struct weir_vae_score {
  weir_ctx *ctx;
  int64_t n, latents, samples;
  double elbo, elbo_error;     /**< one draw per row, the KL in closed form where it has
                                    one; with its standard error over rows */
  double reconstruction, rate; /**< E_q log p(x | z), and minus the KL */
  double log_likelihood, log_likelihood_error; /**< log (1/K) sum w_k, K = samples */
  double effective_samples; /**< mean over rows of (sum w)^2 / sum w^2, of K */
  int64_t groups;   /**< of latents whose KL is known by itself: each latent, or all */
  double *group_kl; /**< [groups] */
  bool has_kl;
  double *kl;         /**< [latents] KL per latent, when has_kl */
  double *variance;   /**< [latents] variance over rows of E[z | x] */
  int64_t active;     /**< latents whose variance is above active_variance */
  double information; /**< of latent and data, at most information_cap (log of
                           the rows it is measured on); NaN where the posterior
                           knows the density of its own draws only */
  double information_cap;
  double reconstruction_error; /**< root mean square, in units of the columns */
  double active_variance;      /**< 0.01 (Burda et al. 2016), a hundredth of a standard
                                    normal prior's; of a unit vector of m coordinates 0.01 /
                                  m      likewise */
} weir_vae_score;
/** Scores a model with a posterior. Cost: samples decoder passes per row, in memory
 * that does not grow with samples. Errors: E_ARGUMENT, E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_model_vae_score(
    const weir_model *model, weir_row_set rows, int64_t samples, weir_vae_score *out);
WEIR_API void weir_vae_score_free(weir_vae_score *score);
/** Whether the model has a posterior: an autoencoder. */
WEIR_API bool weir_model_has_posterior(const weir_model *model);

/** How the powers b_0 = 0 < b_1 < ... < b_T = 1 of annealing are spaced. */
typedef enum weir_ais_schedule {
  WEIR_AIS_SIGMOID, /**< b_t from sigmoid(4 (2t/T - 1)), stretched to 0 .. 1: close
                         together at both ends */
  WEIR_AIS_LINEAR
} weir_ais_schedule;

/** Annealed importance sampling of an autoencoder's log p(x). */
typedef struct weir_ais_opts {
  uint32_t struct_size;
  int64_t temperatures; /**< T, 1 to 1e7 */
  int64_t chains;       /**< per row, 1 to 1e5 */
  int64_t leapfrogs;    /**< of a Hamiltonian move, 1 to 1e5 */
  weir_ais_schedule schedule;
  bool from_posterior; /**< anneal from q(z | x), which must know its density at any
                            point, in place of the prior */
  uint64_t seed;
  /** Called after every temperature with the share done; false cancels. NULL: not. */
  bool (*progress)(void *user, double done);
  void *user;
} weir_ais_opts;
#define WEIR_AIS_OPTS_INIT                                                             \
  { sizeof(weir_ais_opts), 1000, 16, 10, WEIR_AIS_SIGMOID, false, 0, NULL, NULL }

typedef struct weir_ais_score {
  int64_t n;                             /**< rows done */
  double log_likelihood, standard_error; /**< of log (1/C) sum w over rows */
  double effective_chains;               /**< mean of (sum w)^2 / sum w^2, of C */
  double acceptance;                     /**< of the moves, mean */
} weir_ais_score;
/** log p(x) of rows by annealed importance sampling (Neal 2001): C chains from the
 * prior to the posterior through the densities p(z) p(x | z)^b, by Hamiltonian moves;
 * the mean over chains of their weights has the mean p(x), so its log is below log p(x)
 * in expectation, whatever the settings, and rises to it with T and C (Wu et al. 2017).
 * Step sizes are found in a shorter run with other random numbers, by acceptance, and
 * then fixed: weights of a run that adapts would not have that mean. each [n], unless
 * NULL: of every row. A row's figure depends on its number, the seed and the options
 * alone. Cost: about 1.3 T (leapfrogs + 1) C decoder passes with gradient per row.
 * Errors: E_ARGUMENT, E_UNSUPPORTED (no posterior; a prior or likelihood that is not
 * exact; latents neither real nor one unit vector), E_MEMORY, E_CANCELLED with the
 * figures of the rows done. */
WEIR_API WEIR_MUST_USE weir_status weir_model_ais(const weir_model *model,
    weir_row_set rows, const weir_ais_opts *opts, weir_ais_score *out, double *each);

/** Both ends of the bracket, over simulated rows. */
typedef struct weir_bdmc_score {
  int64_t n;
  double lower, lower_error; /**< of log (1/C) sum w, forward */
  double upper, upper_error; /**< of -log (1/C) sum 1/w, backward */
  double gap, gap_error;     /**< of upper less lower, row by row */
  double acceptance;
} weir_bdmc_score;
/** Bidirectional Monte Carlo (Grosse et al. 2015): rows are drawn from the model, one
 * for each row of the set, whose context it has. The latent that a row was drawn with
 * is an exact draw of its posterior, and chains run backwards from it give a bound
 * above log p(x) in expectation, on the same temperatures and step sizes as those
 * forward. The gap says how far forward AIS with these options is off on such data.
 * Likelihoods are over the columns that the decoder gives. each [n, 2], unless NULL:
 * lower and upper of every row. Cost: twice that of weir_model_ais. Errors: as there.
 */
WEIR_API WEIR_MUST_USE weir_status weir_model_bdmc(const weir_model *model,
    weir_row_set rows, const weir_ais_opts *opts, weir_bdmc_score *out, double *each);

/** Points x [n, d] with a label each, any number. */
typedef struct weir_points {
  int64_t n;
  const double *x, *label;
} weir_points;
/** The share of points whose label is the one that most of their k nearest neighbours
 * have (the smallest of those with as many): among other points, or (NULL) among the
 * rest of their own. Euclidean, or cosine: between unit vectors. Cost: O(n m d).
 * Errors: E_ARGUMENT (fewer than k neighbours), E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_neighbour_accuracy(weir_ctx *ctx, int64_t d,
    weir_points of, const weir_points *among, int64_t k, bool cosine, double *accuracy);

/** What two simple densities reach on the same rows, in the same measure. */
typedef struct weir_baselines {
  weir_score gaussian;
  weir_score mixture;
  int64_t components; /**< of the mixture, chosen on the validation rows */
} weir_baselines;

/** Fits a full-covariance Gaussian and a mixture of full-covariance Gaussians to the
 * training rows and scores both on the test rows. Columns are taken to the real line as
 * a model takes them (positive: log; interval: logit; ordinal: uniform dequantisation)
 * with every Jacobian counted, so that the figures compare with weir_model_score. A
 * circular column is cut opposite its mean direction. Categorical columns have their
 * smoothed frequencies, and with the context they shift the Gaussians linearly. The
 * mixture is fitted by expectation maximisation with 2, 4, 8, 16 and 32 components, on
 * at most as many rows as keep a pass under 2e8 operations; the validation rows choose
 * (without any: the last tenth of the training rows, by seed). Errors: E_MEMORY,
 * E_DATA (fewer rows than columns). */
WEIR_API WEIR_MUST_USE weir_status weir_baselines_fit(weir_baselines *out,
    weir_ctx *ctx, const weir_schema *schema, weir_row_set train, weir_row_set valid,
    weir_row_set test, uint64_t seed);

#ifdef __cplusplus
}
#endif
#endif
