/* The columns in a random or given order */
#include <string.h>

#include "base/rng.h"
#include "layer/columns.h"
#include "layer/permute.h"

typedef struct permutation {
  weiri_permute base;
  int64_t seed;
  weir_ints columns;
} permutation;

static const weir_opt opts[] = {
    {"seed", WEIR_OPT_INT, offsetof(permutation, seed), "0", 0, 9.2e18, NULL,
        "of the random order, when none is given"},
    {"columns", WEIR_OPT_INTS, offsetof(permutation, columns), "[]", 0, 1e9, NULL,
        "the order: latent column j is data column columns[j]; empty: random"},
    {0}};

static weir_status setup(weir_layer *l, weir_build *b) {
  (void)b;
  permutation *p = (permutation *)l;
  const int64_t d = l->data.features;
  WEIR_TRY(weiri_permute_create(&p->base));
  if (p->columns.n == 0) {
    const weiri_rng rng = {(uint64_t)p->seed, weiri_stream("permutation", 0)};
    weiri_permutation(rng, d, p->base.to);
    return weiri_permute_finish(&p->base);
  }
  WEIR_TRY(weiri_columns_check(&p->columns, d, l->path));
  if (p->columns.n != d) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s.columns: expected all %lld columns, found %lld", l->path, (long long)d,
        (long long)p->columns.n);
  }
  memcpy(p->base.to, p->columns.v, (size_t)d * sizeof *p->base.to);
  return weiri_permute_finish(&p->base);
}

const weir_layer_class weir_layer_permutation = {
    .is = {"permutation", "the columns in a random or given order", NULL,
        sizeof(permutation), opts},
    .setup = setup,
    .teardown = weiri_permute_teardown,
    .to_latent = weiri_permute_to_latent,
    .to_data = weiri_permute_to_data,
};
