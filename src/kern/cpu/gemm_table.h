/* Which kernel serves which product: row_across, row_along, narrow, in_place,
 * narrow_along (kern.h), for float and double. Written by bench_table on an AMD EPYC of
 * the Zen 4 family, GCC 12, 2026-11-24. */
#ifndef WEIRI_GEMM_TABLE_H
#define WEIRI_GEMM_TABLE_H

/* clang-format off */
#define WEIRI_TABLE_BASE {{true, false, 6, 48, 3}, {true, true, 6, 48, 6}}
#define WEIRI_TABLE_V3 {{true, true, 6, 42, 6}, {true, false, 6, 30, 3}}
#define WEIRI_TABLE_V4 {{true, true, 12, 240, 4}, {true, true, 12, 144, 2}}
/* clang-format on */

#endif
