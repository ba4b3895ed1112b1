/* An elementwise map of single columns whose parameters, if it has any, are free:
 * z_j = f(x_j; theta_j). */
#include "layer/columns.h"
#include "layer/maps.h"

typedef struct elementwise {
  weir_layer base;
  weir_ints columns;
  const weir_spec *map;
  weir_ints all;  /* the columns that are mapped */
  int64_t *place; /* [d]: where a column stands in (x, mapped columns); NULL: all */
  weiri_maps maps;
  weir_slot theta;
} elementwise;

static const weir_opt opts[] = {{"map", WEIR_OPT_SPEC, offsetof(elementwise, map), NULL,
                                    0, 0, NULL, "elementwise map"},
    {"columns", WEIR_OPT_INTS, offsetof(elementwise, columns), "[]", 0, 1e9, NULL,
        "columns that are mapped, from 0; none listed: all"},
    {0}};

static weir_status list_columns(elementwise *e, weir_ctx *ctx) {
  const int64_t d = e->base.data.features;
  const weir_ints *list = &e->columns;
  e->all.n = list->n == 0 ? d : list->n;
  e->all.v = weiri_alloc(ctx, (size_t)(e->all.n + 1) * sizeof(int64_t));
  e->place = list->n == 0 ? NULL : weiri_alloc(ctx, (size_t)(d + 1) * sizeof(int64_t));
  if (e->all.v == NULL || (list->n > 0 && e->place == NULL)) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; e->place != NULL && j < d; j++) {
    e->place[j] = j;
  }
  for (int64_t i = 0; i < e->all.n; i++) {
    e->all.v[i] = list->n == 0 ? i : list->v[i];
    if (e->place != NULL) {
      e->place[list->v[i]] = d + i;
    }
  }
  return WEIR_OK;
}

static weir_status setup(weir_layer *l, weir_build *b) {
  elementwise *e = (elementwise *)l;
  e->theta.index = -1;
  WEIR_TRY(weiri_columns_check(&e->columns, l->data.features, l->path));
  WEIR_TRY(list_columns(e, b->ctx));
  WEIR_TRY(weir_event_copy(b->ctx, &l->latent, &l->data));
  const weiri_maps_spec spec = {e->map, NULL, false, e->all.n, e->all.v};
  WEIR_TRY(weiri_maps_create(&e->maps, b, l, "", &spec));
  if (e->maps.outputs == 0) {
    return WEIR_OK;
  }
  return weir_build_param(b, &e->theta, "theta", weir_shape_1(e->maps.outputs),
      (weir_init){WEIR_INIT_CONSTANT, 0.0}, NULL);
}

static void teardown(weir_layer *l) {
  elementwise *e = (elementwise *)l;
  weiri_maps_destroy(&e->maps);
  weiri_free(l->ctx, e->all.v);
  weiri_free(l->ctx, e->place);
}

static weir_var either(const weir_layer *l, weir_run *run, bool back, weir_var x) {
  const elementwise *e = (const elementwise *)l;
  weir_tape *t = weir_run_tape(run);
  weir_var theta = weir_var_none(), log_det;
  if (e->maps.outputs > 0) {
    theta = weir_broadcast(t, weir_run_param(run, e->theta),
        weir_shape_2(weir_var_dim(t, x, 0), e->maps.outputs));
  }
  const bool all = e->place == NULL;
  const weir_var in = all ? x : weir_gather(t, x, e->all.n, e->all.v);
  const weir_var y = weiri_maps_apply(&e->maps, t, back, in, theta, &log_det);
  weir_run_part(run, WEIR_PART_LOG_DET, l->path, log_det, weir_var_none());
  const weir_var both[2] = {x, y};
  return all ? y
             : weir_gather(t, weir_concat(t, 2, both, 1), l->data.features, e->place);
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  return either(l, run, false, x);
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  return either(l, run, true, z);
}

const weir_layer_class weir_layer_elementwise = {
    .is = {"elementwise", "a map of single columns with free parameters or none", NULL,
        sizeof(elementwise), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
};
