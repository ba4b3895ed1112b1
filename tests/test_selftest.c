/* The selftest: its numerical parts against known values; sound models pass; models
 * with a wrong log-determinant, or a wrong inverse, do not. */
#include "train_help.h"

#include "report/selftest.h"
#include "weir/sys/part.h"

/* ---- cubature ---- */

typedef struct known {
  int d;
} known;

/* prod_i exp(t_i), and twice that in region 1. */
static weir_status exponentials(
    void *user, int64_t n, const double *t, const int64_t *what, double *y) {
  const int d = ((const known *)user)->d;
  for (int64_t i = 0; i < n; i++) {
    y[i] = what[i] == 1 ? 2.0 : 1.0;
    for (int j = 0; j < d; j++) {
      y[i] *= exp(t[i * d + j]);
    }
  }
  return WEIR_OK;
}

/* A narrow Gaussian at (0.31, 0.31, ...), s = 0.01 d. */
static weir_status peak(
    void *user, int64_t n, const double *t, const int64_t *what, double *y) {
  const int d = ((const known *)user)->d;
  (void)what;
  for (int64_t i = 0; i < n; i++) {
    double r2 = 0.0;
    for (int j = 0; j < d; j++) {
      r2 += pow((t[i * d + j] - 0.31) / (0.01 * d), 2.0);
    }
    y[i] = exp(-0.5 * r2) / pow(0.01 * d * sqrt(2.0 * acos(-1.0)), d);
  }
  return WEIR_OK;
}

static void cubature_knows_integrals(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(1, NULL, NULL);
  for (int d = 1; d <= 3; d++) {
    known k = {d};
    weiri_cubature q;
    OK(weiri_cubature_run(ctx, d, 2, exponentials, &k, 1e-9, 100000, &q));
    const double expect = 3.0 * pow(exp(1.0) - exp(-1.0), d);
    assert_true(fabs(q.value - expect) < 1e-7 * expect);
    OK(weiri_cubature_run(ctx, d, 1, peak, &k, 1e-5, 400000, &q));
    assert_true(fabs(q.value - 1.0) < 1e-4);
    assert_true(fabs(q.value - 1.0) <= q.error);
  }
  weir_ctx_destroy(&ctx);
}

static void coordinates_invert(void **state) {
  (void)state;
  const weiri_coord c[] = {{WEIR_KIND_REAL, 0, 0, 0, 1},
      {WEIR_KIND_POSITIVE, 0, 0, 0, 1}, {WEIR_KIND_INTERVAL, -2, 5, 0, 1},
      {WEIR_KIND_CIRCULAR, -180, 180, 0, 1}};
  for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
    for (double u = 0.05; u < 1.0; u += 0.1) {
      double x, up, down, jac, unused;
      assert_true(weiri_coord_x(&c[i], u, &x, &jac));
      assert_true(fabs(weiri_coord_u(&c[i], x) - u) < 1e-12);
      assert_true(weiri_coord_x(&c[i], u + 1e-5, &up, &unused));
      assert_true(weiri_coord_x(&c[i], u - 1e-5, &down, &unused));
      assert_true(fabs(jac - log((up - down) / 2e-5)) < 1e-6);
    }
  }
  double x, jac;
  assert_false(weiri_coord_x(&c[1], 800.0, &x, &jac));
  assert_false(weiri_coord_x(&c[2], 100.0, &x, &jac));
}

static void determinant_is_known(void **state) {
  (void)state;
  double a[] = {0, 2, 1, 3, 0, 0, 0, 0, 5}, singular[] = {1, 2, 2, 4};
  assert_true(fabs(weiri_log_abs_det(3, a) - log(30.0)) < 1e-14);
  assert_true(weiri_log_abs_det(2, singular) == -INFINITY);
}

/* ---- layers that lie ---- */

/* z = 2 x with a log-determinant that is half of what it should be, the same in both
 * directions: they cancel, and round trips are exact. */
