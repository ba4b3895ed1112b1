/* Rows of the last axis in chunks of about WEIRI_SWEEP numbers. */
#include "op/rows.h"

typedef struct job {
  weiri_rows_fn *fn;
  const char *x;
  char *y;
  int64_t m, n, out, rows;
  size_t size;
} job;

static void chunk(void *arg, int64_t i, void *scratch) {
  (void)scratch;
  const job *j = arg;
  const int64_t first = i * j->rows, left = j->m - first;
  j->fn(left < j->rows ? left : j->rows, j->n, j->x + (size_t)(first * j->n) * j->size,
      j->y + (size_t)(first * j->out) * j->size);
}

void weiri_eval_rows(weir_tape *t, const weir_node *y, weiri_rows_fn *fn, int64_t out,
    double cost_per_number) {
  const weir_shape *s = &y->in[0]->shape;
  const int64_t n = s->dim[s->rank - 1];
  const int64_t m = n == 0 ? weir_shape_size(&y->shape) : weir_shape_size(s) / n;
  job j = {fn, y->in[0]->data, y->data, m, n, out,
      n >= WEIRI_SWEEP ? 1 : WEIRI_SWEEP / (n > 0 ? n : 1),
      weir_dtype_size(weir_tape_dtype(t))};
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), (m + j.rows - 1) / j.rows,
                         cost_per_number * (double)(m * n), 0, chunk, &j));
}
