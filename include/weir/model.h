/** Models: a distribution over the rows of a table, with its schema, in one file.
 *
 * Numbers are those of a frame (weir/data.h): x [n, d] float64 row-major in the data's
 * own units, context [n, c] encoded, or one row for all. Log-likelihoods are nats per
 * row. */
#ifndef WEIR_MODEL_H
#define WEIR_MODEL_H

#include "weir/data.h"
#include "weir/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A model. Immutable while it is evaluated: any number of threads may share it, each
 * call with its own memory. */
typedef struct weir_model weir_model;

typedef struct weir_model_opts {
  uint32_t struct_size;
  /** The `model` section of a configuration: {name: nsf, bins: 8, ...} or a name. NULL:
   * the default preset. A preset fills in what is left open from rows and columns. */
  const weir_spec *config;
  weir_dtype dtype;  /**< of parameters and arithmetic */
  uint64_t seed;     /**< of the initial parameters */
  int64_t rows;      /**< training rows, for the default sizes; 0: not known */
  double time_limit; /**< seconds of training planned, for the default sizes; 0: none */
} weir_model_opts;
#define WEIR_MODEL_OPTS_INIT                                                           \
  { sizeof(weir_model_opts), NULL, WEIR_F32, 0, 0, 0.0 }

/** Builds an untrained model for tables of a schema (copied). opts may be NULL. Errors:
 * E_CONFIG (unknown name or option, nearest named; out of range), E_SUPPORT (layers
 * whose supports do not meet), E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_model_create(weir_model **out, weir_ctx *ctx,
    const weir_schema *schema, const weir_model_opts *opts);
WEIR_API void weir_model_destroy(weir_model **model);

/** Writes model and record as one safetensors file, atomically. Errors: E_IO. */
WEIR_API WEIR_MUST_USE weir_status weir_model_save(
    const weir_model *model, const char *path);
/** Reads what weir_model_save wrote; checksums are verified. Errors: E_IO, E_FORMAT
 * (cut short, a flipped bit, not a weir model), E_VERSION, E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_model_load(
    weir_model **out, weir_ctx *ctx, const char *path);
/** The same from memory; data is not needed afterwards. */
WEIR_API WEIR_MUST_USE weir_status weir_model_load_memory(
    weir_model **out, weir_ctx *ctx, const void *data, size_t size);

/** A copy with its numbers in another type: a float32 model evaluated in float64 shows
 * what rounding does to it. Errors: E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_model_convert(
    weir_model **out, const weir_model *model, weir_dtype dtype);

/* ---- what it is ---- */

WEIR_API const weir_schema *weir_model_schema(const weir_model *model); /**< borrowed */
WEIR_API int64_t weir_model_features(const weir_model *model);          /**< d */
WEIR_API int64_t weir_model_latent_features(const weir_model *model);
WEIR_API int64_t weir_model_context(const weir_model *model);    /**< c */
WEIR_API int64_t weir_model_parameters(const weir_model *model); /**< trained numbers */
WEIR_API weir_dtype weir_model_dtype(const weir_model *model);
/** "exact", "bound" or "estimate": what log_prob is. */
WEIR_API const char *weir_model_kind(const weir_model *model);
/** Draws per row of the posterior in log_prob, which is the importance-weighted bound
 * log (1/K) sum_k p(x, z_k) / q(z_k | x); 1 for a model without a posterior. The option
 * `samples` of its preset. */
WEIR_API int64_t weir_model_samples(const weir_model *model);
/** Sets it, 1 to 1e9 (of a copy in memory: not while others evaluate). Errors:
 * E_ARGUMENT. */
WEIR_API WEIR_MUST_USE weir_status weir_model_set_samples(
    weir_model *model, int64_t samples);
/** One line: of what measure the density is ("Lebesgue measure over 10 columns ...").
 */
WEIR_API const char *weir_model_measure(const weir_model *model);
/** Number of discretised (ordinal) event columns: bits per dimension mean something
 * when all columns are. */
WEIR_API int64_t weir_model_discrete(const weir_model *model);
/** The model section of the configuration, all defaults filled in, as JSON text;
 * borrowed. */
WEIR_API const char *weir_model_config(const weir_model *model);
/** The training record (JSON text, "{}" before training): commit, version, instruction
 * set, dtype, seed, rows, epochs, seconds, held-out figures, baselines; borrowed. */
WEIR_API const char *weir_model_record(const weir_model *model);
/** Replaces the record. Errors: E_FORMAT where it is not a JSON object. */
WEIR_API WEIR_MUST_USE weir_status weir_model_set_record(
    weir_model *model, const char *json);

/* ---- using it ---- */

/** out[i] = log p(x_i | context_i). contexts is n, or 1 for one row used for all;
 * context NULL when c is 0. Rows are computed in blocks over the context's threads and
 * do not depend on each other. Errors: E_SHAPE, E_UNSUPPORTED, E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_model_log_prob(const weir_model *model,
    int64_t n, const double *x, int64_t contexts, const double *context, double *out);
/** The same with grad [n, d] = d log p / dx. */
WEIR_API WEIR_MUST_USE weir_status weir_model_log_prob_grad(const weir_model *model,
    int64_t n, const double *x, int64_t contexts, const double *context, double *out,
    double *grad);
