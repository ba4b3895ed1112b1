/* y = act(norm(W x)), W dense, a convolution or the adjoint of one.
 * Batch normalisation (Ioffe & Szegedy 2015): gain (u - m) / sqrt(v + eps) + bias with
 * the moments of each channel over the batch in training; in evaluation over training
 * rows, averaged over batches (their algorithm 2, line 10).
 * Weight normalisation (Salimans & Kingma 2016): W = gain V / |V| for each channel;
 * gain and bias start so that a first batch comes out with mean 0 and variance 1 (their
 * eq. 5). Gated (Dauphin et al. 2017): act(h) sigmoid(g). */
#include <math.h>
#include <stdio.h>

#include "nn/block.h"

#define EPS 1e-5

static weir_shape weight_shape(const weiri_unit *u) {
  const int64_t k = u->kernel;
  return u->kind == WEIRI_DENSE  ? weir_shape_2(u->out, u->in)
         : u->kind == WEIRI_CONV ? (weir_shape){4, {u->out, k, k, u->in}}
                                 : (weir_shape){4, {u->in, k, k, u->out}};
}

/* Numbers that one output sums over. */
static double fan_in(const weiri_unit *u) {
  const double k = u->kind == WEIRI_DENSE ? 1.0 : (double)(u->kernel * u->kernel);
  const double s =
      u->kind == WEIRI_CONV_TRANSPOSE ? (double)(u->opts.stride * u->opts.stride) : 1.0;
  const double n = (double)u->in * k / s;
  return n > 1.0 ? n : 1.0;
}

static weir_status slot(weiri_unit *u, weir_build *b, weir_slot *out, const char *name,
    const char *what, weir_init init) {
  char full[64];
  snprintf(full, sizeof full, "%s%s", name, what);
  const weir_shape shape = what[0] == 'w' ? weight_shape(u) : weir_shape_1(u->out);
  return weir_build_param(b, out, full, shape, init, NULL);
}

static weir_status stat(weiri_unit *u, weir_build *b, weir_slot *out, const char *name,
    const char *what, double value) {
  char full[64];
  snprintf(full, sizeof full, "%s%s", name, what);
  return weir_build_stat(b, out, full, weir_shape_1(u->out), value);
}

weir_status weiri_unit_setup(
    weiri_unit *u, weir_build *build, const char *name, double scale) {
  const weir_slot none = {-1};
  u->gain = u->mean = u->variance = none;
  u->out *= u->after.gated ? 2 : 1;
  const double bound = scale / sqrt(fan_in(u));
  const weir_init one = {WEIR_INIT_CONSTANT, 1.0}, zero = {WEIR_INIT_CONSTANT, 0.0};
  const weir_init uniform = {WEIR_INIT_UNIFORM, bound};
  const weir_init normal = {WEIR_INIT_NORMAL, 0.05};
  const bool plain = u->after.norm == WEIRI_NORM_NONE;
  WEIR_TRY(slot(u, build, &u->weight, name, "weight",
      u->after.norm == WEIRI_NORM_WEIGHT ? normal : uniform));
  WEIR_TRY(slot(u, build, &u->bias, name, "bias", plain ? uniform : zero));
  if (plain) {
    return WEIR_OK;
  }
  WEIR_TRY(slot(u, build, &u->gain, name, "gain", one));
  if (u->after.norm == WEIRI_NORM_WEIGHT) {
    weir_build_notes(build, true, false);
    return WEIR_OK;
  }
  weir_build_notes(build, false, true);
  WEIR_TRY(stat(u, build, &u->mean, name, "mean", 0.0));
  return stat(u, build, &u->variance, name, "variance", 1.0);
}

static weir_var product(
    const weiri_unit *u, weir_tape *t, weir_var x, weir_var w, weir_var bias) {
  const weir_linear_opts dense = {WEIR_ACT_NONE, NULL};
  return u->kind == WEIRI_DENSE  ? weir_linear(t, x, w, bias, dense)
         : u->kind == WEIRI_CONV ? weir_conv(t, x, w, bias, u->opts)
                                 : weir_conv_transpose(t, x, w, bias, u->opts);
}

