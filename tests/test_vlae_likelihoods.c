/* Laplace posteriors of every likelihood: the precision is the Hessian of the joint
 * density by automatic differentiation, the density integrates to 1, the bound is what
 * quadrature says it is and below log p(x), and importance weights average to p(x). */
#include "vlae_check.h"

#define COLUMN_SCALE "\"scale\": \"column\""
#define GAUSS_COLUMN "{\"name\": \"normal\", \"kind\": \"diagonal\", " COLUMN_SCALE "}"
#define FULL_COLUMN "{\"name\": \"normal\", \"kind\": \"full\", " COLUMN_SCALE "}"

enum { D = 2 };

/* Mode and factor of the precision of each row, [n, D + D^2]. */
static double *modes(rig *r, int64_t n, int64_t p, const double *x) {
  double *found = malloc((size_t)(n * (D + D * D)) * sizeof *found);
  weir_var h = weir_var_none();
  (void)weiri_posterior_of(weiri_flow_layer(r->dist), r->run, rows(r, n, p, x), &h);
  OK(weir_var_read(r->run->tape, h, found));
  return found;
}

/* The scales of cut logistics become those of the columns alone. */
static void hold_scales(rig *r) {
  for (int32_t i = 0; i < weiri_params_count(r->params); i++) {
    const weiri_tensor_info *info = weiri_params_info(r->params, i);
    const int64_t size = weir_shape_size(&info->shape);
    if (strstr(info->name, "likelihood.dist.weight") != NULL) {
      double *weight = weiri_params_data(r->params, i);
      memset(weight + size / 3 * 2, 0, (size_t)(size / 3) * sizeof *weight);
    }
  }
}

/* Where the decoder is linear piece by piece and eta is natural, or the likelihood
 * gives its curvature itself, -d2 log p(x, z) / dz2 is the precision. */
static void check_hessian(const char *spec) {
  enum { N = 5, P = 4 };
  rig r;
  open_model(&r, spec, P, 0);
  if (strstr(spec, LEVELS) != NULL) {
    hold_scales(&r);
  }
  const weir_layer *l = weiri_flow_layer(r.dist);
  double *x = points(spec, N * P), *found = modes(&r, N, P, x), z[N * D];
  for (int i = 0; i < N * D; i++) {
    z[i] = found[i / D * (D + D * D) + i % D];
  }
  weir_tape *t = r.run->tape;
  const weir_var at = rows(&r, N, D, z);
  const weir_var total =
      weir_sum_all(t, weir_dist_log_prob(l->likelihood, r.run, rows(&r, N, P, x), at));
  weir_var g;
  OK(weir_grad(t, total, weir_var_none(), 1, &at, &g, true));
  for (int a = 0; a < D; a++) {
    double h[N * D];
    weir_var row;
    OK(weir_grad(t, weir_sum_all(t, weir_slice(t, g, 1, a, 1)), weir_var_none(), 1, &at,
        &row, true));
    OK(weir_var_read(t, row, h));
    for (int i = 0; i < N * D; i++) {
      const double *factor = found + i / D * (D + D * D) + D;
      double precision = 0.0;
      for (int k = 0; k < D; k++) {
        precision += factor[a * D + k] * factor[i % D * D + k];
      }
      near(precision, (a == i % D ? 1.0 : 0.0) - h[i], 1e-9, spec);
    }
  }
  free(x), free(found);
  rig_close(&r);
}

static void hessians(void **state) {
  (void)state;
  check_hessian(MODEL(AUTO, DECODER("leaky_relu", BERNOULLI)));
  check_hessian(MODEL(AUTO, DECODER("relu", GAUSS_COLUMN)));
  check_hessian(MODEL(AUTO, DECODER("leaky_relu", FULL_COLUMN)));
  check_hessian(MODEL(AUTO, DECODER("relu", CATEGORICAL)));
  check_hessian(MODEL(TAPE, DECODER("leaky_relu", CATEGORICAL)));
  check_hessian(MODEL(AUTO, DECODER("leaky_relu", LEVELS)));
}

/* By quadrature over the latent: the integral of q, log p(x) and the bound. */
static void integrals(rig *r, const double *x, int64_t p, double out[3]) {
  const grid g = {D, 140, -6, 6};
  const int64_t n = grid_size(g);
  double *z = grid_points(g), *many = copies(n, p, x);
  double *lq = malloc((size_t)n * sizeof *lq), *lp = malloc((size_t)n * sizeof *lp);
  const weir_layer *l = weiri_flow_layer(r->dist);
  weiri_run_reset(r->run);
  weir_tape *t = r->run->tape;
  const weir_var vx = rows(r, n, p, many), vz = rows(r, n, D, z);
  weir_var h = weir_var_none();
  const weir_dist *q = weiri_posterior_of(l, r->run, vx, &h);
  OK(weir_var_read(t, weir_dist_log_prob(q, r->run, vz, h), lq));
  OK(weir_var_read(t, weir_dist_log_prob(l->likelihood, r->run, vx, vz), lp));
  out[0] = out[1] = out[2] = 0.0;
  for (int64_t i = 0; i < n; i++) {
    const double prior = -0.5 * (z[2 * i] * z[2 * i] + z[2 * i + 1] * z[2 * i + 1]);
    const double joint = lp[i] + prior - 1.8378770664093454836, q_i = exp(lq[i]);
    out[0] += q_i * grid_cell(g);
    out[1] += exp(joint) * grid_cell(g);
    out[2] += q_i * (joint - lq[i]) * grid_cell(g);
  }
  out[1] = log(out[1]);
  free(z), free(many), free(lq), free(lp);
}

static void check_bound(const char *spec) {
  enum { ROWS = 3, P = 3, N = 20000 };
  rig r;
  open_model(&r, spec, P, 0);
  double *x = points(spec, ROWS * P), *f = malloc(N * sizeof *f);
  for (int i = 0; i < ROWS; i++) {
    double by[3];
    integrals(&r, x + i * P, P, by);
    near(by[0], 1.0, 1e-7, "integral of q");
    assert_true(by[2] <= by[1] + 1e-9);
    double *many = copies(N, P, x + i * P);
    log_probs(&r, N, many, NULL, f);
    const double of_bound = z_score(N, f, by[2]);
    for (int k = 0; k < N; k++) {
      f[k] = exp(f[k]);
    }
    const double of_weight = z_score(N, f, exp(by[1]));
    if (!(fabs(of_bound) < 5.0 && fabs(of_weight) < 5.0)) {
      fail_msg("%s: bound z %g, weights z %g", spec, of_bound, of_weight);
    }
    free(many);
  }
  free(x), free(f);
  rig_close(&r);
}

static void bounds(void **state) {
  (void)state;
  check_bound(MODEL(AUTO, DECODER("relu", FULL_OUT)));
  check_bound(MODEL(AUTO, DECODER("leaky_relu", CATEGORICAL)));
  check_bound(MODEL(AUTO, DECODER("relu", LEVELS)));
  check_bound(MODEL(AUTO, DECODER("leaky_relu", LEVELS_MIX)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hessians),
      cmocka_unit_test(bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
