/* Update rules against closed forms, and schedules. */
#include "train_help.h"

/* ---- update rules and schedules ---- */

/* Adam by hand on w with gradient g = w - 3: the definition, in float64. */
static void adam_follows_its_definition(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(2, NULL, NULL);
  enum { N = 40000 };
  weiri_team *team = NULL;
  OK(weiri_team_create(&team, ctx));
  double *w = calloc(N, sizeof *w), *g = calloc(N, sizeof *g);
  double x = 0.0, m = 0.0, v = 0.0;
  for (int rule = 0; weiri_optim_at(rule) != NULL; rule++) {
    const bool decays = weiri_optim_at(rule)->decays;
    if (weiri_optim_at(rule)->blocks != 2) {
      continue;
    }
    weiri_optim *o = NULL;
    OK(weiri_optim_create(&o, ctx, team, weiri_optim_at(rule), WEIR_F64, N));
    memset(w, 0, N * sizeof *w);
    x = m = v = 0.0;
    for (int t = 1; t <= 50; t++) {
      const double grad = x - 3.0;
      for (int i = 0; i < N; i++) {
        g[i] = w[i] - 3.0;
      }
      const weiri_update u = {0.1, 0.01, 0.9, 0.99, 1e-8, 0.5, t};
      OK(weiri_optim_step(o, w, g, &u));
      m = 0.9 * m + 0.1 * 0.5 * grad;
      v = 0.99 * v + 0.01 * 0.25 * grad * grad;
      const double step =
          m / (1.0 - pow(0.9, t)) / (sqrt(v / (1.0 - pow(0.99, t))) + 1e-8);
      x -= 0.1 * (step + (decays ? 0.01 * x : 0.0));
    }
    assert_true(x > 2.0);
    for (int i = 0; i < N; i += 1111) {
      assert_true(fabs(w[i] - x) < 1e-12);
    }
    weiri_optim_destroy(&o);
  }
  weiri_team_destroy(&team);
  free(w);
  free(g);
  weir_ctx_destroy(&ctx);
}

/* The same of Adagrad, in both number types. */
static void adagrad_follows_its_definition(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(1, NULL, NULL);
  weiri_team *team = NULL;
  OK(weiri_team_create(&team, ctx));
  int rule = 0;
  while (strcmp(weiri_optim_at(rule)->name, "adagrad") != 0) {
    rule++;
  }
  for (int type = 0; type < 2; type++) {
    const weir_dtype dtype = type == 0 ? WEIR_F64 : WEIR_F32;
    weiri_optim *o = NULL;
    OK(weiri_optim_create(&o, ctx, team, weiri_optim_at(rule), dtype, 3));
    double w[3] = {0}, g[3], sum = 0.0, x = 0.0;
    float small_w[3] = {0}, small_g[3];
    for (int t = 1; t <= 50; t++) {
      const double grad = 0.5 * (x - 3.0);
      for (int i = 0; i < 3; i++) {
        g[i] = w[i] - 3.0;
        small_g[i] = small_w[i] - 3.0f;
      }
      const weiri_update u = {0.3, 0.0, 0.9, 0.99, 1e-8, 0.5, t};
      OK(dtype == WEIR_F64 ? weiri_optim_step(o, w, g, &u)
                           : weiri_optim_step(o, small_w, small_g, &u));
      sum += grad * grad;
      x -= 0.3 * grad / (sqrt(sum) + 1e-8);
    }
    assert_true(x > 2.0);
    assert_true(
        fabs((type == 0 ? w[2] : (double)small_w[2]) - x) < (type == 0 ? 1e-12 : 1e-5));
    weiri_optim_destroy(&o);
  }
  weiri_team_destroy(&team);
  weir_ctx_destroy(&ctx);
}

