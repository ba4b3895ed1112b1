/* The inverse of an autoregressive pass without a gradient: rows are shared out over
 * the team; a block of them goes through the network degree by degree (nn/steps.h), the
 * map of each column on a tape of its own. */
#include <stdio.h>
#include <string.h>

#include "ad/tape.h"
#include "layer/serial.h"

/* Rows of a block: its units stay in the second-level cache. */
#define ROWS 256
/* Rows of a chunk at least. */
#define ROWS_MIN 32

typedef struct shared {
  weiri_serial_job j;
  weir_tape *const *side;
  weir_status *status; /* [chunks] */
  char (*message)[512];
} shared;

static void chunk(void *arg, int64_t i, void *scratch) {
  const shared *p = arg;
  const weiri_serial_job *j = &p->j;
  const int n_vars = j->steps->n_vars;
  const int64_t begin = i * j->per_chunk;
  const int64_t end = begin + j->per_chunk < j->n ? begin + j->per_chunk : j->n;
  const void **vars = (const void **)scratch;
  for (int v = 0; v < n_vars; v++) {
    vars[v] = j->node->in[j->first_var + v]->data;
  }
  char *memory = (char *)scratch + ((size_t)n_vars * sizeof *vars + 63) / 64 * 64;
  for (int64_t first = begin; first < end && p->status[i] == WEIR_OK; first += ROWS) {
    weiri_row_block b;
    weiri_block_open(&b, j->steps, j->run->tape, vars, first,
        end - first < ROWS ? end - first : ROWS, j->back, memory);
    j->rows(j, p->side[i], &b, first, memory + j->block_bytes);
    p->status[i] = weir_tape_status(p->side[i]);
  }
  if (p->status[i] != WEIR_OK) {
    snprintf(p->message[i], sizeof p->message[i], "%s", weir_error());
  }
}

static double work_of(const weir_net_steps *s) {
  double sum = 1.0;
  for (int i = 0; i < s->n_steps; i++) {
    const weiri_dense *d = s->steps[i].dense;
    sum += d == NULL ? 0.0 : (double)(d->in * d->out);
  }
  return sum;
}

void weiri_serial_share(weir_tape *t, weiri_serial_job *j) {
  const double work = (double)j->n * work_of(j->steps);
  const int threads = weiri_team_threads(weiri_tape_team(t), work);
  const int64_t most = (j->n + ROWS_MIN - 1) / ROWS_MIN;
  const int64_t parts = most < threads ? most : threads;
  j->per_chunk = parts < 1 ? ROWS : ((j->n + parts - 1) / parts + 15) / 16 * 16;
  const int64_t chunks = (j->n + j->per_chunk - 1) / j->per_chunk;
  const int64_t rows = j->per_chunk < ROWS ? j->per_chunk : ROWS;
  shared p = {.j = *j, .side = weiri_run_side(j->run, (int)chunks)};
  p.j.block_bytes = (weiri_block_bytes(j->steps, t, rows, j->back) + 63) / 64 * 64;
  p.status = weiri_tape_take(t, (size_t)(chunks + 1) * sizeof *p.status);
  p.message = weiri_tape_take(t, (size_t)(chunks + 1) * sizeof *p.message);
  if (p.side == NULL || p.status == NULL || p.message == NULL) {
    return;
  }
  memset(p.status, 0, (size_t)(chunks + 1) * sizeof *p.status);
  const size_t vars = ((size_t)j->steps->n_vars * sizeof(void *) + 63) / 64 * 64;
  const size_t bytes = vars + p.j.block_bytes + (size_t)rows * j->extra + 64;
  weiri_tape_note(
      t, weiri_parallel(weiri_tape_team(t), chunks, work, bytes, chunk, &p));
  for (int64_t i = 0; i < chunks; i++) {
    if (p.status[i] != WEIR_OK) {
      weir_op_fail(t, p.status[i], "%s", p.message[i]);
    }
  }
}

/* Column c of rows first .. of a matrix [n, d], side by side, and back. */
static void take_column(const weiri_row_block *b, const void *from, int64_t d,
    int64_t first, int64_t c, char *to) {
  const char *x = (const char *)from + (size_t)(first * d + c) * b->size;
  b->kern->transpose[b->dtype](b->rows, 1, x, d, to, b->rows);
}

