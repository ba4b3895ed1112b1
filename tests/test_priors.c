/* Priors of autoencoders and closed forms of their divergences: VampPrior integrates to
 * 1 and draws from itself, KL against the mean over draws, units of the columns. */
#include "layer_check.h"
#include "part/kl.h"

#define ENCODER_OF(kind)                                                               \
  "{\"name\": \"encoded\", \"features\": 4, \"activation\": \"tanh\", \"net\": "       \
  "{\"name\": \"mlp\", \"hidden\": [], \"last_scale\": 1}, \"dist\": {\"name\": "      \
  "\"normal\", \"kind\": \"" kind "\", \"head_scale\": 1}}"
#define ENCODER ENCODER_OF("diagonal")
#define LAYER(dim, encoder)                                                            \
  "{\"name\": \"variational\", \"latent_dim\": " dim ", \"posterior\": " encoder       \
  ", \"likelihood\": \"normal\"}"
#define VAE(dim, prior)                                                                \
  "{\"name\": \"flow\", \"layers\": [{\"name\": \"variational\", \"latent_dim\": " dim \
  ", \"posterior\": " ENCODER ", \"likelihood\": {\"name\": \"normal\", \"kind\": "    \
  "\"diagonal\"}}], \"base\": " prior "}"
#define VAMP(range) "{\"name\": \"vamp\", \"components\": 5, \"range\": \"" range "\"}"

/* The prior alone, as a distribution over the latent. */
typedef struct prior {
  rig r;
  weir_layer *layer;
  weir_dist *p;
} prior;

static void prior_open_on(prior *v, const char *layer_spec, const char *spec) {
  memset(v, 0, sizeof *v);
  weir_support s[3];
  const weir_event event = event_of(3, s, (weir_support){WEIR_REAL, 0, 0});
  rig_open(&v->r, 0);
  json_t *layer = spec_of(layer_spec);
  json_t *dist = spec_of(spec);
  OK(weir_layer_make(&v->layer, &v->r.build, "l", layer, &event));
  weir_build b = v->r.build;
  b.posterior = v->layer->posterior;
  OK(weir_dist_make(&v->r.dist, &b, "d", dist, &v->layer->latent));
  json_decref(layer);
  json_decref(dist);
  rig_ready(&v->r, 0.3);
}

static void prior_open(prior *v, const char *spec) {
  prior_open_on(v, LAYER("2", ENCODER), spec);
}

static void prior_close(prior *v) {
  weir_dist_destroy(&v->r.dist);
  weir_layer_destroy(&v->layer);
  rig_close(&v->r);
}

static void vamp(void **state) {
  (void)state;
  static const char *const specs[] = {VAMP("unit"), VAMP("real")};
  for (int i = 0; i < 2; i++) {
    enum { COUNT = 20000 };
    prior v;
    prior_open(&v, specs[i]);
    const grid g = {2, 480, -24, 24};
    double *x = grid_points(g), *y = malloc(2 * COUNT * sizeof *y);
    double *p = check_integral(&v.r, g, x, NULL, 1e-6);
    weiri_run_reset(v.r.run);
    const weir_var z =
        weir_dist_sample(v.r.dist, v.r.run, COUNT, weir_var_none(), NULL);
    OK(weir_var_read(v.r.run->tape, z, y));
    check_means(g, x, p, COUNT, y);
    free(x);
    free(p);
    free(y);
    prior_close(&v);
  }
}

static weir_var total(rig *r, weir_var x, weir_var context) {
  return weir_sum_all(r->run->tape, weir_dist_log_prob(r->dist, r->run, x, context));
}

/* Through the encoder that prior and posterior share. */
static void vamp_gradients(void **state) {
  (void)state;
  rig r;
  rig_dist(&r, VAE("2", VAMP("unit")), 3, 0);
  double *x = normals(9, 62, 1.0);
  const point p = {3, 3, 0, x, NULL};
  check_gradients(&r, total, &p);
  free(x);
  rig_close(&r);
}

/* The closed KL is the mean of log q - log p over draws of q; per column too. */
static void divergences(void **state) {
  (void)state;
  static const char *const priors[] = {"\"normal\"", "\"standard\"",
      "{\"name\": \"normal\", \"kind\": \"diagonal\"}",
      "{\"name\": \"normal\", \"kind\": \"diagonal\", \"scale\": \"shared\"}"};
  enum { DRAWS = 20000 };
  for (int i = 0; i < 4; i++) {
    prior v;
    prior_open(&v, priors[i]);
    weir_run *run = v.r.run;
    double row[3] = {0.4, -1.1, 0.8}, kl[2], *f = malloc(2 * DRAWS * sizeof *f);
    weir_var h = rows(&v.r, 1, 3, row), log_q;
    run->wants.groups = true;
    const weir_dist *q = weir_dist_settle(v.layer->posterior, run, &h);
    const weir_var closed = weiri_kl(q, v.r.dist, run, 1, h, weir_var_none());
    OK(weir_var_read(run->tape, closed, kl));
    const weir_var many = weir_broadcast(run->tape, h, weir_shape_2(DRAWS, 4));
    const weir_var z = weir_dist_sample(q, run, DRAWS, many, &log_q);
    run->wants.groups = i != 1; /* the standard distribution gives rows only */
    const weir_var log_p = weiri_dist_grouped(v.r.dist, run, z, weir_var_none());
    const bool columns = weir_var_shape(run->tape, log_p).rank == 2;
    const weir_var gap =
        columns ? weir_sub(run->tape, log_q, log_p)
                : weir_sub(run->tape, weir_sum_last(run->tape, log_q), log_p);
    OK(weir_var_read(run->tape, gap, f));
    for (int j = 0; j < (columns ? 2 : 1); j++) {
      double mean = 0.0, square = 0.0;
      for (int k = 0; k < DRAWS; k++) {
        const double value = f[columns ? 2 * k + j : k];
        mean += value / DRAWS;
        square += value * value / DRAWS;
      }
      const double expected = columns ? kl[j] : kl[0] + kl[1];
      const double error = sqrt((square - mean * mean) / DRAWS);
      assert_true(expected > 0.0);
      if (!(fabs(mean - expected) < 5.0 * error)) {
        fail_msg("%s: %g, expected %g +- %g", priors[i], mean, expected, error);
      }
    }
    free(f);
    prior_close(&v);
  }
}

