/* Training: the loop, and what it keeps. */
#include "train_help.h"

#include <time.h>

/* ---- the loop ---- */

static double gaussian_score(const bench *b, const weir_row_set *on) {
  (void)b;
  weir_score s;
  OK(weir_model_score(b->model, *on, &s));
  return s.mean_log_prob;
}

static void training_improves_and_keeps_the_best(void **state) {
  (void)state;
  bench b;
  weir_fit_result r;
  bench_open(&b, context_of(2, NULL, NULL), 800, 3, MIXTURE);
  const double before = gaussian_score(&b, &b.valid);
  OK(bench_fit(
      &b, "{epochs: 40, learning_rate: 0.02, batch_size: 64, patience: -1}", NULL, &r));
  const double after = gaussian_score(&b, &b.valid);
  assert_true(after > before + 0.3);
  assert_near(after, r.valid_log_prob, 1e-9);
  assert_int_equal(r.epochs, 40);
  assert_int_equal(r.steps, 40 * 10); /* 600 rows in even batches of at most 64 */
  assert_false(r.diverged_once);
  bench_close(&b);
}

typedef struct seen {
  int64_t calls, last, evaluations, stop_at;
  double best;
} seen;

static bool watch(void *user, const weir_progress *p) {
  seen *s = user;
  s->calls++;
  assert_int_equal(p->step, s->last + 1);
  s->last = p->step;
  if (p->evaluated) {
    s->evaluations++;
    s->best = p->valid_log_prob > s->best ? p->valid_log_prob : s->best;
  }
  return p->step != s->stop_at;
}

/* A rate far too large: the likelihood falls, and training stops with the best. */
static void early_stopping_keeps_the_best(void **state) {
  (void)state;
  bench b;
  weir_fit_result r;
  seen s = {.best = -INFINITY};
  weir_fit_opts o = WEIR_FIT_OPTS_INIT;
  o.progress = watch;
  o.user = &s;
  bench_open(&b, context_of(1, NULL, NULL), 400, 4, MIXTURE);
  OK(bench_fit(&b,
      "{epochs: 400, patience: 3, learning_rate: 0.5, schedule: constant, warmup: 0}",
      &o, &r));
  assert_true(r.stopped_early);
  assert_true(r.steps < 400 * 5);
  assert_true(r.steps - r.best_step >= 3 * 5);
  assert_true(r.valid_log_prob >= s.best);
  assert_near(gaussian_score(&b, &b.valid), r.valid_log_prob, 1e-9);
  bench_close(&b);
}

static void same_bits_on_any_threads(void **state) {
  (void)state;
  bench one, other;
  bench_open(&one, context_of(1, NULL, NULL), 600, 5, LAYERED);
  OK(bench_fit(&one, "{epochs: 6, batch_size: 150, ema: 0.9}", NULL, NULL));
  for (int threads = 2; threads <= 3; threads++) {
    bench_open(&other, context_of(threads, NULL, NULL), 600, 5, LAYERED);
    OK(bench_fit(&other, "{epochs: 6, batch_size: 150, ema: 0.9}", NULL, NULL));
    assert_same_model(one.model, other.model);
    bench_close(&other);
  }
  bench_close(&one);
}

static void seeds_matter(void **state) {
  (void)state;
  bench a, b;
  weir_fit_opts o = WEIR_FIT_OPTS_INIT;
  bench_open(&a, context_of(1, NULL, NULL), 300, 5, MIXTURE);
  bench_open(&b, context_of(1, NULL, NULL), 300, 5, MIXTURE);
  OK(bench_fit(&a, "{epochs: 2}", &o, NULL));
  o.seed = 1;
  OK(bench_fit(&b, "{epochs: 2}", &o, NULL));
  assert_true(weights_norm(a.model) != weights_norm(b.model));
  bench_close(&a);
  bench_close(&b);
}

/* ---- weights ---- */

/* Rows of the two columns; with weights, the last column is the weight. */
static void weighted_frame(
    weir_ctx *ctx, bench *b, int64_t n, const double *x, bool weights) {
  static const char *const names[] = {"x", "y", "w"};
  static const char *const types[] = {"x=real", "y=real", "w=weight"};
  weir_schema_opts so = WEIR_SCHEMA_OPTS_INIT;
  so.types = types;
  so.n_types = weights ? 3 : 2;
  so.allow_constant = true;
  memset(b, 0, sizeof *b);
  b->ctx = ctx;
  OK(weir_table_from_arrays(&b->table, ctx, n, weights ? 3 : 2, x, names, "w"));
  OK(weir_schema_guess(&b->schema, ctx, b->table, &so));
  OK(weir_frame_create(&b->frame, ctx, b->schema, b->table, NULL));
  b->train = (weir_row_set){b->frame, NULL, n};
  weir_model_opts mo = WEIR_MODEL_OPTS_INIT;
  json_t *spec = spec_of(ctx, "gaussian");
  mo.config = spec;
  mo.dtype = WEIR_F64;
  OK(weir_model_create(&b->model, ctx, b->schema, &mo));
  json_decref(spec);
}

