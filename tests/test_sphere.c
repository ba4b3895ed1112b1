/* The sphere: Bessel functions and divergences against mpmath (golden/make_bessel.py),
 * autoencoders on it, the uniform distribution. */
#include "vmf_check.h"

#include "op/bessel.h"
#include "part/kl.h"

/* ---- Bessel functions ---- */

static void bessel(void **state) {
  (void)state;
  json_t *root = json_load_file(WEIR_SOURCE_DIR "/tests/golden/bessel.json", 0, NULL);
  const json_t *rows = json_object_get(root, "rows");
  assert_int_equal(json_array_size(rows), 99);
  for (size_t i = 0; i < json_array_size(rows); i++) {
    double c[7];
    for (size_t k = 0; k < 7; k++) {
      c[k] = json_number_value(json_array_get(json_array_get(rows, i), k));
    }
    const double m = c[0], x = c[1], nu = 0.5 * m - 1.0;
    const weiri_bessel b = weiri_bessel_at(nu, x);
    char what[64];
    snprintf(what, sizeof what, "m = %g, kappa = %g", m, x);
    const double log_i = b.log + x + nu * log(x);
    if (fabs(log_i - c[2]) > 1e-14 * (fabs(x) + fabs(c[2]) + fabs(nu * log(x)) + 1)) {
      fail_msg("%s: log %.17g, expected %.17g", what, log_i, c[2]);
    }
    if (fabs(b.ratio - c[3]) > 1e-13 * c[3]) {
      fail_msg("%s: ratio %.17g, expected %.17g", what, b.ratio, c[3]);
    }
    if (fabs(b.gap - c[4]) > 2e-13 * c[4]) {
      fail_msg("%s: gap %.17g, expected %.17g", what, b.gap, c[4]);
    }
    if (fabs(b.slope - c[5]) > 3e-13 * (10 + x) * c[5]) {
      fail_msg("%s: slope %.17g, expected %.17g", what, b.slope, c[5]);
    }
  }
  json_decref(root);
}

/* Limits at 0, and what is not a number. */
static void bessel_ends(void **state) {
  (void)state;
  for (int m = 2; m < 1001; m = 2 * m + 1) {
    const double nu = 0.5 * m - 1.0;
    const weiri_bessel b = weiri_bessel_at(nu, 0.0);
    near(b.log, -nu * log(2.0) - lgamma(nu + 1.0), 1e-14, "log at 0");
    assert_true(b.ratio == 0.0 && b.gap == 1.0);
    near(b.slope * m, 1.0, 1e-11, "slope at 0");
  }
  assert_true(isnan(weiri_bessel_at(1.0, -1.0).log));
  assert_true(isnan(weiri_bessel_at(1.0, INFINITY).gap));
}

/* ---- the divergence, and autoencoders ---- */

/* KL to the uniform distribution against mpmath, area of the sphere and all; its slope
 * is kappa A'. */
static void divergence(void **state) {
  (void)state;
  json_t *root = json_load_file(WEIR_SOURCE_DIR "/tests/golden/bessel.json", 0, NULL);
  const json_t *rows = json_object_get(root, "rows");
  for (size_t i = 0; i < json_array_size(rows); i++) {
    double c[7], value, slope;
    for (size_t k = 0; k < 7; k++) {
      c[k] = json_number_value(json_array_get(json_array_get(rows, i), k));
    }
    rig r;
    weir_dist *uniform;
    weir_var gx;
    open_vmf(&r, (int64_t)c[0], 0, "");
    json_t *spec = json_string("uniform_sphere");
    OK(weir_dist_make(&uniform, &r.build, "u", spec, &r.dist->event));
    json_decref(spec);
    set_kappa(&r, c[1]);
    weiri_run_reset(r.run);
    const weir_slot at = {weiri_params_find(r.params, "m.d.concentration")};
    const weir_var raw = weir_run_param(r.run, at);
    const weir_var kl =
        weiri_kl(r.dist, uniform, r.run, 1, weir_var_none(), weir_var_none());
    OK(weir_var_read(r.run->tape, kl, &value));
    OK(weir_grad(r.run->tape, kl, weir_var_none(), 1, &raw, &gx, false));
    OK(weir_var_read(r.run->tape, gx, &slope));
    near(value, c[6], 1e-12 * (100 + c[1]), "divergence");
    near(slope, c[1] * c[5] * -expm1(-c[1]), 1e-9, "slope of the divergence");
    weir_dist_destroy(&uniform);
    rig_close(&r);
  }
  json_decref(root);
}