static weir_var lie(weir_run *run, const weir_layer *l, weir_var x, double sign) {
  weir_tape *t = weir_run_tape(run);
  const double claim = sign * 0.5 * log(2.0) * (double)l->data.features;
  weir_run_part(run, WEIR_PART_LOG_DET, l->path,
      weir_fill(t, weir_shape_1(weir_var_dim(t, x, 0)), claim), weir_var_none());
  return weir_scale(t, x, sign > 0.0 ? 2.0 : 0.5);
}
static weir_status lie_setup(weir_layer *l, weir_build *b) {
  return weir_event_copy(b->ctx, &l->latent, &l->data);
}
static weir_var lie_latent(const weir_layer *l, weir_run *run, weir_var x, weir_var c) {
  (void)c;
  return lie(run, l, x, 1.0);
}
static weir_var lie_data(const weir_layer *l, weir_run *run, weir_var z, weir_var c) {
  (void)c;
  return lie(run, l, z, -1.0);
}
/* The same map, said honestly, with a way back that is off by a thousandth. */
static weir_var bent_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var c) {
  (void)c;
  weir_tape *t = weir_run_tape(run);
  weir_run_part(run, WEIR_PART_LOG_DET, l->path,
      weir_fill(
          t, weir_shape_1(weir_var_dim(t, x, 0)), log(2.0) * (double)l->data.features),
      weir_var_none());
  return weir_scale(t, x, 2.0);
}
static weir_var bent_data(const weir_layer *l, weir_run *run, weir_var z, weir_var c) {
  (void)c;
  weir_tape *t = weir_run_tape(run);
  weir_run_part(run, WEIR_PART_LOG_DET, l->path,
      weir_fill(
          t, weir_shape_1(weir_var_dim(t, z, 0)), -log(2.0) * (double)l->data.features),
      weir_var_none());
  return weir_scale(t, z, 0.5005);
}

/* Honest where the context is above 10, lying as above below. */
static weir_var moody(
    weir_run *run, const weir_layer *l, weir_var x, weir_var c, double sign) {
  weir_tape *t = weir_run_tape(run);
  const weir_shape rows = weir_shape_1(weir_var_dim(t, x, 0));
  const double all = sign * log(2.0) * (double)l->data.features;
  const weir_var low = weir_less(t, weir_reshape(t, c, rows), weir_fill(t, rows, 10.0));
  weir_run_part(run, WEIR_PART_LOG_DET, l->path, weir_affine(t, low, -0.5 * all, all),
      weir_var_none());
  return weir_scale(t, x, sign > 0.0 ? 2.0 : 0.5);
}
static weir_var moody_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var c) {
  return moody(run, l, x, c, 1.0);
}
static weir_var moody_data(const weir_layer *l, weir_run *run, weir_var z, weir_var c) {
  return moody(run, l, z, c, -1.0);
}

static const weir_layer_class lying = {
    .is = {"lying", "a log-determinant that is wrong in both directions", NULL,
        sizeof(weir_layer), NULL},
    .setup = lie_setup,
    .to_latent = lie_latent,
    .to_data = lie_data};
static const weir_layer_class mood = {
    .is = {"moody", "a log-determinant that is wrong for some contexts", NULL,
        sizeof(weir_layer), NULL},
    .setup = lie_setup,
    .to_latent = moody_latent,
    .to_data = moody_data};
static const weir_layer_class bent = {
    .is = {"bent", "a way back that is not the inverse", NULL, sizeof(weir_layer),
        NULL},
    .setup = lie_setup,
    .to_latent = bent_latent,
    .to_data = bent_data};

/* ---- models ---- */

typedef struct made {
  weir_ctx *ctx;
  weir_table *table;
  weir_schema *schema;
  weir_frame *frame;
  weir_model *model;
  weir_selftest_result *result;
} made;

/* n rows of d columns: normal, then bent by its neighbour; mapped by map(j) into the
 * kinds of the types. */
static double value_of(const char *type, weiri_rng rng, uint64_t i, double last) {
  const double v = 0.6 * weiri_normal(rng, i) + 0.5 * last;
  const char *kind = strchr(type, '=') + 1;
  return strncmp(kind, "positive", 8) == 0       ? exp(0.5 * v)
         : strncmp(kind, "interval", 8) == 0     ? 2.0 / (1.0 + exp(-v))
         : strncmp(kind, "circular", 8) == 0     ? 180.0 + 60.0 * tanh(v)
         : strncmp(kind, "ordinal", 7) == 0      ? floor(2.0 * v)
         : strncmp(kind, "categorical", 11) == 0 ? (v > 0.3) + (v > -0.3)
                                                 : 10.0 + 3.0 * v;
}

