/* Elementwise evaluation over threads, with NumPy broadcasting for two arguments. */
#include <stdio.h>
#include <string.h>

#include "op/op.h"

/* Operations in the time that three numbers take from memory. */
#define BINARY_COST 8.0

typedef struct unary_job {
  weiri_unary_fn *fn;
  const char *x;
  char *y;
  int64_t n;
  size_t size;
} unary_job;

static void unary_chunk(void *arg, int64_t chunk, void *scratch) {
  (void)scratch;
  const unary_job *job = arg;
  const int64_t first = chunk * WEIRI_SWEEP;
  const int64_t left = job->n - first;
  const size_t at = (size_t)first * job->size;
  job->fn(left < WEIRI_SWEEP ? left : WEIRI_SWEEP, job->x + at, job->y + at);
}

void weiri_eval_unary(
    weir_tape *t, const weir_node *y, weiri_unary_fn *const fn[2], double cost) {
  const weir_dtype dtype = weir_tape_dtype(t);
  const int64_t n = weir_shape_size(&y->shape);
  if (n <= WEIRI_SWEEP) {
    fn[dtype](n, y->in[0]->data, y->data);
    return;
  }
  unary_job job = {fn[dtype], y->in[0]->data, y->data, n, weir_dtype_size(dtype)};
  weiri_tape_note(
      t, weiri_parallel(weiri_tape_team(t), (n + WEIRI_SWEEP - 1) / WEIRI_SWEEP,
             cost * (double)n, 0, unary_chunk, &job));
}

/* Axes of the result merged as far as both strides allow, outermost first. */
typedef struct binary_job {
  weiri_binary_fn *fn;
  const char *a, *b;
  char *y;
  size_t size;
  int rank;
  int64_t dim[WEIR_RANK_MAX], sa[WEIR_RANK_MAX], sb[WEIR_RANK_MAX];
  int64_t outer, per_chunk; /* outer: product of all axes but the last */
  int64_t pieces;           /* when outer is 1: the last axis in pieces */
} binary_job;

/* Stride of axis i of the result in an argument: 0 where it is repeated. */
static void strides(const weir_shape *y, const weir_shape *x, int64_t *s) {
  int64_t step = 1;
  for (int i = y->rank - 1; i >= 0; i--) {
    const int j = i - (y->rank - x->rank);
    const int64_t dim = j < 0 ? 1 : x->dim[j];
    s[i] = dim == 1 ? 0 : step;
    step *= dim;
  }
}

static void merge_axes(
    binary_job *job, const weir_shape *y, const weir_shape *a, const weir_shape *b) {
  int64_t sa[WEIR_RANK_MAX] = {0}, sb[WEIR_RANK_MAX] = {0};
  strides(y, a, sa);
  strides(y, b, sb);
  job->rank = 0;
  for (int i = 0; i < y->rank; i++) {
    if (y->dim[i] == 1) {
      continue;
    }
    const int r = job->rank - 1;
    if (r >= 0 && job->sa[r] == sa[i] * y->dim[i] && job->sb[r] == sb[i] * y->dim[i]) {
      job->dim[r] *= y->dim[i];
      job->sa[r] = sa[i];
      job->sb[r] = sb[i];
    } else {
      job->dim[job->rank] = y->dim[i];
      job->sa[job->rank] = sa[i];
      job->sb[job->rank++] = sb[i];
    }
  }
  if (job->rank == 0) {
    job->dim[0] = 1;
    job->sa[0] = job->sb[0] = 0;
    job->rank = 1;
  }
}

static void binary_rows(const binary_job *job, int64_t first, int64_t last) {
  const int inner = job->rank - 1;
  const int64_t n = job->dim[inner];
  for (int64_t row = first; row < last; row++) {
    int64_t rest = row, at_a = 0, at_b = 0;
    for (int i = inner - 1; i >= 0; i--) {
      at_a += rest % job->dim[i] * job->sa[i];
      at_b += rest % job->dim[i] * job->sb[i];
      rest /= job->dim[i];
    }
    job->fn(n, job->a + (size_t)at_a * job->size, job->sa[inner],
        job->b + (size_t)at_b * job->size, job->sb[inner],
        job->y + (size_t)(row * n) * job->size);
  }
}

static void binary_piece(const binary_job *job, int64_t chunk) {
  const int64_t first = chunk * WEIRI_SWEEP, left = job->dim[0] - first;
  const size_t at = (size_t)first * job->size;
  job->fn(left < WEIRI_SWEEP ? left : WEIRI_SWEEP, job->a + at * (size_t)job->sa[0],
      job->sa[0], job->b + at * (size_t)job->sb[0], job->sb[0], job->y + at);
}

