/** What the parts of a model are: distributions, layers, elementwise maps, networks.
 * For those who add one; every built-in one is written against this header.
 *
 *     log p(x) = log p(z) + contribution(x -> z)
 *
 * A distribution has log_prob and sample. A layer maps data x to a latent z and back
 * and contributes to the log-likelihood. A chain of layers over a base is a
 * distribution, so models nest. Nothing hands back one number: a direction pushes parts
 * onto the run. */
#ifndef WEIR_SYS_PART_H
#define WEIR_SYS_PART_H

#include "weir/ops.h"
#include "weir/sys/option.h"
#include "weir/sys/support.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- supports: weir/sys/support.h ---- */

/** The columns of an event: how many, and where each lives. */
typedef struct weir_event {
  int64_t features;
  weir_support *support; /**< [features] */
} weir_event;

/* ---- what a model says of its numbers ---- */

typedef enum weir_exactness {
  WEIR_EXACT,
  WEIR_LOWER_BOUND,
  WEIR_ESTIMATE
} weir_exactness;
typedef enum weir_direction {
  WEIR_CLOSED,  /**< closed form */
  WEIR_NUMERIC, /**< a root search to a stated tolerance */
  WEIR_ABSENT
} weir_direction;

typedef enum weir_part_kind {
  WEIR_PART_LOG_DET,    /**< log |det| of a bijection in the direction called */
  WEIR_PART_BASE,       /**< log density of the base at z */
  WEIR_PART_LIKELIHOOD, /**< log p(x | z) of a stochastic layer */
  WEIR_PART_POSTERIOR,  /**< -log q(z | x) */
  WEIR_PART_PRIOR,      /**< log p(z) of a nested prior */
  WEIR_PART_KL,         /**< -KL(q || p) in closed form, in place of the two above */
  WEIR_PART_BOUND       /**< any other term of a bound (dequantisation, slices) */
} weir_part_kind;

/** One term of a log-likelihood; the log-likelihood is the sum of the values. */
typedef struct weir_part {
  weir_part_kind kind;
  const char *path; /**< of the layer, "layers[3]"; borrowed from it */
  weir_var value;   /**< [n] or [n, groups], already signed */
  weir_var score;   /**< [n] log density of a draw that is not reparameterised; none
                         otherwise. An objective adds score * stop(all that follows). */
} weir_part;

/* ---- parameters ---- */

/** Initial values of a parameter. */
typedef enum weir_init_kind {
  WEIR_INIT_CONSTANT, /**< a */
  WEIR_INIT_UNIFORM,  /**< uniform in (-a, a) */
  WEIR_INIT_NORMAL,   /**< normal with standard deviation a */
  WEIR_INIT_IDENTITY  /**< a on the diagonal of [d, d], else 0 */
} weir_init_kind;

typedef struct weir_init {
  weir_init_kind kind;
  double a;
} weir_init;

/** A tensor of the model: trained, or kept (a statistic). */
typedef struct weir_slot {
  int32_t index; /**< into the model's parameters; -1: none */
} weir_slot;

/* ---- building ---- */

typedef struct weir_params weir_params;
typedef struct weir_layer weir_layer;
typedef struct weir_dist weir_dist;
typedef struct weir_elem weir_elem;
typedef struct weir_net weir_net;

/** What a class sees while it is set up. Children get a copy with their own path. */
typedef struct weir_build {
  weir_ctx *ctx;
  weir_params *params;
  const char *path;       /**< of the instance being set up; copied by it */
  int64_t context;        /**< width of the context rows, 0: none */
  struct weir_site *site; /**< what the whole model shares */
  int64_t given; /**< columns at the front of the context that are another part's rows:
                      the data that an encoder sees, the latent that a decoder sees; the
                      rest is the context proper. 0: all of it is */
  const weir_dist
      *posterior;              /**< when a distribution is made as the prior of a
                                    stochastic layer: that layer's posterior; else NULL */
  const weir_dist *likelihood; /**< when a distribution is made as the posterior of a
                                  stochastic layer: that layer's likelihood, decoder and
                                  all, which outlives it; else NULL */
} weir_build;

/** Reserves a trained parameter; keep: [size] 0/1 mask of entries that may differ from
 * zero, or NULL for all. Its path is build's path + "." + name. */
