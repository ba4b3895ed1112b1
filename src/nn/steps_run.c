/* A masked network forward: h_j = act(sum over k < prefix_j of w_jk a_k + b_j), the sum
 * first over the units known before the panel, then over those of the panel. */
#include <string.h>

#include "nn/steps.h"

/* Units f .. e - 1 of the step's dst begin with the bias. */
static void start(const weiri_row_block *b, int i, int64_t f, int64_t e) {
  const weiri_step *p = &b->s->steps[i];
  const void *bias = p->bias < 0 ? NULL : b->vars[p->bias];
  for (int64_t u = f; u < e; u++) {
    char *row = weiri_unit_at(b, b->value, p->dst, u);
    const size_t at = (size_t)(u * b->ld) * b->size;
    if (b->share[i] != NULL) {
      memcpy(row, b->share[i] + at, (size_t)b->wide * b->size);
      if (bias != NULL) {
        b->kern->bin_add[b->dtype](
            b->wide, row, 1, (const char *)bias + (size_t)u * b->size, 0, row);
      }
    } else if (b->dtype == WEIR_F32) {
      const float v = bias == NULL ? 0.0f : ((const float *)bias)[u];
      for (int64_t r = 0; r < b->wide; r++) {
        ((float *)(void *)row)[r] = v;
      }
    } else {
      const double v = bias == NULL ? 0.0 : ((const double *)bias)[u];
      for (int64_t r = 0; r < b->wide; r++) {
        ((double *)(void *)row)[r] = v;
      }
    }
  }
}

/* What follows the sums. */
static void finish(const weiri_row_block *b, int i, int64_t f, int64_t e) {
  const weiri_step *p = &b->s->steps[i];
  const weiri_kern *k = b->kern;
  const int64_t n = (e - f) * b->ld;
  const size_t at = (size_t)(f * b->ld) * b->size;
  char *y = b->value[p->dst] + at;
  const char *x = p->dense == NULL ? b->value[p->src] + at : y;
  if (p->act >= 0) {
    weiri_activate_numbers(k, b->dtype, (weiri_activation)p->act, n, x, y);
    x = y;
  }
  if (p->gate >= 0) {
    k->bin_mul[b->dtype](n, x, 1, b->gate[i] + at, 1, y);
  } else if (x != y) {
    memcpy(y, x, (size_t)n * b->size);
  }
  if (p->add >= 0) {
    k->accumulate[b->dtype](n, b->value[p->add] + at, y);
  }
}

void weiri_block_panel(const weiri_row_block *b, int64_t m0, int64_t m1) {
  for (int i = 0; i < b->s->n_steps; i++) {
    const weiri_step *p = &b->s->steps[i];
    if (p->dense != NULL) {
      const int64_t *at = b->s->buffers[p->dst].start;
      start(b, i, at[m0], at[m1]);
      weiri_step_product(
          b, p, false, at[m0], at[m1], 0, b->s->buffers[p->src].start[m0]);
    }
  }
}

void weiri_block_advance(const weiri_row_block *b, int64_t m0, int64_t m) {
  for (int i = 0; i < b->s->n_steps; i++) {
    const weiri_step *p = &b->s->steps[i];
    const int64_t *at = b->s->buffers[p->dst].start;
    const int64_t f = at[m], e = at[m + 1];
    if (e == f) {
      continue;
    }
    if (p->dense != NULL) {
      weiri_step_product(
          b, p, false, f, e, b->s->buffers[p->src].start[m0], p->dense->prefix[e - 1]);
    }
    finish(b, i, f, e);
  }
}

void weiri_block_forward(const weiri_row_block *b) {
  const int64_t d = b->s->degrees, panel = weiri_steps_panel(b->s);
  for (int i = 0; i < b->s->n_steps; i++) {
    const weiri_step *p = &b->s->steps[i];
    const int64_t *at = b->s->buffers[p->dst].start;
    for (int64_t m = 1; m <= d; m += panel) {
      const int64_t f = at[m], e = at[m + panel <= d ? m + panel : d + 1];
      if (e > f && p->dense != NULL) {
        start(b, i, f, e);
        weiri_step_product(b, p, false, f, e, 0, p->dense->prefix[e - 1]);
      }
    }
    finish(b, i, 0, b->s->buffers[p->dst].n);
  }
}
