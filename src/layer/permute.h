/* Columns in another order: shared by permutation and reverse. */
#ifndef WEIRI_LAYER_PERMUTE_H
#define WEIRI_LAYER_PERMUTE_H

#include "part/part.h"

typedef struct weiri_permute {
  weir_layer base;
  int64_t *to, *from; /* z[:, j] = x[:, to[j]], x[:, j] = z[:, from[j]] */
} weiri_permute;

/* Allocates to and from for the class to fill to. */
weir_status weiri_permute_create(weiri_permute *p);
/* From to: fills from and the latent event. */
weir_status weiri_permute_finish(weiri_permute *p);
void weiri_permute_teardown(weir_layer *l);
weir_var weiri_permute_to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context);
weir_var weiri_permute_to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context);

#endif
