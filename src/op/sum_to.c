/* The adjoint of broadcasting: sums the axes that would have been repeated. Sums one
 * axis after another, each in float64. */
#include "op/op.h"

/* x [m, k, r] summed over its middle axis, recorded as sum along an axis of that shape.
 */
weir_var weir_sum_to(weir_tape *t, weir_var x, weir_shape shape) {
  const weir_shape from = weir_var_shape(t, x);
  weir_shape both;
  if (!weir_var_ok(x)) {
    return x;
  }
  if (!weiri_broadcast_shape(&from, &shape, &both) || !weir_shape_equal(&both, &from)) {
    char a[128], b[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "sum_to: %s to %s", weiri_shape_text(&from, a),
        weiri_shape_text(&shape, b));
  }
  int64_t kept = 1; /* product of the axes inside of the one at hand */
  weir_var y = x;
  for (int i = from.rank - 1; i >= 0; i--) {
    const int j = i - (from.rank - shape.rank);
    const int64_t dim = j < 0 ? 1 : shape.dim[j];
    if (dim == from.dim[i]) {
      kept *= from.dim[i];
      continue;
    }
    int64_t outer = 1;
    for (int o = 0; o < i; o++) {
      outer *= from.dim[o];
    }
    y = weir_sum(t, weir_reshape(t, y, weir_shape_3(outer, from.dim[i], kept)), 1);
  }
  return weir_reshape(t, y, shape);
}
