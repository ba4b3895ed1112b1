/* Plans: a replayed step has the bits of a recorded one, for every preset, layer and
 * distribution; what cannot be repeated is recorded every time. */
#include <pthread.h>

#include "ad/plan.h"
#include "ad/tape.h"
#include "model/preset.h"
#include "part/part.h"
#include "train_help.h"

/* ---- the pieces ---- */

/* exp(x)^2 summed by rows, and its gradient: memory is used again, and what the plan
 * gives follows its source. */
typedef struct cell {
  float x[6];
} cell;

static void cell_eval(weir_tape *t, const weir_node *y) {
  (void)t;
  const cell *c = *(const cell *const *)y->attr;
  memcpy(y->data, c->x, sizeof c->x);
}
static const weir_op_class cell_class = {"cell", cell_eval, NULL, NULL, NULL};

static weir_var record_cell(weir_tape *t, const cell *c, weir_var *gradient) {
  const weir_var x =
      weir_op_apply(t, &cell_class, weir_shape_2(2, 3), 0, NULL, &c, sizeof c);
  weir_var y = weir_exp(t, x);
  for (int i = 0; i < 20; i++) { /* 20 values that nobody needs later */
    y = weir_shift(t, weir_reshape(t, y, weir_shape_1(6)), 0.0);
  }
  y = weir_sum_last(t, weir_square(t, weir_reshape(t, y, weir_shape_2(2, 3))));
  OK(weir_grad(t, y, weir_var_none(), 1, &x, gradient, false));
  return y;
}

static void plan_follows_its_source(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(1, NULL, NULL);
  weir_tape *t = NULL;
  cell c = {{0.0f, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f}};
  float gradient[6];
  OK(weir_tape_create(&t, ctx, WEIR_F32));
  weiri_tape_capture(t);
  weir_var out[2];
  out[0] = record_cell(t, &c, &out[1]);
  weiri_plan *p = NULL;
  void *const place[2] = {NULL, gradient};
  OK(weiri_plan_create(&p, t, 2, out, place, NULL));
  /* 64 bytes each: no more than a handful alive at a time */
  assert_true(weiri_plan_bytes(p) <= 6 * 64);
  void *block = aligned_alloc(64, weiri_plan_bytes(p));
  weiri_plan_bind(p, block);
  for (int round = 0; round < 3; round++) {
    c.x[4] = (float)round;
    OK(weiri_plan_run(p, t));
    weir_tape_reset(t);
    weir_var g;
    const weir_var y = record_cell(t, &c, &g);
    assert_memory_equal(weiri_plan_data(p, 0), weir_var_data(t, y), 2 * sizeof(float));
    assert_memory_equal(gradient, weir_var_data(t, g), sizeof gradient);
  }
  weiri_plan_destroy(&p);
  free(block);
  weir_tape_destroy(&t);
  weir_ctx_destroy(&ctx);
}

static void reading_while_recording_is_an_error(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(1, NULL, NULL);
  weir_tape *t = NULL;
  double v;
  OK(weir_tape_create(&t, ctx, WEIR_F64));
  weiri_tape_capture(t);
  const weir_var x = weir_exp(t, weir_fill(t, weir_shape_0(), 1.0));
  assert_int_equal(weir_var_read(t, x, &v), WEIR_E_UNSUPPORTED);
  assert_non_null(strstr(weir_error(), "while a plan is recorded"));
  weiri_tape_capture(t);
  assert_null(weir_var_data(t, weir_exp(t, weir_fill(t, weir_shape_0(), 1.0))));
  assert_int_equal(weir_tape_status(t), WEIR_E_UNSUPPORTED);
  weir_tape_destroy(&t);
  weir_ctx_destroy(&ctx);
}

/* ---- steps ---- */

enum { STEPS = 4 };

static void open_loop(weiri_loop *l, const bench *b, json_t *spec, bool forbid) {
  weir_fit_opts o = WEIR_FIT_OPTS_INIT;
  o.config = spec;
  o.seed = 5;
  OK(weiri_loop_create(l, b->model, b->train, b->valid, &o));
  OK(weiri_observe(b->model, &b->train, false));
  if (forbid) {
    weiri_replay_forbid(l->gradient->replay);
  }
}

/* Threads of the context allocate too. */
static pthread_mutex_t counting_lock = PTHREAD_MUTEX_INITIALIZER;

static void *count_alloc(void *user, void *ptr, size_t old_size, size_t new_size) {
  (void)old_size;
  if (new_size == 0) {
    free(ptr);
    return NULL;
  }
  pthread_mutex_lock(&counting_lock);
  ++*(long *)user;
  pthread_mutex_unlock(&counting_lock);
  return realloc(ptr, new_size);
}

static weir_ctx *counting_context(long *calls) {
  weir_ctx_opts o = WEIR_CTX_OPTS_INIT;
  weir_ctx *ctx = NULL;
  o.threads = 2;
  o.alloc = count_alloc;
  o.alloc_user = calls;
  OK(weir_ctx_create(&ctx, &o));
  return ctx;
}

