/* All kernels of one instruction-set level: LEVEL names the table, BYTES is the width
 * of a vector register, and TILE_ROWS the rows of the matrix product's register tile.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kern/cpu/gemm_table.h"
#include "kern/cpu/vmath.h"
#include "kern/cpu/vtrig.h"
#include "kern/kern.h"

#define NV 2
#define MR TILE_ROWS

static const weiri_gemm_table gemm_table[2] = TABLE;

#define T float
#define TYPE WEIR_F32
#define W (BYTES / 4)
#define NAME(x) x##_f32
#define LIBM(x) x##f
#define vec vec_f32
#include "kern/cpu/transpose.inl"
#include "kern/cpu/elementwise.inl"
#include "kern/cpu/reduce.inl"
#include "kern/cpu/rqs.inl"
#include "kern/cpu/gemm.inl"
#undef T
#undef TYPE
#undef W
#undef NAME
#undef LIBM
#undef vec
#undef UNARY
#undef BINARY

#define T double
#define TYPE WEIR_F64
#define W (BYTES / 8)
#define NAME(x) x##_f64
#define LIBM(x) x
#define vec vec_f64
#include "kern/cpu/transpose.inl"
#include "kern/cpu/elementwise.inl"
#include "kern/cpu/reduce.inl"
#include "kern/cpu/rqs.inl"
#include "kern/cpu/gemm.inl"

#define BOTH(slot) .slot = {slot##_f32, slot##_f64}
const weiri_kern LEVEL = {.isa = LEVEL_NAME,
    .gemm_table = TABLE,
    .tile_rows = MR,
    .tile_columns = {NV * (BYTES / 4), NV *(BYTES / 8)},
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
    BOTH(ema),
    BOTH(rqs),
    BOTH(rqs_adjoint)};
