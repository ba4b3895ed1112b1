/* Shared by the poolings over squares that lie side by side. */
#ifndef WEIRI_POOL_H
#define WEIRI_POOL_H

#include <string.h>

#include "op/op.h"

/* Shape of a pooled image; false and poison in the name of the operation where it does
 * not fit. */
bool weiri_pool_shape(
    weir_tape *t, const char *name, weir_var x, int64_t size, weir_shape *out);
/* Zeros below and right of x up to the height and width of `like`. */
weir_var weiri_pool_widen(weir_tape *t, weir_var x, const weir_shape *like);

#endif
