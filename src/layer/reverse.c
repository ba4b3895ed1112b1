/* The columns in reverse order */
#include "layer/permute.h"

static weir_status setup(weir_layer *l, weir_build *b) {
  (void)b;
  weiri_permute *p = (weiri_permute *)l;
  WEIR_TRY(weiri_permute_create(p));
  for (int64_t j = 0; j < l->data.features; j++) {
    p->to[j] = l->data.features - 1 - j;
  }
  return weiri_permute_finish(p);
}

const weir_layer_class weir_layer_reverse = {
    .is = {"reverse", "the columns in reverse order", "Papamakarios et al. 2017",
        sizeof(weiri_permute), NULL},
    .setup = setup,
    .teardown = weiri_permute_teardown,
    .to_latent = weiri_permute_to_latent,
    .to_data = weiri_permute_to_data,
};