/* The norm that clipping goes by is that of the gradient, and has the same bits where
 * products of a plan have summed it and where it is read from the block. Returns how
 * many tensors were summed by products. */
static int check_norm(const weiri_loop *planned, const weiri_loop *taped) {
  const weiri_gradient *g = planned->gradient;
  const weir_params *p = g->model->params;
  double sum = 0.0;
  int taken = 0;
  for (int32_t i = 0; i < weiri_params_count(p); i++) {
    const weiri_tensor_info *info = weiri_params_info(p, i);
    const int64_t n = info->trained ? weir_shape_size(&info->shape) : 0;
    for (int64_t k = info->offset; k < info->offset + n; k++) {
      const double v = weiri_params_dtype(p) == WEIR_F32
                           ? (double)((const float *)g->block)[k]
                           : ((const double *)g->block)[k];
      sum += v * v;
    }
    taken += g->taken[i];
    assert_false(taped->gradient->taken[i]);
  }
  assert_true(fabs(planned->norm - sqrt(sum)) <= 1e-12 * sqrt(sum));
  assert_memory_equal(&planned->norm, &taped->norm, sizeof planned->norm);
  return taken;
}

static int products_that_sum; /* so far, in all models */

/* STEPS updates of two equal models, one from plans: the same weights after each, and
 * no allocation after the second. Returns how many steps were replayed. */
static int64_t compare_steps(bench *a, bench *b, const long *calls) {
  json_t *spec = spec_of(a->ctx, "{batch_size: 40, learning_rate: 0.01}");
  weiri_loop la, lb;
  long after_two = 0;
  open_loop(&la, a, spec, false);
  open_loop(&lb, b, spec, true);
  for (int i = 0; i < STEPS; i++) {
    OK(weiri_loop_step(&la));
    after_two = i == 1 ? *calls : after_two;
    OK(weiri_loop_step(&lb));
    assert_same_model(a->model, b->model);
    products_that_sum += check_norm(&la, &lb);
  }
  assert_int_equal(*calls, after_two);
  const int64_t replays = weiri_replay_count(la.gradient->replay);
  assert_int_equal(weiri_replay_count(lb.gradient->replay), 0);
  weiri_loop_destroy(&la);
  weiri_loop_destroy(&lb);
  json_decref(spec);
  return replays;
}

static int64_t check_config(const char *config) {
  long calls = 0;
  bench a, b;
  bench_open(&a, counting_context(&calls), 171, 9, config);
  bench_open(&b, context_of(1, NULL, NULL), 171, 9, config);
  const int64_t replays = compare_steps(&a, &b, &calls);
  bench_close(&a);
  bench_close(&b);
  return replays;
}

static void every_preset_replays(void **state) {
  (void)state;
  int taped = 0;
  for (int i = 0; weiri_preset_at(i) != NULL; i++) {
    const int64_t replays = check_config(weiri_preset_at(i)->is.name);
    if (replays != STEPS) {
      print_error("%s: %d of %d steps were replayed\n", weiri_preset_at(i)->is.name,
          (int)replays, STEPS);
      taped++;
    }
  }
  assert_int_equal(taped, 0);
  assert_true(products_that_sum > 100 * STEPS);
}

/* Whether a model can be made and trained for a step. */
static bool stands(const char *config) {
  bench b;
  memset(&b, 0, sizeof b);
  bench_open(&b, context_of(1, NULL, NULL), 60, 9, "gaussian");
  json_t *spec = spec_of(b.ctx, config);
  weir_model_opts mo = WEIR_MODEL_OPTS_INIT;
  mo.config = spec;
  weir_model *m = NULL;
  const bool made = weir_model_create(&m, b.ctx, b.schema, &mo) == WEIR_OK;
  json_decref(spec);
  weir_model *hold = b.model;
  b.model = m;
  const bool ok = made && bench_fit(&b, "{steps: 1}", NULL, NULL) == WEIR_OK;
  b.model = hold;
  weir_model_destroy(&m);
  bench_close(&b);
  return ok;
}

/* Every layer and distribution that stands on real columns with its default options
 * gives the same steps from a plan as without; few cannot be planned. */
static void every_part_replays(void **state) {
  (void)state;
  static const weiri_kind kinds[] = {WEIRI_KIND_LAYER, WEIRI_KIND_DIST};
  int tried = 0, planned = 0;
  weir_ctx *ctx = context_of(1, NULL, NULL);
  for (int k = 0; k < 2; k++) {
    for (int i = 0; weiri_class_at(ctx, kinds[k], i) != NULL; i++) {
      const char *name = weiri_class_at(ctx, kinds[k], i)->name;
      char config[256];
      snprintf(config, sizeof config,
          k == 0 ? "{name: flow, layers: [standardize, %s]}"
                 : "{name: flow, layers: [standardize], base: %s}",
          name);
      if (stands(config)) {
        tried++;
        const bool all = check_config(config) == STEPS;
        planned += all;
        if (!all) {
          print_message("%s has no plan\n", name);
        }
      }
    }
  }
  weir_ctx_destroy(&ctx);
  assert_true(tried >= 15);
  assert_true(planned >= tried - 3);
}

