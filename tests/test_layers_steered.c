/* Steered layers: masks and orders, context, circular columns, dropout, integrals of
 * the densities, what is refused. */
#include <stdio.h>

#include "layer_check.h"

static const char *const nets[] = {
    "{\"name\": \"mlp\", \"hidden\": [7], \"activation\": \"tanh\", \"last_scale\": 1}",
    ("{\"name\": \"resnet\", \"hidden\": 8, \"blocks\": 2, \"activation\": \"tanh\", "
     "\"last_scale\": 1}"),
    "{\"name\": \"mlp\", \"hidden\": [4, 9], \"activation\": \"sigmoid\"}",
};
enum { NETS = 3 };

static void open_spec(rig *r, const char *name, const char *options, const char *map,
    const char *net, int64_t d, int64_t context) {
  char text[1024];
  snprintf(text, sizeof text, "{\"name\": \"%s\"%s, \"map\": %s, \"net\": %s}", name,
      options, map, net);
  rig_layer(r, text, d, context);
}

/* ---- masks ---- */

/* Place of a column in the order: natural, reversed or listed. */
static const char *const orders[] = {"\"natural\"", "\"reverse\"", "[2, 0, 3, 1]"};
static const int64_t places[3][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}};

/* y_j depends on x_i exactly when i does not come after j; on the context always. */
static void check_triangle(rig *r, const int64_t *place, const double *context) {
  double *x = normals(N * 4, 43, 1.0);
  passed z;
  pass(r, 4, x, context, false, &z);
  for (int64_t j = 0; j < 4; j++) {
    for (int64_t i = 0; i < 4; i++) {
      const bool sees = place[i] <= place[j];
      assert_true((z.jacobian[1][j * 4 + i] != 0.0) == sees);
    }
  }
  weir_tape *t = r->run->tape;
  for (int64_t j = 0; j < 4; j++) {
    weiri_run_reset(r->run);
    const weir_var c = rows(r, N, 2, context);
    const weir_var y = weir_layer_to_latent(r->layer, r->run, rows(r, N, 4, x), c);
    weir_var g;
    double gc[N * 2];
    OK(weir_grad(t, weir_slice(t, y, 1, j, 1), weir_var_none(), 1, &c, &g, false));
    OK(weir_var_read(t, g, gc));
    assert_true(gc[0] != 0.0 && gc[N * 2 - 1] != 0.0);
  }
  free(x);
}

static void masks(void **state) {
  (void)state;
  double *context = normals(N * 2, 44, 1.0);
  for (int o = 0; o < 3; o++) {
    for (int n = 0; n < NETS; n++) {
      char options[64];
      snprintf(options, sizeof options, ", \"order\": %s", orders[o]);
      rig r;
      open_spec(&r, "autoregressive", options, "\"affine\"", nets[n], 4, 2);
      check_triangle(&r, places[o], context);
      rig_close(&r);
    }
  }
  free(context);
}

/* A coupling leaves the columns outside its mask alone and its Jacobian is triangular.
 */
static void coupling_masks(void **state) {
  (void)state;
  static const char *const mask[] = {"\"alternate-even\"", "\"alternate-odd\"",
      "\"half-first\"", "\"half-last\"", "[4, 1]"};
  static const bool moves[5][5] = {{1, 0, 1, 0, 1}, {0, 1, 0, 1, 0}, {1, 1, 1, 0, 0},
      {0, 0, 0, 1, 1}, {0, 1, 0, 0, 1}};
  double *x = normals(N * 5, 45, 1.0);
  for (int k = 0; k < 5; k++) {
    char options[64];
    snprintf(options, sizeof options, ", \"mask\": %s", mask[k]);
    rig r;
    passed z;
    open_spec(&r, "coupling", options, "\"rqs\"", nets[0], 5, 0);
    pass(&r, 5, x, NULL, false, &z);
    for (int64_t j = 0; j < 5; j++) {
      for (int64_t i = 0; i < 5; i++) {
        const bool sees = i == j || (moves[k][j] && !moves[k][i]);
        assert_true((z.jacobian[1][j * 5 + i] != 0.0) == sees);
      }
      assert_true(moves[k][j] || z.y[j] == x[j]);
    }
    rig_close(&r);
  }
  free(x);
}

