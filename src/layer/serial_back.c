/* u with J' u = g for the triangular Jacobian J of an autoregressive pass, which is
 * never formed: from the last column to the first, u_i = (g_i - sum over j > i of J_ji
 * u_j) / J_ii, where the sum is the gradient that the columns found so far send through
 * the network, whose units are visited degree by degree, each once. */
#include <string.h>

#include "ad/tape.h"
#include "layer/serial.h"

enum { G, X, SLOPE, STEER, Y, FIRST_VAR };

/* Rows of a block of input i as units [units, rows]. */
static void turn(const weiri_serial_job *j, const weiri_row_block *b, int i,
    int64_t units, int64_t first, char *to) {
  b->kern->transpose[b->dtype](b->rows, units,
      (const char *)j->node->in[i]->data + (size_t)(first * units) * b->size, units, to,
      b->rows);
}

/* Column c: u from g, x and slope, in place of g; held beside: a column of scratch. */
static void column(const weiri_serial_job *j, weiri_row_block *b, int64_t c, char *g,
    const char *x, const char *slope, char *held) {
  const size_t at = (size_t)(c * b->rows) * b->size;
  memset(held, 0, (size_t)b->rows * b->size);
  weiri_encode_back(
      &j->s->encoding, b->dtype, b->rows, c, x + at, b->delta[0], b->ld, held);
  b->kern->bin_sub[b->dtype](b->rows, g + at, 1, held, 1, g + at);
  b->kern->bin_div[b->dtype](b->rows, g + at, 1, slope + at, 1, g + at);
}

/* What u of column c sends to its parameters. */
static void send(const weiri_serial_job *j, weiri_row_block *b, int64_t c,
    const char *u, const char *steer) {
  const size_t row = (size_t)b->rows * b->size;
  for (int64_t k = j->s->maps.first[c]; k < j->s->maps.first[c + 1]; k++) {
    b->kern->bin_mul[b->dtype](b->rows, u + (size_t)c * row, 1, steer + (size_t)k * row,
        1, weiri_unit_at(b, b->delta, b->s->n_buffers - 1, k));
  }
}

static void back_rows(const weiri_serial_job *j, weir_tape *side, weiri_row_block *b,
    int64_t first, char *extra) {
  const int64_t d = b->s->degrees, panel = weiri_steps_panel(b->s);
  const size_t part = (size_t)(d * b->rows) * b->size;
  char *g = extra, *x = g + part, *slope = x + part, *steer = slope + part;
  char *held = steer + (size_t)(j->s->maps.outputs * b->rows) * b->size;
  weir_tape_reset(side);
  turn(j, b, G, d, first, g);
  turn(j, b, X, d, first, x);
  turn(j, b, SLOPE, d, first, slope);
  turn(j, b, STEER, j->s->maps.outputs, first, steer);
  for (int64_t c = 0; c < d; c++) {
    weiri_encode_units(&j->s->encoding, b->dtype, b->rows, c,
        x + (size_t)(c * b->rows) * b->size, b->value[0], b->ld);
  }
  weiri_block_forward(b);
  for (int64_t m1 = d + 1, m0 = 1 + (d - 1) / panel * panel; m0 >= 1;
       m1 = m0, m0 -= panel) {
    weiri_block_back_panel(b, m0, m1);
    for (int64_t m = m1 - 1; m >= m0; m--) {
      column(j, b, m - 1, g, x, slope, held);
      send(j, b, m - 1, g, steer);
      weiri_block_retreat(b, m0, m);
    }
  }
  b->kern->transpose[b->dtype](
      d, b->rows, g, b->rows, (char *)j->node->data + (size_t)(first * d) * b->size, d);
}

typedef struct attr {
  const weiri_serial *s;
  weir_run *run;
  const weir_net_steps *steps;
} attr;

static void eval(weir_tape *t, const weir_node *u) {
  const attr *a = u->attr;
  const int64_t numbers = 3 * a->s->maps.columns + a->s->maps.outputs + 1;
  weiri_serial_job j = {.s = a->s,
      .run = a->run,
      .steps = a->steps,
      .node = u,
      .first_var = FIRST_VAR,
      .back = true,
      .n = u->shape.dim[0],
      .rows = back_rows,
      .extra = (size_t)numbers * weir_dtype_size(weir_tape_dtype(t))};
  weiri_serial_share(t, &j);
}

static void vjp(
    weir_tape *t, const weir_node *u, weir_var gu, const bool *want, weir_var *gx) {
  (void)u, (void)gu, (void)want, (void)gx;
  weir_op_fail(t, WEIR_E_UNSUPPORTED,
      "second derivatives through the inverse of an autoregressive layer");
}

static const weir_op_class back_class = {"serial_back", eval, vjp, NULL, NULL};

weir_var weiri_serial_back(const weiri_serial *s, weir_run *run,
    const weir_net_steps *steps, weir_var g, weir_var x, weir_var slope, weir_var steer,
    weir_var y) {
  weir_tape *t = run->tape;
  weir_var *in = weiri_tape_take(t, (size_t)(steps->n_vars + FIRST_VAR) * sizeof *in);
  if (in == NULL) {
    return weir_var_none();
  }
  in[G] = g, in[X] = x, in[SLOPE] = slope, in[STEER] = steer, in[Y] = y;
  memcpy(in + FIRST_VAR, steps->vars, (size_t)steps->n_vars * sizeof *in);
  const attr a = {s, run, steps};
  return weir_op_apply(t, &back_class, weir_var_shape(t, g), steps->n_vars + FIRST_VAR,
      in, &a, sizeof a);
}