WEIR_API WEIR_MUST_USE weir_status weir_build_param(weir_build *b, weir_slot *out,
    const char *name, weir_shape shape, weir_init init, const unsigned char *keep);
/** Reserves a statistic that training does not touch. */
WEIR_API WEIR_MUST_USE weir_status weir_build_stat(
    weir_build *b, weir_slot *out, const char *name, weir_shape shape, double value);

/** Asks for passes over training rows in which this part notes values of its tensors
 * (weir_run_note): one batch before training (first), many before every evaluation
 * (each). */
WEIR_API void weir_build_notes(weir_build *b, bool first, bool each);

/* ---- running ---- */

typedef enum weir_mode { WEIR_TRAIN, WEIR_EVAL } weir_mode;

/** Column moments of what reaches a layer, over all rows seen. */
typedef struct weir_moments {
  int64_t features;
  double weight; /**< sum of row weights */
  double *mean;  /**< [features] */
  double *m2;    /**< [features] sum of weighted squared deviations */
  /** [features, features] sums of weighted products of deviations, the lower triangle;
   * NULL but for classes with observe_products. */
  double *products;
} weir_moments;

typedef struct weir_run weir_run; /* one evaluation on a tape: sys/run.h */

WEIR_API weir_tape *weir_run_tape(const weir_run *run);
WEIR_API weir_mode weir_run_mode(const weir_run *run);
/** The parameter as a variable of this step (the same one each time). */
WEIR_API weir_var weir_run_param(weir_run *run, weir_slot slot);
/** Pushes one part. score may be none. */
WEIR_API void weir_run_part(weir_run *run, weir_part_kind kind, const char *path,
    weir_var value, weir_var score);
/** Standard normal numbers [n, width] that depend on the run's seed and step, the path
 * and each row's index only. */
WEIR_API weir_var weir_run_normal(
    weir_run *run, const char *path, int64_t n, int64_t width);
/** The same, uniform in (0, 1). */
WEIR_API weir_var weir_run_uniform(
    weir_run *run, const char *path, int64_t n, int64_t width);
/** A number that changes over training (a weight of the KL term during warm-up), as a
 * scalar variable: fn(self, step), asked anew in every step. self outlives the run. */
typedef double weir_number_fn(const void *self, uint64_t step);
WEIR_API weir_var weir_run_number(weir_run *run, weir_number_fn *fn, const void *self);
/** What a pass over training rows is for: WEIR_NOTE_NONE in training and evaluation. */
typedef enum weir_noting {
  WEIR_NOTE_NONE,
  WEIR_NOTE_FIRST,
  WEIR_NOTE_EACH
} weir_noting;
WEIR_API weir_noting weir_run_noting(const weir_run *run);
/** Notes the value of a batch for a tensor (shaped as it): after the pass the tensor is
 * the mean over its batches. */
WEIR_API void weir_run_note(weir_run *run, weir_slot slot, weir_var value);
/** Whether parts are wanted per column, [n, groups] in place of [n], where the class
 * can tell its columns apart. */
WEIR_API bool weir_run_groups(const weir_run *run);
/** From here on each row stands K times, one under the other, K the number of draws per
 * row that the run asks for: x [n, d] to [n K, d] (1: x itself). What a stochastic
 * layer does with the parameters of its posterior, so that the encoder runs once per
 * row. Contexts and parts of n rows follow by themselves. A run does this once; later
 * calls repeat rows [n, d] the same way and leave [n K, d] alone. */
WEIR_API weir_var weir_run_replicate(weir_run *run, weir_var x);
/** Standard deviation factor of base draws; 1 unless sampling with a temperature. */
WEIR_API double weir_run_temperature(const weir_run *run);

/* ---- classes ---- */

/** What every class starts with. */
typedef struct weir_class {
  const char *name, *doc, *cite;
  size_t size;          /**< of the instance, whose first member is weir_layer,
                             weir_dist, weir_elem or weir_net */
  const weir_opt *opts; /**< rows with offsets into the instance; NULL: none */
} weir_class;