static void make(made *m, int64_t d, const char *const *types, const char *config) {
  enum { N = 600 };
  const weiri_rng rng = {3, weiri_stream("test.selftest", 0)};
  memset(m, 0, sizeof *m);
  m->ctx = context_of(1, NULL, NULL);
  OK(weir_register_layer(m->ctx, &lying));
  OK(weir_register_layer(m->ctx, &bent));
  OK(weir_register_layer(m->ctx, &mood));
  double *x = malloc((size_t)(N * d) * sizeof *x);
  char room[16][16];
  const char *names[16];
  assert_non_null(x);
  for (int64_t i = 0; i < N; i++) {
    double last = 0.0;
    for (int64_t j = 0; j < d; j++) {
      x[i * d + j] = value_of(types[j], rng, (uint64_t)(i * d + j), last);
      last = 0.5 * weiri_normal(rng, (uint64_t)(i * d + j));
    }
  }
  for (int64_t j = 0; j < d; j++) {
    snprintf(room[j], sizeof room[j], "%.*s", (int)strcspn(types[j], "="), types[j]);
    names[j] = room[j];
  }
  OK(weir_table_from_arrays(&m->table, m->ctx, N, d, x, names, "made"));
  weir_schema_opts so = WEIR_SCHEMA_OPTS_INIT;
  so.types = types;
  so.n_types = d;
  OK(weir_schema_guess(&m->schema, m->ctx, m->table, &so));
  OK(weir_frame_create(&m->frame, m->ctx, m->schema, m->table, NULL));
  weir_model_opts mo = WEIR_MODEL_OPTS_INIT;
  json_t *spec = spec_of(m->ctx, config);
  mo.config = spec;
  OK(weir_model_create(&m->model, m->ctx, m->schema, &mo));
  json_decref(spec);
  const weir_row_set all = {m->frame, NULL, N};
  assert_int_equal(weiri_model_set_origin(m->model, N, m->frame, NULL), WEIR_OK);
  OK(weiri_observe(m->model, &all, false));
  free(x);
}

static void test_made(made *m) {
  weir_selftest_opts o = WEIR_SELFTEST_OPTS_INIT;
  o.points = 40000;
  o.rows = 100;
  o.jacobian = 20;
  const weir_row_set all = {m->frame, NULL, weir_frame_rows(m->frame)};
  OK(weir_selftest(&m->result, m->model, all, &o));
  for (int64_t i = 0; i < weir_selftest_checks(m->result); i++) {
    const weir_check c = weir_selftest_check(m->result, i);
    if (c.state != WEIR_CHECK_PASSED) {
      print_message("  %s: %s: %s\n", weir_check_state_text(c.state), c.name, c.text);
    }
  }
}

static void unmake(made *m) {
  weir_selftest_destroy(&m->result);
  weir_model_destroy(&m->model);
  weir_frame_destroy(&m->frame);
  weir_schema_destroy(&m->schema);
  weir_table_destroy(&m->table);
  weir_ctx_destroy(&m->ctx);
}

static weir_check_state state_of(const made *m, const char *name) {
  for (int64_t i = 0; i < weir_selftest_checks(m->result); i++) {
    const weir_check c = weir_selftest_check(m->result, i);
    if (strcmp(c.name, name) == 0) {
      return c.state;
    }
  }
  fail_msg("no check is called '%s'", name);
  return WEIR_CHECK_FAILED;
}

static const char *const PLANE[] = {"a=real", "b=real"};
static const char *const SIX[] = {
    "a=real", "b=real", "c=real", "d=positive", "e=interval(0,2)", "f=real"};
static const char *const MIXED[] = {"a=positive", "g=categorical", "k=ordinal"};
static const char *const ROUND[] = {"w=circular(0,360)", "b=interval(0,2)"};