/* fit replays all of its steps but those that take another way. */
static void fit_replays(void **state) {
  (void)state;
  bench b;
  weir_fit_result r;
  bench_open(&b, context_of(1, NULL, NULL), 171, 9, "realnvp");
  OK(bench_fit(&b, "{steps: 23, batch_size: 40}", NULL, &r));
  assert_int_equal(r.steps, 23);
  assert_true(r.replayed >= 21); /* from the third step at the latest */
  assert_true(r.replayed <= 23);
  bench_close(&b);
}

/* Warm-up of a weight: a number asked anew in every step is part of a plan; one that a
 * builder writes into an attribute is not. */
static double rising(const void *self, uint64_t step) {
  return *(const double *)self * (double)step;
}

typedef struct warm {
  double unit;
  bool attribute;
} warm;

static void record_warm(void *self, weir_run *run, int64_t n, weiri_results *results) {
  warm *w = self;
  const weir_var one = weir_fill(run->tape, weir_shape_1(n), 1.0);
  const weir_var y =
      w->attribute ? weir_scale(run->tape, one, w->unit * (double)run->step)
                   : weir_mul(run->tape, one, weir_run_number(run, rising, &w->unit));
  weiri_results_add(results, y, NULL);
}

static void schedules_are_sources(void **state) {
  (void)state;
  weir_ctx *ctx = context_of(1, NULL, NULL);
  for (int attribute = 0; attribute < 2; attribute++) {
    warm w = {0.5, attribute == 1};
    weir_run *run = NULL;
    weiri_replay *r = NULL;
    OK(weiri_run_create(&run, ctx, WEIR_F64, NULL));
    const weiri_repeat repeat = {record_warm, NULL, &w, 1, false, false, false};
    OK(weiri_replay_create(&r, run, &repeat));
    for (int step = 0; step < 5; step++) {
      double v[3];
      run->step = (uint64_t)step;
      OK(weiri_replay_step(r, 3));
      weiri_replay_read(r, 0, 3, v);
      assert_true(v[0] == 0.5 * step && v[2] == v[0]);
    }
    assert_int_equal(weiri_replay_count(r), attribute == 1 ? 0 : 5);
    weiri_replay_destroy(&r);
    weiri_run_destroy(&run);
  }
  weir_ctx_destroy(&ctx);
}

/* ---- memory that is stated, and kept ---- */

typedef struct meter {
  size_t live, peak;
} meter;

static void *metered(void *user, void *ptr, size_t old_size, size_t new_size) {
  meter *m = user;
  pthread_mutex_lock(&counting_lock);
  m->live += new_size - old_size;
  m->peak = m->live > m->peak ? m->live : m->peak;
  pthread_mutex_unlock(&counting_lock);
  if (new_size == 0) {
    free(ptr);
    return NULL;
  }
  return realloc(ptr, new_size);
}

/* Training takes what was stated, to a few pages of small things, however long it is.
 */
static void memory_is_kept(void **state) {
  (void)state;
  static const char *const configs[] = {"{name: vae, hidden_features: 300, samples: 8}",
      "{name: nsf, transforms: 4, hidden_features: 64}"};
  for (int k = 0; k < 2; k++) {
    meter m = {0};
    weir_ctx_opts o = WEIR_CTX_OPTS_INIT;
    weir_ctx *ctx = NULL;
    o.threads = 2;
    o.alloc = metered;
    o.alloc_user = &m;
    OK(weir_ctx_create(&ctx, &o));
    bench b;
    bench_open(&b, ctx, 2000, 5, configs[k]);
    json_t *spec = spec_of(ctx, "{batch_size: 256, epochs: 4, patience: -1}");
    weir_fit_opts opts = WEIR_FIT_OPTS_INIT;
    opts.config = spec;
    weir_fit_bytes bytes;
    OK(weir_fit_memory(b.model, b.train, b.valid, &opts, &bytes));
    assert_int_equal(bytes.data, 2000 * 3 * 8);
    const double stated = (double)(bytes.optimizer + bytes.step + bytes.evaluation);
    const size_t before = m.live;
    m.peak = before;
    OK(weir_fit(b.model, b.train, b.valid, &opts, NULL));
    const double taken = (double)(m.peak - before);
    if (!(taken > 0.8 * stated && taken < 1.25 * stated)) {
      fail_msg("%s: stated %.0f bytes, taken %.0f", configs[k], stated, taken);
    }
    assert_int_equal(m.live, before);
    json_decref(spec);
    bench_close(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plan_follows_its_source),
      cmocka_unit_test(reading_while_recording_is_an_error),
      cmocka_unit_test(every_preset_replays),
      cmocka_unit_test(every_part_replays),
      cmocka_unit_test(fit_replays),
      cmocka_unit_test(schedules_are_sources),
      cmocka_unit_test(memory_is_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
