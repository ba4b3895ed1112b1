/* Layers for posteriors: log-determinants against the Jacobian, gradients, densities
 * against quadrature or, where only draws have one, against another density; numbers
 * from torch (golden/make_posteriors.py). */
#include <stdio.h>

#include "layer_check.h"

#define NET                                                                            \
  ", \"net\": {\"name\": \"mlp\", \"hidden\": [5], \"activation\": \"tanh\", "         \
  "\"last_scale\": 1}"

static const char *const one_way[] = {
    "\"planar\"",
    "{\"name\": \"planar\"" NET "}",
    "{\"name\": \"planar\", \"conditional\": false}",
    "\"sylvester\"",
    "{\"name\": \"sylvester\", \"columns\": 1" NET "}",
    "{\"name\": \"sylvester\", \"kind\": \"householder\", \"reflections\": 3}",
    "{\"name\": \"sylvester\", \"kind\": \"householder\", \"reflections\": 1" NET "}",
    "{\"name\": \"sylvester\", \"kind\": \"triangular\"}",
    "{\"name\": \"sylvester\", \"kind\": \"triangular\", \"reverse\": true" NET "}",
};
static const char *const both[] = {
    "\"radial\"",
    "{\"name\": \"radial\"" NET "}",
    "\"householder\"",
    "{\"name\": \"householder\", \"reflections\": 3" NET "}",
    "{\"name\": \"householder\", \"reflections\": 4, \"chained\": true}",
    "{\"name\": \"rotation\", \"seed\": 4}",
};
enum { ONE_WAY = sizeof one_way / sizeof *one_way, BOTH = sizeof both / sizeof *both };

typedef void layer_fn(rig *r, int64_t d, const double *context);

static void each_layer(const char *const *specs, int n, layer_fn *fn) {
  double *context = normals(N * 2, 17, 1.0);
  for (int i = 0; i < n; i++) {
    for (int64_t d = 1; d <= 4; d++) {
      for (int64_t c = 0; c <= 2; c += 2) {
        rig r;
        rig_layer(&r, specs[i], d, c);
        fn(&r, d, c == 0 ? NULL : context);
        rig_close(&r);
      }
    }
  }
  free(context);
}

/* ---- Jacobians ---- */

static void from_latent(rig *r, int64_t d, const double *context) {
  assert_int_equal(r->layer->latent_how, WEIR_ABSENT);
  assert_int_equal(r->layer->data_how, WEIR_CLOSED);
  for (double scale = 0.1; scale < 200; scale *= 10) {
    double *z = normals(N * d, 61, scale);
    passed x;
    pass(r, d, z, context, true, &x);
    check_log_det(d, &x, 1e-10, "log_det to the data");
    free(z);
  }
}

static void both_ways(rig *r, int64_t d, const double *context) {
  for (double scale = 0.1; scale < 200; scale *= 10) {
    double *x = normals(N * d, 62, scale);
    check_both_ways(r, d, x, context, scale, 1e-9);
    free(x);
  }
}

static void jacobians(void **state) {
  (void)state;
  each_layer(one_way, ONE_WAY, from_latent);
  each_layer(both, BOTH, both_ways);
}

/* Parameters far from zero, where 1 + w . u_hat is near 0 and far from it. */
static void strong(void **state) {
  (void)state;
  static const double pull[] = {-300, -30, -3, 3, 30};
  for (int k = 0; k < 5; k++) {
    rig r;
    passed x;
    const double u[2] = {pull[k], 0.2}, w[2] = {1.5, -0.5}, b[1] = {0.3};
    double *z = normals(N * 2, 63, 1.0);
    rig_layer(&r, "\"planar\"", 2, 0);
    rig_set(&r, "m.l.u", u);
    rig_set(&r, "m.l.w", w);
    rig_set(&r, "m.l.b", b);
    pass(&r, 2, z, NULL, true, &x);
    for (int i = 0; i < N; i++) {
      const double h = tanh(w[0] * z[2 * i] + w[1] * z[2 * i + 1] + b[0]);
      const double soft = log1p(exp(w[0] * u[0] + w[1] * u[1]));
      near(x.log_det[i], log(h * h + soft * (1 - h * h)), 1e-12, "planar");
    }
    free(z);
    rig_close(&r);
  }
}

/* At w = 0 the map is a shift by u tanh(b), and no number leaves the finite. */
static void zero_direction(void **state) {
  (void)state;
  rig r;
  passed x;
  const double z[N * 2] = {1, 2, -3, 4, 5, 6, 0, 0};
  rig_layer(&r, "\"planar\"", 2, 0);
  rig_set(&r, "m.l.w", (double[]){0, 0});
  rig_set(&r, "m.l.u", (double[]){0.5, -2});
  rig_set(&r, "m.l.b", (double[]){0.7});
  pass(&r, 2, z, NULL, true, &x);
  for (int i = 0; i < N; i++) {
    near(x.y[2 * i], z[2 * i] + 0.5 * tanh(0.7), 1e-14, "shift");
    near(x.y[2 * i + 1], z[2 * i + 1] - 2 * tanh(0.7), 1e-14, "shift");
    near(x.log_det[i], 0.0, 1e-14, "log_det of a shift");
  }
  rig_close(&r);
}

