/* Grey levels to 0/1: with g in [0, 1] the place of a value between the ends of its
 * column,
 *     dynamic:   z = 1 with probability g, drawn anew for every step of training
 *                (Salakhutdinov & Murray 2008 drew once); evaluation draws by its seed,
 *     threshold: z = 1 where g > threshold.
 * The log-likelihood of a model behind this layer is of the binary row; static and
 * dynamic data differ by about 2 nats on MNIST, so the measure names which. Back: 0 and
 * 1 to the ends. */
#include "layer/ends.h"

enum { DYNAMIC, THRESHOLD };

typedef struct binarize {
  weir_layer base;
  int mode;
  double threshold;
  weiri_ends ends;
} binarize;

static const weir_opt opts[] = {
    {"mode", WEIR_OPT_CHOICE, offsetof(binarize, mode), "\"dynamic\"", 0, 0,
        "dynamic|threshold", "drawn with the grey level as probability, or cut"},
    {"threshold", WEIR_OPT_REAL, offsetof(binarize, threshold), "0.5", 0, 1, NULL,
        "where grey levels are cut, 0 to 1 of the range"},
    {0}};

static weir_status setup(weir_layer *l, weir_build *b) {
  binarize *z = (binarize *)l;
  WEIR_TRY(weiri_ends_setup(&z->ends, l));
  for (int64_t j = 0; j < l->latent.features; j++) {
    l->latent.support[j] = (weir_support){WEIR_INTEGERS, 0.0, 1.0};
  }
  if (b->site != NULL) {
    b->site->measure =
        z->mode == DYNAMIC
            ? "probability of the row, binarised dynamically (each value "
              "drawn with its grey level as probability)"
            : "probability of the row, binarised at a threshold";
  }
  return WEIR_OK;
}

static void teardown(weir_layer *l) {
  weiri_ends_teardown(&((binarize *)l)->ends, l->ctx);
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  const binarize *z = (const binarize *)l;
  weir_tape *t = run->tape;
  const weir_var grey = weiri_ends_to_unit(&z->ends, l, run, x);
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
  return weiri_ends_from_unit(&((const binarize *)l)->ends, l, run, b);
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
