/* Shapes and tiles of J L J' (op/jacobian_gram.c says what that is). */
#ifndef WEIRI_JACOBIAN_H
#define WEIRI_JACOBIAN_H

#include "op/op.h"

/* Parts of the gradient of the weights, each summed over its own tiles in order. */
enum { WEIRI_JAC_PARTS = 4, WEIRI_JAC_LAYERS = 16 };

typedef struct weiri_jac_shape {
  int64_t n, d, p, layers;
  int64_t block;                   /* columns that a share ties together; 0: no share */
  int64_t h[WEIRI_JAC_LAYERS + 1]; /* h[0] = d, h[layers] = p */
  int64_t widest, weights, rows, tiles;
} weiri_jac_shape;

/* Inputs of a node: weight, then w[layers], slope[layers - 1], share where there is
 * one; the adjoint's last is gy. */
typedef struct weiri_jac_job {
  const weiri_kern *kern;
  weir_dtype dtype;
  weiri_jac_shape s;
  const weir_node *y;
  const void *gy;    /* adjoint: [n, d, d] */
  void *out;         /* G; adjoint: gradients of weight and of share [n, p], then
                        WEIRI_JAC_PARTS times all W */
  int64_t gemm_room; /* bytes of scratch for one product */
} weiri_jac_job;

/* G of one tile of rows, and the gradients of the tiles of one part. */
void weiri_jac_forward(void *job, int64_t tile, void *scratch);
void weiri_jac_backward(void *job, int64_t part, void *scratch);
/* Rows per tile, from n, d and the widths. */
void weiri_jac_split(weiri_jac_shape *s);
/* Bytes of scratch for forward and backward; sets gemm_room. */
size_t weiri_jac_room(weiri_jac_job *j);
/* Offset of the parts in the adjoint's result. */
int64_t weiri_jac_parts_at(const weiri_jac_shape *s);

#endif