/* V with every output's weights times scale / |V|. */
static weir_var normalised(
    const weiri_unit *u, weir_tape *t, weir_var v, weir_var scale) {
  const weir_shape s = weir_var_shape(t, v);
  const bool first = u->kind != WEIRI_CONV_TRANSPOSE; /* the axis of the outputs */
  const int64_t each = weir_shape_size(&s) / u->out;
  const weir_var rows = weir_reshape(
      t, v, first ? weir_shape_2(u->out, each) : weir_shape_2(each, u->out));
  const weir_var length =
      weir_sqrt(t, weir_sum(t, weir_square(t, rows), first ? 1 : 0));
  weir_var factor = weir_recip(t, length);
  factor = weir_var_ok(scale) ? weir_mul(t, factor, scale) : factor;
  const weir_shape wide = first ? weir_shape_2(u->out, 1) : weir_shape_2(1, u->out);
  return weir_reshape(t, weir_mul(t, rows, weir_reshape(t, factor, wide)), s);
}

/* Means of each channel over rows and places: [c]. */
static weir_var channel_means(weir_tape *t, weir_var x) {
  const weir_shape s = weir_var_shape(t, x);
  const int64_t c = s.rank == 0 ? 1 : s.dim[s.rank - 1];
  const int64_t n = c == 0 ? 0 : weir_shape_size(&s) / c;
  return weir_scale(t, weir_sum(t, weir_reshape(t, x, weir_shape_2(n, c)), 0),
      n > 0 ? 1.0 / (double)n : 0.0);
}

static weir_var weight_norm(const weiri_unit *u, weir_run *run, weir_var x) {
  weir_tape *t = weir_run_tape(run);
  const weir_var v = weir_run_param(run, u->weight), none = weir_var_none();
  if (weir_run_noting(run) != WEIR_NOTE_FIRST) {
    return product(u, t, x, normalised(u, t, v, weir_run_param(run, u->gain)),
        weir_run_param(run, u->bias));
  }
  const weir_var y = product(u, t, x, normalised(u, t, v, none), none);
  const weir_var mean = channel_means(t, y), centred = weir_sub(t, y, mean);
  const weir_var variance = channel_means(t, weir_square(t, centred));
  const weir_var gain = weir_recip(t, weir_sqrt(t, weir_shift(t, variance, EPS)));
  weir_run_note(run, u->gain, gain);
  weir_run_note(run, u->bias, weir_neg(t, weir_mul(t, mean, gain)));
  return weir_mul(t, centred, gain);
}

static weir_var batch_norm(const weiri_unit *u, weir_run *run, weir_var x) {
  weir_tape *t = weir_run_tape(run);
  weir_var y = product(u, t, x, weir_run_param(run, u->weight), weir_var_none());
  weir_var mean = weir_run_param(run, u->mean),
           variance = weir_run_param(run, u->variance);
  const bool noting = weir_run_noting(run) != WEIR_NOTE_NONE;
  if (weir_run_mode(run) == WEIR_TRAIN || noting) {
    mean = channel_means(t, y);
    y = weir_sub(t, y, mean);
    variance = channel_means(t, weir_square(t, y));
  } else {
    y = weir_sub(t, y, mean);
  }
  if (noting) {
    weir_run_note(run, u->mean, mean);
    weir_run_note(run, u->variance, variance);
  }
  const weir_var scale = weir_div(
      t, weir_run_param(run, u->gain), weir_sqrt(t, weir_shift(t, variance, EPS)));
  return weir_add(t, weir_mul(t, y, scale), weir_run_param(run, u->bias));
}

weir_var weiri_after_activate(weir_tape *t, int activation, weir_var x) {
  return activation == 0 ? x : weiri_activate(t, (weiri_activation)(activation - 1), x);
}

weir_var weiri_unit_apply(const weiri_unit *u, weir_run *run, weir_var x) {
  weir_tape *t = weir_run_tape(run);
  weir_var y;
  switch ((weiri_norm)u->after.norm) {
  case WEIRI_NORM_BATCH:
    y = batch_norm(u, run, x);
    break;
  case WEIRI_NORM_WEIGHT:
    y = weight_norm(u, run, x);
    break;
  default:
    y = product(u, t, x, weir_run_param(run, u->weight), weir_run_param(run, u->bias));
  }
  if (!u->after.gated) {
    return weiri_after_activate(t, u->after.activation, y);
  }
  const int64_t half = u->out / 2;
  const weir_var h = weir_slice(t, y, -1, 0, half),
                 g = weir_slice(t, y, -1, half, half);
  return weir_mul(
      t, weiri_after_activate(t, u->after.activation, h), weir_sigmoid(t, g));
}