typedef struct weir_layer_class {
  weir_class is;
  /** Reads l->data, reserves parameters and makes children; fills l->latent (support
   * allocated through weir_event_create). Refuses supports it does not map. */
  weir_status (*setup)(weir_layer *l, weir_build *b);
  void (*teardown)(weir_layer *l); /**< frees children and memory; optional */
  /** x [n, data.features] -> z [n, latent.features]; pushes its contribution. */
  weir_var (*to_latent)(
      const weir_layer *l, weir_run *run, weir_var x, weir_var context);
  /** z -> x; pushes the contribution of this direction. NULL: absent. */
  weir_var (*to_data)(const weir_layer *l, weir_run *run, weir_var z, weir_var context);
  weir_exactness exactness;
  weir_direction latent_how, data_how;
  /** For a stochastic layer at the end of a flow: everything from x on, the base's
   * density included, pushed as parts; so that a term of both, an analytic KL, can
   * stand in place of two. Optional: without it to_latent is followed by the base. */
  void (*to_base)(const weir_layer *l, weir_run *run, weir_var x, weir_var context,
      const weir_dist *base);
  /** Takes the moments of its input over the training data: once before training, or
   * (observe_each) before every evaluation too. Optional. */
  weir_status (*observe)(weir_layer *l, weir_params *params, const weir_moments *m);
  bool observe_each;
  bool observe_products; /**< the moments come with products */
  /** Of a stochastic layer: its rows x as its posterior sees them. Optional: x itself.
   */
  weir_var (*seen)(const weir_layer *l, weir_run *run, weir_var x);
  /** The way to the latent loses what the likelihood is not about (grey levels that are
   * binarised): rows go there and back before they are compared with draws. Heeded at
   * the front of a model's flow. */
  bool coarse;
} weir_layer_class;

struct weir_layer {
  const weir_layer_class *cls;
  weir_ctx *ctx;
  char *path;
  weir_event data, latent;
  int64_t context;
  weir_exactness exactness;            /**< of this instance, children counted */
  weir_direction latent_how, data_how; /**< the same */
  /** Of a stochastic layer, owned by it: q(z | x, context), whose context is the data's
   * columns and then the context, and p(x | z, context). NULL otherwise. */
  weir_dist *posterior, *likelihood;
};

/* ---- what is linear around a point ---- */

#define WEIR_PIECES_MAX 16

/** A map of rows that is linear around each of them, as its layers: with weight [h_k,
 * h_{k-1}] and slopes [n, h_k] of the nonlinearity after it (none: 1), its Jacobian at
 * row i is weight[n-1] .. diag(slope[0][i]) weight[0]. n -1: not such a map, or too
 * long. */
typedef struct weir_pieces {
  int n;
  weir_var weight[WEIR_PIECES_MAX], slope[WEIR_PIECES_MAX];
} weir_pieces;

WEIR_API void weir_pieces_push(weir_pieces *p, weir_var weight);
/** The slopes after the last layer; a second nonlinearity there makes n -1. */
WEIR_API void weir_pieces_bend(weir_pieces *p, weir_var slope);
WEIR_API void weir_pieces_give_up(weir_pieces *p);

/** A likelihood around one value of its context, whose n rows are the latent and then
 * the context proper: parameters eta [n, m] that the context leads to (natural ones, or
 * locations), the gradient of log p in eta [n, m], how log p curves there, and the way
 * from the context to eta. The metric is positive semidefinite: the Fisher information
 * -E d2 log p / d eta2, or -d2 log p / d eta2 itself where that has no negative
 * direction, or its part for known components of a mixture. */
typedef struct weir_local {
  weir_var eta, slope;
  weir_metric metric;
  weir_pieces pieces;
} weir_local;

/* ---- distributions ---- */

typedef struct weir_dist_class {
  weir_class is;
  /** d->event says where draws must live; refuses supports it does not have. */
  weir_status (*setup)(weir_dist *d, weir_build *b);
  void (*teardown)(weir_dist *d);
  /** Pushes the parts of log p(x | context), which sum to [n]. */
  void (*log_prob)(const weir_dist *d, weir_run *run, weir_var x, weir_var context);
  /** n draws [n, features], pathwise differentiable where it can be; context has n rows
   * or is none. Pushes the parts of their log density. */
  weir_var (*sample)(const weir_dist *d, weir_run *run, int64_t n, weir_var context);
  weir_exactness exactness;
  /** The latent [n, d->latent] of x, and x of a latent; push what the direction
   * contributes. Optional, both or none. */
  weir_var (*encode)(const weir_dist *d, weir_run *run, weir_var x, weir_var context);
  weir_var (*decode)(const weir_dist *d, weir_run *run, weir_var z, weir_var context);
  /** E[x | context] [n, features]: what stands for a distribution where one point must
   * (reconstructions, active units). Optional. */
  weir_var (*mean)(const weir_dist *d, weir_run *run, int64_t n, weir_var context);
  /** What the distribution is once its context is known: a child, and (in *context) the
   * context that the child has. For a network in front of a distribution: the network
   * runs once, then draws, densities and divergences are the child's. Optional. */
  const weir_dist *(*settle)(const weir_dist *d, weir_run *run, weir_var *context);
  /** Of a likelihood: out at x, starting from empty pieces and no share. false: this
   * instance has no such form. Optional. */
  bool (*local)(
      const weir_dist *d, weir_run *run, weir_var x, weir_var context, weir_local *out);
} weir_dist_class;