/* The same of a full covariance, whose columns do not come apart; and its gradient. */
static weir_var closed_of_full(rig *r, weir_var x, weir_var context) {
  prior *v = (prior *)(void *)r;
  (void)context;
  weir_var h = x;
  const weir_dist *q = weir_dist_settle(v->layer->posterior, r->run, &h);
  return weir_sum_all(
      r->run->tape, weiri_kl(q, r->dist, r->run, weir_var_dim(r->run->tape, x, 0), h,
                        weir_var_none()));
}

static void full_divergences(void **state) {
  (void)state;
  static const char *const priors[] = {"\"normal\"", "\"standard\"",
      "{\"name\": \"normal\", \"kind\": \"diagonal\"}",
      "{\"name\": \"normal\", \"kind\": \"diagonal\", \"scale\": \"shared\"}"};
  enum { DRAWS = 40000 };
  for (int i = 0; i < 4; i++) {
    prior v;
    prior_open_on(&v, LAYER("3", ENCODER_OF("full")), priors[i]);
    weir_run *run = v.r.run;
    double row[3] = {0.4, -1.1, 0.8}, kl, *f = malloc(DRAWS * sizeof *f);
    weir_var h = rows(&v.r, 1, 3, row), log_q;
    const weir_dist *q = weir_dist_settle(v.layer->posterior, run, &h);
    OK(weir_var_read(
        run->tape, weiri_kl(q, v.r.dist, run, 1, h, weir_var_none()), &kl));
    const weir_var many = weir_broadcast(run->tape, h, weir_shape_2(DRAWS, 4));
    const weir_var z = weir_dist_sample(q, run, DRAWS, many, &log_q);
    OK(weir_var_read(run->tape,
        weir_sub(
            run->tape, log_q, weir_dist_log_prob(v.r.dist, run, z, weir_var_none())),
        f));
    double mean = 0.0, square = 0.0;
    for (int k = 0; k < DRAWS; k++) {
      mean += f[k] / DRAWS;
      square += f[k] * f[k] / DRAWS;
    }
    const double error = sqrt((square - mean * mean) / DRAWS);
    if (!(fabs(mean - kl) < 5.0 * error && error < 0.05 * kl)) {
      fail_msg("%s: %g, expected %g +- %g", priors[i], kl, mean, error);
    }
    double *x = normals(6, 63, 1.0);
    const point p = {2, 3, 0, x, NULL};
    weiri_run_reset(run);
    check_gradients(&v.r, closed_of_full, &p);
    free(x);
    free(f);
    prior_close(&v);
  }
}

static void units(void **state) {
  (void)state;
  for (int count = 0; count < 2; count++) {
    rig r;
    weir_support s[2] = {{WEIR_INTEGERS, 0.0, 255.0}, {WEIR_INTERVAL, -2.0, 6.0}};
    const weir_event event = {2, s};
    rig_open(&r, 0);
    OK(rig_make(&r, count ? "{\"name\": \"to_unit\", \"count\": true}" : "\"to_unit\"",
        &event, true));
    rig_ready(&r, 0.0);
    const double x[2] = {51.0, 0.0};
    double z[2], back[2], part;
    const weir_var y =
        weir_layer_to_latent(r.layer, r.run, rows(&r, 1, 2, x), weir_var_none());
    OK(weir_var_read(r.run->tape, y, z));
    near(z[0], 0.2, 1e-15, "unit");
    near(z[1], 0.25, 1e-15, "unit");
    assert_int_equal(r.run->n_parts, count);
    if (count) {
      OK(weir_var_read(r.run->tape, r.run->parts[0].value, &part));
      near(part, -log(255.0) - log(8.0), 1e-14, "change of units");
    }
    OK(weir_var_read(
        r.run->tape, weir_layer_to_data(r.layer, r.run, y, weir_var_none()), back));
    near(back[0], 51.0, 1e-14, "back");
    near(back[1], 0.0, 1e-14, "back");
    rig_close(&r);
  }
}

static void refusals(void **state) {
  (void)state;
  rig r;
  weir_support s[2];
  const weir_event event = event_of(2, s, (weir_support){WEIR_REAL, 0, 0});
  rig_open(&r, 0);
  assert_int_equal(rig_make(&r, "\"vamp\"", &event, false), WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "prior of a variational layer"));
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(vamp),
      cmocka_unit_test(vamp_gradients),
      cmocka_unit_test(divergences),
      cmocka_unit_test(full_divergences),
      cmocka_unit_test(units),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