/** The parts that the log-likelihood is the sum of: names[k] borrowed from the model,
 * values [n, k]; k is weir_model_parts. */
WEIR_API WEIR_MUST_USE weir_status weir_model_log_prob_parts(const weir_model *model,
    int64_t n, const double *x, int64_t contexts, const double *context,
    double *values);
WEIR_API int64_t weir_model_parts(const weir_model *model);
WEIR_API const char *weir_model_part_name(const weir_model *model, int64_t i);

/** The same of all rows of a frame: out [n], and values [n, k] unless NULL. Where a
 * layer draws (noise on ordinal columns), the draw depends on the row's number in its
 * file (weir_frame_number), so that blocks of a file give what the whole file does; the
 * functions above take row i of the call to be row i of a file. */
WEIR_API WEIR_MUST_USE weir_status weir_model_frame_log_prob(
    const weir_model *model, const weir_frame *frame, double *out, double *values);

typedef struct weir_sample_opts {
  uint32_t struct_size;
  uint64_t seed;
  int64_t first; /**< index of the first draw: draw i depends on seed and first + i */
  double temperature; /**< factor on the standard deviation of the base; 1 */
  bool mean; /**< an autoencoder gives the mean of its likelihood for the latent drawn;
                  E_UNSUPPORTED where it is not known */
} weir_sample_opts;
#define WEIR_SAMPLE_OPTS_INIT                                                          \
  { sizeof(weir_sample_opts), 0, 0, 1.0, false }

/** n draws into x [n, d]; their log_prob [n] in the same pass unless NULL (of the model
 * at temperature 1). */
WEIR_API WEIR_MUST_USE weir_status weir_model_sample(const weir_model *model, int64_t n,
    int64_t contexts, const double *context, const weir_sample_opts *opts, double *x,
    double *log_prob);
/** Latents [n, latent_features] of data, and data of latents. For stochastic layers one
 * draw by the seed. log_prob and log_det [n] unless NULL: the contribution of the
 * direction. */
WEIR_API WEIR_MUST_USE weir_status weir_model_encode(const weir_model *model, int64_t n,
    const double *x, int64_t contexts, const double *context, uint64_t seed, double *z,
    double *log_det);
WEIR_API WEIR_MUST_USE weir_status weir_model_decode(const weir_model *model, int64_t n,
    const double *z, int64_t contexts, const double *context, uint64_t seed, double *x,
    double *log_det);
/** The same with the mean of a distribution in place of a draw: the latent that an
 * encoder expects (a draw by the seed where it is not known), the image that a decoder
 * expects. Errors: E_UNSUPPORTED where a likelihood has no known mean. */
WEIR_API WEIR_MUST_USE weir_status weir_model_encode_mean(const weir_model *model,
    int64_t n, const double *x, int64_t contexts, const double *context, double *z);
WEIR_API WEIR_MUST_USE weir_status weir_model_decode_mean(const weir_model *model,
    int64_t n, const double *z, int64_t contexts, const double *context, double *x);

/** Whether the latent is one unit vector. */
WEIR_API bool weir_model_latent_on_sphere(const weir_model *model);
/** What traversals decode: steps >= 2 points [steps, latent] on which variable j (from
 * 0) goes from lo to hi and the others keep what they are in centre [latent]. Of a unit
 * vector the others are scaled by one factor so that it stays one, and share alike
 * where centre has none of them. Errors: E_ARGUMENT (steps, j; of a unit vector, an end
 * beyond
 * [-1, 1]). */
WEIR_API WEIR_MUST_USE weir_status weir_model_latent_line(const weir_model *model,
    const double *centre, int64_t j, double lo, double hi, int64_t steps, double *z);

/** Latents of all rows of a frame, draws by their numbers in the file. */
WEIR_API WEIR_MUST_USE weir_status weir_model_frame_encode(const weir_model *model,
    const weir_frame *frame, uint64_t seed, double *z, double *log_det);
/** weir_model_decode of rows first, first + 1, ... of a file. */
WEIR_API WEIR_MUST_USE weir_status weir_model_decode_from(const weir_model *model,
    int64_t first, int64_t n, const double *z, int64_t contexts, const double *context,
    uint64_t seed, double *x, double *log_det);

/** A prepared evaluator: one row (or a few) at a time without allocation after the
 * second call with so many rows. It sees the parameters that the model has at each
 * call; what depends on them alone is computed again when they have changed. A row has
 * the bits that it has among others. One thread each, and none while the model is
 * trained. */
typedef struct weir_evaluator weir_evaluator;
WEIR_API WEIR_MUST_USE weir_status weir_evaluator_create(
    weir_evaluator **out, const weir_model *model);
WEIR_API void weir_evaluator_destroy(weir_evaluator **evaluator);
/** log p of n rows; grad [n, d] unless NULL. */
WEIR_API WEIR_MUST_USE weir_status weir_evaluator_log_prob(weir_evaluator *e, int64_t n,
    const double *x, const double *context, double *out, double *grad);

#ifdef __cplusplus
}
#endif
#endif
