/* The registries of parts: what the .def files list, then what users registered. */
#include <string.h>

#include "base/ctx.h"
#include "part/part.h"
#include "weir/sys/target.h"

#define WEIR_LAYER(name) extern const weir_layer_class weir_layer_##name;
#include "weir/layers.def"
#undef WEIR_LAYER
#define WEIR_DIST(name) extern const weir_dist_class weir_dist_##name;
#include "weir/dists.def"
#undef WEIR_DIST
#define WEIR_ELEM(name) extern const weir_elem_class weir_elem_##name;
#include "weir/elems.def"
#undef WEIR_ELEM
#define WEIR_NET(name) extern const weir_net_class weir_net_##name;
#include "weir/nets.def"
#undef WEIR_NET
#define WEIR_TARGET(name) extern const weir_target_class weiri_target_##name;
#include "weir/targets.def"
#undef WEIR_TARGET

static const weir_class *const layers[] = {&weir_layer_chain.is,
#define WEIR_LAYER(name) &weir_layer_##name.is,
#include "weir/layers.def"
#undef WEIR_LAYER
    NULL};
static const weir_class *const dists[] = {&weir_dist_flow.is,
#define WEIR_DIST(name) &weir_dist_##name.is,
#include "weir/dists.def"
#undef WEIR_DIST
    NULL};
static const weir_class *const elems[] = {
#define WEIR_ELEM(name) &weir_elem_##name.is,
#include "weir/elems.def"
#undef WEIR_ELEM
    NULL};
static const weir_class *const nets[] = {
#define WEIR_NET(name) &weir_net_##name.is,
#include "weir/nets.def"
#undef WEIR_NET
    NULL};
static const weir_class *const targets[] = {
#define WEIR_TARGET(name) &weiri_target_##name.is,
#include "weir/targets.def"
#undef WEIR_TARGET
    NULL};

static const weir_class *const *const tables[] = {layers, dists, elems, nets, targets};

const char *weiri_kind_name(weiri_kind kind) {
  static const char *const names[] = {
      "layer", "distribution", "elementwise map", "network", "target"};
  return names[kind];
}

const weir_class *weiri_class_at(const weir_ctx *ctx, weiri_kind kind, int i) {
  for (const weir_class *const *c = tables[kind]; *c != NULL; c++) {
    if (i-- == 0) {
      return *c;
    }
  }
  const weiri_entry *entry = NULL;
  while ((entry = weiri_ctx_next(ctx, (int)kind, entry)) != NULL) {
    if (i-- == 0) {
      return entry->cls;
    }
  }
  return NULL;
}

static weir_status enrol(
    weir_ctx *ctx, weiri_kind kind, const weir_class *c, bool complete) {
  if (!complete || c->name == NULL || c->doc == NULL || c->size == 0) {
    return weiri_fail(WEIR_E_ARGUMENT, "register %s '%s': a required member is missing",
        weiri_kind_name(kind), c->name == NULL ? "" : c->name);
  }
  for (const weir_class *const *b = tables[kind]; *b != NULL; b++) {
    if (strcmp((*b)->name, c->name) == 0) {
      return weiri_fail(WEIR_E_ARGUMENT, "register %s '%s': the name is taken",
          weiri_kind_name(kind), c->name);
    }
  }
  return weiri_ctx_register(ctx, (int)kind, c->name, c);
}

weir_status weir_register_layer(weir_ctx *ctx, const weir_layer_class *cls) {
  return enrol(
      ctx, WEIRI_KIND_LAYER, &cls->is, cls->setup != NULL && cls->to_latent != NULL);
}

weir_status weir_register_dist(weir_ctx *ctx, const weir_dist_class *cls) {
  return enrol(
      ctx, WEIRI_KIND_DIST, &cls->is, cls->setup != NULL && cls->log_prob != NULL);
}

weir_status weir_register_elem(weir_ctx *ctx, const weir_elem_class *cls) {
  return enrol(ctx, WEIRI_KIND_ELEM, &cls->is,
      cls->setup != NULL && cls->to_latent != NULL && cls->to_data != NULL);
}

weir_status weir_register_net(weir_ctx *ctx, const weir_net_class *cls) {
  return enrol(ctx, WEIRI_KIND_NET, &cls->is, cls->setup != NULL && cls->apply != NULL);
}

weir_status weir_register_target(weir_ctx *ctx, const weir_target_class *cls) {
  return enrol(
      ctx, WEIRI_KIND_TARGET, &cls->is, cls->setup != NULL && cls->log_density != NULL);
}
