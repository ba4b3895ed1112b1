/* Missed modes: a fit of one mode of several is flagged whatever its k-hat says, draws
 * that visit all of them are not, and neither are good fits of one mode, however wide,
 * correlated or curved. */
#include "infer_help.h"

#include <math.h>
#include <string.h>

#include "weir/diagnose.h"

typedef struct scene {
  weir_ctx *ctx;
  weir_target *target;
} scene;

static weir_posterior *open_scene(scene *s, const char *target, const char *config) {
  weir_ctx_opts opts = WEIR_CTX_OPTS_INIT;
  weir_infer_opts run = WEIR_INFER_OPTS_INIT;
  weir_posterior *p = NULL;
  opts.threads = 2;
  *s = (scene){NULL, NULL};
  assert_int_equal(weir_ctx_create(&s->ctx, &opts), WEIR_OK);
  json_t *spec = json_loads(target, 0, NULL), *section = json_loads(config, 0, NULL);
  assert_non_null(spec);
  assert_non_null(section);
  run.config = section;
  run.seed = 6;
  if (weir_target_make(&s->target, s->ctx, spec, NULL) != WEIR_OK ||
      weir_infer(&p, s->target, &run) != WEIR_OK) {
    fail_msg("%s", weir_error());
  }
  json_decref(spec);
  json_decref(section);
  return p;
}

static weir_mode_check look(scene *s, weir_posterior *p, int64_t chains) {
  weir_mode_check m;
  weir_mode_check_opts opts = WEIR_MODE_CHECK_OPTS_INIT;
  opts.seed = 3;
  opts.chains = chains;
  if (weir_check_modes(&m, s->target, p, &opts) != WEIR_OK) {
    fail_msg("%s", weir_error());
  }
  assert_int_equal(m.same + m.minor + m.missed + m.lost, m.chains);
  weir_posterior_destroy(&p);
  weir_target_destroy(&s->target);
  weir_ctx_destroy(&s->ctx);
  return m;
}

/* Fits from a start in one component of the ring, the grid: k-hat is content. */
static void test_missed(void **state) {
  (void)state;
  const char *const grid = "{\"name\": \"mixture\", \"layout\": \"grid\", "
                           "\"components\": 9, \"radius\": 3, \"sd\": 0.3}";
  const char *const targets[] = {"{\"name\": \"mixture\", \"sd\": 0.3}", grid,
      "{\"name\": \"mixture\", \"components\": 2, \"radius\": 6}"};
  for (int i = 0; i < 3; i++) {
    scene s;
    weir_judgement j;
    weir_posterior *p = open_scene(&s, targets[i],
        "{\"chains\": 1, \"draws\": 1000, \"method\": {\"name\": \"vi\"}}");
    assert_int_equal(weir_judge(&j, p, NULL), WEIR_OK);
    assert_true(j.good); /* it cannot see them */
    const weir_mode_check m = look(&s, p, 0);
    assert_false(m.good);
    assert_true(m.missed > 0 && m.modes >= 1);
    assert_true(i < 2 ? m.modes >= 3 && m.mass > 0.6 && m.mass < 0.95
                      : m.modes == 1 && fabs(m.mass - 0.5) < 0.2);
    assert_non_null(strstr(m.text, "do not use"));
    assert_true(fabs(m.there - m.here) > 1.0);
  }
}

/* Chains that have all been everywhere, or a fit that covers the ring, are good; so are
 * fits where there is one mode. */
static const struct {
  const char *target, *config;
} fine[] = {
    {"{\"name\": \"mixture\", \"radius\": 2, \"sd\": 0.5}", "{\"draws\": 2000}"},
    {"{\"name\": \"normal\", \"dim\": 10, \"correlation\": 0.95, \"spread\": 50}",
        "{\"method\": {\"name\": \"vi\"}}"},
    {"{\"name\": \"banana\"}", "{\"draws\": 2000}"},
    {"{\"name\": \"funnel\", \"dim\": 5}", "{\"draws\": 2000}"},
    {"{\"name\": \"student\", \"dim\": 3, \"freedom\": 5}",
        "{\"method\": {\"name\": \"vi\"}}"},
    {"{\"name\": \"eight_schools\"}", "{\"method\": {\"name\": \"vi\"}}"},
    {"{\"name\": \"eight_schools\", \"form\": \"centred\"}", "{}"}};

static void test_nothing_missed(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
    scene s;
    weir_posterior *p = open_scene(&s, fine[i].target, fine[i].config);
    const weir_mode_check m = look(&s, p, 0);
    if (!m.good || m.missed > 0) {
      fail_msg("%s: %s", fine[i].target, m.text);
    }
    assert_true(m.same >= m.chains / 2);
  }
}

/* A local mode without mass is no reproach: log p = log(N(x; 0, 1) + 1e-6 N(x; 8, .3)).
 */
static weir_status spur(
    void *user, int64_t n, const double *x, double *value, double *grad) {
  (void)user;
  for (int64_t i = 0; i < n; i++) {
    const double b = (x[i] - 8.0) / 0.3, p = exp(-0.5 * x[i] * x[i]);
    const double q = 1e-6 / 0.3 * exp(-0.5 * b * b);
    value[i] = log(p + q);
    if (grad != NULL) {
      grad[i] = -(p * x[i] + q * b / 0.3) / (p + q);
    }
  }
  return WEIR_OK;
}

static void test_mode_without_mass(void **state) {
  (void)state;
  scene s = {NULL, NULL};
  weir_posterior *p = NULL;
  weir_infer_opts run = WEIR_INFER_OPTS_INIT;
  json_t *section = json_loads("{\"method\": \"vi\"}", 0, NULL);
  run.config = section;
  assert_int_equal(weir_ctx_create(&s.ctx, NULL), WEIR_OK);
  assert_int_equal(weir_target_create(&s.target, s.ctx, 1, spur, NULL), WEIR_OK);
  assert_int_equal(weir_infer(&p, s.target, &run), WEIR_OK);
  json_decref(section);
  const weir_mode_check m = look(&s, p, 40);
  assert_true(m.good);
  assert_true(m.minor > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_missed),
      cmocka_unit_test(test_nothing_missed), cmocka_unit_test(test_mode_without_mass)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
