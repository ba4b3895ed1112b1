/* z = L (U x) + b: L unit lower triangular, U upper triangular with the diagonal
 * softplus(theta) + 1e-3; log |det| = sum log diag U (Oliva et al. 2018; the
 * parametrisation is that of nflows' LULinear). Starts as the identity. */
#include <math.h>

#include "layer/real.h"
#include "weir/sys/op.h"

#define LEAST 1e-3

typedef struct lu_linear {
  weir_layer base;
  weiri_real real;
  weir_slot lower, upper, diagonal, bias;
  int64_t *prefix; /* j: row j of L sees the columns before it */
} lu_linear;

static weir_status setup_triangle(
    weir_build *b, weir_slot *slot, const char *name, int64_t d, bool lower) {
  unsigned char *keep = weiri_calloc(b->ctx, (size_t)(d * d) + 1, 1);
  if (keep == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < d * d; i++) {
    const int64_t row = i / d, column = i % d;
    keep[i] = (lower ? column < row : column > row) ? 1 : 0;
  }
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0};
  const weir_status status =
      weir_build_param(b, slot, name, weir_shape_2(d, d), zero, keep);
  weiri_free(b->ctx, keep);
  return status;
}

static weir_status setup(weir_layer *l, weir_build *b) {
  lu_linear *lu = (lu_linear *)l;
  WEIR_TRY(weiri_real_setup(&lu->real, l));
  const int64_t d = lu->real.n;
  lu->prefix = weiri_alloc(b->ctx, (size_t)(d + 1) * sizeof *lu->prefix);
  if (lu->prefix == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < d; j++) {
    lu->prefix[j] = j;
  }
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0};
  const weir_init one = {WEIR_INIT_CONSTANT, log(expm1(1.0 - LEAST))};
  WEIR_TRY(setup_triangle(b, &lu->lower, "lower", d, true));
  WEIR_TRY(setup_triangle(b, &lu->upper, "upper", d, false));
  WEIR_TRY(weir_build_param(b, &lu->diagonal, "diagonal", weir_shape_1(d), one, NULL));
  return weir_build_param(b, &lu->bias, "bias", weir_shape_1(d), zero, NULL);
}

static void teardown(weir_layer *l) {
  lu_linear *lu = (lu_linear *)l;
  weiri_real_teardown(&lu->real, l->ctx);
  weiri_free(l->ctx, lu->prefix);
}

/* The diagonal of U; pushes its logarithm. */
static weir_var diagonal(const weir_layer *l, weir_run *run, weir_var x, bool to_data) {
  weir_tape *t = run->tape;
  const weir_var raw = weir_run_param(run, ((const lu_linear *)l)->diagonal);
  const weir_var diag = weir_shift(t, weir_softplus(t, raw), LEAST);
  weiri_push_log_det(l, run, x, weir_sum_last(t, weir_log(t, diag)), to_data);
  return diag;
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  const lu_linear *lu = (const lu_linear *)l;
  weir_tape *t = run->tape;
  const weir_linear_opts dense = {WEIR_ACT_NONE, NULL},
                         lower = {WEIR_ACT_NONE, lu->prefix};
  const weir_var real = weiri_real_take(&lu->real, t, x);
  const weir_var u = weir_add(t, weir_mul(t, real, diagonal(l, run, x, false)),
      weir_linear(t, real, weir_run_param(run, lu->upper), weir_var_none(), dense));
  const weir_var y = weir_add(t, u,
      weir_linear(
          t, u, weir_run_param(run, lu->lower), weir_run_param(run, lu->bias), lower));
  return weiri_real_put(&lu->real, t, x, y);
}

/* U as one matrix: the strict triangle plus the diagonal. */
static weir_var upper(const lu_linear *lu, weir_run *run, weir_var diag) {
  weir_tape *t = run->tape;
  const int64_t d = lu->real.n;
  double *eye = weiri_calloc(run->ctx, (size_t)(d * d) + 1, sizeof *eye);
  if (eye == NULL) {
    return weir_op_fail(t, WEIR_E_MEMORY, "out of memory");
  }
  for (int64_t i = 0; i < d; i++) {
    eye[i * d + i] = 1.0;
  }
  const weir_var identity = weir_leaf_f64(t, weir_shape_2(d, d), eye);
  weiri_free(run->ctx, eye);
  return weir_add(t, weir_run_param(run, lu->upper), weir_mul(t, identity, diag));
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  const lu_linear *lu = (const lu_linear *)l;
  weir_tape *t = run->tape;
  const weir_tri_opts unit_lower = {.lower = true, .unit = true}, full_upper = {0};
  const weir_var diag = diagonal(l, run, z, true);
  const weir_var y =
      weir_sub(t, weiri_real_take(&lu->real, t, z), weir_run_param(run, lu->bias));
  const weir_var u = weir_solve_tri(t, weir_run_param(run, lu->lower), y, unit_lower);
  const weir_var x = weir_solve_tri(t, upper(lu, run, diag), u, full_upper);
  return weiri_real_put(&lu->real, t, z, x);
}

const weir_layer_class weir_layer_lu_linear = {
    .is = {"lu_linear", "linear map given by its LU factors", "Oliva et al. 2018",
        sizeof(lu_linear), NULL},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
};
