/* A multilayer perceptron: h_1 = act(W_1 x + C c + b_1), h_l = act(W_l h_{l-1} + b_l),
 * y = W h_L + b, with dropout after every activation; without hidden layers y = W x +
 * C c + b. Hidden layers may be gated or normalised, (x, c) side by side then
 * (nn/unit.c). Masked, it is MADE (Germain et al. 2015; degrees as in MAF's code). */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "nn/block.h"
#include "nn/steps.h"

typedef struct mlp {
  weir_net base;
  weir_ints hidden;
  int activation;
  double dropout, last_scale;
  char *path;
  weiri_dense *layer; /* [hidden.n + 1]: the hidden ones, then the output */
  weiri_dense context;
  weiri_after after; /* its norm and gate */
  weiri_unit *unit;  /* [hidden.n] in place of the hidden layers with either; NULL */
  int64_t **degree;  /* [hidden.n] of the units, when masked */
  int64_t *out_degree;
} mlp;

static const weir_opt opts[] = {
    {"hidden", WEIR_OPT_INTS, offsetof(mlp, hidden), "[64, 64]", 1, 1048576, NULL,
        "widths of the hidden layers; [] is one linear map"},
    {"activation", WEIR_OPT_CHOICE, offsetof(mlp, activation), "\"relu\"", 0, 0,
        WEIRI_ACTIVATION_NAMES, "nonlinearity"},
    {"dropout", WEIR_OPT_REAL, offsetof(mlp, dropout), "0", 0, 0.99, NULL,
        "probability of dropping a hidden unit in training"},
    {"last_scale", WEIR_OPT_REAL, offsetof(mlp, last_scale), "0.1", 0, 100, NULL,
        "initial weights of the last layer, relative to the usual ones"},
    {"norm", WEIR_OPT_CHOICE, offsetof(mlp, after.norm), "\"none\"", 0, 0,
        WEIRI_NORM_NAMES,
        "of hidden layers: batch normalisation, or weight normalisation started from a "
        "batch; not of masked networks"},
    {"gated", WEIR_OPT_BOOL, offsetof(mlp, after.gated), "false", 0, 0, NULL,
        "hidden layers are act(h) sigmoid(g) with a second set of weights for g; not "
        "of masked networks"},
    {0}};

