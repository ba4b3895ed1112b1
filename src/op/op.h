/* What op files share: dispatch of elementwise kernels over threads, and shape helpers.
 */
#ifndef WEIRI_OP_H
#define WEIRI_OP_H

#include "ad/tape.h"
#include "weir/ops.h"

/* Numbers per chunk of an elementwise sweep. */
#define WEIRI_SWEEP 8192

extern const weir_op_class *const weiri_op_table[]; /* NULL-terminated */
extern const weir_op_class weir_op_add, weir_op_linear, weir_op_matmul;

/* y = f(x), element by element. cost: operations per element. */
void weiri_eval_unary(
    weir_tape *t, const weir_node *y, weiri_unary_fn *const fn[2], double cost);
/* y = f(a, b) with broadcasting. */
void weiri_eval_binary(weir_tape *t, const weir_node *y, weiri_binary_fn *const fn[2]);
/* Records a binary operation: the broadcast shape, or poison. */
weir_var weiri_apply_binary(
    weir_tape *t, const weir_op_class *op, weir_var a, weir_var b);
weir_var weiri_apply_unary(weir_tape *t, const weir_op_class *op, weir_var x);
/* Shape of a and b broadcast together; false when they do not fit. */
bool weiri_broadcast_shape(const weir_shape *a, const weir_shape *b, weir_shape *out);
/* "[2, 3]" into buf of at least 128 bytes; returns buf. */
const char *weiri_shape_text(const weir_shape *s, char *buf);
/* axis counted from the front, or -1 when out of range. */
int weiri_axis(const weir_shape *s, int axis);
/* g summed to the shape of a node (the adjoint of broadcasting). */
weir_var weiri_sum_like(weir_tape *t, weir_var g, const weir_node *like);

/* Product with triangular structure, for weir_linear and its gradients. */
typedef enum weiri_tri {
  WEIRI_TRI_FORWARD, /* x [n, k], w [h, k]: x w', column j over k < prefix[j] */
  WEIRI_TRI_DATA,    /* g [n, h], w [h, k]: g w,  column c over j with prefix[j] > c */
  WEIRI_TRI_WEIGHT   /* g [n, h], x [n, k]: g' x, row j only columns < prefix[j] */
} weiri_tri;
weir_var weiri_tri_product(weir_tape *t, weiri_tri kind, weir_var a, weir_var b,
    const int64_t *prefix, int64_t h);
/* Whether y is a product of the third kind whose prefixes are the ones of keep [h, k]:
 * it is exactly zero wherever keep is. */
bool weiri_tri_keeps(const weir_node *y, const unsigned char *keep);
/* The product that y is; false where it is none, or one whose result may not be worked
 * on (fuse.c). */
bool weiri_linear_gemm(const weir_node *y, weiri_gemm *g);
bool weiri_matmul_gemm(const weir_node *y, weiri_gemm *g);
bool weiri_tri_gemm(const weir_node *y, weiri_gemm *g);
/* The product of the third kind that y is. */
bool weiri_tri_weight_gemm(const weir_node *y, weiri_gemm *g);
/* g where y > 0, else 0 g: the gradient of a rectifier whose result is y (gate.c). */
weir_var weiri_gate(weir_tape *t, weir_var g, weir_var y);
extern const weir_op_class weiri_op_gate;
/* For plans: makes y one with an input that nobody else reads (alone), where the two
 * are one kernel, with the same bits (fuse.c). Memory is taken from meta. */
weir_status weiri_fuse(weiri_arena *meta, const bool *alone, weir_node *y);
/* For plans: a linear layer of one row reads its weights transposed where they are held
 * (hold.c). */
weir_status weiri_hold(
    const weir_ctx *ctx, weiri_recording *r, const bool *held, weir_node *y);
/* A linear layer whose weights are given as [k, h], rows padded with zeros. */
extern const weir_op_class weiri_op_linear_turned;
/* For plans: operations that go row by row, in panels of rows (panel.c). */
weiri_cut weiri_cut_node(
    const weir_node *node, int64_t n, const weiri_cut *of, bool *inputs);
void weiri_copy_view(weir_node *node);
weir_status weiri_panel_node(
    weiri_arena *meta, weir_node *piece, const weir_node *y, int64_t n, int64_t rows);
double weiri_node_work(const weir_node *node);
/* The product that a fused node begins with, or NULL; and the same for a piece of it.
 */
const weir_node *weiri_fused_product(const weir_node *y);
weir_status weiri_fused_panel(weiri_arena *meta, weir_node *piece, const weir_node *y);
extern const weir_op_class weir_op_slice, weiri_op_slice_view, weiri_op_couple_adjoint;
/* gemm split over the team: bits do not depend on the split. */
void weiri_gemm_run(weir_tape *t, const weiri_gemm *g);
/* The same, and squares[m]: of each row of C the sum of squares, as the kernel
 * sum_squares gives it, taken while the row is at hand; unless NULL. */
void weiri_gemm_squares(weir_tape *t, const weiri_gemm *g, double *squares);
/* A matrix product that also leaves the sums of squares of its rows (squares.c). */
typedef struct weiri_squares {
  weir_node product;
  double *rows; /* [rows of the product] */
} weiri_squares;
/* Makes y, a product of a plan, one that fills rows as well; s has to live as long.
 * false, and nothing is changed: y is no product that can. */
bool weiri_squares_take(weiri_squares *s, weir_node *y, double *rows);
/* Whether y has become one, and the product that it was, or y itself. */
bool weiri_squares_taken(const weir_node *y);
const weir_node *weiri_squares_product(const weir_node *y);

#endif