static void sound(
    int64_t d, const char *const *types, const char *config, const char *integral) {
  made m;
  print_message("%s\n", config);
  make(&m, d, types, config);
  test_made(&m);
  assert_int_equal(weir_selftest_count(m.result, WEIR_CHECK_FAILED), 0);
  assert_int_equal(state_of(&m, integral), WEIR_CHECK_PASSED);
  assert_true(weir_selftest_ok(m.result));
  unmake(&m);
}

#define IMPORTANCE "importance estimate of the integral"

/* Splines few enough for the quadrature's evaluations. */
#define SMALL "{name: nsf, transforms: 3, hidden_features: 16, hidden_layers: 1}"

static void sound_models_pass(void **state) {
  (void)state;
  sound(1, PLANE, "gaussian", "integral");
  sound(2, PLANE, SMALL, "integral");
  sound(2, PLANE, "maf", "integral");
  sound(3, MIXED, SMALL, "integral");
  sound(2, ROUND, SMALL, "integral");
  sound(6, SIX, SMALL, IMPORTANCE);
  sound(6, SIX, "{name: gmm, components: 3}", IMPORTANCE);
}

#define SMALL_VAE "{name: vae, latent_dim: 1, hidden_features: 8, hidden_layers: 1}"

/* Autoencoders: their importance weights are densities without bias, so they integrate
 * to one; grey levels stay whole numbers. */
static void autoencoders_pass(void **state) {
  (void)state;
  static const char *const grey[] = {"a=ordinal(1,-16,32)", "b=ordinal(1,-16,32)"};
  made m;
  sound(2, PLANE, SMALL_VAE, IMPORTANCE);
  make(&m, 2, grey, SMALL_VAE);
  test_made(&m);
  assert_int_equal(weir_selftest_count(m.result, WEIR_CHECK_FAILED), 0);
  assert_int_equal(state_of(&m, "finite at the data"), WEIR_CHECK_PASSED);
  assert_int_equal(state_of(&m, "supports"), WEIR_CHECK_PASSED);
  assert_int_equal(state_of(&m, "integral"), WEIR_CHECK_NOT_CHECKED);
  assert_false(weir_selftest_ok(m.result)); /* nothing spoke of the density */
  unmake(&m);
}

/* Which checks fail when one layer lies. */
static void a_wrong_log_determinant_is_found(void **state) {
  (void)state;
  made m;
  make(&m, 2, PLANE, "{name: flow, layers: [lying], base: normal}");
  test_made(&m);
  assert_int_equal(state_of(&m, "integral"), WEIR_CHECK_FAILED);
  assert_int_equal(state_of(&m, "log-determinant"), WEIR_CHECK_FAILED);
  /* what a suite of round trips alone would say */
  assert_int_equal(state_of(&m, "round trip at the data"), WEIR_CHECK_PASSED);
  assert_int_equal(state_of(&m, "directions cancel"), WEIR_CHECK_PASSED);
  assert_int_equal(state_of(&m, "draws to the data and back"), WEIR_CHECK_PASSED);
  assert_false(weir_selftest_ok(m.result));
  unmake(&m);
  make(&m, 5, SIX, "{name: flow, layers: [lying], base: normal}");
  test_made(&m);
  assert_int_equal(state_of(&m, "integral"), WEIR_CHECK_NOT_CHECKED);
  assert_int_equal(state_of(&m, IMPORTANCE), WEIR_CHECK_FAILED);
  assert_false(weir_selftest_ok(m.result));
  unmake(&m);
}

static void a_wrong_inverse_is_found(void **state) {
  (void)state;
  made m;
  make(&m, 2, PLANE, "{name: flow, layers: [bent], base: normal}");
  test_made(&m);
  assert_int_equal(state_of(&m, "integral"), WEIR_CHECK_PASSED);
  assert_int_equal(state_of(&m, "log-determinant"), WEIR_CHECK_PASSED);
  assert_int_equal(state_of(&m, "round trip at the data"), WEIR_CHECK_FAILED);
  assert_int_equal(state_of(&m, "round trip at 1000 sigma"), WEIR_CHECK_FAILED);
  assert_false(weir_selftest_ok(m.result));
  unmake(&m);
}

