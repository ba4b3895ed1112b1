/* Making parts from specs, and what the parts of one model share. */
#ifndef WEIRI_PART_H
#define WEIRI_PART_H

#include <jansson.h>

#include "base/base.h"
#include "base/option.h"
#include "part/run.h"

/* Kinds of classes in the registries. */
typedef enum weiri_kind {
  WEIRI_KIND_LAYER,
  WEIRI_KIND_DIST,
  WEIRI_KIND_ELEM,
  WEIRI_KIND_NET,
  WEIRI_KIND_TARGET
} weiri_kind;

/* What every part of one model shares while it is built. */
typedef struct weir_site weir_site;
struct weir_site {
  json_t *resolved;       /* the tree of all options with their values, or NULL */
  weir_layer **observers; /* layers that take statistics, in data-to-latent order */
  int n_observers, room;
  bool notes_first, notes_each; /* passes that networks ask for: weir_build_notes */
  const char *measure; /* of what the log-likelihood is, where a layer of the data says
                          so (static text); else NULL */
  bool as_real; /* columns with two ends are taken as real numbers: draws may lie beyond
                 */
  const struct weir_target *target; /* that the model is fitted to, or NULL */
};

/* All classes of a kind, those from outside the tree last: class i, or NULL at the end.
 */
const weir_class *weiri_class_at(const weir_ctx *ctx, weiri_kind kind, int i);
const char *weiri_kind_name(weiri_kind kind);

/* Merges the moments of rows x [n, d] (float64) with weights w (NULL: 1) into m: West's
 * update in row order. */
void weiri_moments_add(weir_moments *m, const double *x, int64_t n, const double *w);
weir_status weiri_moments_create(
    weir_ctx *ctx, weir_moments *m, int64_t features, bool products);
void weiri_moments_destroy(weir_ctx *ctx, weir_moments *m);

/* log p(x | context), [n] or [n, groups] as the run wants it; no parts are left. */
weir_var weiri_dist_grouped(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context);

/* The last layer of a chain (NULL: it is empty), and the chain without it. */
weir_layer *weiri_chain_last(const weir_layer *chain);
weir_var weiri_chain_front(
    const weir_layer *chain, weir_run *run, weir_var x, weir_var context);

/* Whether the first layer of a chain loses what the likelihood is not about (`coarse`);
 * and rows x there and back through it, its parts pushed. The same of a distribution
 * that is a flow. */
bool weiri_chain_coarse(const weir_layer *chain);
weir_var weiri_chain_coarsen(
    const weir_layer *chain, weir_run *run, weir_var x, weir_var context);
bool weiri_dist_coarse(const weir_dist *d);
weir_var weiri_dist_coarsen(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context);

/* Of a flow: its last layer (NULL: none, or d is no flow), its base, and what the
 * layers in front of the last make of rows x, their parts pushed. */
const weir_layer *weiri_flow_layer(const weir_dist *d);
const weir_dist *weiri_flow_base(const weir_dist *d);
weir_var weiri_flow_front(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context);
/* The posterior of a stochastic layer for its rows x, settled: *context, the layer's
 * own (or none), becomes that of the result. */
const weir_dist *weiri_posterior_of(
    const weir_layer *l, weir_run *run, weir_var x, weir_var *context);

/* The built-in combinators. */
extern const weir_layer_class weir_layer_chain;
extern const weir_dist_class weir_dist_flow;

#endif
