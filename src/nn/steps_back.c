/* A masked network backward, degrees descending: the gradient of a unit is the sum over
 * the units that see it, first those beyond its panel, then those inside of it. */
#include <string.h>

#include "nn/steps.h"

/* From the gradient of dst to that of the sums, in place; what was added has its own.
 */
static void finish(const weiri_row_block *b, int i, int64_t f, int64_t e) {
  const weiri_step *p = &b->s->steps[i];
  const weiri_kern *k = b->kern;
  const int64_t n = (e - f) * b->ld;
  const size_t at = (size_t)(f * b->ld) * b->size;
  char *g = b->delta[p->dst] + at;
  if (p->add >= 0) {
    k->accumulate[b->dtype](n, g, b->delta[p->add] + at);
  }
  if (p->gate >= 0) {
    k->bin_mul[b->dtype](n, g, 1, b->gate[i] + at, 1, g);
  }
  if (p->act >= 0) {
    weiri_activate_slopes(k, b->dtype, (weiri_activation)p->act, n,
        b->value[p->src] + (p->dense == NULL ? at : 0), b->value[p->dst] + at, b->hold);
    k->bin_mul[b->dtype](n, g, 1, b->hold, 1, g);
  }
  if (p->dense == NULL) {
    k->accumulate[b->dtype](n, g, b->delta[p->src] + at);
  }
}

void weiri_block_back_panel(const weiri_row_block *b, int64_t m0, int64_t m1) {
  for (int i = b->s->n_steps; i-- > 0;) {
    const weiri_step *p = &b->s->steps[i];
    if (p->dense != NULL) {
      const weiri_units *src = &b->s->buffers[p->src], *dst = &b->s->buffers[p->dst];
      weiri_step_product(
          b, p, true, dst->start[m1], dst->n, src->start[m0], src->start[m1]);
    }
  }
}

void weiri_block_retreat(const weiri_row_block *b, int64_t m0, int64_t m) {
  for (int i = b->s->n_steps; i-- > 0;) {
    const weiri_step *p = &b->s->steps[i];
    const int64_t *at = b->s->buffers[p->dst].start;
    const int64_t f = at[m], e = at[m + 1];
    if (e == f) {
      continue;
    }
    finish(b, i, f, e);
    if (p->dense != NULL) {
      weiri_step_product(
          b, p, true, f, e, b->s->buffers[p->src].start[m0], p->dense->prefix[e - 1]);
    }
  }
}
