/* A distribution behind a network: with h = act(net(c)) of the context c,
 *     log p(x | c) = log p_child(x | h),
 * so that everything that the child is steered by, the parameters of a Gaussian and the
 * context of every step of a flow, comes from one network. What encoders and decoders
 * are made of (Kingma & Welling 2014, appendix C; Kingma et al. 2016, algorithm 1). */
#include "nn/nn.h"
#include "part/theta.h"

typedef struct encoded {
  weir_dist base;
  const weir_spec *net_spec, *dist_spec;
  int64_t features;
  int activation;
  weir_net *net;
  int64_t given; /* columns of the context that are the network's input */
  weir_dist *child;
} encoded;

static const weir_opt opts[] = {{"net", WEIR_OPT_SPEC, offsetof(encoded, net_spec),
                                    "\"mlp\"", 0, 0, NULL, "network of the context"},
    {"features", WEIR_OPT_INT, offsetof(encoded, features), "64", 1, 1 << 20, NULL,
        "width of what it hands on"},
    {"activation", WEIR_OPT_CHOICE, offsetof(encoded, activation), "\"relu\"", 0, 0,
        WEIRI_ACTIVATION_NAMES, "nonlinearity after the network"},
    {"dist", WEIR_OPT_SPEC, offsetof(encoded, dist_spec), NULL, 0, 0, NULL,
        "the distribution that is conditional on it"},
    {0}};

static weir_status setup(weir_dist *d, weir_build *b) {
  encoded *e = (encoded *)d;
  if (b->context == 0) {
    return weiri_fail(
        WEIR_E_CONFIG, "%s: there is no context that a network could take", d->path);
  }
  WEIR_TRY(weiri_context_net(&e->net, &e->given, b, e->net_spec, e->features));
  weir_build of_child = *b;
  of_child.context = e->features;
  of_child.given = 0;
  WEIR_TRY(weir_dist_make(&e->child, &of_child, "dist", e->dist_spec, &d->event));
  d->exactness = e->child->exactness;
  d->sample_how = e->child->sample_how;
  d->log_prob_how = e->child->log_prob_how;
  return WEIR_OK;
}

static void teardown(weir_dist *d) {
  weir_net_destroy(&((encoded *)d)->net);
  weir_dist_destroy(&((encoded *)d)->child);
}

static const weir_dist *settle(const weir_dist *d, weir_run *run, weir_var *context) {
  const encoded *e = (const encoded *)d;
  weir_var h = weiri_run_recall(run, e, *context);
  if (!weir_var_ok(h)) {
    h = weiri_activate(run->tape, (weiri_activation)e->activation,
        weiri_context_net_apply(e->net, e->given, run, *context));
    weiri_run_remember(run, e, *context, h);
  }
  *context = h;
  return e->child;
}

static bool local(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context, weir_local *out) {
  const encoded *e = (const encoded *)d;
  const weiri_activation a = (weiri_activation)e->activation;
  const weir_var h = weiri_activate(run->tape, a,
      weiri_context_net_pieces(e->net, e->given, run, context, &out->pieces));
  weir_pieces_bend(&out->pieces, weiri_activation_slope(run->tape, a, h));
  return weir_dist_local(e->child, run, x, h, out);
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  const weir_dist *child = settle(d, run, &context);
  weir_dist_parts(child, run, x, context);
}

static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  const weir_dist *child = settle(d, run, &context);
  return child->cls->sample(child, run, n, context);
}

const weir_dist_class weir_dist_encoded = {
    .is = {"encoded", "a network of the context in front of a distribution",
        "Kingma & Welling 2014, appendix C", sizeof(encoded), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
    .settle = settle,
    .local = local,
};
