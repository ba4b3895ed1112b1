/* The registries, for listings and documentation. */
#include <string.h>

#include "infer/infer.h"
#include "infer/objective.h"
#include "model/preset.h"
#include "nn/block.h"
#include "optim/optim.h"
#include "part/part.h"
#include "weir/about.h"
#include "weir/sys/reader.h"

static bool give_class(const weir_class *c, weir_listed *out) {
  if (c != NULL) {
    *out = (weir_listed){c->name, c->doc, c->cite, c->opts};
  }
  return c != NULL;
}

static bool layer_at(const weir_ctx *ctx, int i, weir_listed *out) {
  return give_class(weiri_class_at(ctx, WEIRI_KIND_LAYER, i), out);
}

static bool map_at(const weir_ctx *ctx, int i, weir_listed *out) {
  return give_class(weiri_class_at(ctx, WEIRI_KIND_ELEM, i), out);
}

static bool dist_at(const weir_ctx *ctx, int i, weir_listed *out) {
  return give_class(weiri_class_at(ctx, WEIRI_KIND_DIST, i), out);
}

static bool net_at(const weir_ctx *ctx, int i, weir_listed *out) {
  return give_class(weiri_class_at(ctx, WEIRI_KIND_NET, i), out);
}

static bool block_at(const weir_ctx *ctx, int i, weir_listed *out) {
  (void)ctx;
  const weiri_block_class *c = weiri_block_at(i);
  return give_class(c == NULL ? NULL : &c->is, out);
}

static bool preset_at(const weir_ctx *ctx, int i, weir_listed *out) {
  (void)ctx;
  const weiri_preset *preset = weiri_preset_at(i);
  return give_class(preset == NULL ? NULL : &preset->is, out);
}

static bool optim_at(const weir_ctx *ctx, int i, weir_listed *out) {
  (void)ctx;
  const weiri_optim_class *c = weiri_optim_at(i);
  if (c != NULL) {
    *out = (weir_listed){c->name, c->doc, c->cite, NULL};
  }
  return c != NULL;
}

static bool objective_at(const weir_ctx *ctx, int i, weir_listed *out) {
  (void)ctx;
  const weiri_objective_class *o = weiri_objective_at(i);
  return give_class(o == NULL ? NULL : &o->is, out);
}

static bool schedule_at(const weir_ctx *ctx, int i, weir_listed *out) {
  (void)ctx;
  const weiri_schedule_class *c = weiri_schedule_at(i);
  if (c != NULL) {
    *out = (weir_listed){c->name, c->doc, NULL, NULL};
  }
  return c != NULL;
}

static bool reader_at(const weir_ctx *ctx, int i, weir_listed *out) {
  const weir_reader_class *c = weir_reader_class_at(ctx, i);
  if (c != NULL) {
    *out = (weir_listed){c->name, c->doc, NULL, NULL};
  }
  return c != NULL;
}

static bool target_at(const weir_ctx *ctx, int i, weir_listed *out) {
  return give_class(weiri_class_at(ctx, WEIRI_KIND_TARGET, i), out);
}

static bool method_at(const weir_ctx *ctx, int i, weir_listed *out) {
  (void)ctx;
  const weiri_method_class *c = weiri_method_at(i);
  return give_class(c == NULL ? NULL : &c->is, out);
}

typedef struct registry {
  const char *name;
  bool (*at)(const weir_ctx *ctx, int i, weir_listed *out);
} registry;

static const registry registries[] = {
    {"presets", preset_at},
    {"layers", layer_at},
    {"maps", map_at},
    {"distributions", dist_at},
    {"networks", net_at},
    {"blocks", block_at},
    {"objectives", objective_at},
    {"optimizers", optim_at},
    {"schedules", schedule_at},
    {"readers", reader_at},
    {"targets", target_at},
    {"methods", method_at},
    {NULL, NULL},
};

const char *weir_registry(int i) {
  return registries[i].name;
}

bool weir_registry_at(const weir_ctx *ctx, const char *name, int i, weir_listed *out) {
  for (const registry *r = registries; r->name != NULL; r++) {
    if (strcmp(r->name, name) == 0) {
      return r->at(ctx, i, out);
    }
  }
  return false;
}
