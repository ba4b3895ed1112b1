/* What the conditioner networks share: dense layers with degree-ordered masks, their
 * activations and dropout. */
#ifndef WEIRI_NN_H
#define WEIRI_NN_H

#include "ad/tape.h"
#include "weir/sys/part.h"

/* Choices of an activation option; weiri_activation is the index. */
#define WEIRI_ACTIVATION_NAMES "relu|tanh|elu|sigmoid|softplus|leaky_relu|silu"
typedef enum weiri_activation {
  WEIRI_RELU,
  WEIRI_TANH,
  WEIRI_ELU,
  WEIRI_SIGMOID,
  WEIRI_SOFTPLUS,
  WEIRI_LEAKY_RELU, /* max(x, x / 100) */
  WEIRI_SILU        /* x sigmoid(x) */
} weiri_activation;

weir_var weiri_activate(weir_tape *t, weiri_activation a, weir_var x);
/* The slope where it gave y, of the piecewise linear ones; none for the others. */
weir_var weiri_activation_slope(weir_tape *t, weiri_activation a, weir_var y);
/* y = act(x), n numbers; x may be y. */
void weiri_activate_numbers(const weiri_kern *k, weir_dtype dtype, weiri_activation a,
    int64_t n, const void *x, void *y);
/* slope = act'(x) from x and y = act(x); only SiLU reads x. */
void weiri_activate_slopes(const weiri_kern *k, weir_dtype dtype, weiri_activation a,
    int64_t n, const void *x, const void *y, void *slope);
/* In training each number is zero with probability p, else divided by 1 - p. */
weir_var weiri_dropout(weir_run *run, const char *path, double p, weir_var x);
/* Its factors [n, width]; none outside of training. */
weir_var weiri_dropout_mask(
    weir_run *run, const char *path, double p, int64_t n, int64_t width);

/* w x + b, dense or masked. */
typedef struct weiri_dense {
  weir_slot weight, bias; /* [out, in], [out]; bias.index -1: none */
  int64_t in, out;
  int64_t *prefix; /* [out] or NULL: unit j sees inputs < prefix[j]; owned */
} weiri_dense;

typedef struct weiri_dense_init {
  double weight, bias; /* uniform in (-a, a); bias < 0: no bias */
} weiri_dense_init;

/* nn.Linear's initialisation times scale. */
weiri_dense_init weiri_dense_default(int64_t fan_in, double scale);
/* Reserves "<name>.weight" and "<name>.bias". Takes prefix (NULL: dense). */
weir_status weiri_dense_setup(weiri_dense *d, weir_build *b, const char *name,
    int64_t in, int64_t out, weiri_dense_init init, int64_t *prefix);
void weiri_dense_teardown(weir_ctx *ctx, weiri_dense *d);
weir_var weiri_dense_apply(const weiri_dense *d, weir_run *run, weir_var x);
/* act(w x + b), fused where it can be. */
weir_var weiri_dense_activate(
    const weiri_dense *d, weir_run *run, weiri_activation a, weir_var x);

/* Degrees of h hidden units of a masked network, ascending: MADE's sequential degrees
 * (k mod max(1, D - 1)) + min(1, D - 1) for D the highest degree, sorted. With context
 * there are also units of degree 0, through which it reaches the first output. Fewer
 * units than degrees: spread evenly. NULL when memory ran out. */
int64_t *weiri_hidden_degrees(weir_ctx *ctx, const weir_net_io *io, int64_t h);
/* prefix[j] = number of inputs with degree <= (strict: <) degree j. */
int64_t *weiri_degree_prefix(weir_ctx *ctx, int64_t n_out, const int64_t *out_degree,
    int64_t n_in, const int64_t *in_degree, bool strict);

#endif