static void put_column(const weiri_row_block *b, const void *from, int64_t d,
    int64_t first, int64_t c, char *to) {
  char *y = to + (size_t)(first * d + c) * b->size;
  b->kern->transpose[b->dtype](1, b->rows, from, b->rows, y, d);
}

/* Column c through its map, from the outputs of the network, and into its inputs. */
static void column(const weiri_serial_job *j, weir_tape *side, weiri_row_block *b,
    int64_t first, int64_t c, char *extra) {
  const weiri_serial *s = j->s;
  const int64_t d = s->maps.columns, p0 = s->maps.first[c],
                p = s->maps.first[c + 1] - p0;
  const size_t column_bytes = (size_t)b->rows * b->size;
  char *theta = extra + column_bytes;
  weir_tape_reset(side);
  take_column(b, j->node->in[0]->data, d, first, c, extra);
  b->kern->transpose[b->dtype](
      p, b->rows, weiri_unit_at(b, b->value, b->s->n_buffers - 1, p0), b->ld, theta, p);
  const weir_var y = weir_leaf_borrow(side, weir_shape_2(b->rows, 1), extra);
  const weir_var by = p == 0 ? weir_var_none()
                             : weir_leaf_borrow(side, weir_shape_2(b->rows, p), theta);
  weir_var log_det;
  const weir_var x = weiri_maps_column(&s->maps, side, true, c, y, by, &log_det);
  if (weir_var_data(side, x) == NULL || weir_var_data(side, log_det) == NULL) {
    return;
  }
  char *out = j->node->data;
  put_column(b, weir_var_data(side, x), d, first, c, out);
  put_column(
      b, weir_var_data(side, log_det), d, first, c, out + (size_t)(j->n * d) * b->size);
  weiri_encode_units(
      &s->encoding, b->dtype, b->rows, c, weir_var_data(side, x), b->value[0], b->ld);
}

static void solve_rows(const weiri_serial_job *j, weir_tape *side, weiri_row_block *b,
    int64_t first, char *extra) {
  const int64_t d = b->s->degrees, panel = weiri_steps_panel(b->s);
  weir_tape_reset(side);
  for (int64_t m0 = 1; m0 <= d; m0 += panel) {
    const int64_t m1 = m0 + panel <= d ? m0 + panel : d + 1;
    weiri_block_panel(b, m0, m1);
    for (int64_t m = m0; m < m1; m++) {
      weiri_block_advance(b, m0, m);
      column(j, side, b, first, m - 1, extra);
      if (weir_tape_status(side) != WEIR_OK) {
        return;
      }
    }
  }
}

typedef struct attr {
  const weiri_serial *s;
  weir_run *run;
  const weir_net_steps *steps;
} attr;

static void eval(weir_tape *t, const weir_node *y) {
  const attr *a = y->attr;
  int64_t most = 0;
  for (int64_t c = 0; c < a->s->maps.columns; c++) {
    const int64_t p = a->s->maps.first[c + 1] - a->s->maps.first[c];
    most = p > most ? p : most;
  }
  weiri_serial_job j = {.s = a->s,
      .run = a->run,
      .steps = a->steps,
      .node = y,
      .first_var = 1,
      .n = y->shape.dim[1],
      .rows = solve_rows,
      .extra = (size_t)(most + 1) * weir_dtype_size(weir_tape_dtype(t))};
  weiri_serial_share(t, &j);
}

static const weir_op_class solve_class = {"serial_solve", eval, NULL, NULL, NULL};

weir_var weiri_serial_quick(const weiri_serial *s, weir_run *run,
    const weir_net_steps *steps, weir_var y, weir_var *log_det) {
  weir_tape *t = run->tape;
  const weir_shape shape = weir_var_shape(t, y);
  weir_var *in = weiri_tape_take(t, (size_t)(steps->n_vars + 1) * sizeof *in);
  if (in == NULL) {
    return weir_var_none();
  }
  in[0] = y;
  memcpy(in + 1, steps->vars, (size_t)steps->n_vars * sizeof *in);
  const attr a = {s, run, steps};
  const weir_var both = weir_op_apply(t, &solve_class,
      weir_shape_3(2, shape.dim[0], shape.dim[1]), steps->n_vars + 1, in, &a, sizeof a);
  *log_det = weir_sum_last(t, weir_reshape(t, weir_slice(t, both, 0, 1, 1), shape));
  return weir_reshape(t, weir_slice(t, both, 0, 0, 1), shape);
}