/* ---- circles beside the line ---- */

#define CIRCLE 3.14159265358979323846

static void open_mixed(rig *r, const char *name) {
  weir_support s[4] = {{WEIR_REAL, 0, 0}, {WEIR_CIRCLE, -CIRCLE, CIRCLE},
      {WEIR_REAL, 0, 0}, {WEIR_CIRCLE, -CIRCLE, CIRCLE}};
  const weir_event event = {4, s};
  char text[512];
  snprintf(text, sizeof text,
      "{\"name\": \"%s\", \"map\": {\"name\": \"rqs\", \"bins\": 6}, \"net\": %s}",
      name, nets[1]);
  rig_open(r, 0);
  OK(rig_make(r, text, &event, true));
  rig_ready(r, 0.2);
}

/* Real and circular columns side by side; nothing jumps where a circle closes. */
static void circles(void **state) {
  (void)state;
  static const char *const names[] = {
      "coupling", "autoregressive", "inverse_autoregressive"};
  for (int k = 0; k < 3; k++) {
    rig r;
    open_mixed(&r, names[k]);
    double *x = normals(N * 4, 48, 1.0);
    check_both_ways(&r, 4, x, NULL, 1.0, 1e-11);
    for (int64_t j = 1; j < 4; j += 2) {
      for (int64_t i = 0; i < N; i++) {
        x[i * 4 + j] = i % 2 == 0 ? -CIRCLE : CIRCLE * (1.0 - 1e-15);
        for (int64_t o = 0; o < 4; o++) {
          x[i * 4 + o] = o == j ? x[i * 4 + o] : x[o];
        }
      }
      passed z;
      pass(&r, 4, x, NULL, false, &z);
      for (int64_t o = 0; o < 4; o++) {
        near(cos(z.y[o]), cos(z.y[4 + o]), 1e-12, "where the circle closes");
        near(sin(z.y[o]), sin(z.y[4 + o]), 1e-12, "where the circle closes");
      }
      near(z.log_det[0], z.log_det[1], 1e-12, "log_det where the circle closes");
    }
    free(x);
    rig_close(&r);
  }
}

/* ---- dropout ---- */

/* In training the layer of one step is still a bijection, and not that of another. */
static void dropout(void **state) {
  (void)state;
  static const char *const with[] = {
      "{\"name\": \"mlp\", \"hidden\": [32], \"dropout\": 0.5}",
      "{\"name\": \"resnet\", \"hidden\": 32, \"dropout\": 0.5}"};
  double *x = normals(N * 3, 49, 1.0);
  for (int k = 0; k < 4; k++) {
    rig r;
    passed z, same, other;
    open_spec(&r, k % 2 == 0 ? "coupling" : "autoregressive", "", "\"affine\"",
        with[k / 2], 3, 0);
    pass(&r, 3, x, NULL, false, &z);
    r.run->mode = WEIR_TRAIN;
    check_both_ways(&r, 3, x, NULL, 1.0, 1e-9);
    pass(&r, 3, x, NULL, false, &same);
    r.run->no_grad = true;
    pass(&r, 3, same.y, NULL, true, &other);
    near(other.y[N * 3 - 1], x[N * 3 - 1], 1e-9, "round trip without gradients");
    r.run->no_grad = false;
    r.run->step++;
    pass(&r, 3, x, NULL, false, &other);
    assert_true(memcmp(same.y, other.y, sizeof(double) * N * 3) != 0);
    assert_true(memcmp(same.y, z.y, sizeof(double) * N * 3) != 0);
    rig_close(&r);
  }
  free(x);
}

/* ---- densities ---- */

#define NET ", \"net\": {\"name\": \"mlp\", \"hidden\": [6], \"activation\": \"tanh\"}}"
#define RESNET                                                                         \
  ", \"net\": {\"name\": \"resnet\", \"hidden\": 6, \"activation\": \"tanh\"}}"
#define AFFINE(scale) "{\"name\": \"affine\", \"scale\": \"" scale "\", \"bound\": 1}"

