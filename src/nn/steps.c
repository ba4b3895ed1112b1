/* The description of a masked network, and blocks of rows laid out for it. */
#include "nn/steps.h"

#include <string.h>

/* Columns of the products are padded to this many. */
#define PAD 16
/* A panel should hold about this many units of a hidden layer. */
#define PANEL_UNITS 128

/* late: 1 for hidden units, which are computed one time after their degree. */
static int add_units(
    weir_net_steps *s, weir_tape *t, int64_t n, const int64_t *degree, int64_t late) {
  int64_t *start = weiri_tape_take(t, (size_t)(s->degrees + 2) * sizeof *start);
  for (int64_t m = 0, u = 0; start != NULL && m <= s->degrees + 1; m++) {
    while (u < n && degree[u] + late < m) {
      u++;
    }
    start[m] = u;
  }
  s->buffers[s->n_buffers] = (weiri_units){n, degree, start};
  return s->n_buffers++;
}

weir_net_steps *weiri_steps_new(weir_tape *t, const weir_net_io *io, int steps) {
  weir_net_steps *s = weiri_tape_take(t, sizeof *s);
  if (s == NULL) {
    return NULL;
  }
  *s = (weir_net_steps){.degrees = io->in_degree[io->in - 1]};
  const size_t n = 2 * (size_t)steps; /* some become two */
  s->buffers = weiri_tape_take(t, (n + 2) * sizeof *s->buffers);
  s->steps = weiri_tape_take(t, (n + 1) * sizeof *s->steps);
  s->vars = weiri_tape_take(t, (4 * n + 1) * sizeof *s->vars);
  if (s->buffers == NULL || s->steps == NULL || s->vars == NULL) {
    return NULL;
  }
  add_units(s, t, io->in, io->in_degree, 0);
  return s;
}

int weiri_steps_hidden(
    weir_net_steps *s, weir_tape *t, int64_t n, const int64_t *degree) {
  return add_units(s, t, n, degree, 1);
}

int weiri_steps_outputs(weir_net_steps *s, weir_tape *t, const weir_net_io *io) {
  return add_units(s, t, io->out, io->out_degree, 0);
}

int weiri_steps_var(weir_net_steps *s, weir_var v) {
  if (!weir_var_ok(v)) {
    return -1;
  }
  s->vars[s->n_vars] = v;
  return s->n_vars++;
}

weiri_step *weiri_steps_add(weir_net_steps *s, weir_run *run, const weiri_dense *dense,
    int src, int dst, int act) {
  if (dense != NULL && act == WEIRI_SILU) { /* its slope needs what it is applied to */
    const weiri_units *to = &s->buffers[dst];
    const int sums = weiri_steps_hidden(s, weir_run_tape(run), to->n, to->degree);
    weiri_step *step = weiri_steps_add(s, run, dense, src, sums, -1);
    weiri_steps_add(s, run, NULL, sums, dst, act);
    return step;
  }
  weiri_step *step = &s->steps[s->n_steps++];
  *step = (weiri_step){.dense = dense,
      .src = src,
      .dst = dst,
      .add = -1,
      .act = act,
      .weight = -1,
      .bias = -1,
      .share = -1,
      .gate = -1};
  if (dense != NULL) {
    step->weight = weiri_steps_var(s, weir_run_param(run, dense->weight));
    step->bias = weiri_steps_var(s, weir_run_param(run, dense->bias));
  }
  return step;
}

static int64_t widest(const weir_net_steps *s) {
  int64_t most = 1;
  for (int i = 0; i < s->n_buffers; i++) {
    most = s->buffers[i].n > most ? s->buffers[i].n : most;
  }
  return most;
}

int64_t weiri_steps_panel(const weir_net_steps *s) {
  int64_t hidden = 1;
  for (int i = 1; i + 1 < s->n_buffers; i++) {
    hidden = s->buffers[i].n > hidden ? s->buffers[i].n : hidden;
  }
  const int64_t each = (hidden + s->degrees - 1) / s->degrees;
  const int64_t wanted = PANEL_UNITS / each;
  return wanted < 16 ? 16 : wanted > 64 ? 64 : wanted;
}

