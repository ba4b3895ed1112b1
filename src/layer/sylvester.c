/* Sylvester flow, closed from the latent to the data (van den Berg et al. 2018, eq. 8):
 *     x = z + Q R tanh(S Q' z + b),  log |det dx/dz| = sum log(1 + r_i s_i h'_i),
 * Q [d, m] with orthonormal columns, R and S upper triangular with diagonals r and s in
 * (-1, 1), so that every factor is positive. Q is
 *     orthogonal:  the orthonormal factor of a free [d, m] matrix, by Cholesky QR twice
 *     householder: a product of reflections (m = d)
 *     triangular:  the identity, or the columns reversed (m = d).
 * The way back has no closed form. With a context all parameters are functions of it.
 */
#include "layer/rows.h"
#include "weir/sys/op.h"

enum { ORTHOGONAL, HOUSEHOLDER, TRIANGULAR };

typedef struct sylvester {
  weir_layer base;
  int kind;
  int64_t columns, reflections;
  bool reverse;
  weiri_theta_opts theta_opts;
  weiri_theta theta; /* q, r, s, b */
  int64_t m, n_q, n_tri;
  weir_slot q, r, s, b;
  int64_t *triangle; /* [n_tri] places in [m, m]: the diagonal, then above it */
  int64_t *turned;   /* [d] columns from the last to the first */
} sylvester;

static const weir_opt opts[] = {
    {"kind", WEIR_OPT_CHOICE, offsetof(sylvester, kind), "\"orthogonal\"", 0, 0,
        "orthogonal|householder|triangular", "how Q is made"},
    {"columns", WEIR_OPT_INT, offsetof(sylvester, columns), "0", 0, 100000, NULL,
        "orthogonal: columns of Q, at most the features; 0: 16 or the features"},
    {"reflections", WEIR_OPT_INT, offsetof(sylvester, reflections), "8", 1, 10000, NULL,
        "householder: how many"},
    {"reverse", WEIR_OPT_BOOL, offsetof(sylvester, reverse), "false", 0, 0, NULL,
        "triangular: columns from the last to the first"},
    WEIRI_OPT_CONDITIONAL(sylvester, "Q, R, S and b"), WEIRI_OPT_CONTEXT_NET(sylvester),
    {0}};

static weir_status sizes(sylvester *p, weir_ctx *ctx) {
  const int64_t d = p->base.data.features;
  p->m = p->kind != ORTHOGONAL ? d : p->columns > 0 ? p->columns : d < 16 ? d : 16;
  if (p->m > d) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s.columns: %lld orthogonal columns do not fit into %lld features",
        p->base.path, (long long)p->m, (long long)d);
  }
  p->n_q = p->kind == ORTHOGONAL    ? d * p->m
           : p->kind == HOUSEHOLDER ? d * p->reflections
                                    : 0;
  p->n_tri = p->m * (p->m + 1) / 2;
  p->triangle = weiri_alloc(ctx, (size_t)(p->n_tri + 1) * sizeof *p->triangle);
  p->turned = weiri_alloc(ctx, (size_t)(d + 1) * sizeof *p->turned);
  if (p->triangle == NULL || p->turned == NULL) {
    return WEIR_E_MEMORY;
  }
  int64_t at = p->m;
  for (int64_t i = 0; i < p->m; i++) {
    p->triangle[i] = i * p->m + i;
    for (int64_t j = i + 1; j < p->m; j++) {
      p->triangle[at++] = i * p->m + j;
    }
  }
  for (int64_t j = 0; j < d; j++) {
    p->turned[j] = d - 1 - j;
  }
  return WEIR_OK;
}

static weir_status setup(weir_layer *l, weir_build *b) {
  sylvester *p = (sylvester *)l;
  WEIR_TRY(weir_event_require_real(&l->data, l->path));
  WEIR_TRY(weir_event_copy(b->ctx, &l->latent, &l->data));
  WEIR_TRY(sizes(p, b->ctx));
  const weir_init spread = {WEIR_INIT_NORMAL, 1.0}, small = {WEIR_INIT_NORMAL, 0.1},
                  zero = {WEIR_INIT_CONSTANT, 0.0};
  const weir_shape triangle = weir_shape_1(p->n_tri);
  if (p->n_q > 0) {
    WEIR_TRY(weir_build_param(b, &p->q, "q", weir_shape_1(p->n_q), spread, NULL));
  }
  WEIR_TRY(weir_build_param(b, &p->r, "r", triangle, small, NULL));
  WEIR_TRY(weir_build_param(b, &p->s, "s", triangle, small, NULL));
  WEIR_TRY(weir_build_param(b, &p->b, "b", weir_shape_1(p->m), zero, NULL));
  return weiri_theta_setup(&p->theta, b, &p->theta_opts, p->n_q + 2 * p->n_tri + p->m);
}