static const char *const densities[] = {
    "{\"name\": \"elementwise\", \"map\": \"rqs\"}",
    ("{\"name\": \"elementwise\", \"map\": " AFFINE("softplus") "}"),
    ("{\"name\": \"coupling\", \"map\": \"rqs\", \"identity_map\": \"rqs\"" RESNET),
    ("{\"name\": \"coupling\", \"map\": " AFFINE("tanh-exp") NET),
    ("{\"name\": \"autoregressive\", \"map\": \"rqs\"" RESNET),
    ("{\"name\": \"autoregressive\", \"map\": " AFFINE("sigmoid") NET),
    ("{\"name\": \"inverse_autoregressive\", \"map\": \"rqs\"" NET),
};

/* On the line and in the plane, with and without context. */
static void integrals(void **state) {
  (void)state;
  const double context[2] = {0.4, -1.1};
  for (size_t k = 0; k < sizeof densities / sizeof densities[0]; k++) {
    for (int64_t d = 1; d <= 2; d++) {
      char text[512];
      snprintf(text, sizeof text,
          "{\"name\": \"flow\", \"layers\": [%s], \"base\": \"normal\"}", densities[k]);
      rig r;
      rig_dist(&r, text, d, k % 2 == 0 ? 2 : 0);
      const grid g = {d, d == 1 ? 20000 : 800, -25, 25};
      double *x = grid_points(g);
      free(check_integral(&r, g, x, k % 2 == 0 ? context : NULL, d == 1 ? 1e-5 : 5e-3));
      free(x);
      rig_close(&r);
    }
  }
}

/* ---- refusals ---- */

static void refuse(
    const char *spec, weir_support *s, weir_status code, const char *word) {
  const weir_event event = {2, s};
  rig r;
  rig_open(&r, 0);
  assert_int_equal(rig_make(&r, spec, &event, true), code);
  if (strstr(weir_error(), word) == NULL) {
    print_error("'%s' lacks '%s'\n", weir_error(), word);
    fail();
  }
  rig_close(&r);
}

static void refusals(void **state) {
  (void)state;
  weir_support real[2] = {{WEIR_REAL, 0, 0}, {WEIR_REAL, 0, 0}};
  weir_support positive[2] = {{WEIR_REAL, 0, 0}, {WEIR_POSITIVE, 0, 0}};
  weir_support circle[2] = {{WEIR_CIRCLE, 0, 360}, {WEIR_REAL, 0, 0}};
  refuse("\"autoregressive\"", positive, WEIR_E_SUPPORT, "column 2 lives on (0, inf)");
  refuse("{\"name\": \"coupling\", \"mask\": [1]}", positive, WEIR_E_SUPPORT,
      "column 2 lives on (0, inf)");
  refuse("\"coupling\"", circle, WEIR_E_SUPPORT, "column 1 lives on circle [0, 360)");
  refuse("{\"name\": \"elementwise\", \"map\": \"log\"}", positive, WEIR_E_SUPPORT,
      "column 1 lives on real");
  refuse("{\"name\": \"elementwise\", \"map\": {\"name\": \"logit\", \"lo\": 1}}", real,
      WEIR_E_CONFIG, "lo must be smaller");
  refuse("{\"name\": \"coupling\", \"mask\": []}", real, WEIR_E_CONFIG,
      "transforms none of the 2 columns");
  refuse("{\"name\": \"coupling\", \"mask\": [0, 0]}", real, WEIR_E_CONFIG, "entry 2");
  refuse("{\"name\": \"coupling\", \"mask\": \"odd\"}", real, WEIR_E_CONFIG,
      "alternate-even");
  refuse("{\"name\": \"autoregressive\", \"order\": [0, 2]}", real, WEIR_E_CONFIG,
      "l.order");
  refuse("{\"name\": \"autoregressive\", \"net\": {\"name\": \"mlp\", \"hidden\": "
         "[]}}",
      real, WEIR_E_CONFIG, "l.net.hidden");
  refuse("{\"name\": \"coupling\", \"map\": {\"name\": \"rqs\", \"bins\": 1}}", real,
      WEIR_E_CONFIG, "bins");
  refuse("{\"name\": \"coupling\", \"map\": {\"name\": \"rqs\", \"lo\": 2, \"hi\": "
         "1}}",
      real, WEIR_E_CONFIG, "lo < hi");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(masks),
      cmocka_unit_test(coupling_masks),
      cmocka_unit_test(circles),
      cmocka_unit_test(dropout),
      cmocka_unit_test(integrals),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
