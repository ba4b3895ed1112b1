/* The residual network of spline flows (Durkan et al. 2019, appendix B): a linear
 * layer, blocks h <- h + g * (W2 drop(act(W1 act(h) + b1)) + b2), and a linear layer.
 * Context enters the first layer and, as g = sigmoid(G c + b), every block. Masked: all
 * hidden layers share one list of degrees (ResMADE, Nash & Durkan 2019). */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "nn/steps.h"

typedef struct block {
  weiri_dense first, second, gate;
} block;

typedef struct resnet {
  weir_net base;
  int64_t width, n_blocks;
  int activation;
  double dropout, last_scale;
  bool context_first, context_gate;
  char *path;
  weiri_dense input, context, output;
  block *blocks;                /* [n_blocks] */
  int64_t *degree, *out_degree; /* of hidden units and outputs, when masked */
} resnet;

static const weir_opt opts[] = {{"hidden", WEIR_OPT_INT, offsetof(resnet, width), "64",
                                    1, 1048576, NULL, "width of every hidden layer"},
    {"blocks", WEIR_OPT_INT, offsetof(resnet, n_blocks), "2", 0, 1000, NULL,
        "residual blocks"},
    {"activation", WEIR_OPT_CHOICE, offsetof(resnet, activation), "\"relu\"", 0, 0,
        WEIRI_ACTIVATION_NAMES, "nonlinearity"},
    {"dropout", WEIR_OPT_REAL, offsetof(resnet, dropout), "0", 0, 0.99, NULL,
        "probability of dropping a unit inside a block in training"},
    {"context_first", WEIR_OPT_BOOL, offsetof(resnet, context_first), "true", 0, 0,
        NULL, "context is an input of the first layer"},
    {"context_gate", WEIR_OPT_BOOL, offsetof(resnet, context_gate), "true", 0, 0, NULL,
        "context gates every block"},
    {"last_scale", WEIR_OPT_REAL, offsetof(resnet, last_scale), "0.1", 0, 100, NULL,
        "initial weights of the last layer, relative to the usual ones"},
    {0}};

static const weiri_dense_init small = {1e-3, 1e-3};

static bool reads_context(const resnet *r) {
  return r->base.context > 0 && r->context_first;
}

static bool gated(const resnet *r) {
  return r->base.context > 0 && r->context_gate;
}

static weir_status setup_degrees(resnet *r, weir_ctx *ctx, const weir_net_io *io) {
  r->degree = weiri_hidden_degrees(ctx, io, r->width);
  r->out_degree = weiri_alloc(ctx, (size_t)(io->out + 1) * sizeof(int64_t));
  if (r->degree == NULL || r->out_degree == NULL) {
    return WEIR_E_MEMORY;
  }
  memcpy(r->out_degree, io->out_degree, (size_t)io->out * sizeof(int64_t));
  return WEIR_OK;
}

