/** Whether draws can be trusted: diagnostics of chains and of importance weights. Plain
 * functions of numbers, of use without anything else of weir. */
#ifndef WEIR_DIAGNOSE_H
#define WEIR_DIAGNOSE_H

#include "weir/infer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One quantity over chains. */
typedef struct weir_summary {
  double mean, sd;     /**< sd with n - 1 */
  double q5, q50, q95; /**< quantiles, linear between order statistics */
  double mcse_mean;    /**< Monte-Carlo standard error of the mean */
  double mcse_sd;      /**< and of sd */
  double rhat; /**< rank-normalised split R-hat, the larger of bulk and folded */
  double ess_bulk, ess_tail; /**< effective draws in the middle and at 5 % and 95 % */
} weir_summary;

/** Of x [chains, draws], number i of chain k at x[(k * draws + i) * stride]. All NaN
 * where a number is not finite; R-hat NaN where all are the same, and with fewer than 4
 * draws. Sources: Vehtari, Gelman, Simpson, Carpenter, Buerkner 2021 (R-hat, ESS);
 * Geyer 1992 (sequences). Cost: a few sorts, and lags until the autocorrelation is
 * gone. Errors: E_ARGUMENT (no chain or draw), E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_summarize(weir_summary *out, weir_ctx *ctx,
    int64_t chains, int64_t draws, const double *x, int64_t stride);

/** Energy Bayesian fraction of missing information of one chain: the mean square of the
 * energy's steps over its variance; below 0.3 the momentum resampling is too narrow for
 * the energies (Betancourt 2016). energy[i] at energy[i * stride]. NaN below 2 draws.
 */
WEIR_API double weir_ebfmi(int64_t n, const double *energy, int64_t stride);

/** Importance weights judged by their tail. */
typedef struct weir_khat {
  int64_t n;        /**< S: weights */
  int64_t tail;     /**< of them in the tail that is fitted */
  int64_t dropped;  /**< not finite: weight 0 */
  double khat;      /**< shape of the generalised Pareto tail; +inf where it cannot be
                         fitted */
  double threshold; /**< min(0.7, 1 - 1 / log10 S) */
  double ess;       /**< 1 / sum of squared smoothed weights */
  double log_mean;  /**< log of the mean raw weight: the log evidence where the log
                         ratios are of normalised q */
  double log_mean_error; /**< its standard error by the delta method */
  double mean_log;       /**< mean of the finite log ratios: the evidence lower bound */
  double mean_log_error; /**< its standard error */
} weir_khat;

/** min(0.7, 1 - 1 / log10 n) (Vehtari, Simpson, Gelman, Yao, Gabry 2024, section 3). */
WEIR_API double weir_khat_threshold(int64_t n);

/** Pareto-smoothed importance sampling of independent draws: log_ratio[n] = log p - log
 * q, each up to a constant. log_weight [n], unless NULL, receives the logs of the
 * smoothed weights, which sum to 1; it may be log_ratio. Sources: Vehtari et al. 2024;
 * Zhang and Stephens 2009 (fit of the tail), with the prior on the shape of the former.
 * Errors: E_ARGUMENT (n < 1), E_DATA (no finite ratio), E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_psis(weir_khat *out, weir_ctx *ctx, int64_t n,
    const double *log_ratio, double *log_weight);

/** n_out indices in [0, n) drawn by normalised log weights: stratified resampling, one
 * uniform number per stratum. */
WEIR_API void weir_resample(
    uint64_t seed, int64_t n, const double *log_weight, int64_t n_out, int64_t *index);

/** What is to be believed of a posterior. */
typedef struct weir_judgement {
  bool good;                 /**< nothing speaks against the draws */
  double rhat;               /**< worst; NaN without chains */
  double ess_bulk, ess_tail; /**< least */
  int64_t worst;             /**< output of the worst R-hat */
  int64_t divergent;         /**< transitions after the warm-up */
  int64_t deepest;           /**< draws whose tree reached the method's limit */
  double ebfmi;              /**< least over chains; NaN where there is no energy */
  double accept;             /**< mean acceptance */
  weir_khat khat;            /**< of a fit's weights; n 0 without */
  char text[640];            /**< plain sentences */
} weir_judgement;

/** Judges the draws; summary [outputs], unless NULL, receives one for each output.
 * Errors: E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_judge(
    weir_judgement *out, const weir_posterior *p, weir_summary *summary);

typedef struct weir_mode_check_opts {
  uint32_t struct_size;
  uint64_t seed;
  int64_t chains, warmup, draws; /**< of the short chains; 0: 16, 150, 100 */
  weir_infer_progress_fn progress;
  void *user;
} weir_mode_check_opts;
#define WEIR_MODE_CHECK_OPTS_INIT                                                      \
  { sizeof(weir_mode_check_opts), 0, 0, 0, 0, NULL, NULL }

/** What short chains from dispersed starts say of draws. */
typedef struct weir_mode_check {
  bool good;          /**< no missed mode was found, and some chain got somewhere */
  int64_t chains;     /**< run */
  int64_t lost;       /**< that failed or never moved */
  int64_t same;       /**< settled where draws are */
  int64_t minor;      /**< settled elsewhere, with less than 1 % of the mass */
  int64_t missed;     /**< settled where draws should be and are not */
  int64_t modes;      /**< regions that these make up */
  double mass;        /**< share of the posterior there, about */
  int64_t output;     /**< the one that differs most in the heaviest of them: */
  double there, here; /**< its mean there, and in the draws */
  int64_t gradients;
  char text[400]; /**< a plain sentence */
} weir_mode_check;

/** Looks for modes that the draws of a fit (or of chains) do not visit, which neither
 * k-hat nor R-hat can see: short no-U-turn chains start near 0, widely around 0 and
 * widely around the draws, and where they settle is compared with the draws: place,
 * log density, mass (src/infer/modes.c). A mode that is not found is not excluded.
 * Errors: E_ARGUMENT (draws of another target), E_CANCELLED, E_MEMORY. Cost: about 16
 * chains of 250 iterations. */
WEIR_API WEIR_MUST_USE weir_status weir_check_modes(weir_mode_check *out,
    const weir_target *target, const weir_posterior *p,
    const weir_mode_check_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
