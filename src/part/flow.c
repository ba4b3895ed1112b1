/* A chain of layers over a base distribution:
 *     log p(x) = log p_base(z) + sum of the layers' contributions on the way to z.
 * Drawing runs the other way; each direction has its own contribution, and the log
 * density of a draw is log p_base(z) minus what the layers push on the way to x. */
#include "part/part.h"
#include "part/theta.h"

typedef struct flow {
  weir_dist base;
  const weir_spec *layers, *base_spec;
  weir_layer *chain, *last; /* last: of the chain's layers; NULL: none */
  weir_dist *latent;
} flow;

static const weir_opt opts[] = {
    {"layers", WEIR_OPT_SPEC, offsetof(flow, layers), "[]", 0, 0, NULL,
        "list of layers, from the data to the latent"},
    {"base", WEIR_OPT_SPEC, offsetof(flow, base_spec), "\"normal\"", 0, 0, NULL,
        "distribution of the latent"},
    {0}};

/* The chain is part of the flow: its layers' paths are "<flow>.layers[i]". */
static weir_status make_chain(flow *f, weir_build *b) {
  json_t *spec = json_pack("{s:s, s:O}", "name", "chain", "layers", f->layers);
  if (spec == NULL) {
    return weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  const weir_status status = weir_layer_make(&f->chain, b, "", spec, &f->base.event);
  json_decref(spec);
  return status;
}

static weir_status setup(weir_dist *d, weir_build *b) {
  flow *f = (flow *)d;
  WEIR_TRY(make_chain(f, b));
  f->last = weiri_chain_last(f->chain);
  weir_build of_base = *b;
  of_base.posterior = f->last == NULL ? NULL : f->last->posterior;
  WEIR_TRY(
      weir_dist_make(&f->latent, &of_base, "base", f->base_spec, &f->chain->latent));
  d->exactness = f->chain->exactness > f->latent->exactness ? f->chain->exactness
                                                            : f->latent->exactness;
  d->latent = f->chain->latent.features;
  d->log_prob_how = f->chain->latent_how > f->latent->log_prob_how
                        ? f->chain->latent_how
                        : f->latent->log_prob_how;
  d->sample_how = f->chain->data_how > f->latent->sample_how ? f->chain->data_how
                                                             : f->latent->sample_how;
  return WEIR_OK;
}

static void teardown(weir_dist *d) {
  flow *f = (flow *)d;
  weir_layer_destroy(&f->chain);
  weir_dist_destroy(&f->latent);
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  const flow *f = (const flow *)d;
  if (f->last != NULL) {
    x = weiri_chain_front(f->chain, run, x, context);
    if (!weir_var_ok(run->seen)) {
      weir_layer_to_base(f->last, run, x, context, f->latent);
    }
  } else {
    weir_run_part(run, WEIR_PART_BASE, f->latent->path,
        weiri_dist_grouped(f->latent, run, x, context), weir_var_none());
  }
}

static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  const flow *f = (const flow *)d;
  weir_var log_base;
  const weir_var z = weir_dist_sample(f->latent, run, n, context, &log_base);
  weir_run_part(run, WEIR_PART_BASE, f->latent->path, log_base, run->score);
  const int first = run->n_parts;
  const weir_var x = weir_layer_to_data(f->chain, run, z, context);
  for (int i = first; i < run->n_parts; i++) {
    run->parts[i].value = weir_neg(run->tape, run->parts[i].value);
  }
  return x;
}

static weir_var encode(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  return weir_layer_to_latent(((const flow *)d)->chain, run, x, context);
}

static weir_var decode(
    const weir_dist *d, weir_run *run, weir_var z, weir_var context) {
  return weir_layer_to_data(((const flow *)d)->chain, run, z, context);
}

const weir_dist_class weir_dist_flow = {
    .is = {"flow", "a chain of layers over a base distribution",
        "Papamakarios et al. 2021, eq. 3", sizeof(flow), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
    .encode = encode,
    .decode = decode,
};

const weir_layer *weiri_flow_layer(const weir_dist *d) {
  return d->cls == &weir_dist_flow ? ((const flow *)d)->last : NULL;
}

const weir_dist *weiri_flow_base(const weir_dist *d) {
  return ((const flow *)d)->latent;
}

weir_var weiri_flow_front(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  return weiri_chain_front(((const flow *)d)->chain, run, x, context);
}

bool weiri_dist_coarse(const weir_dist *d) {
  return d->cls == &weir_dist_flow && weiri_chain_coarse(((const flow *)d)->chain);
}

weir_var weiri_dist_coarsen(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  return weiri_chain_coarsen(((const flow *)d)->chain, run, x, context);
}

const weir_dist *weiri_posterior_of(
    const weir_layer *l, weir_run *run, weir_var x, weir_var *context) {
  const weir_var seen = l->cls->seen == NULL ? x : l->cls->seen(l, run, x);
  *context = weiri_beside(run, seen, *context);
  return weir_dist_settle(l->posterior, run, context);
}
