/* Rows x with x op(A)' = b, A triangular: the inverse of x -> x A' (weir_linear).
 * With op(A) x = b for columns: db = op(A)^-T dx, dA = -db x' (x db' when transposed),
 * kept to the triangle that was read. Golub & Van Loan, section 3.1. */
#include "op/matrix.h"

typedef struct attr {
  weir_tri_opts o;
} attr;

/* One right-hand side in place. forward: from the first unknown on. */
#define SOLVE(T, name)                                                                 \
  static void name##_row(weir_tri_opts o, int64_t d, const T *a, double *x) {          \
    const bool forward = o.lower != o.transpose;                                       \
    for (int64_t s = 0; s < d; s++) {                                                  \
      const int64_t i = forward ? s : d - 1 - s;                                       \
      const int64_t lo = o.lower ? 0 : i + 1, hi = o.lower ? i : d;                    \
      double sum = x[i];                                                               \
      for (int64_t j = lo; !o.transpose && j < hi; j++) {                              \
        sum -= (double)a[i * d + j] * x[j];                                            \
      }                                                                                \
      x[i] = o.unit ? sum : sum / (double)a[i * d + i];                                \
      for (int64_t j = lo; o.transpose && j < hi; j++) {                               \
        x[j] -= (double)a[i * d + j] * x[i];                                           \
      }                                                                                \
    }                                                                                  \
  }                                                                                    \
  static void name(weir_tri_opts o, int64_t d, const void *a, const void *b, void *y,  \
      double *work) {                                                                  \
    for (int64_t j = 0; j < d; j++) {                                                  \
      work[j] = (double)((const T *)b)[j];                                             \
    }                                                                                  \
    name##_row(o, d, a, work);                                                         \
    for (int64_t j = 0; j < d; j++) {                                                  \
      ((T *)y)[j] = (T)work[j];                                                        \
    }                                                                                  \
  }
SOLVE(float, solve_f32)
SOLVE(double, solve_f64)

typedef struct job {
  weir_tri_opts o;
  bool shared;
  int64_t d, rows, total, per_chunk; /* rows: right-hand sides of one matrix */
  weir_dtype dtype;
  const char *a, *b;
  char *y;
} job;

/* A row this long is solved on the stack: scratch would be allocated at each call. */
enum { ON_STACK = 256 };

static void chunk(void *arg, int64_t i, void *scratch) {
  const job *j = arg;
  double row[ON_STACK], *work = j->d <= ON_STACK ? row : scratch;
  const size_t size = weir_dtype_size(j->dtype);
  const int64_t first = i * j->per_chunk;
  const int64_t last =
      first + j->per_chunk < j->total ? first + j->per_chunk : j->total;
  for (int64_t r = first; r < last; r++) {
    const int64_t matrix = j->shared ? 0 : r / j->rows;
    const size_t at = (size_t)(r * j->d) * size;
    const char *a = j->a + (size_t)(matrix * j->d * j->d) * size;
    (j->dtype == WEIR_F32 ? solve_f32 : solve_f64)(
        j->o, j->d, a, j->b + at, j->y + at, work);
  }
}

static void eval(weir_tape *t, const weir_node *y) {
  const weir_shape *sa = &y->in[0]->shape, *sb = &y->in[1]->shape;
  const int64_t d = sb->dim[sb->rank - 1];
  const int64_t total = d == 0 ? 0 : weir_shape_size(sb) / d;
  const job j = {((const attr *)y->attr)->o, sa->rank == 2, d,
      sb->rank < 2 ? 1 : sb->dim[sb->rank - 2], total, 64, weir_tape_dtype(t),
      y->in[0]->data, y->in[1]->data, y->data};
  weiri_tape_note(
      t, weiri_parallel(weiri_tape_team(t), (total + 63) / 64, (double)(total * d * d),
             d <= ON_STACK ? 0 : (size_t)d * sizeof(double), chunk,
             (void *)(uintptr_t)&j));
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const weir_tri_opts o = ((const attr *)y->attr)->o;
  weir_tri_opts back = o;
  back.transpose = !o.transpose;
  const weir_var gb = weir_solve_tri(t, weir_node_var(t, y->in[0]), gy, back);
  gx[1] = gb;
  if (want[0]) {
    weir_var x = weir_node_var(t, y), g = gb;
    if (y->in[0]->shape.rank == 2) {
      x = weiri_fold_rows(t, x);
      g = weiri_fold_rows(t, g);
    }
    const weir_var ga = o.transpose ? weir_matmul(t, x, g, true, false)
                                    : weir_matmul(t, g, x, true, false);
    const weiri_band band = {o.lower, o.unit ? 0.0 : 1.0};
    gx[0] = weir_neg(t, weir_mul(t, ga, weiri_triangle(t, y->in[0]->shape, band)));
  }
}

/* A triangle with ones added on its diagonal, both in one matrix and in a batch. */
static weir_var build(weir_tape *t, const weir_var *in) {
  const weir_tri_opts lower = {.lower = true},
                      upper = {.transpose = true, .unit = true};
  const weir_var a = weir_add(t, in[0], weir_fill(t, weir_shape_0(), 2.0));
  return weir_solve_tri(t, in[1], weir_solve_tri(t, a, in[2], lower), upper);
}
static const weir_probe probe = {
    3, {{2, {3, 3}}, {3, {2, 3, 3}}, {3, {2, 4, 3}}}, -0.5, 0.5, build};
const weir_op_class weir_op_solve_tri = {"solve_tri", eval, vjp, NULL, &probe};

static bool fits(const weir_shape *a, const weir_shape *b) {
  bool ok = a->rank >= 2 && b->rank >= 1 && (a->rank == 2 || a->rank == b->rank) &&
            a->dim[a->rank - 1] == a->dim[a->rank - 2] &&
            a->dim[a->rank - 1] == b->dim[b->rank - 1];
  for (int i = 0; ok && a->rank > 2 && i < a->rank - 2; i++) {
    ok = a->dim[i] == b->dim[i];
  }
  return ok;
}

weir_var weir_solve_tri(weir_tape *t, weir_var a, weir_var b, weir_tri_opts opts) {
  const weir_shape sa = weir_var_shape(t, a), sb = weir_var_shape(t, b);
  if (!weir_var_ok(a) || !weir_var_ok(b)) {
    return weir_var_none();
  }
  if (!fits(&sa, &sb)) {
    char ta[128], tb[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "solve_tri: %s with %s",
        weiri_shape_text(&sa, ta), weiri_shape_text(&sb, tb));
  }
  const weir_var in[2] = {a, b};
  const attr at = {opts};
  return weir_op_apply(t, &weir_op_solve_tri, sb, 2, in, &at, sizeof at);
}