struct weir_dist {
  const weir_dist_class *cls;
  weir_ctx *ctx;
  char *path;
  weir_event event;
  int64_t context;
  weir_exactness exactness;
  weir_direction sample_how, log_prob_how;
  int64_t latent; /**< columns of encode's result; 0 without it */
};

/* ---- elementwise maps ---- */

/** An invertible map of one variable with p parameters; increasing. theta = 0 is near
 * the identity wherever the two supports allow it. */
typedef struct weir_elem_class {
  weir_class is;
  /** Fills e->params, e->data and e->latent. hidden is the width of the conditioner
   * that will give theta (0: none). */
  weir_status (*setup)(weir_elem *e, weir_build *b, int64_t hidden);
  /** x [n, m], theta [n, m, p] -> z [n, m]; *log_det [n, m]. theta none when p is 0. */
  weir_var (*to_latent)(
      const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det);
  weir_var (*to_data)(
      const weir_elem *e, weir_tape *t, weir_var z, weir_var theta, weir_var *log_det);
} weir_elem_class;

struct weir_elem {
  const weir_elem_class *cls;
  weir_ctx *ctx;
  int64_t params; /**< per variable */
  int64_t hidden; /**< width of the conditioner that gives theta, 0: none; the owner may
                     set it once its network is made */
  weir_support data, latent;
};

/* ---- conditioner networks ---- */

/** Shape of a network. Masked: output j may depend on input i only where
 * in_degree[i] < out_degree[j]; context has degree 0 and reaches every output. */
typedef struct weir_net_io {
  int64_t in, out, context;
  bool masked;
  const int64_t *in_degree;  /**< [in], nondecreasing from 1; borrowed during setup */
  const int64_t *out_degree; /**< [out], nondecreasing */
} weir_net_io;

typedef struct weir_net_steps weir_net_steps;

typedef struct weir_net_class {
  weir_class is;
  weir_status (*setup)(weir_net *net, weir_build *b, const weir_net_io *io);
  void (*teardown)(weir_net *net);
  /** x [n, in], context [n, c] or none -> [n, out] */
  weir_var (*apply)(const weir_net *net, weir_run *run, weir_var x, weir_var context);
  /** The same value, and the layers of the linear map from x that the network is around
   * each row pushed onto pieces. Optional: for chains of dense layers. */
  weir_var (*pieces)(const weir_net *net, weir_run *run, weir_var x, weir_var context,
      weir_pieces *pieces);
  /** Masked networks, optional: the network as a list of steps between layers of units
   * in the order of their degrees (nn/steps.h), for n rows; memory of the tape's step
   * (NULL: the tape is poisoned). With it an autoregressive layer is inverted computing
   * each unit once, and differentiated through that at the cost of a few passes. */
  weir_net_steps *(*steps)(const weir_net *net, weir_run *run, const weir_net_io *io,
      int64_t n, weir_var context);
} weir_net_class;

struct weir_net {
  const weir_net_class *cls;
  weir_ctx *ctx;
  int64_t in, out, context;
  int64_t hidden; /**< width of the last hidden layer */
};

/* ---- making children from their name and options ---- */

/** Makes a part from its spec: a name ("reverse") or {name: rqs, bins: 8}. b is the
 * parent's; child is added to its path ("map", "layers[3]"). data is the event on the
 * data side of a layer, event the columns that a distribution must live on (both
 * copied). */
WEIR_API WEIR_MUST_USE weir_status weir_layer_make(weir_layer **out,
    const weir_build *b, const char *child, const weir_spec *spec,
    const weir_event *data);