/* Weight 2 is the row twice: same origin, statistics, gradients and scores. */
static void weight_two_is_the_row_twice(void **state) {
  (void)state;
  enum { N = 60 };
  double *x = cloud(N, 9), weighted[3 * N], twice[2 * (N + N / 3)];
  int64_t m = 0;
  for (int i = 0; i < N; i++) {
    const bool heavy = i % 3 == 0;
    memcpy(weighted + 3 * i, x + 3 * i, 2 * sizeof *x);
    weighted[3 * i + 2] = heavy ? 2.0 : 1.0;
    for (int k = 0; k < (heavy ? 2 : 1); k++) {
      memcpy(twice + 2 * m++, x + 3 * i, 2 * sizeof *x);
    }
  }
  free(x);
  bench a, b;
  weighted_frame(context_of(1, NULL, NULL), &a, N, weighted, true);
  weighted_frame(context_of(1, NULL, NULL), &b, m, twice, false);
  const char *train =
      "{epochs: 40, batch_size: 1000, learning_rate: 0.05, epsilon: 0.1}";
  OK(bench_fit(&a, train, NULL, NULL));
  OK(bench_fit(&b, train, NULL, NULL));
  weir_score sa, sb;
  OK(weir_model_score(a.model, a.train, &sa));
  OK(weir_model_score(b.model, b.train, &sb));
  assert_near(sa.mean_log_prob, sb.mean_log_prob, 1e-8);
  double la, lb, lc;
  OK(weir_model_log_prob(a.model, 1, twice, 1, NULL, &la));
  OK(weir_model_log_prob(b.model, 1, twice, 1, NULL, &lb));
  assert_near(la, lb, 1e-8);
  /* without the weights the same rows give another density */
  bench c;
  double plain[2 * N];
  for (int i = 0; i < N; i++) {
    memcpy(plain + 2 * i, weighted + 3 * i, 2 * sizeof *plain);
  }
  weighted_frame(context_of(1, NULL, NULL), &c, N, plain, false);
  OK(bench_fit(&c, train, NULL, NULL));
  OK(weir_model_log_prob(c.model, 1, twice, 1, NULL, &lc));
  assert_true(fabs(lc - la) > 1e-3);
  bench_close(&c);
  bench_close(&a);
  bench_close(&b);
}

/* ---- scores ---- */

static void score_is_the_mean_of_log_prob(void **state) {
  (void)state;
  bench b;
  bench_open(&b, context_of(2, NULL, NULL), 1500, 6, MIXTURE);
  OK(bench_fit(&b, "{epochs: 1}", NULL, NULL));
  const weir_row_set all = {b.frame, NULL, 1500};
  double *lp = calloc(1500, sizeof *lp), mean = 0.0, sq = 0.0;
  OK(weir_model_log_prob(b.model, 1500, weir_frame_x(b.frame), 1, NULL, lp));
  for (int i = 0; i < 1500; i++) {
    mean += lp[i] / 1500.0;
  }
  for (int i = 0; i < 1500; i++) {
    sq += (lp[i] - mean) * (lp[i] - mean);
  }
  weir_score s;
  OK(weir_model_score(b.model, all, &s));
  assert_near(s.mean_log_prob, mean, 1e-9);
  assert_near(s.standard_error, sqrt(sq / 1499.0 / 1500.0), 1e-9);
  assert_int_equal(s.n, 1500);
  assert_true(isnan(s.bits_per_dim) != 0); /* two of three columns are real */
  free(lp);
  bench_close(&b);
}

/* ---- statistics ---- */

static void statistics_are_those_of_the_training_rows(void **state) {
  (void)state;
  bench b;
  bench_open(&b, context_of(1, NULL, NULL), 500, 7, "gaussian");
  OK(bench_fit(&b, "{epochs: 1}", NULL, NULL));
  double mean = 0.0;
  const double *x = weir_frame_x(b.frame);
  for (int64_t i = 0; i < b.train.n; i++) {
    mean += x[3 * b.train.rows[i]] / (double)b.train.n;
  }
  assert_near(b.model->origin[0], mean, 1e-9);
  const int32_t at = weiri_params_find(b.model->params, "dist.layers[1].sd");
  if (at >= 0) {
    double sd[3], sq = 0.0;
    weiri_params_get(b.model->params, at, sd);
    for (int64_t i = 0; i < b.train.n; i++) {
      const double off = x[3 * b.train.rows[i]] - mean;
      sq += off * off / (double)b.train.n;
    }
    assert_near(sd[0], sqrt(sq), 1e-3);
  }
  bench_close(&b);
}

/* ---- time limit ---- */

/* A slow start and a busy moment are outvoted. */
static void pace_is_a_median(void **state) {
  (void)state;
  double slices[] = {9.0, 1.0, 1.5, 80.0, 1.0, 2.0, 1.25};
  assert_true(weiri_plan_pace(slices, 7) == 1.5);
  double two[] = {3.0, 1.0};
  assert_true(weiri_plan_pace(two, 2) == 2.0);
  assert_true(weiri_plan_pace(two, 1) == 1.0);
  assert_true(weiri_plan_pace(two, 0) == 0.0);
}