/* ---- gradients ---- */

static weir_var weighted(rig *r, weir_var y) {
  weir_tape *t = r->run->tape;
  const weir_var log_det = weir_reshape(
      t, weiri_run_total(r->run, 0), weir_shape_2(weir_var_dim(t, y, 0), 1));
  return weir_sum_all(t, weir_add(t, weir_sin(t, y), weir_scale(t, log_det, 0.7)));
}
static weir_var data_value(rig *r, weir_var z, weir_var context) {
  return weighted(r, weir_layer_to_data(r->layer, r->run, z, context));
}
static weir_var latent_value(rig *r, weir_var x, weir_var context) {
  return weighted(r, weir_layer_to_latent(r->layer, r->run, x, context));
}

static void gradient(rig *r, int64_t d, const double *context) {
  double *x = normals(2 * d, 64, 1.0), c[4];
  memcpy(c, context == NULL ? x : context, (context == NULL ? 1 : 4) * sizeof *c);
  const point p = {2, d, 2, x, context == NULL ? NULL : c};
  if (d == 1 || d == 3) {
    check_gradients(r, data_value, &p);
  }
  if (d == 3 && r->layer->latent_how == WEIR_CLOSED) {
    check_gradients(r, latent_value, &p);
  }
  free(x);
}

static void gradients(void **state) {
  (void)state;
  each_layer(one_way, ONE_WAY, gradient);
  each_layer(both, BOTH, gradient);
}

/* ---- densities ---- */

#define BASE ", \"base\": {\"name\": \"normal\", \"kind\": \"diagonal\"}}"
#define FLOW(layers) "{\"name\": \"flow\", \"layers\": [" layers "]" BASE

/* n draws and the logarithms of their densities. */
static void draw(rig *r, int64_t n, const double *context, double *x, double *log_q) {
  const int64_t c = r->build.context;
  weiri_run_reset(r->run);
  weir_var given = rows(r, 1, c, c == 0 ? NULL : context), log_p;
  given = c == 0 ? given : weir_broadcast(r->run->tape, given, weir_shape_2(n, c));
  const weir_var v = weir_dist_sample(r->dist, r->run, n, given, &log_p);
  OK(weir_var_read(r->run->tape, v, x));
  OK(weir_var_read(r->run->tape, log_p, log_q));
}

/* The mean of r / q over draws from q is 1 for any density r: here a normal one around
 * the mean of the draws and narrower than them. */
static void draws_have_density(void **state) {
  (void)state;
  enum { DRAWS = 20000 };
  static const char *const flows[] = {
      FLOW("\"planar\", \"planar\", \"planar\""),
      FLOW("\"radial\", \"radial\""),
      FLOW("\"sylvester\", {\"name\": \"sylvester\", \"columns\": 1}"),
      FLOW("{\"name\": \"sylvester\", \"kind\": \"householder\"}"),
      FLOW("{\"name\": \"sylvester\", \"kind\": \"triangular\", \"reverse\": true}, "
           "{\"name\": \"sylvester\", \"kind\": \"triangular\"}"),
  };
  static const double given[2] = {0.7, -1.2};
  double *x = malloc(2 * DRAWS * sizeof *x), *f = malloc(DRAWS * sizeof *f);
  for (size_t k = 0; k < sizeof flows / sizeof *flows; k++) {
    for (int64_t c = 0; c <= 2; c += 2) {
      rig r;
      rig_dist(&r, flows[k], 2, c);
      draw(&r, DRAWS, given, x, f);
      double mean[2] = {0, 0}, square = 0.0, sd = 0.4;
      for (int i = 0; i < DRAWS; i++) {
        mean[0] += x[2 * i] / DRAWS;
        mean[1] += x[2 * i + 1] / DRAWS;
      }
      double total = 0.0;
      for (int i = 0; i < DRAWS; i++) {
        const double a = (x[2 * i] - mean[0]) / sd, b = (x[2 * i + 1] - mean[1]) / sd;
        f[i] = exp(-0.5 * (a * a + b * b) - log(2 * 3.14159265358979 * sd * sd) - f[i]);
        total += f[i] / DRAWS;
        square += f[i] * f[i] / DRAWS;
      }
      const double error = sqrt((square - total * total) / DRAWS);
      if (!(fabs(total - 1.0) < 5.0 * error) || error > 0.05) {
        print_error("%s: %g, error %g\n", flows[k], total, error);
        fail();
      }
      rig_close(&r);
    }
  }
  free(x);
  free(f);
}

