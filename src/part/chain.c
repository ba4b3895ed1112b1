/* A layer of layers: data goes through them in order, latents in reverse. */
#include <stdio.h>

#include "part/part.h"

typedef struct chain {
  weir_layer base;
  const weir_spec *specs;
  weir_layer **layers;
  int64_t n;
} chain;

static const weir_opt opts[] = {
    {"layers", WEIR_OPT_SPEC, offsetof(chain, specs), "[]", 0, 0, NULL,
        "list of layers, from the data to the latent"},
    {0}};

static void worse(weir_layer *l, const weir_layer *child) {
  l->exactness = child->exactness > l->exactness ? child->exactness : l->exactness;
  l->latent_how = child->latent_how > l->latent_how ? child->latent_how : l->latent_how;
  l->data_how = child->data_how > l->data_how ? child->data_how : l->data_how;
}

static weir_status setup(weir_layer *l, weir_build *b) {
  chain *c = (chain *)l;
  if (!json_is_array(c->specs)) {
    return weiri_fail(WEIR_E_CONFIG, "%s.layers: expected a list of layers", l->path);
  }
  const size_t n = json_array_size(c->specs);
  c->layers = weiri_calloc(b->ctx, n + 1, sizeof(weir_layer *));
  if (c->layers == NULL) {
    return WEIR_E_MEMORY;
  }
  const weir_event *event = &l->data;
  for (size_t i = 0; i < n; i++) {
    char child[32];
    snprintf(child, sizeof child, "layers[%zu]", i);
    WEIR_TRY(
        weir_layer_make(&c->layers[i], b, child, json_array_get(c->specs, i), event));
    c->n++;
    event = &c->layers[i]->latent;
    worse(l, c->layers[i]);
  }
  return weir_event_copy(b->ctx, &l->latent, event);
}

static void teardown(weir_layer *l) {
  chain *c = (chain *)l;
  for (int64_t i = 0; i < c->n; i++) {
    weir_layer_destroy(&c->layers[i]);
  }
  weiri_free(l->ctx, c->layers);
}

static weir_var through(
    const chain *c, int64_t n, weir_run *run, weir_var x, weir_var context) {
  for (int64_t i = 0; i < n && !weir_var_ok(run->seen); i++) {
    x = weir_layer_to_latent(c->layers[i], run, x, context);
  }
  return x;
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  const chain *c = (const chain *)l;
  return through(c, c->n, run, x, context);
}

weir_layer *weiri_chain_last(const weir_layer *l) {
  const chain *c = (const chain *)l;
  return c->n == 0 ? NULL : c->layers[c->n - 1];
}

weir_var weiri_chain_front(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  const chain *c = (const chain *)l;
  return through(c, c->n - 1, run, x, context);
}

bool weiri_chain_coarse(const weir_layer *l) {
  const chain *c = (const chain *)l;
  return c->n > 0 && c->layers[0]->cls->coarse;
}

weir_var weiri_chain_coarsen(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  const weir_layer *first = ((const chain *)l)->layers[0];
  const weir_var z = weir_layer_to_latent(first, run, x, context);
  return weir_layer_to_data(first, run, z, context);
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  const chain *c = (const chain *)l;
  for (int64_t i = c->n; i-- > 0;) {
    z = weir_layer_to_data(c->layers[i], run, z, context);
  }
  return z;
}

const weir_layer_class weir_layer_chain = {
    .is = {"chain", "layers applied one after another", NULL, sizeof(chain), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
};
