/* A masked network degree by degree, each hidden unit computed once: the way in which
 * autoregressive maps are inverted, and the same backwards for the gradient of the
 * inverse. Like a blocked triangular solve (Golub & Van Loan, section 3.1.4): degrees
 * are taken in panels; what earlier panels contribute to all units of a panel is one
 * matrix product, and only products inside of the panel are thin.
 *
 * At time m = 1 .. d the hidden units of degree m - 1 and then the outputs of degree m
 * are computed; inputs of degree m are filled in by the caller afterwards. Numbers lie
 * unit by unit, [units, ld], a block of rows at a time. */
#ifndef WEIRI_STEPS_H
#define WEIRI_STEPS_H

#include "nn/nn.h"

/* dst = [add +] [gate *] act([w src] [+ bias] [+ share]). Buffers are numbered: 0 the
 * inputs, the last one the outputs. Not both act and gate. */
typedef struct weiri_step {
  const weiri_dense *dense; /* NULL: dst is made of src's own units */
  int src, dst, add;        /* add: -1 or a buffer */
  int act;                  /* weiri_activation, or -1 */
  int weight, bias;         /* places in the list of variables; -1: none */
  int share, gate;          /* [n, units of dst] */
} weiri_step;

typedef struct weiri_units {
  int64_t n;
  const int64_t *degree; /* [n], ascending */
  int64_t *start;        /* [d + 2]: start[m] units are known before time m */
} weiri_units;

struct weir_net_steps {
  int64_t degrees; /* d */
  int n_buffers, n_steps, n_vars;
  weiri_units *buffers;
  weiri_step *steps;
  weir_var *vars;
};

/* Room for the description of a network with at most this many steps, of the tape's
 * step; NULL poisons the tape. Its first buffer is io's inputs. */
weir_net_steps *weiri_steps_new(weir_tape *t, const weir_net_io *io, int steps);
/* Adds n hidden units (degrees borrowed), in the end the outputs; returns the buffer.
 */
int weiri_steps_hidden(
    weir_net_steps *s, weir_tape *t, int64_t n, const int64_t *degree);
int weiri_steps_outputs(weir_net_steps *s, weir_tape *t, const weir_net_io *io);
/* Adds dst = act(w src + b) with the parameters of a layer; more may be set in what is
 * returned. dense NULL: dst = act(src). act -1: none. */
weiri_step *weiri_steps_add(weir_net_steps *s, weir_run *run, const weiri_dense *dense,
    int src, int dst, int act);
/* Place of a variable in the list; -1 for none. */
int weiri_steps_var(weir_net_steps *s, weir_var v);

/* ---- a block of rows ---- */

typedef struct weiri_row_block {
  const weir_net_steps *s;
  const weiri_kern *kern;
  weir_dtype dtype;
  size_t size;             /* bytes of a number */
  int64_t rows, wide, ld;  /* wide: rows rounded up; numbers beyond rows are padding */
  const void *const *vars; /* data of the variables */
  char **value, **share, **gate; /* [n_buffers] and [n_steps] */
  char **delta;                  /* [n_buffers]: gradients, when going back */
  char *hold;                    /* numbers of the widest buffer */
  void *scratch;
} weiri_row_block;

/* Degrees per panel. */
int64_t weiri_steps_panel(const weir_net_steps *s);
/* Bytes of memory, 64-byte aligned, for blocks of at most this many rows. */
size_t weiri_block_bytes(
    const weir_net_steps *s, const weir_tape *t, int64_t rows, bool back);
/* Rows first .. first + rows - 1 of variables with n rows. Inputs and gradients are
 * zero. */
void weiri_block_open(weiri_row_block *b, const weir_net_steps *s, const weir_tape *t,
    const void *const *vars, int64_t first, int64_t rows, bool back, void *memory);
/* Sums over what was known before time m0, for all units of times m0 .. m1 - 1. */
void weiri_block_panel(const weiri_row_block *b, int64_t m0, int64_t m1);
/* The units of time m, of the panel that begins with m0. */
void weiri_block_advance(const weiri_row_block *b, int64_t m0, int64_t m);
/* Every unit, all inputs being there. */
void weiri_block_forward(const weiri_row_block *b);
/* The way back, times descending: contributions of units beyond the panel to the
 * gradients of its own, and the units of time m, the outputs' gradients being there. */
void weiri_block_back_panel(const weiri_row_block *b, int64_t m0, int64_t m1);
void weiri_block_retreat(const weiri_row_block *b, int64_t m0, int64_t m);

/* Unit u of a buffer. */
static inline char *weiri_unit_at(
    const weiri_row_block *b, char *const *buffers, int buffer, int64_t u) {
  return buffers[buffer] + (size_t)(u * b->ld) * b->size;
}

/* Values of units f .. e - 1 of the step's dst += weights times those of units lo .. hi
 * - 1 of its src. back: gradients of those src units += weights' times those of the dst
 * units. */
static inline void weiri_step_product(const weiri_row_block *b, const weiri_step *p,
    bool back, int64_t f, int64_t e, int64_t lo, int64_t hi) {
  const int64_t in = p->dense->in;
  if (e <= f || hi <= lo) {
    return;
  }
  char *const *rows = back ? b->delta : b->value;
  char *src = weiri_unit_at(b, rows, p->src, lo);
  char *dst = weiri_unit_at(b, rows, p->dst, f);
  const weiri_gemm g = {.m = back ? hi - lo : e - f,
      .n = b->wide,
      .k = back ? e - f : hi - lo,
      .a = (const char *)b->vars[p->weight] + (size_t)(f * in + lo) * b->size,
      .b = back ? dst : src,
      .c = back ? src : dst,
      .lda = in,
      .ldb = b->ld,
      .ldc = b->ld,
      .ta = back,
      .accumulate = true};
  b->kern->gemm[b->dtype](&g, b->scratch);
}

#endif