/* An odd number of cache lines, so that units do not share sets of the cache. */
static int64_t pitch(int64_t rows, size_t size) {
  const int64_t line = (int64_t)(64 / size);
  const int64_t lines = ((rows + PAD - 1) / PAD * PAD + line - 1) / line;
  return (lines | 1) * line;
}

static size_t product_scratch(
    const weir_net_steps *s, const weiri_kern *kern, weir_dtype dtype, int64_t ld) {
  const weiri_gemm g = {.m = 1, .n = ld, .k = widest(s)};
  return (kern->gemm_scratch[dtype](&g) + 63) / 64 * 64;
}

size_t weiri_block_bytes(
    const weir_net_steps *s, const weir_tape *t, int64_t rows, bool back) {
  const weir_dtype dtype = weir_tape_dtype(t);
  const size_t size = weir_dtype_size(dtype);
  const int64_t ld = pitch(rows, size);
  int64_t units = back ? widest(s) : 0;
  for (int i = 0; i < s->n_buffers; i++) {
    units += (back ? 2 : 1) * s->buffers[i].n;
  }
  for (int i = 0; i < s->n_steps; i++) {
    const weiri_step *p = &s->steps[i];
    units += ((p->share >= 0) + (p->gate >= 0)) * s->buffers[p->dst].n;
  }
  const size_t lists = (size_t)(2 * s->n_buffers + 2 * s->n_steps) * sizeof(char *);
  return (size_t)(units * ld) * size + (lists + 63) / 64 * 64 +
         product_scratch(s, weiri_tape_kern(t), dtype, ld);
}

static char *take(char **memory, size_t bytes) {
  char *p = *memory;
  *memory += (bytes + 63) / 64 * 64;
  return p;
}

static char *zeros(const weiri_row_block *b, int64_t units, char **memory) {
  const size_t bytes = (size_t)(units * b->ld) * b->size;
  return memset(take(memory, bytes), 0, bytes);
}

/* Rows of variable v as units. */
static char *turned(
    const weiri_row_block *b, int v, int64_t units, int64_t first, char **memory) {
  if (v < 0) {
    return NULL;
  }
  char *to = zeros(b, units, memory);
  b->kern->transpose[b->dtype](b->rows, units,
      (const char *)b->vars[v] + (size_t)(first * units) * b->size, units, to, b->ld);
  return to;
}

void weiri_block_open(weiri_row_block *b, const weir_net_steps *s, const weir_tape *t,
    const void *const *vars, int64_t first, int64_t rows, bool back, void *memory) {
  char *m = memory;
  *b = (weiri_row_block){.s = s,
      .kern = weiri_tape_kern(t),
      .dtype = weir_tape_dtype(t),
      .rows = rows,
      .wide = (rows + PAD - 1) / PAD * PAD,
      .vars = vars};
  b->size = weir_dtype_size(b->dtype);
  b->ld = pitch(rows, b->size);
  const size_t lists = (size_t)(2 * s->n_buffers + 2 * s->n_steps) * sizeof(char *);
  b->value = (char **)(void *)take(&m, lists);
  b->delta = b->value + s->n_buffers;
  b->share = b->delta + s->n_buffers;
  b->gate = b->share + s->n_steps;
  for (int i = 0; i < s->n_buffers; i++) {
    b->value[i] = zeros(b, s->buffers[i].n, &m);
    b->delta[i] = back ? zeros(b, s->buffers[i].n, &m) : NULL;
  }
  for (int i = 0; i < s->n_steps; i++) {
    const weiri_step *p = &s->steps[i];
    const int64_t units = s->buffers[p->dst].n;
    b->share[i] = turned(b, p->share, units, first, &m);
    b->gate[i] = turned(b, p->gate, units, first, &m);
  }
  b->hold = back ? take(&m, (size_t)(widest(s) * b->ld) * b->size) : NULL;
  b->scratch = m;
}
