/* The contract with C code inside a model: a layer and a distribution, both registered
 * from outside the tree, whose values and gradients come from callbacks. */
#include "dist_check.h"

/* f(a) = sin(2 a) + cos(a) */
static weir_status bend(
    void *user, int64_t n, int64_t d, const double *x, double *value, double *grad) {
  (void)user;
  for (int64_t i = 0; i < n; i++) {
    const double a = x[i * d];
    value[i] = sin(2.0 * a) + cos(a);
    if (grad != NULL) {
      grad[i * d] = 2.0 * cos(2.0 * a) - sin(a);
    }
  }
  return WEIR_OK;
}

/* z = (x0, x1 + f(x0)): a shear, so its log-determinant is 0. */
static weir_status shear_setup(weir_layer *l, weir_build *b) {
  WEIR_TRY(weir_event_require_real(&l->data, l->path));
  return weir_event_copy(b->ctx, &l->latent, &l->data);
}

static weir_var shear(weir_run *run, weir_var x, double sign) {
  weir_tape *t = weir_run_tape(run);
  const int64_t n = weir_var_dim(t, x, 0);
  const weir_var f = weir_custom(t, weir_slice(t, x, 1, 0, 1), bend, NULL);
  const weir_var column = weir_reshape(t, weir_scale(t, f, sign), weir_shape_2(n, 1));
  weir_run_part(run, WEIR_PART_LOG_DET, "shear", weir_fill(t, weir_shape_1(n), 0.0),
      weir_var_none());
  return weir_add(t, x, weir_embed(t, column, 1, 1, 2));
}

static weir_var shear_to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)l;
  (void)context;
  return shear(run, x, 1.0);
}

static weir_var shear_to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)l;
  (void)context;
  return shear(run, z, -1.0);
}

static const weir_layer_class shear_class = {
    .is = {"shear", "moves a column by a C function of another", NULL,
        sizeof(weir_layer), NULL},
    .setup = shear_setup,
    .to_latent = shear_to_latent,
    .to_data = shear_to_data,
};

/* log p(x) = -sum cosh(x_j) + const: a density that only C code knows. */
static weir_status log_density(
    void *user, int64_t n, int64_t d, const double *x, double *value, double *grad) {
  for (int64_t i = 0; i < n; i++) {
    value[i] = -(double)d * *(const double *)user;
    for (int64_t j = 0; j < d; j++) {
      value[i] -= cosh(x[i * d + j]);
      if (grad != NULL) {
        grad[i * d + j] = -sinh(x[i * d + j]);
      }
    }
  }
  return WEIR_OK;
}

/* log of the integral of exp(-cosh x): log 2 K_0(1). */
static double log_norm = -0.17191721834684778;

static weir_status cosh_setup(weir_dist *d, weir_build *b) {
  (void)b;
  return weir_event_require_real(&d->event, d->path);
}

static void cosh_log_prob(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  weir_run_part(run, WEIR_PART_BASE, d->path,
      weir_custom(weir_run_tape(run), x, log_density, &log_norm), weir_var_none());
}

static const weir_dist_class cosh_class = {
    .is = {"cosh", "a density from C code", NULL, sizeof(weir_dist), NULL},
    .setup = cosh_setup,
    .log_prob = cosh_log_prob,
};

static void open_flow(rig *r, const char *spec) {
  weir_support s[2];
  const weir_event event = event_of(2, s, (weir_support){WEIR_REAL, 0, 0});
  rig_open(r, 0);
  OK(weir_register_layer(r->ctx, &shear_class));
  OK(weir_register_dist(r->ctx, &cosh_class));
  OK(rig_make(r, spec, &event, false));
  rig_ready(r, 0.3);
}

static const char *const specs[] = {
    "{\"name\": \"flow\", \"layers\": [\"lu_linear\", \"shear\", \"scaling\"], "
    "\"base\": {\"name\": \"gmm\", \"components\": 2}}",
    "{\"name\": \"flow\", \"layers\": [\"shear\", \"lu_linear\"], \"base\": \"cosh\"}",
};

static void integrals(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    rig r;
    open_flow(&r, specs[i]);
    const grid g = {2, 800, -40, 40};
    double *x = grid_points(g);
    free(check_integral(&r, g, x, NULL, 1e-5));
    free(x);
    rig_close(&r);
  }
}

static weir_var total(rig *r, weir_var x, weir_var context) {
  return weir_sum_all(r->run->tape, weir_dist_log_prob(r->dist, r->run, x, context));
}

static void gradients(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    rig r;
    open_flow(&r, specs[i]);
    double *x = normals(8, 81, 1.0);
    const point p = {4, 2, 0, x, NULL};
    check_gradients(&r, total, &p);
    free(x);
    rig_close(&r);
  }
}

static void draws(void **state) {
  (void)state;
  enum { N = 20000 };
  rig r;
  open_flow(&r, specs[0]);
  const grid g = {2, 480, -24, 24};
  double *x = grid_points(g), *y = malloc(2 * N * sizeof *y);
  double *p = check_integral(&r, g, x, NULL, 1e-5);
  weiri_run_reset(r.run);
  OK(weir_var_read(
      r.run->tape, weir_dist_sample(r.dist, r.run, N, weir_var_none(), NULL), y));
  check_means(g, x, p, N, y);
  free(x);
  free(p);
  free(y);
  rig_close(&r);
}

/* A distribution without sample says so; names already taken are refused. */
static void refusals(void **state) {
  (void)state;
  rig r;
  open_flow(&r, specs[1]);
  assert_false(weir_var_ok(weir_dist_sample(r.dist, r.run, 2, weir_var_none(), NULL)));
  assert_int_equal(weir_tape_status(r.run->tape), WEIR_E_UNSUPPORTED);
  assert_int_equal(weir_register_layer(r.ctx, &shear_class), WEIR_E_ARGUMENT);
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integrals),
      cmocka_unit_test(gradients),
      cmocka_unit_test(draws),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