static weir_status setup_degrees(mlp *m, weir_ctx *ctx, const weir_net_io *io) {
  const int64_t n = m->hidden.n;
  m->degree = weiri_calloc(ctx, (size_t)n + 1, sizeof *m->degree);
  m->out_degree = weiri_alloc(ctx, (size_t)(io->out + 1) * sizeof(int64_t));
  if (m->degree == NULL || m->out_degree == NULL) {
    return WEIR_E_MEMORY;
  }
  memcpy(m->out_degree, io->out_degree, (size_t)io->out * sizeof(int64_t));
  for (int64_t l = 0; l < n; l++) {
    m->degree[l] = weiri_hidden_degrees(ctx, io, m->hidden.v[l]);
    if (m->degree[l] == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  return WEIR_OK;
}

/* Layer l of the network: l = hidden.n is the output. */
static weir_status setup_layer(
    mlp *m, weir_build *b, const weir_net_io *io, int64_t l) {
  const int64_t last = m->hidden.n;
  const int64_t in = l == 0 ? io->in : m->hidden.v[l - 1];
  const int64_t out = l == last ? io->out : m->hidden.v[l];
  int64_t *prefix = NULL;
  if (io->masked) {
    prefix = weiri_degree_prefix(b->ctx, out, l == last ? m->out_degree : m->degree[l],
        in, l == 0 ? io->in_degree : m->degree[l - 1], l == last);
    if (prefix == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  char name[32] = "output";
  if (l < last) {
    snprintf(name, sizeof name, "hidden[%lld]", (long long)l);
  }
  const int64_t fan_in = l == 0 ? in + io->context : in;
  return weiri_dense_setup(&m->layer[l], b, name, in, out,
      weiri_dense_default(fan_in, l == last ? m->last_scale : 1.0), prefix);
}

/* Hidden layers that are gated or normalised, and the output. */
static weir_status setup_units(mlp *m, weir_build *b, const weir_net_io *io) {
  const int64_t n = m->hidden.n;
  if (io->masked) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: a masked network has hidden layers without norm and gate", b->path);
  }
  m->unit = weiri_calloc(b->ctx, (size_t)n, sizeof *m->unit);
  if (m->unit == NULL) {
    return WEIR_E_MEMORY;
  }
  m->after.activation = m->activation + 1;
  for (int64_t l = 0; l < n; l++) {
    char name[40];
    snprintf(name, sizeof name, "hidden[%lld].", (long long)l);
    m->unit[l] = (weiri_unit){.kind = WEIRI_DENSE,
        .in = l == 0 ? io->in + io->context : m->hidden.v[l - 1],
        .out = m->hidden.v[l],
        .after = m->after};
    WEIR_TRY(weiri_unit_setup(&m->unit[l], b, name, 1.0));
  }
  return setup_layer(m, b, io, n);
}

static weir_status setup(weir_net *net, weir_build *b, const weir_net_io *io) {
  mlp *m = (mlp *)net;
  const int64_t n = m->hidden.n;
  if (n < 1 && io->masked) {
    return weiri_fail(
        WEIR_E_CONFIG, "%s.hidden: expected the width of one layer or more", b->path);
  }
  net->hidden = n == 0 ? io->in : m->hidden.v[n - 1];
  m->path = weiri_strdup(b->ctx, b->path);
  m->layer = weiri_calloc(b->ctx, (size_t)n + 1, sizeof *m->layer);
  if (m->path == NULL || m->layer == NULL) {
    return WEIR_E_MEMORY;
  }
  if (n > 0 && (m->after.norm != WEIRI_NORM_NONE || m->after.gated)) {
    return setup_units(m, b, io);
  }
  if (io->masked) {
    WEIR_TRY(setup_degrees(m, b->ctx, io));
  }
  for (int64_t l = 0; l <= n; l++) {
    WEIR_TRY(setup_layer(m, b, io, l));
  }
  if (io->context == 0) {
    return WEIR_OK;
  }
  const double bound = weiri_dense_default(io->in + io->context, 1.0).weight;
  return weiri_dense_setup(&m->context, b, "context", io->context,
      n == 0 ? io->out : m->hidden.v[0], (weiri_dense_init){bound, -1.0}, NULL);
}

static void teardown(weir_net *net) {
  mlp *m = (mlp *)net;
  for (int64_t l = 0; m->layer != NULL && l <= m->hidden.n; l++) {
    weiri_dense_teardown(net->ctx, &m->layer[l]);
  }
  for (int64_t l = 0; m->degree != NULL && l < m->hidden.n; l++) {
    weiri_free(net->ctx, m->degree[l]);
  }
  weiri_free(net->ctx, m->degree);
  weiri_free(net->ctx, m->out_degree);
  weiri_free(net->ctx, m->layer);
  weiri_free(net->ctx, m->unit);
  weiri_free(net->ctx, m->path);
}

/* Names the dropout after layer l into buf of 512 bytes. */
static const char *dropout_path(const mlp *m, int64_t l, char *buf) {
  snprintf(buf, 512, "%s.dropout[%lld]", m->path, (long long)l);
  return buf;
}

static weir_var hidden_layer(
    const mlp *m, weir_run *run, int64_t l, weir_var x, weir_var context) {
  weir_tape *t = weir_run_tape(run);
  const weiri_activation a = (weiri_activation)m->activation;
  weir_var h;
  if (m->unit != NULL) {
    const weir_var both[2] = {x, context};
    h = weiri_unit_apply(&m->unit[l], run,
        l == 0 && m->base.context > 0 ? weir_concat(t, 2, both, 1) : x);
  } else if (l == 0 && m->base.context > 0) {
    h = weiri_activate(t, a,
        weir_add(t, weiri_dense_apply(&m->layer[0], run, x),
            weiri_dense_apply(&m->context, run, context)));
  } else {
    h = weiri_dense_activate(&m->layer[l], run, a, x);
  }
  char path[512];
  return weiri_dropout(run, dropout_path(m, l, path), m->dropout, h);
}

/* out: receives the layers, or NULL. */
static weir_var pass(
    const mlp *m, weir_run *run, weir_var x, weir_var context, weir_pieces *out) {
  for (int64_t l = 0; l < m->hidden.n; l++) {
    x = hidden_layer(m, run, l, x, context);
    if (out != NULL) {
      weir_pieces_push(out, weir_run_param(run, m->layer[l].weight));
      weir_pieces_bend(out, weiri_activation_slope(weir_run_tape(run),
                                (weiri_activation)m->activation, x));
    }
  }
  if (out != NULL) {
    weir_pieces_push(out, weir_run_param(run, m->layer[m->hidden.n].weight));
  }
  const weir_var y = weiri_dense_apply(&m->layer[m->hidden.n], run, x);
  return m->hidden.n > 0 || m->base.context == 0
             ? y
             : weir_add(
                   weir_run_tape(run), y, weiri_dense_apply(&m->context, run, context));
}

static weir_var apply(
    const weir_net *net, weir_run *run, weir_var x, weir_var context) {
  return pass((const mlp *)net, run, x, context, NULL);
}

static weir_var pieces(const weir_net *net, weir_run *run, weir_var x, weir_var context,
    weir_pieces *out) {
  const mlp *m = (const mlp *)net;
  if (m->unit != NULL) {
    weir_pieces_give_up(out);
    return pass(m, run, x, context, NULL);
  }
  if (m->dropout > 0.0 && weir_run_mode(run) == WEIR_TRAIN) {
    weir_pieces_give_up(out); /* what is dropped differs from row to row */
  }
  return pass(m, run, x, context, out);
}

/* Hidden layer l from buffer `from`; returns the buffer of its units. */
static int hidden_step(const mlp *m, weir_net_steps *s, weir_run *run, int64_t l,
    int from, int64_t n, weir_var context) {
  weir_tape *t = weir_run_tape(run);
  const int64_t width = m->hidden.v[l];
  const int to = weiri_steps_hidden(s, t, width, m->degree[l]);
  weiri_step *step = weiri_steps_add(s, run, &m->layer[l], from, to, m->activation);
  if (l == 0 && m->base.context > 0) {
    step->share = weiri_steps_var(s, weiri_dense_apply(&m->context, run, context));
  }
  char path[512];
  const weir_var mask =
      weiri_dropout_mask(run, dropout_path(m, l, path), m->dropout, n, width);
  if (!weir_var_ok(mask)) {
    return to;
  }
  const int kept = weiri_steps_hidden(s, t, width, m->degree[l]);
  weiri_steps_add(s, run, NULL, to, kept, -1)->gate = weiri_steps_var(s, mask);
  return kept;
}

static weir_net_steps *steps(const weir_net *net, weir_run *run, const weir_net_io *io,
    int64_t n, weir_var context) {
  const mlp *m = (const mlp *)net;
  weir_tape *t = weir_run_tape(run);
  weir_net_steps *s = weiri_steps_new(t, io, (int)(2 * m->hidden.n + 1));
  int at = 0;
  for (int64_t l = 0; s != NULL && l < m->hidden.n; l++) {
    at = hidden_step(m, s, run, l, at, n, context);
  }
  if (s != NULL) {
    const int out = weiri_steps_outputs(s, t, io);
    weiri_steps_add(s, run, &m->layer[m->hidden.n], at, out, -1);
  }
  return s;
}

const weir_net_class weir_net_mlp = {
    .is = {"mlp", "multilayer perceptron; masked: MADE",
        "Germain et al. 2015, eq. 8 to 13", sizeof(mlp), opts},
    .setup = setup,
    .teardown = teardown,
    .apply = apply,
    .pieces = pieces,
    .steps = steps,
};