/* A dense layer of the network with the mask between two lists of degrees. */
static weir_status setup_dense(const resnet *r, weiri_dense *d, weir_build *b,
    const char *name, int64_t in, const int64_t *in_degree, int64_t out,
    const int64_t *out_degree, weiri_dense_init init) {
  int64_t *prefix = NULL;
  if (r->degree != NULL) {
    prefix = weiri_degree_prefix(
        b->ctx, out, out_degree, in, in_degree, out_degree == r->out_degree);
    if (prefix == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  return weiri_dense_setup(d, b, name, in, out, init, prefix);
}

static weir_status setup_block(resnet *r, weir_build *b, int64_t i) {
  char name[48];
  const int64_t h = r->width;
  block *k = &r->blocks[i];
  snprintf(name, sizeof name, "block[%lld].first", (long long)i);
  WEIR_TRY(setup_dense(
      r, &k->first, b, name, h, r->degree, h, r->degree, weiri_dense_default(h, 1.0)));
  snprintf(name, sizeof name, "block[%lld].second", (long long)i);
  WEIR_TRY(setup_dense(r, &k->second, b, name, h, r->degree, h, r->degree, small));
  if (!gated(r)) {
    return WEIR_OK;
  }
  snprintf(name, sizeof name, "block[%lld].gate", (long long)i);
  const int64_t c = r->base.context;
  return weiri_dense_setup(&k->gate, b, name, c, h, weiri_dense_default(c, 1.0), NULL);
}

static weir_status setup(weir_net *net, weir_build *b, const weir_net_io *io) {
  resnet *r = (resnet *)net;
  const int64_t h = net->hidden = r->width;
  r->path = weiri_strdup(b->ctx, b->path);
  r->blocks = weiri_calloc(b->ctx, (size_t)r->n_blocks + 1, sizeof *r->blocks);
  if (r->path == NULL || r->blocks == NULL) {
    return WEIR_E_MEMORY;
  }
  if (io->masked) {
    WEIR_TRY(setup_degrees(r, b->ctx, io));
  }
  const int64_t fan_in = io->in + (reads_context(r) ? io->context : 0);
  const weiri_dense_init init = weiri_dense_default(fan_in, 1.0);
  WEIR_TRY(
      setup_dense(r, &r->input, b, "input", io->in, io->in_degree, h, r->degree, init));
  if (reads_context(r)) {
    WEIR_TRY(weiri_dense_setup(&r->context, b, "context", io->context, h,
        (weiri_dense_init){init.weight, -1.0}, NULL));
  }
  for (int64_t i = 0; i < r->n_blocks; i++) {
    WEIR_TRY(setup_block(r, b, i));
  }
  return setup_dense(r, &r->output, b, "output", h, r->degree, io->out, r->out_degree,
      weiri_dense_default(h, r->last_scale));
}

static void teardown(weir_net *net) {
  resnet *r = (resnet *)net;
  for (int64_t i = 0; r->blocks != NULL && i < r->n_blocks; i++) {
    weiri_dense_teardown(net->ctx, &r->blocks[i].first);
    weiri_dense_teardown(net->ctx, &r->blocks[i].second);
  }
  weiri_dense_teardown(net->ctx, &r->input);
  weiri_dense_teardown(net->ctx, &r->output);
  weiri_free(net->ctx, r->blocks);
  weiri_free(net->ctx, r->degree);
  weiri_free(net->ctx, r->out_degree);
  weiri_free(net->ctx, r->path);
}

static weir_var gate_of(const block *k, weir_run *run, weir_var context) {
  return weir_sigmoid(weir_run_tape(run), weiri_dense_apply(&k->gate, run, context));
}

/* Names the dropout of block i into buf of 512 bytes. */
static const char *dropout_path(const resnet *r, int64_t i, char *buf) {
  snprintf(buf, 512, "%s.dropout[%lld]", r->path, (long long)i);
  return buf;
}

static weir_var apply_block(
    const resnet *r, weir_run *run, int64_t i, weir_var h, weir_var context) {
  weir_tape *t = weir_run_tape(run);
  const weiri_activation a = (weiri_activation)r->activation;
  const block *k = &r->blocks[i];
  weir_var u = weiri_dense_activate(&k->first, run, a, weiri_activate(t, a, h));
  char path[512];
  u = weiri_dropout(run, dropout_path(r, i, path), r->dropout, u);
  u = weiri_dense_apply(&k->second, run, u);
  if (gated(r)) {
    u = weir_mul(t, u, gate_of(k, run, context));
  }
  return weir_add(t, h, u);
}

static weir_var apply(
    const weir_net *net, weir_run *run, weir_var x, weir_var context) {
  const resnet *r = (const resnet *)net;
  weir_var h = weiri_dense_apply(&r->input, run, x);
  if (reads_context(r)) {
    h = weir_add(weir_run_tape(run), h, weiri_dense_apply(&r->context, run, context));
  }
  for (int64_t i = 0; i < r->n_blocks; i++) {
    h = apply_block(r, run, i, h, context);
  }
  return weiri_dense_apply(&r->output, run, h);
}

static int units(const resnet *r, weir_net_steps *s, weir_tape *t) {
  return weiri_steps_hidden(s, t, r->width, r->degree);
}

/* Block i from buffer h; returns the buffer of its sums. */
static int block_steps(const resnet *r, weir_net_steps *s, weir_run *run, int64_t i,
    int h, int64_t n, weir_var context) {
  weir_tape *t = weir_run_tape(run);
  const block *k = &r->blocks[i];
  const int before = units(r, s, t);
  weiri_steps_add(s, run, NULL, h, before, r->activation);
  int inside = units(r, s, t);
  weiri_steps_add(s, run, &k->first, before, inside, r->activation);
  char path[512];
  const weir_var mask =
      weiri_dropout_mask(run, dropout_path(r, i, path), r->dropout, n, r->width);
  if (weir_var_ok(mask)) {
    const int kept = units(r, s, t);
    weiri_steps_add(s, run, NULL, inside, kept, -1)->gate = weiri_steps_var(s, mask);
    inside = kept;
  }
  const int sum = units(r, s, t);
  weiri_step *step = weiri_steps_add(s, run, &k->second, inside, sum, -1);
  step->add = h;
  if (gated(r)) {
    step->gate = weiri_steps_var(s, gate_of(k, run, context));
  }
  return sum;
}

static weir_net_steps *steps(const weir_net *net, weir_run *run, const weir_net_io *io,
    int64_t n, weir_var context) {
  const resnet *r = (const resnet *)net;
  weir_tape *t = weir_run_tape(run);
  weir_net_steps *s = weiri_steps_new(t, io, (int)(4 * r->n_blocks + 2));
  if (s == NULL) {
    return NULL;
  }
  int h = units(r, s, t);
  weiri_step *first = weiri_steps_add(s, run, &r->input, 0, h, -1);
  if (reads_context(r)) {
    first->share = weiri_steps_var(s, weiri_dense_apply(&r->context, run, context));
  }
  for (int64_t i = 0; i < r->n_blocks; i++) {
    h = block_steps(r, s, run, i, h, n, context);
  }
  weiri_steps_add(s, run, &r->output, h, weiri_steps_outputs(s, t, io), -1);
  return s;
}

const weir_net_class weir_net_resnet = {
    .is = {"resnet", "residual network; masked: ResMADE",
        "Durkan et al. 2019, appendix B.1", sizeof(resnet), opts},
    .setup = setup,
    .teardown = teardown,
    .apply = apply,
    .steps = steps,
};