/* The density given a context integrates over the event columns alone. */
static void conditional_models_pass(void **state) {
  (void)state;
  static const char *const types[] = {"a=real", "b=real", "w=context(real)"};
  sound(3, types, SMALL, "integral");
}

/* Integrals are taken at several contexts: a density that is wrong for some is found.
 */
static void several_contexts_are_tried(void **state) {
  (void)state;
  static const char *const types[] = {"a=real", "w=context(real)"};
  static const char *const spec = "{name: flow, layers: [standardize, moody], base: "
                                  "normal}";
  made m;
  make(&m, 2, types, spec);
  test_made(&m);
  int right = 0, wrong = 0;
  for (int64_t i = 0; i < weir_selftest_checks(m.result); i++) {
    const weir_check c = weir_selftest_check(m.result, i);
    if (strcmp(c.name, "integral") == 0) {
      right += c.state == WEIR_CHECK_PASSED;
      wrong += c.state == WEIR_CHECK_FAILED;
      assert_true(
          fabs(c.value - (c.state == WEIR_CHECK_PASSED ? 1.0 : sqrt(0.5))) < 1e-3);
    }
  }
  assert_int_equal(right + wrong, 3);
  assert_true(right > 0 && wrong > 0);
  unmake(&m);
}

static void nothing_checked_is_not_ok(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(1, NULL, NULL);
  weir_selftest_result *r = NULL;
  OK(weiri_selftest_result_create(&r, ctx));
  assert_false(weir_selftest_ok(r));
  OK(weiri_selftest_skipped(r, "integral", "%d columns", 9));
  assert_false(weir_selftest_ok(r));
  const weir_check good = {.value = 0.0, .tolerance = 1.0};
  OK(weiri_selftest_measured(r, "finite", false, good, "numbers alone"));
  assert_false(weir_selftest_ok(r));
  OK(weiri_selftest_measured(r, "integral", true, good, "the density"));
  assert_true(weir_selftest_ok(r));
  const weir_check nan = {.value = NAN, .tolerance = 1.0};
  OK(weiri_selftest_measured(r, "other", false, nan, "not a number"));
  assert_false(weir_selftest_ok(r));
  assert_int_equal(weir_selftest_count(r, WEIR_CHECK_PASSED), 2);
  assert_int_equal(weir_selftest_count(r, WEIR_CHECK_FAILED), 1);
  assert_int_equal(weir_selftest_count(r, WEIR_CHECK_NOT_CHECKED), 1);
  assert_string_equal(weir_selftest_check(r, 0).text, "9 columns");
  weir_selftest_destroy(&r);
  assert_null(r);
  weir_selftest_destroy(&r);
  weir_ctx_destroy(&ctx);
}

/* The same seed gives the same figures; rows must be there. */
static void results_repeat(void **state) {
  (void)state;
  made m;
  make(&m, 1, PLANE, "gaussian");
  test_made(&m);
  weir_selftest_result *first = m.result;
  test_made(&m);
  assert_int_equal(weir_selftest_checks(first), weir_selftest_checks(m.result));
  for (int64_t i = 0; i < weir_selftest_checks(first); i++) {
    assert_string_equal(
        weir_selftest_check(first, i).text, weir_selftest_check(m.result, i).text);
  }
  weir_selftest_destroy(&first);
  weir_selftest_destroy(&m.result);
  const weir_row_set none = {m.frame, NULL, 0};
  assert_int_equal(weir_selftest(&m.result, m.model, none, NULL), WEIR_E_DATA);
  assert_null(m.result);
  unmake(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cubature_knows_integrals),
      cmocka_unit_test(coordinates_invert),
      cmocka_unit_test(determinant_is_known),
      cmocka_unit_test(sound_models_pass),
      cmocka_unit_test(autoencoders_pass),
      cmocka_unit_test(a_wrong_log_determinant_is_found),
      cmocka_unit_test(a_wrong_inverse_is_found),
      cmocka_unit_test(conditional_models_pass),
      cmocka_unit_test(several_contexts_are_tried),
      cmocka_unit_test(nothing_checked_is_not_ok),
      cmocka_unit_test(results_repeat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
