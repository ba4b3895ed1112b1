/* Grey levels to 0/1: with g in [0, 1] the place of a value between the ends of its
 * column,
 *     dynamic:   z = 1 with probability g, drawn anew for every step of training
 *                (Salakhutdinov & Murray 2008 drew once); evaluation draws by its seed,
 *     threshold: z = 1 where g > threshold.
 * The log-likelihood of a model behind this layer is of the binary row; static and
 * dynamic data differ by about 2 nats on MNIST, so the measure names which. Back: 0 and
 * 1 to the ends. */
#include <math.h>

#include "part/part.h"

enum { DYNAMIC, THRESHOLD };

typedef struct binarize {
  weir_layer base;
  int mode;
  double threshold;
  double *lo, *range; /* [features] */
} binarize;

static const weir_opt opts[] = {
    {"mode", WEIR_OPT_CHOICE, offsetof(binarize, mode), "\"dynamic\"", 0, 0,
        "dynamic|threshold", "drawn with the grey level as probability, or cut"},
    {"threshold", WEIR_OPT_REAL, offsetof(binarize, threshold), "0.5", 0, 1, NULL,
        "where grey levels are cut, 0 to 1 of the range"},
    {0}};

static weir_status take_ends(binarize *z, const weir_event *data) {
  for (int64_t j = 0; j < data->features; j++) {
    const weir_support s = data->support[j];
    const bool ends = s.kind == WEIR_INTEGERS || s.kind == WEIR_INTERVAL;
    if (!ends || !(s.hi > s.lo)) {
      char text[64];
      return weiri_fail(WEIR_E_SUPPORT,
          "%s: column %lld lives on %s, but grey levels have two ends: say so with a "
          "type such as ordinal(1,0,256) or interval(0,1)",
          z->base.path, (long long)j + 1, weir_support_text(s, text));
    }
    z->lo[j] = s.lo;
    z->range[j] = s.hi - s.lo;
    z->base.latent.support[j] = (weir_support){WEIR_INTEGERS, 0.0, 1.0};
  }
  return WEIR_OK;
}

static weir_status setup(weir_layer *l, weir_build *b) {
  binarize *z = (binarize *)l;
  const int64_t d = l->data.features;
  WEIR_TRY(weir_event_create(b->ctx, &l->latent, d));
  z->lo = weiri_calloc(b->ctx, (size_t)d + 1, sizeof *z->lo);
  z->range = weiri_calloc(b->ctx, (size_t)d + 1, sizeof *z->range);
  if (z->lo == NULL || z->range == NULL) {
    return WEIR_E_MEMORY;
  }
  if (b->site != NULL) {
    b->site->measure =
        z->mode == DYNAMIC
            ? "probability of the row, binarised dynamically (each value "
              "drawn with its grey level as probability)"
            : "probability of the row, binarised at a threshold";
  }
  return take_ends(z, &l->data);
}

static void teardown(weir_layer *l) {
  weiri_free(l->ctx, ((binarize *)l)->lo);
  weiri_free(l->ctx, ((binarize *)l)->range);
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  const binarize *z = (const binarize *)l;
  weir_tape *t = run->tape;
  const weir_shape row = weir_shape_1(l->data.features);
  const weir_var grey = weir_div(
      t, weir_sub(t, x, weir_leaf_f64(t, row, z->lo)), weir_leaf_f64(t, row, z->range));
  if (run->wants.means && z->mode == DYNAMIC) {
    return grey; /* the mean of the draws */
  }
  const weir_var level =
      z->mode == DYNAMIC
          ? weir_run_uniform(run, l->path, weir_var_dim(t, x, 0), l->data.features)
          : weir_fill(t, weir_shape_0(), z->threshold);
  return weir_less(t, level, grey);
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var b, weir_var context) {
  (void)context;
  const binarize *z = (const binarize *)l;
  weir_tape *t = run->tape;
  const weir_shape row = weir_shape_1(l->data.features);
  return weir_add(
      t, weir_mul(t, b, weir_leaf_f64(t, row, z->range)), weir_leaf_f64(t, row, z->lo));
}

const weir_layer_class weir_layer_binarize = {
    .is = {"binarize", "grey levels to 0 and 1, drawn or cut",
        "Salakhutdinov & Murray 2008", sizeof(binarize), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
    .coarse = true,
};