/* Densities that are known everywhere integrate to 1 and are those of the draws. */
static void densities_integrate(void **state) {
  (void)state;
  enum { DRAWS = 20000 };
#define GATED                                                                          \
  "{\"name\": \"inverse_autoregressive\", \"map\": \"gated\", \"net\": {\"name\": "    \
  "\"mlp\", \"hidden\": [6], \"activation\": \"tanh\", \"last_scale\": 1}}"
  static const char *const flows[] = {
      FLOW("\"radial\", \"radial\""),
      FLOW("{\"name\": \"radial\"" NET "}, {\"name\": \"householder\"" NET "}, "
           "\"rotation\", \"radial\""),
      FLOW(GATED ", \"reverse\", " GATED),
  };
  static const double given[2] = {0.7, -1.2};
  const grid g = {2, 480, -12, 12};
  double *x = grid_points(g), *y = malloc(3 * DRAWS * sizeof *y);
  for (size_t k = 0; k < sizeof flows / sizeof *flows; k++) {
    rig r;
    rig_dist(&r, flows[k], 2, k == 0 ? 0 : 2);
    double *p = check_integral(&r, g, x, given, 1e-4);
    draw(&r, DRAWS, given, y, y + 2 * DRAWS);
    check_means(g, x, p, DRAWS, y);
    double again[64];
    log_probs(&r, 64, y, given, again);
    for (int i = 0; i < 64; i++) {
      near(again[i], y[2 * DRAWS + i], 1e-9, "density of a draw");
    }
    free(p);
    rig_close(&r);
  }
  free(x);
  free(y);
}

/* ---- what is refused ---- */

static void refused(void **state) {
  (void)state;
  weir_support s[3];
  const weir_event event = event_of(3, s, (weir_support){WEIR_REAL, 0, 0});
  rig r;
  rig_open(&r, 0);
  assert_int_equal(
      rig_make(&r, "{\"name\": \"sylvester\", \"columns\": 4}", &event, true),
      WEIR_E_CONFIG);
  assert_string_equal(
      weir_error(), "m.l.columns: 4 orthogonal columns do not fit into 3 features");
  s[1] = (weir_support){WEIR_POSITIVE, 0, 0};
  static const char *const real_only[] = {
      "\"planar\"", "\"radial\"", "\"sylvester\"", "\"householder\"", "\"rotation\""};
  for (int k = 0; k < 5; k++) {
    assert_int_equal(rig_make(&r, real_only[k], &event, true), WEIR_E_SUPPORT);
    assert_non_null(strstr(weir_error(), "column 2"));
  }
  rig_close(&r);
  rig_dist(&r, "{\"name\": \"flow\", \"layers\": [\"sylvester\"]}", 2, 0);
  assert_int_equal(r.dist->log_prob_how, WEIR_ABSENT);
  const double x[2] = {0, 0};
  weir_dist_log_prob(r.dist, r.run, rows(&r, 1, 2, x), weir_var_none());
  assert_int_equal(weir_tape_status(r.run->tape), WEIR_E_UNSUPPORTED);
  assert_non_null(strstr(weir_error(), "its own draws only"));
  rig_close(&r);
}

/* ---- numbers of an independent implementation ---- */

static double *numbers(const json_t *list) {
  double *x = malloc((json_array_size(list) + 1) * sizeof *x);
  for (size_t i = 0; i < json_array_size(list); i++) {
    x[i] = json_number_value(json_array_get(list, i));
  }
  return x;
}

static void check_golden(const json_t *c) {
  rig r;
  const int64_t d = json_integer_value(json_object_get(c, "features"));
  char *spec = json_dumps(json_object_get(c, "layer"), JSON_ENCODE_ANY);
  rig_layer(&r, spec, d, json_integer_value(json_object_get(c, "context")));
  const char *name;
  json_t *value;
  json_object_foreach(json_object_get(c, "params"), name, value) {
    double *v = numbers(value);
    rig_set(&r, name, v);
    free(v);
  }
  assert_int_equal(weiri_params_count(r.params),
      (int)json_object_size(json_object_get(c, "params")));
  double *z = numbers(json_object_get(c, "z")), *x = numbers(json_object_get(c, "x")),
         *log_det = numbers(json_object_get(c, "log_det")),
         *context = numbers(json_object_get(c, "contexts"));
  passed out;
  pass(&r, d, z, r.build.context == 0 ? NULL : context, true, &out);
  for (int64_t i = 0; i < N * d; i++) {
    near(out.y[i], x[i], 1e-11, spec);
  }
  for (int64_t i = 0; i < N; i++) {
    near(out.log_det[i], log_det[i], 1e-11, spec);
  }
  free(z), free(x), free(log_det), free(context), free(spec);
  rig_close(&r);
}

static void golden(void **state) {
  (void)state;
  json_t *root =
      json_load_file(WEIR_SOURCE_DIR "/tests/golden/posteriors.json", 0, NULL);
  assert_non_null(root);
  const json_t *cases = json_object_get(root, "cases");
  assert_int_equal(json_array_size(cases), 9);
  for (size_t i = 0; i < json_array_size(cases); i++) {
    check_golden(json_array_get(cases, i));
  }
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(jacobians),
      cmocka_unit_test(strong),
      cmocka_unit_test(zero_direction),
      cmocka_unit_test(gradients),
      cmocka_unit_test(draws_have_density),
      cmocka_unit_test(densities_integrate),
      cmocka_unit_test(refused),
      cmocka_unit_test(golden),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