WEIR_API WEIR_MUST_USE weir_status weir_dist_make(weir_dist **out, const weir_build *b,
    const char *child, const weir_spec *spec, const weir_event *event);
WEIR_API WEIR_MUST_USE weir_status weir_elem_make(weir_elem **out, const weir_build *b,
    const char *child, const weir_spec *spec, int64_t hidden);
WEIR_API WEIR_MUST_USE weir_status weir_net_make(weir_net **out, const weir_build *b,
    const char *child, const weir_spec *spec, const weir_net_io *io);
WEIR_API void weir_layer_destroy(weir_layer **l);
WEIR_API void weir_dist_destroy(weir_dist **d);
WEIR_API void weir_elem_destroy(weir_elem **e);
WEIR_API void weir_net_destroy(weir_net **net);

/** Allocates support for features columns, all real. */
WEIR_API WEIR_MUST_USE weir_status weir_event_create(
    weir_ctx *ctx, weir_event *out, int64_t features);
WEIR_API WEIR_MUST_USE weir_status weir_event_copy(
    weir_ctx *ctx, weir_event *out, const weir_event *from);
WEIR_API void weir_event_destroy(weir_ctx *ctx, weir_event *event);
/** WEIR_OK when every column is real, else E_SUPPORT naming path and the first that is
 * not. */
WEIR_API WEIR_MUST_USE weir_status weir_event_require_real(
    const weir_event *event, const char *path);

/* ---- using parts inside parts ---- */

/** The layer's direction with its checks (columns, context); pushes its parts. */
WEIR_API weir_var weir_layer_to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context);
WEIR_API weir_var weir_layer_to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context);
/** log p(x | context) [n]: the parts that d pushes, summed and taken off the run. */
WEIR_API weir_var weir_dist_log_prob(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context);
/** The parts of log p(x | context), left on the run. */
WEIR_API void weir_dist_parts(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context);
WEIR_API weir_var weir_dist_encode(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context);
WEIR_API weir_var weir_dist_decode(
    const weir_dist *d, weir_run *run, weir_var z, weir_var context);
/** Everything from x on in a flow whose last layer is l: to_base where the class has
 * it, else to_latent and the density of base. */
WEIR_API void weir_layer_to_base(const weir_layer *l, weir_run *run, weir_var x,
    weir_var context, const weir_dist *base);
/** d, or what settle makes of it; *context [n, c] follows. */
WEIR_API const weir_dist *weir_dist_settle(
    const weir_dist *d, weir_run *run, weir_var *context);
/** E[x | context]; fails with E_UNSUPPORTED where the class has none. */
WEIR_API weir_var weir_dist_mean(
    const weir_dist *d, weir_run *run, int64_t n, weir_var context);
/** n draws; *log_prob [n] of them unless NULL; no parts are left on the run. */
WEIR_API weir_var weir_dist_sample(
    const weir_dist *d, weir_run *run, int64_t n, weir_var context, weir_var *log_prob);
WEIR_API weir_var weir_elem_to_latent(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det);
WEIR_API weir_var weir_elem_to_data(
    const weir_elem *e, weir_tape *t, weir_var z, weir_var theta, weir_var *log_det);
WEIR_API weir_var weir_net_apply(
    const weir_net *net, weir_run *run, weir_var x, weir_var context);
/** The same, its layers pushed onto pieces, or pieces given up. */
WEIR_API weir_var weir_net_pieces(const weir_net *net, weir_run *run, weir_var x,
    weir_var context, weir_pieces *pieces);
/** d's local form at x; false where it has none. */
WEIR_API bool weir_dist_local(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context, weir_local *out);

/* ---- registering from outside the tree ---- */

/** The class is borrowed and must outlive the context. Errors: E_ARGUMENT when the name
 * is taken or a required member is missing; E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_register_layer(
    weir_ctx *ctx, const weir_layer_class *cls);
WEIR_API WEIR_MUST_USE weir_status weir_register_dist(
    weir_ctx *ctx, const weir_dist_class *cls);
WEIR_API WEIR_MUST_USE weir_status weir_register_elem(
    weir_ctx *ctx, const weir_elem_class *cls);
WEIR_API WEIR_MUST_USE weir_status weir_register_net(
    weir_ctx *ctx, const weir_net_class *cls);

#ifdef __cplusplus
}
#endif
#endif
