/** The tape: define-by-run expressions over row-major tensors, and their gradients.
 *
 * Expressions are recorded as they are computed; values are ready at once. Every
 * gradient rule is itself made of expressions, so gradients have gradients. All tensors
 * of a tape have its number type. Memory is a step arena: weir_tape_reset makes every
 * variable of the step stale and reuses its memory, so a repeated step allocates
 * nothing. One tape serves one thread at a time; it splits its own work over the
 * context's threads. */
#ifndef WEIR_TAPE_H
#define WEIR_TAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/ctx.h"
#include "weir/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_tape weir_tape;

/** A value on a tape. id 0 is poison: what an expression with an error returns; later
 * expressions pass it on and the tape keeps the first cause (weir_tape_status). */
typedef struct weir_var {
  uint32_t id, step;
} weir_var;

#define WEIR_RANK_MAX 5

/** Sizes, outermost first. rank 0 is a scalar. */
typedef struct weir_shape {
  int rank;
  int64_t dim[WEIR_RANK_MAX];
} weir_shape;

static inline weir_shape weir_shape_0(void) {
  weir_shape s = {0, {0}};
  return s;
}
static inline weir_shape weir_shape_1(int64_t a) {
  weir_shape s = {1, {a}};
  return s;
}
static inline weir_shape weir_shape_2(int64_t a, int64_t b) {
  weir_shape s = {2, {a, b}};
  return s;
}
static inline weir_shape weir_shape_3(int64_t a, int64_t b, int64_t c) {
  weir_shape s = {3, {a, b, c}};
  return s;
}
static inline int64_t weir_shape_size(const weir_shape *s) {
  int64_t n = 1;
  for (int i = 0; i < s->rank; i++) {
    n *= s->dim[i];
  }
  return n;
}
static inline bool weir_shape_equal(const weir_shape *a, const weir_shape *b) {
  bool same = a->rank == b->rank;
  for (int i = 0; same && i < a->rank; i++) {
    same = a->dim[i] == b->dim[i];
  }
  return same;
}

/** Creates an empty tape. Errors: E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_tape_create(
    weir_tape **out, weir_ctx *ctx, weir_dtype dtype);
WEIR_API void weir_tape_destroy(weir_tape **tape);
/** Forgets every variable and the error; keeps the memory. */
WEIR_API void weir_tape_reset(weir_tape *tape);
/** WEIR_OK, or the first error since the reset (its message in weir_error). */
WEIR_API WEIR_MUST_USE weir_status weir_tape_status(const weir_tape *tape);
WEIR_API weir_dtype weir_tape_dtype(const weir_tape *tape);
WEIR_API weir_ctx *weir_tape_ctx(const weir_tape *tape);
/** Bytes of the arena in use by this step, nodes included. */
WEIR_API size_t weir_tape_bytes(const weir_tape *tape);

/** A leaf that copies the numbers of the tape's type at data. */
WEIR_API weir_var weir_leaf(weir_tape *t, weir_shape shape, const void *data);
/** A leaf that borrows them: they stay where they are, unchanged, until the reset. */
WEIR_API weir_var weir_leaf_borrow(weir_tape *t, weir_shape shape, const void *data);
/** A leaf from float64, converted to the tape's type. */
WEIR_API weir_var weir_leaf_f64(weir_tape *t, weir_shape shape, const double *data);
/** A leaf filled with one value. */
WEIR_API weir_var weir_fill(weir_tape *t, weir_shape shape, double value);

/** Shape of a variable; rank 0 and size 1 for poison. A stale variable poisons the
 * tape.
 */
WEIR_API weir_shape weir_var_shape(weir_tape *t, weir_var x);
/** Size of axis i, counted from the end when negative; 0 for poison. */
WEIR_API int64_t weir_var_dim(weir_tape *t, weir_var x, int axis);
/** Its numbers, read-only, valid until the reset; NULL for poison, and while a plan is
 * recorded, when there are none yet (the tape is poisoned with E_UNSUPPORTED and the
 * step is then recorded without a plan). */
WEIR_API const void *weir_var_data(const weir_tape *t, weir_var x);
/** Copies its numbers out as float64. Errors: the tape's status. */
WEIR_API WEIR_MUST_USE weir_status weir_var_read(weir_tape *t, weir_var x, double *out);
static inline bool weir_var_ok(weir_var x) {
  return x.id != 0;
}
static inline weir_var weir_var_none(void) {
  weir_var v = {0, 0};
  return v;
}

/** gx[i] = sum over y of seed * dy / dx[i], shaped as x[i]; zeros where y does not
 * depend on x[i]. seed is shaped as y; none: ones. With twice the results may be
 * differentiated again: fused operations then expand to their reference form. Cost:
 * about twice the forward expressions between the x and y. */
WEIR_API WEIR_MUST_USE weir_status weir_grad(weir_tape *t, weir_var y, weir_var seed,
    int n, const weir_var *x, weir_var *gx, bool twice);

#ifdef __cplusplus
}
#endif
#endif
