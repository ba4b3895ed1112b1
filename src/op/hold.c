/* Weights that are held by a plan, in the order in which a product of one row streams
 * them: w [h, k] as [k, h], so that outputs lie side by side and fill vectors, rows
 * going on with zeros to a whole line of memory. Every output is the same chain of
 * additions over k as in a product of many rows. */
#include <string.h>

#include "op/op.h"

#define LINE 64 /* bytes */

static void eval(weir_tape *t, const weir_node *y) {
  const weir_dtype dtype = weir_tape_dtype(t);
  const int64_t h = y->in[0]->shape.dim[0], k = y->in[0]->shape.dim[1];
  const int64_t pitch = y->shape.dim[1];
  memset(y->data, 0, (size_t)(k * pitch) * weir_dtype_size(dtype));
  weiri_tape_kern(t)->transpose[dtype](h, k, y->in[0]->data, k, y->data, pitch);
}

static const weir_op_class turned_class = {"turned", eval, NULL, NULL, NULL};

weir_status weiri_hold(
    const weir_ctx *ctx, weiri_recording *r, const bool *held, weir_node *y) {
  if (y->op != &weir_op_linear || y->shape.dim[0] != 1 || !held[y->in[1]->id]) {
    return WEIR_OK;
  }
  const size_t n = (size_t)y->n_in;
  const weir_shape w = y->in[1]->shape;
  const weir_node **in = weiri_arena_take_small(r->meta, (n + 1) * sizeof *in);
  weir_node *turned = in == NULL ? NULL : weiri_recording_push(ctx, r);
  if (turned == NULL) {
    return WEIR_E_MEMORY;
  }
  const int64_t unit = LINE / 4; /* of float; two lines of double */
  memcpy(in, y->in, n * sizeof *in);
  in[n] = y->in[1];
  in[1] = turned;
  turned->op = &turned_class;
  turned->shape = weir_shape_2(w.dim[1], (w.dim[0] + unit - 1) / unit * unit);
  turned->in = in + n;
  turned->n_in = 1;
  turned->scope = y->scope;
  y->in = in;
  y->op = &weiri_op_linear_turned;
  return WEIR_OK;
}