static void teardown(weir_layer *l) {
  sylvester *p = (sylvester *)l;
  weiri_theta_teardown(&p->theta);
  weiri_free(l->ctx, p->triangle);
  weiri_free(l->ctx, p->turned);
}

/* flat [k, a b] as [a, b], or as a matrix per row when it depends on the context. */
static weir_var as_matrix(
    const sylvester *p, weir_tape *t, weir_var flat, int64_t a, int64_t b) {
  return weir_reshape(t, flat,
      p->theta.conditional ? weir_shape_3(weir_var_dim(t, flat, 0), a, b)
                           : weir_shape_2(a, b));
}

/* Upper triangular from its entries, tanh on the diagonal, which is handed back. */
static weir_var triangle(
    const sylvester *p, weir_tape *t, weir_var entries, weir_var *diagonal) {
  *diagonal = weir_tanh(t, weir_slice(t, entries, 1, 0, p->m));
  const weir_var both[2] = {
      *diagonal, weir_slice(t, entries, 1, p->m, p->n_tri - p->m)};
  const weir_var flat =
      weir_scatter(t, weir_concat(t, 2, both, 1), p->n_tri, p->triangle, p->m * p->m);
  return as_matrix(p, t, flat, p->m, p->m);
}

/* Columns of a made orthonormal: a L^-T with L L' = a' a, and once more against the
 * rounding of an ill-conditioned a (Yamamoto et al. 2015). */
static weir_var orthonormal(weir_tape *t, weir_var a) {
  const weir_tri_opts lower = {.lower = true};
  for (int i = 0; i < 2; i++) {
    a = weir_solve_tri(
        t, weir_cholesky(t, weir_matmul(t, a, a, true, false)), a, lower);
  }
  return a;
}

/* Rows z Q. q: the matrix, or the reflecting vectors. */
static weir_var into(const sylvester *p, weir_tape *t, weir_var z, weir_var q) {
  const int64_t d = p->base.data.features;
  switch (p->kind) {
  case ORTHOGONAL:
    return weiri_row_product(t, z, q, false);
  case HOUSEHOLDER:
    return weiri_reflect(t, z, q, p->reflections, d, false);
  default:
    return p->reverse ? weir_gather(t, z, d, p->turned) : z;
  }
}

/* Rows y Q'. */
static weir_var out_of(const sylvester *p, weir_tape *t, weir_var y, weir_var q) {
  const int64_t d = p->base.data.features;
  switch (p->kind) {
  case ORTHOGONAL:
    return weiri_row_product(t, y, q, true);
  case HOUSEHOLDER:
    return weiri_reflect(t, y, q, p->reflections, d, true);
  default:
    return p->reverse ? weir_gather(t, y, d, p->turned) : y;
  }
}

static weir_var bind_q(const sylvester *p, weir_run *run, weir_var theta) {
  if (p->n_q == 0) {
    return weir_var_none();
  }
  const weir_var flat = weiri_theta_part(run, p->q, theta, 0, p->n_q);
  return p->kind == HOUSEHOLDER
             ? flat
             : orthonormal(run->tape,
                   as_matrix(p, run->tape, flat, p->base.data.features, p->m));
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  const sylvester *p = (const sylvester *)l;
  weir_tape *t = run->tape;
  const weir_var theta = weiri_theta_apply(&p->theta, run, context);
  const weir_var q = bind_q(p, run, theta);
  weir_var r_diagonal, s_diagonal;
  const weir_var r =
      triangle(p, t, weiri_theta_part(run, p->r, theta, p->n_q, p->n_tri), &r_diagonal);
  const weir_var s = triangle(p, t,
      weiri_theta_part(run, p->s, theta, p->n_q + p->n_tri, p->n_tri), &s_diagonal);
  const weir_var bias = weiri_theta_part(run, p->b, theta, p->n_q + 2 * p->n_tri, p->m);
  const weir_var h =
      weir_tanh(t, weir_add(t, weiri_row_product(t, into(p, t, z, q), s, true), bias));
  const weir_var slope = weir_affine(t, weir_square(t, h), -1.0, 1.0);
  const weir_var factor = weir_mul(t, weir_mul(t, r_diagonal, s_diagonal), slope);
  weiri_push_rows(l, run, weir_sum_last(t, weir_log1p(t, factor)), false);
  return weir_add(t, z, out_of(p, t, weiri_row_product(t, h, r, true), q));
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)l;
  (void)x;
  (void)context;
  return weir_op_fail(run->tape, WEIR_E_UNSUPPORTED,
      "a Sylvester flow has no closed form from the data to the latent, so it "
      "knows the density of its own draws only");
}

const weir_layer_class weir_layer_sylvester = {
    .is = {"sylvester",
        "Sylvester flow for posteriors: the density of its own draws only",
        "van den Berg et al. 2018", sizeof(sylvester), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
    .latent_how = WEIR_ABSENT,
};