#define SVAE(options)                                                                  \
  "{\"name\": \"flow\", \"layers\": [{\"name\": \"variational\", \"latent_dim\": 4, "  \
  "\"support\": \"sphere\", \"posterior\": {\"name\": \"vmf\"" options "}, "           \
  "\"likelihood\": {\"name\": \"bernoulli\", \"net\": {\"name\": \"mlp\", "            \
  "\"hidden\": "                                                                       \
  "[4], \"last_scale\": 3}}}], \"base\": \"uniform_sphere\"}"

static void open_svae(rig *r, const char *spec) {
  weir_support s[3];
  const weir_event event = event_of(3, s, (weir_support){WEIR_INTEGERS, 0, 1});
  rig_open(r, 0);
  OK(rig_make(r, spec, &event, false));
  rig_ready(r, 0.3);
}

/* The bound of a whole model: weights that average to the likelihood, and the score of
 * the draw on the first part that follows from it. */
static void autoencoder(void **state) {
  (void)state;
  rig r;
  open_svae(&r, SVAE(""));
  check_sums_to_one(&r, 20000);
  static const double x[6] = {0, 1, 1, 1, 0, 0};
  for (int closed = 0; closed < 2; closed++) {
    weiri_run_reset(r.run);
    r.run->wants.closed_kl = closed == 1;
    weir_dist_parts(r.dist, r.run, rows(&r, 2, 3, x), weir_var_none());
    OK(weir_tape_status(r.run->tape));
    assert_int_equal(r.run->n_parts, closed == 1 ? 2 : 3);
    assert_int_equal(
        r.run->parts[1].kind, closed == 1 ? WEIR_PART_KL : WEIR_PART_POSTERIOR);
    assert_true(weir_var_ok(r.run->parts[0].score)); /* on the first that follows */
    assert_false(weir_var_ok(r.run->parts[1].score));
  }
  rig_close(&r);
  open_svae(&r, SVAE(", \"sampler\": \"official\""));
  weir_dist_parts(r.dist, r.run, rows(&r, 2, 3, x), weir_var_none());
  assert_false(weir_var_ok(r.run->parts[0].score));
  rig_close(&r);
}

/* ---- uniform ---- */

static void uniform(void **state) {
  (void)state;
  static const int64_t ms[] = {2, 3, 41};
  static const double log_area[] = {1.8378770664093453, 2.5310242469692907, -16.671};
  for (int k = 0; k < 3; k++) {
    weir_support s[64];
    const weir_event event = event_of(ms[k], s, (weir_support){WEIR_SPHERE, 0, 0});
    rig r;
    rig_open(&r, 0);
    OK(rig_make(&r, "\"uniform_sphere\"", &event, false));
    rig_ready(&r, 0.0);
    double x[20 * 41], log_p[20];
    weir_var lp;
    OK(weir_var_read(
        r.run->tape, weir_dist_sample(r.dist, r.run, 20, weir_var_none(), &lp), x));
    OK(weir_var_read(r.run->tape, lp, log_p));
    near(log_p[7], -log_area[k], k == 2 ? 1e-4 : 1e-14, "log area");
    double length = 0.0;
    for (int64_t j = 0; j < ms[k]; j++) {
      length += x[3 * ms[k] + j] * x[3 * ms[k] + j];
    }
    near(length, 1.0, 1e-14, "length");
    rig_close(&r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bessel),
      cmocka_unit_test(bessel_ends),
      cmocka_unit_test(divergence),
      cmocka_unit_test(autoencoder),
      cmocka_unit_test(uniform),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
