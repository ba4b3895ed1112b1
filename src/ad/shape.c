/* Shapes of variables: rank 0 and size 0 of a poisoned one. */
#include "ad/tape.h"

weir_shape weir_var_shape(weir_tape *t, weir_var x) {
  const weir_node *node = weir_var_node(t, x);
  return node == NULL ? weir_shape_0() : node->shape;
}

int64_t weir_var_dim(weir_tape *t, weir_var x, int axis) {
  const weir_shape s = weir_var_shape(t, x);
  const int i = axis < 0 ? s.rank + axis : axis;
  return x.id == 0 || i < 0 || i >= s.rank ? 0 : s.dim[i];
}
