/* The reference table. */
#include <math.h>

#include "kern/cpu/levels.h"

#define T float
#define NAME(x) x##_f32
#include "kern/ref/ref.inl"
#undef T
#undef NAME

#define T double
#define NAME(x) x##_f64
#include "kern/ref/ref.inl"

#define BOTH(slot) .slot = {slot##_f32, slot##_f64}
const weiri_kern weiri_kern_ref = {.isa = "ref",
#define X(name) BOTH(name),
    WEIRI_UNARY_LIST(X)
#undef X
#define X(name) BOTH(bin_##name),
        WEIRI_BINARY_LIST(X)
#undef X
            BOTH(gemm_scratch),
    BOTH(gemm),
    BOTH(affine),
    BOTH(transpose),
    BOTH(accumulate),
    BOTH(sum_rows),
    BOTH(sum_cols),
    BOTH(sum),
    BOTH(sum_squares),
    BOTH(logsumexp_rows),
    BOTH(softmax_rows),
    BOTH(adam),
    BOTH(ema)};
