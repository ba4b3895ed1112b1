/* The layers of a map that is linear around a point. */
#include "part/part.h"

void weir_pieces_push(weir_pieces *p, weir_var weight) {
  if (p->n < 0 || p->n == WEIR_PIECES_MAX) {
    p->n = -1;
    return;
  }
  p->weight[p->n] = weight;
  p->slope[p->n++] = weir_var_none();
}

void weir_pieces_bend(weir_pieces *p, weir_var slope) {
  if (p->n < 1 || weir_var_ok(p->slope[p->n - 1]) || !weir_var_ok(slope)) {
    p->n = -1;
    return;
  }
  p->slope[p->n - 1] = slope;
}

void weir_pieces_give_up(weir_pieces *p) {
  p->n = -1;
}
