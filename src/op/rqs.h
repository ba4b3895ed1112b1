/* The rational-quadratic spline in plain expressions. */
#ifndef WEIRI_OP_RQS_H
#define WEIRI_OP_RQS_H

#include "op/op.h"

/* What weir_rqs computes: [2, n, m], for second derivatives and as the definition. */
weir_var weiri_rqs_reference(
    weir_tape *t, const weiri_rqs *s, weir_var x, weir_var theta);

#endif
