/* z[:, j] = x[:, to[j]]; each column keeps its support; the log-determinant is 0. */
#include "layer/permute.h"

weir_status weiri_permute_create(weiri_permute *p) {
  const size_t size = (size_t)(p->base.data.features + 1) * sizeof *p->to;
  p->to = weiri_alloc(p->base.ctx, size);
  p->from = weiri_alloc(p->base.ctx, size);
  return p->to == NULL || p->from == NULL ? WEIR_E_MEMORY : WEIR_OK;
}

weir_status weiri_permute_finish(weiri_permute *p) {
  weir_layer *l = &p->base;
  WEIR_TRY(weir_event_create(l->ctx, &l->latent, l->data.features));
  for (int64_t j = 0; j < l->data.features; j++) {
    p->from[p->to[j]] = j;
    l->latent.support[j] = l->data.support[p->to[j]];
  }
  return WEIR_OK;
}

void weiri_permute_teardown(weir_layer *l) {
  weiri_free(l->ctx, ((weiri_permute *)l)->to);
  weiri_free(l->ctx, ((weiri_permute *)l)->from);
}

static void push_zero(const weir_layer *l, weir_run *run, weir_var x) {
  const weir_shape rows = weir_shape_1(weir_var_dim(run->tape, x, 0));
  weir_run_part(run, WEIR_PART_LOG_DET, l->path, weir_fill(run->tape, rows, 0.0),
      weir_var_none());
}

weir_var weiri_permute_to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  push_zero(l, run, x);
  return weir_gather(run->tape, x, l->data.features, ((const weiri_permute *)l)->to);
}

weir_var weiri_permute_to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  push_zero(l, run, z);
  return weir_gather(run->tape, z, l->data.features, ((const weiri_permute *)l)->from);
}
