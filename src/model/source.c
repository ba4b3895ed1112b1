/* Rows of data and contexts as sources of a tape: they are read anew from wherever they
 * lie when a step is replayed. */
#include "ad/tape.h"
#include "model/model.h"

/* Sources: float64 rows, less an origin, in the tape's type. */
typedef struct rows_attr {
  const double *const *x; /* where the rows lie now */
  const double *origin;   /* [d] or NULL */
} rows_attr;

#define TAKE(T, name)                                                                  \
  static void name(                                                                    \
      int64_t n, int64_t d, const double *x, const double *origin, T *y) {             \
    for (int64_t i = 0; i < n * d; i += d) {                                           \
      for (int64_t j = 0; j < d; j++) {                                                \
        y[i + j] = (T)(x[i + j] - (origin == NULL ? 0.0 : origin[j]));                 \
      }                                                                                \
    }                                                                                  \
  }
TAKE(float, take_f32)
TAKE(double, take_f64)

static void rows_eval(weir_tape *t, const weir_node *y) {
  const rows_attr *a = y->attr;
  const int64_t n = y->shape.dim[0], d = y->shape.dim[1];
  if (weir_tape_dtype(t) == WEIR_F32) {
    take_f32(n, d, *a->x, a->origin, y->data);
  } else {
    take_f64(n, d, *a->x, a->origin, y->data);
  }
}

static const weir_op_class rows_class = {"rows", rows_eval, NULL, NULL, NULL};

static weir_var rows_of(
    weir_run *run, int64_t n, int64_t d, const double *const *x, const double *origin) {
  const rows_attr a = {x, origin};
  return weir_op_apply(
      run->tape, &rows_class, weir_shape_2(n, d), 0, NULL, &a, sizeof a);
}

weir_var weiri_model_rows(
    const weir_model *model, weir_run *run, int64_t n, const double *const *x) {
  return rows_of(run, n, model->dist->event.features, x, model->origin);
}

weir_var weiri_model_context(const weir_model *model, weir_run *run, int64_t n,
    int64_t contexts, const double *const *context) {
  const int64_t c = model->dist->context;
  if (c == 0 || *context == NULL) {
    return weir_var_none();
  }
  const weir_var given = rows_of(run, contexts, c, context, NULL);
  return contexts == n ? given : weir_broadcast(run->tape, given, weir_shape_2(n, c));
}

weir_var weiri_model_latents(
    weir_run *run, int64_t n, int64_t width, const double *const *z) {
  return rows_of(run, n, width, z, NULL);
}
