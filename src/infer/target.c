/* Making a target from what a user writes: the name of a built-in one, or the path of a
 * shared object. */
#include <string.h>

#include "part/target.h"

weir_status weir_target_make(
    weir_target **out, weir_ctx *ctx, const weir_spec *spec, const char *data) {
  return weiri_target_make(out, ctx, spec, data);
}