static void binary_chunk(void *arg, int64_t chunk, void *scratch) {
  (void)scratch;
  const binary_job *job = arg;
  if (job->rank == 1) {
    binary_piece(job, chunk);
    return;
  }
  const int64_t first = chunk * job->per_chunk, last = first + job->per_chunk;
  binary_rows(job, first, last < job->outer ? last : job->outer);
}

void weiri_eval_binary(weir_tape *t, const weir_node *y, weiri_binary_fn *const fn[2]) {
  const weir_dtype dtype = weir_tape_dtype(t);
  const int64_t n = weir_shape_size(&y->shape);
  if (n == 0) {
    return;
  }
  if (n <= WEIRI_SWEEP && weir_shape_size(&y->in[0]->shape) == n &&
      weir_shape_size(&y->in[1]->shape) == n) {
    fn[dtype](n, y->in[0]->data, 1, y->in[1]->data, 1, y->data);
    return;
  }
  binary_job job = {fn[dtype], y->in[0]->data, y->in[1]->data, y->data,
      weir_dtype_size(dtype), 0, {0}, {0}, {0}, 1, 1, 0};
  merge_axes(&job, &y->shape, &y->in[0]->shape, &y->in[1]->shape);
  const int64_t inner = job.dim[job.rank - 1];
  job.outer = n / inner;
  job.per_chunk = inner >= WEIRI_SWEEP ? 1 : (WEIRI_SWEEP + inner - 1) / inner;
  const int64_t chunks = job.rank == 1
                             ? (n + WEIRI_SWEEP - 1) / WEIRI_SWEEP
                             : (job.outer + job.per_chunk - 1) / job.per_chunk;
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), chunks, BINARY_COST * (double)n,
                         0, binary_chunk, &job));
}

bool weiri_broadcast_shape(const weir_shape *a, const weir_shape *b, weir_shape *out) {
  const int rank = a->rank > b->rank ? a->rank : b->rank;
  out->rank = rank;
  for (int i = 1; i <= rank; i++) {
    const int64_t da = i > a->rank ? 1 : a->dim[a->rank - i];
    const int64_t db = i > b->rank ? 1 : b->dim[b->rank - i];
    if (da != db && da != 1 && db != 1) {
      return false;
    }
    out->dim[rank - i] = da == 1 ? db : da;
  }
  return true;
}

const char *weiri_shape_text(const weir_shape *s, char *buf) {
  size_t at = 0;
  buf[at++] = '[';
  for (int i = 0; i < s->rank; i++) {
    at += (size_t)snprintf(
        buf + at, 24, "%s%lld", i > 0 ? ", " : "", (long long)s->dim[i]);
  }
  memcpy(buf + at, "]", 2);
  return buf;
}

int weiri_axis(const weir_shape *s, int axis) {
  const int i = axis < 0 ? s->rank + axis : axis;
  return i < 0 || i >= s->rank ? -1 : i;
}

weir_var weiri_apply_unary(weir_tape *t, const weir_op_class *op, weir_var x) {
  return weir_op_apply(t, op, weir_var_shape(t, x), 1, &x, NULL, 0);
}

weir_var weiri_apply_binary(
    weir_tape *t, const weir_op_class *op, weir_var a, weir_var b) {
  const weir_shape sa = weir_var_shape(t, a), sb = weir_var_shape(t, b);
  weir_shape out;
  char ta[128], tb[128];
  if (weir_var_ok(a) && weir_var_ok(b) && !weiri_broadcast_shape(&sa, &sb, &out)) {
    return weir_op_fail(t, WEIR_E_SHAPE, "%s: %s with %s", op->name,
        weiri_shape_text(&sa, ta), weiri_shape_text(&sb, tb));
  }
  const weir_var in[2] = {a, b};
  return weir_var_ok(a) && weir_var_ok(b) ? weir_op_apply(t, op, out, 2, in, NULL, 0)
                                          : weir_var_none();
}

weir_var weiri_sum_like(weir_tape *t, weir_var g, const weir_node *like) {
  const weir_shape s = weir_var_shape(t, g);
  return weir_shape_equal(&s, &like->shape) ? g : weir_sum_to(t, g, like->shape);
}

weir_var weir_sum_all(weir_tape *t, weir_var x) {
  const weir_shape s = weir_var_shape(t, x);
  return weir_sum(t, weir_reshape(t, x, weir_shape_1(weir_shape_size(&s))), 0);
}

weir_var weir_mean_all(weir_tape *t, weir_var x) {
  const weir_shape s = weir_var_shape(t, x);
  return weir_scale(t, weir_sum_all(t, x), 1.0 / (double)weir_shape_size(&s));
}

weir_var weir_clamp(weir_tape *t, weir_var x, double lo, double hi) {
  const weir_var l = weir_fill(t, weir_shape_0(), lo);
  const weir_var h = weir_fill(t, weir_shape_0(), hi);
  return weir_min(t, weir_max(t, x, l), h);
}
