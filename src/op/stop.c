/* x without a gradient; a view */
#include "op/op.h"

const weir_op_class weir_op_stop = {"stop", NULL, NULL, NULL, NULL};

weir_var weir_stop(weir_tape *t, weir_var x) {
  return weir_op_view(t, &weir_op_stop, weir_var_shape(t, x), x, 0, NULL, 0);
}
