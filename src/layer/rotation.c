/* z = Q' x for a fixed random orthogonal Q: mixes the columns between couplings, as in
 * the NICE-orthogonal posteriors of Rezende & Mohamed 2015, section 6.2. log |det| = 0.
 * Q is the orthonormal factor of a Gaussian matrix, uniform over the orthogonal group
 * (Mezzadri 2007). */
#include <math.h>

#include "base/rng.h"
#include "layer/rows.h"

typedef struct rotation {
  weir_layer base;
  int64_t seed;
  double *q; /* [d, d] */
} rotation;

static const weir_opt opts[] = {{"seed", WEIR_OPT_INT, offsetof(rotation, seed), "0", 0,
                                    9.2e18, NULL, "of the random matrix"},
    {0}};

/* Takes rows 0 .. i - 1 out of row i of q. */
static void clear_of(double *q, int64_t d, int64_t i) {
  for (int64_t k = 0; k < i; k++) {
    double share = 0.0;
    for (int64_t j = 0; j < d; j++) {
      share += q[i * d + j] * q[k * d + j];
    }
    for (int64_t j = 0; j < d; j++) {
      q[i * d + j] -= share * q[k * d + j];
    }
  }
}

/* Gram-Schmidt, each row cleared twice. */
static void orthonormalise(double *q, int64_t d) {
  for (int64_t i = 0; i < d; i++) {
    clear_of(q, d, i);
    clear_of(q, d, i);
    double norm = 0.0;
    for (int64_t j = 0; j < d; j++) {
      norm += q[i * d + j] * q[i * d + j];
    }
    for (int64_t j = 0; j < d; j++) {
      q[i * d + j] /= sqrt(norm);
    }
  }
}

static weir_status setup(weir_layer *l, weir_build *b) {
  rotation *r = (rotation *)l;
  const int64_t d = l->data.features;
  WEIR_TRY(weir_event_require_real(&l->data, l->path));
  WEIR_TRY(weir_event_copy(b->ctx, &l->latent, &l->data));
  r->q = weiri_alloc(b->ctx, (size_t)(d * d + 1) * sizeof *r->q);
  if (r->q == NULL) {
    return WEIR_E_MEMORY;
  }
  const weiri_rng rng = {(uint64_t)r->seed, weiri_stream("rotation", 0)};
  weiri_fill_normal(rng, 0, d * d, WEIR_F64, r->q);
  orthonormalise(r->q, d);
  return WEIR_OK;
}

static void teardown(weir_layer *l) {
  weiri_free(l->ctx, ((rotation *)l)->q);
}

static weir_var apply(const weir_layer *l, weir_run *run, weir_var x, bool transposed) {
  weir_tape *t = run->tape;
  const int64_t d = l->data.features;
  const weir_var q = weir_leaf_f64(t, weir_shape_2(d, d), ((const rotation *)l)->q);
  weiri_push_rows(
      l, run, weir_fill(t, weir_shape_1(weir_var_dim(t, x, 0)), 0.0), false);
  return weir_matmul(t, x, q, false, transposed);
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  return apply(l, run, x, false);
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  return apply(l, run, z, true);
}

const weir_layer_class weir_layer_rotation = {
    .is = {"rotation", "a fixed random rotation (or reflection) of the columns",
        "Mezzadri 2007", sizeof(rotation), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
};