static void norm_and_average(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(2, NULL, NULL);
  enum { N = 33000 };
  weiri_team *team = NULL;
  OK(weiri_team_create(&team, ctx));
  float *g = calloc(N, sizeof *g), *a = calloc(N, sizeof *a);
  for (int i = 0; i < N; i++) {
    g[i] = 2.0f;
  }
  weiri_optim *o = NULL;
  double norm;
  OK(weiri_optim_create(&o, ctx, team, weiri_optim_at(0), WEIR_F32, N));
  OK(weiri_optim_norm(o, g, &norm));
  assert_true(fabs(norm - 2.0 * sqrt(N)) < 1e-9);
  OK(weiri_optim_average(o, 0.75, g, a));
  OK(weiri_optim_average(o, 0.75, g, a));
  assert_true(fabsf(a[0] - 0.875f) < 1e-6f && fabsf(a[N - 1] - 0.875f) < 1e-6f);
  g[N - 1] = NAN;
  OK(weiri_optim_norm(o, g, &norm));
  assert_true(!isfinite(norm));
  /* runs: what lies outside is neither counted nor changed */
  static const int64_t runs[] = {3, 8, 20000, N - 1};
  const weiri_update u = {0.1, 0.0, 0.9, 0.99, 1e-8, 1.0, 1};
  OK(weiri_optim_restrict(o, 2, runs));
  OK(weiri_optim_norm(o, g, &norm));
  assert_true(fabs(norm - 2.0 * sqrt(5 + N - 1 - 20000)) < 1e-9);
  memset(a, 0, N * sizeof *a);
  OK(weiri_optim_step(o, a, g, &u));
  for (int i = 0; i < N; i++) {
    const bool inside = (i >= 3 && i < 8) || (i >= 20000 && i < N - 1);
    assert_true(inside ? fabsf(a[i] + 0.1f) < 1e-6f : a[i] == 0.0f);
  }
  weiri_optim_destroy(&o);
  weiri_team_destroy(&team);
  free(g);
  free(a);
  weir_ctx_destroy(&ctx);
}

static const weiri_schedule_class *schedule(const char *name) {
  for (int i = 0; weiri_schedule_at(i) != NULL; i++) {
    if (strcmp(weiri_schedule_at(i)->name, name) == 0) {
      return weiri_schedule_at(i);
    }
  }
  fail_msg("no schedule %s", name);
  return NULL;
}

static void schedules_take_their_values(void **state) {
  (void)state;
  weiri_schedule s = {
      .cls = schedule("cosine"), .warmup = 10, .steps = 110, .floor = 0.1};
  weiri_schedule_begin(&s);
  assert_near(weiri_schedule_factor(&s, 0), 0.1, 1e-12);
  assert_near(weiri_schedule_factor(&s, 9), 1.0, 1e-12);
  assert_near(weiri_schedule_factor(&s, 60), 0.55, 1e-12);
  assert_near(weiri_schedule_factor(&s, 110), 0.1, 1e-12);
  /* half of the way is done at step 60; with 200 more, three quarters at 160 */
  s.done = weiri_schedule_progress(&s, 60);
  s.turned = 60;
  s.steps = 260;
  assert_near(weiri_schedule_progress(&s, 60), 0.5, 1e-12);
  assert_near(weiri_schedule_progress(&s, 160), 0.75, 1e-12);
  assert_near(weiri_schedule_factor(&s, 60), 0.55, 1e-12);
  assert_near(weiri_schedule_factor(&s, 260), 0.1, 1e-12);
  s.turned = 0;
  s.steps = 0;
  assert_near(weiri_schedule_factor(&s, 5000), 1.0, 1e-12);
  s.cls = schedule("constant");
  assert_near(weiri_schedule_factor(&s, 5000), 1.0, 1e-12);
  s = (weiri_schedule){
      .cls = schedule("plateau"), .floor = 0.2, .shrink = 0.5, .patience = 2};
  weiri_schedule_begin(&s);
  const double scores[] = {1.0, 0.9, 1.5, 1.5, 1.4, 1.3, 1.2, 1.1, 1.0};
  const double expect[] = {1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.2};
  for (int i = 0; i < 9; i++) {
    weiri_schedule_observe(&s, scores[i]);
    assert_near(weiri_schedule_factor(&s, i), expect[i], 1e-12);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(adam_follows_its_definition),
      cmocka_unit_test(adagrad_follows_its_definition),
      cmocka_unit_test(norm_and_average),
      cmocka_unit_test(schedules_take_their_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
