/* Batches of small square matrices in float64. */
#include "op/matrix.h"

#include <math.h>

weir_var weiri_triangle(weir_tape *t, weir_shape shape, weiri_band band) {
  const int64_t d = shape.dim[shape.rank - 1];
  double *mask = weiri_tape_take(t, (size_t)(d * d + 1) * sizeof *mask);
  if (mask == NULL) {
    return weir_var_none();
  }
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) {
      mask[i * d + j] = i == j ? band.diagonal : (j < i) == band.lower ? 1.0 : 0.0;
    }
  }
  return weir_leaf_f64(t, weir_shape_2(d, d), mask);
}

weir_var weiri_fold_rows(weir_tape *t, weir_var x) {
  const weir_shape s = weir_var_shape(t, x);
  const int64_t last = weir_var_dim(t, x, -1);
  return weir_reshape(
      t, x, weir_shape_2(last == 0 ? 0 : weir_shape_size(&s) / last, last));
}

weir_var weiri_swap_last(weir_tape *t, weir_var x) {
  const weir_shape s = weir_var_shape(t, x);
  int axes[WEIR_RANK_MAX];
  for (int i = 0; i < s.rank; i++) {
    axes[i] = i < s.rank - 2 ? i : 2 * s.rank - 3 - i;
  }
  return weir_transpose(t, x, axes);
}

bool weiri_square(weir_tape *t, const char *name, weir_var x) {
  const weir_shape s = weir_var_shape(t, x);
  if (!weir_var_ok(x)) {
    return false;
  }
  if (s.rank < 2 || s.dim[s.rank - 1] != s.dim[s.rank - 2]) {
    char text[128];
    weir_op_fail(t, WEIR_E_SHAPE, "%s: expected square matrices, found %s", name,
        weiri_shape_text(&s, text));
    return false;
  }
  return true;
}

typedef struct job {
  weiri_matrix_fn *fn;
  int64_t d, out;
  weir_dtype dtype;
  const void *x;
  void *y;
  bool *failed; /* [matrices] */
} job;

static double get(const void *p, weir_dtype dtype, int64_t i) {
  return dtype == WEIR_F32 ? (double)((const float *)p)[i] : ((const double *)p)[i];
}

static void chunk(void *arg, int64_t i, void *scratch) {
  const job *j = arg;
  const int64_t d = j->d;
  double *work = scratch, *out = work + 2 * d * d + d;
  for (int64_t k = 0; k < d * d; k++) {
    work[k] = get(j->x, j->dtype, i * d * d + k);
  }
  j->failed[i] = !j->fn(d, work, out);
  for (int64_t k = 0; k < j->out; k++) {
    if (j->dtype == WEIR_F32) {
      ((float *)j->y)[i * j->out + k] = (float)out[k];
    } else {
      ((double *)j->y)[i * j->out + k] = out[k];
    }
  }
}

void weiri_eval_matrices(
    weir_tape *t, const weir_node *y, weiri_matrix_fn *fn, int64_t out) {
  const weir_shape *s = &y->in[0]->shape;
  const int64_t d = s->dim[s->rank - 1];
  int64_t count = 1;
  for (int i = 0; i < s->rank - 2; i++) {
    count *= s->dim[i];
  }
  job j = {fn, d, out, weir_tape_dtype(t), y->in[0]->data, y->data,
      weiri_tape_take(t, (size_t)count + 1)};
  if (j.failed == NULL) {
    return;
  }
  weiri_tape_note(
      t, weiri_parallel(weiri_tape_team(t), count, (double)(count * d * d * d),
             (size_t)(2 * d * d + d + out + 1) * sizeof(double), chunk, &j));
  for (int64_t i = 0; i < count && weir_tape_status(t) == WEIR_OK; i++) {
    if (j.failed[i]) {
      weir_op_fail(t, WEIR_E_NUMERIC, "%s: matrix %lld of %lld has no result",
          y->op->name, (long long)i + 1, (long long)count);
    }
  }
}

static int64_t pivot_row(int64_t d, const double *a, int64_t k) {
  int64_t best = k;
  for (int64_t i = k + 1; i < d; i++) {
    best = fabs(a[i * d + k]) > fabs(a[best * d + k]) ? i : best;
  }
  return best;
}

static void swap_rows(int64_t d, double *a, int64_t i, int64_t k) {
  for (int64_t j = 0; i != k && j < d; j++) {
    const double hold = a[i * d + j];
    a[i * d + j] = a[k * d + j];
    a[k * d + j] = hold;
  }
}

void weiri_lu(int64_t d, double *a, double *pivot) {
  for (int64_t k = 0; k < d; k++) {
    const int64_t p = pivot_row(d, a, k);
    pivot[k] = (double)p;
    swap_rows(d, a, p, k);
    for (int64_t i = k + 1; i < d && a[k * d + k] != 0.0; i++) {
      const double factor = a[i * d + k] /= a[k * d + k];
      for (int64_t j = k + 1; j < d; j++) {
        a[i * d + j] -= factor * a[k * d + j];
      }
    }
  }
}