static void time_limit_fixes_the_steps(void **state) {
  (void)state;
  bench b;
  weir_fit_result r;
  weir_fit_opts o = WEIR_FIT_OPTS_INIT;
  seen s = {.best = -INFINITY};
  o.time_limit = 0.4;
  o.progress = watch;
  o.user = &s;
  bench_open(&b, context_of(1, NULL, NULL), 600, 8, MIXTURE);
  OK(bench_fit(&b, "{patience: -1}", &o, &r));
  assert_int_equal(r.steps, s.last);
  assert_true(r.steps >= 1 && s.evaluations >= 1);
  OK(bench_fit(&b, "{patience: -1, steps: 7}",
      &(weir_fit_opts){.struct_size = sizeof o, .time_limit = 100.0}, &r));
  assert_int_equal(r.steps, 7);
  bench_close(&b);
}

/* Trains anew as a run under a time limit says that it went. */
static void repeat(const weir_fit_result *r, const weir_model *expect) {
  char text[600];
  int n = snprintf(text, sizeof text, "{patience: -1, plan: [");
  for (int64_t i = 0; i < 3 * r->plans; i++) {
    n += snprintf(text + n, sizeof text - (size_t)n, "%s%lld", i == 0 ? "" : ", ",
        (long long)r->plan[i]);
  }
  snprintf(text + n, sizeof text - (size_t)n, "]}");
  bench b;
  weir_fit_result again;
  bench_open(&b, context_of(2, NULL, NULL), 600, 8, LAYERED);
  OK(bench_fit(&b, text, NULL, &again));
  assert_int_equal(again.steps, r->steps);
  assert_int_equal(again.best_step, r->best_step);
  assert_int_equal(again.plans, r->plans);
  assert_same_model(b.model, expect);
  bench_close(&b);
}

/* The machine becomes slow once the steps are fixed: milliseconds more for each. */
static bool drag(void *user, const weir_progress *p) {
  const struct timespec pause = {0, 1000000L * *(const int *)user};
  if (p->steps > 0) {
    nanosleep(&pause, NULL);
  }
  return true;
}

/* A run of half a second and its repetition; true when it has been planned anew. */
static bool planned_anew(int milliseconds) {
  bench b;
  weir_fit_result r;
  weir_fit_opts o = WEIR_FIT_OPTS_INIT;
  o.time_limit = 0.5;
  o.progress = drag;
  o.user = &milliseconds;
  bench_open(&b, context_of(1, NULL, NULL), 600, 8, LAYERED);
  OK(bench_fit(&b, "{patience: -1}", &o, &r));
  assert_true(r.plans >= 1);
  assert_int_equal(r.plan[3 * r.plans - 2], r.steps);
  repeat(&r, b.model);
  bench_close(&b);
  return r.plans > 1 && r.steps < r.plan[1];
}

/* A busy machine can be slower before the drag than with it: then by a longer one. */
static void plans_repeat_a_run_under_a_time_limit(void **state) {
  (void)state;
  planned_anew(0);
  int pause = 1;
  while (!planned_anew(pause)) {
    pause *= 2;
    assert_true(pause < 100);
  }
}

/* ---- errors ---- */

static void bad_options_are_named(void **state) {
  (void)state;
  bench b;
  bench_open(&b, context_of(1, NULL, NULL), 200, 8, MIXTURE);
  assert_int_equal(bench_fit(&b, "{epoch: 3}", NULL, NULL), WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "epochs"));
  assert_int_equal(bench_fit(&b, "{learning_rate: -1}", NULL, NULL), WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "learning_rate"));
  assert_int_equal(bench_fit(&b, "{weight_decay: 0.1}", NULL, NULL), WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "adamw"));
  b.valid.n = 0;
  assert_int_equal(bench_fit(&b, "{schedule: plateau}", NULL, NULL), WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "validation"));
  weir_fit_opts o = WEIR_FIT_OPTS_INIT;
  o.time_limit = -1.0;
  assert_int_equal(bench_fit(&b, NULL, &o, NULL), WEIR_E_CONFIG);
  OK(bench_fit(&b, "{epochs: 1, optimizer: adamw, weight_decay: 0.1}", NULL, NULL));
  bench_close(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(training_improves_and_keeps_the_best),
      cmocka_unit_test(early_stopping_keeps_the_best),
      cmocka_unit_test(same_bits_on_any_threads),
      cmocka_unit_test(seeds_matter),
      cmocka_unit_test(weight_two_is_the_row_twice),
      cmocka_unit_test(score_is_the_mean_of_log_prob),
      cmocka_unit_test(statistics_are_those_of_the_training_rows),
      cmocka_unit_test(pace_is_a_median),
      cmocka_unit_test(time_limit_fixes_the_steps),
      cmocka_unit_test(plans_repeat_a_run_under_a_time_limit),
      cmocka_unit_test(bad_options_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
