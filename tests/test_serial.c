/* The inverse of autoregressive layers through the network's steps and its gradient
 * through the implicit function, against the unrolled form: a whole pass per column. */
#include <stdio.h>

#include "base/ctx.h"
#include "dist_check.h"
#include "layer/serial.h"
#include "weir/weir.h"

#define PI 3.14159265358979323846
enum { ROWS = 6 };

typedef struct serial_case {
  const char *layer;
  int64_t d, context;
  bool circles; /* every third column lives on a circle */
  bool train;
} serial_case;

#define LAYER(kind, order, map, net)                                                   \
  "{\"name\": \"" kind "\", \"order\": " order ", \"map\": " map ", \"net\": {" net "}}"
#define AFFINE "{\"name\": \"affine\", \"scale\": \"tanh-exp\", \"bound\": 0.5}"
#define RQS "{\"name\": \"rqs\", \"bins\": 5}"
#define MLP(hidden, act)                                                               \
  "\"name\": \"mlp\", \"hidden\": " hidden ", \"activation\": \"" act "\""
#define RESNET(hidden, act)                                                            \
  "\"name\": \"resnet\", \"hidden\": " hidden ", \"activation\": \"" act "\""
#define DROP ", \"dropout\": 0.3"
#define AR "autoregressive"
#define IAR "inverse_autoregressive"

static const serial_case cases[] = {
    {LAYER(AR, "\"natural\"", AFFINE, MLP("[50, 41]", "tanh")), 37, 0, false, false},
    {LAYER(AR, "\"reverse\"", AFFINE, MLP("[9]", "relu")), 37, 0, false, false},
    {LAYER(IAR, "{\"random\": 3}", AFFINE, MLP("[20]", "elu")), 20, 2, false, false},
    {LAYER(AR, "\"natural\"", RQS, RESNET("24", "relu")), 6, 0, false, false},
    {LAYER(AR, "{\"random\": 1}", RQS, RESNET("70", "softplus")), 35, 3, false, false},
    {LAYER(IAR, "\"natural\"", RQS, RESNET("30", "sigmoid")), 19, 0, true, false},
    {LAYER(AR, "\"reverse\"", "\"additive\"", MLP("[8, 8, 8]", "sigmoid")), 5, 1, true,
        false},
    {LAYER(IAR, "\"natural\"", AFFINE, MLP("[40, 30]", "tanh") DROP), 9, 0, false,
        true},
    {LAYER(AR, "\"natural\"", RQS, RESNET("40", "tanh") DROP), 8, 2, true, true},
    {LAYER(AR, "\"natural\"", AFFINE, MLP("[5]", "tanh")), 1, 2, false, false},
    {LAYER(AR, "\"reverse\"", AFFINE, MLP("[30, 25]", "silu") DROP), 21, 1, false,
        true},
    {LAYER(IAR, "\"natural\"", RQS, RESNET("20", "silu")), 7, 0, false, false},
    {LAYER(IAR, "\"natural\"", AFFINE, RESNET("20", "leaky_relu")), 7, 0, false, false},
};
enum { CASES = sizeof cases / sizeof cases[0] };

static void open_case(rig *r, const serial_case *c) {
  weir_support s[64];
  for (int64_t j = 0; j < c->d; j++) {
    s[j] = c->circles && j % 3 == 1 ? (weir_support){WEIR_CIRCLE, -PI, PI}
                                    : (weir_support){WEIR_REAL, 0, 0};
  }
  const weir_event event = {c->d, s};
  rig_open(r, c->context);
  OK(rig_make(r, c->layer, &event, true));
  rig_ready(r, 0.1);
  r->run->mode = c->train ? WEIR_TRAIN : WEIR_EVAL;
}

/* What a direction gives, and the gradients of one weighted sum of it. */
typedef struct result {
  double *x, *log_det, *gy, *gc, *gp;
} result;

static double *room(int64_t n) {
  double *p = calloc((size_t)n + 1, sizeof *p);
  assert_non_null(p);
  return p;
}

static void drop(result *q) {
  free(q->x), free(q->log_det), free(q->gy), free(q->gc), free(q->gp);
}

static weir_var solve(
    rig *r, bool unrolled, weir_var y, weir_var context, weir_var *log_det) {
  const weiri_serial *s = (const weiri_serial *)r->layer;
  weir_tape *t = r->run->tape;
  if (!unrolled) {
    const weir_var x = weiri_serial_solve(r->layer, r->run, y, context);
    *log_det = weiri_run_total(r->run, 0);
    return x;
  }
  const int64_t d = s->maps.columns;
  const weir_var in = weir_gather(t, y, d, s->column);
  return weir_gather(
      t, weiri_serial_unrolled(s, r->run, in, context, log_det), d, s->place);
}

/* Gradients of sum w x + sum v log_det; of every parameter one after the other. */
static result solved(rig *r, const serial_case *c, bool unrolled, const double *y,
    const double *context) {
  weir_tape *t = r->run->tape;
  const int64_t n = ROWS * c->d;
  const int32_t count = weiri_params_count(r->params);
  weiri_run_reset(r->run);
  result q = {room(n), room(ROWS), room(n), room(ROWS * c->context),
      room(weiri_params_block_size(r->params))};
  const weir_var vy = rows(r, ROWS, c->d, y), vc = rows(r, ROWS, c->context, context);
  weir_var log_det, x = solve(r, unrolled, vy, vc, &log_det);
  OK(weir_var_read(t, x, q.x));
  OK(weir_var_read(t, log_det, q.log_det));
  double *w = normals(n, 61, 1.0), *v = normals(ROWS, 62, 1.0);
  const weir_var loss =
      weir_add(t, weir_sum_last(t, weir_mul(t, x, rows(r, ROWS, c->d, w))),
          weir_mul(t, log_det, weir_leaf_f64(t, weir_shape_1(ROWS), v)));
  weir_var in[64], g[64];
  int k = 0;
  in[k++] = vy;
  for (int32_t i = 0; i < count; i++) {
    in[k++] = r->run->bound[i];
  }
  in[k++] = c->context > 0 ? vc : vy;
  OK(weir_grad(t, loss, weir_var_none(), k, in, g, false));
  OK(weir_var_read(t, g[0], q.gy));
  for (int32_t i = 0; i < count; i++) {
    OK(weir_var_read(t, g[1 + i], q.gp + weiri_params_info(r->params, i)->offset));
  }
  if (c->context > 0) {
    OK(weir_var_read(t, g[k - 1], q.gc));
  }
  free(w), free(v);
  return q;
}

static void same(const double *a, const double *b, int64_t n, double tolerance, int at,
    const char *what) {
  double scale = 1.0;
  for (int64_t i = 0; i < n; i++) {
    scale = fmax(scale, fabs(b[i]));
  }
  for (int64_t i = 0; i < n; i++) {
    if (!(fabs(a[i] - b[i]) <= tolerance * scale)) {
      fail_msg("case %d, %s %lld: %.15g, unrolled %.15g", at, what, (long long)i, a[i],
          b[i]);
    }
  }
}

static void unrolled(void **state) {
  (void)state;
  for (int k = 0; k < CASES; k++) {
    const serial_case *c = &cases[k];
    rig r;
    open_case(&r, c);
    double *y = normals(ROWS * c->d, 60, 1.0), *context = normals(ROWS * 3, 63, 1.0);
    result a = solved(&r, c, false, y, context), b = solved(&r, c, true, y, context);
    same(a.x, b.x, ROWS * c->d, 1e-12, k, "value");
    same(a.log_det, b.log_det, ROWS, 1e-12, k, "log_det");
    same(a.gy, b.gy, ROWS * c->d, 1e-11, k, "gradient of y");
    same(a.gc, b.gc, ROWS * c->context, 1e-11, k, "gradient of the context");
    same(a.gp, b.gp, weiri_params_block_size(r.params), 1e-11, k, "parameter gradient");
    r.run->no_grad = true;
    weiri_run_reset(r.run);
    weir_var log_det;
    const weir_var vc = rows(&r, ROWS, c->context, context);
    const weir_var x = solve(&r, false, rows(&r, ROWS, c->d, y), vc, &log_det);
    OK(weir_var_read(r.run->tape, x, a.x));
    OK(weir_var_read(r.run->tape, log_det, a.log_det));
    same(a.x, b.x, ROWS * c->d, 1e-12, k, "value without gradients");
    same(a.log_det, b.log_det, ROWS, 1e-12, k, "log_det without gradients");
    drop(&a), drop(&b);
    free(y), free(context);
    rig_close(&r);
  }
}

/* The gradient of a parameter against central differences of the solution itself. */
static void differences(void **state) {
  (void)state;
  for (int k = 0; k < CASES; k++) {
    const serial_case *c = &cases[k];
    rig r;
    open_case(&r, c);
    double *y = normals(ROWS * c->d, 60, 1.0), *context = normals(ROWS * 3, 63, 1.0);
    double *w = normals(ROWS * c->d, 61, 1.0), *v = normals(ROWS, 62, 1.0);
    const int64_t size = weiri_params_block_size(r.params);
    double *p = weiri_params_block(r.params), *along = normals(size, 64, 1.0);
    result a = solved(&r, c, false, y, context);
    double slope = 0.0, sides[2] = {0, 0};
    for (int32_t i = 0; i < weiri_params_count(r.params); i++) {
      const weiri_tensor_info *info = weiri_params_info(r.params, i);
      for (int64_t j = 0; j < weir_shape_size(&info->shape); j++) {
        double *move = &along[info->offset + j];
        *move *= info->keep == NULL || info->keep[j] ? 1.0 : 0.0;
        slope += a.gp[info->offset + j] * *move;
      }
    }
    const double h = 1e-6;
    for (int side = 0; side < 2; side++) {
      for (int64_t i = 0; i < size; i++) {
        p[i] += (side == 0 ? h : -2.0 * h) * along[i];
      }
      result b = solved(&r, c, true, y, context);
      for (int64_t i = 0; i < ROWS * c->d; i++) {
        sides[side] += w[i] * b.x[i] + v[i % ROWS] * b.log_det[i % ROWS] / (double)c->d;
      }
      drop(&b);
    }
    const double want = (sides[0] - sides[1]) / (2.0 * h);
    if (!(fabs(slope - want) <= 1e-5 * (1.0 + fabs(want)))) {
      fail_msg("case %d: gradient %.9g, differences %.9g", k, slope, want);
    }
    drop(&a);
    free(y), free(context), free(w), free(v), free(along);
    rig_close(&r);
  }
}

/* More rows than a block, on any number of threads, and each row alone: the same bits.
 */
static void bits(void **state) {
  (void)state;
  enum { MANY = 600 };
  const int threads[] = {1, 2, 3, 8};
  for (int k = 0; k < 4; k += 3) {
    const serial_case *c = &cases[k];
    double *y = normals(MANY * c->d, 65, 1.0), *first = room(2 * MANY * c->d);
    double *next = room(2 * MANY * c->d);
    for (int i = 0; i < 5; i++) {
      rig r;
      open_case(&r, c);
      r.run->no_grad = true;
      const int64_t at = i < 4 ? 0 : 571, n = i < 4 ? MANY : 1;
      r.ctx->threads = i < 4 ? threads[i] : 1;
      weiri_run_destroy(&r.run);
      OK(weiri_run_create(&r.run, r.ctx, WEIR_F64, r.params));
      r.run->no_grad = true;
      weir_var log_det;
      const weir_var x =
          solve(&r, false, rows(&r, n, c->d, y + at * c->d), weir_var_none(), &log_det);
      OK(weir_var_read(r.run->tape, x, i == 0 ? first : next));
      const size_t bytes = (size_t)(n * c->d) * sizeof(double);
      if (i > 0) {
        assert_memory_equal(first + at * c->d, next, bytes);
      }
      rig_close(&r);
    }
    free(y), free(first), free(next);
  }
}

/* What cannot be had says so instead of giving zeros. */
static void second_derivatives(void **state) {
  (void)state;
  rig r;
  open_case(&r, &cases[3]);
  weir_tape *t = r.run->tape;
  double *y = normals(ROWS * 6, 60, 1.0);
  const weir_var v = rows(&r, ROWS, 6, y);
  weir_var g, gg;
  const weir_var x = weiri_serial_solve(r.layer, r.run, v, weir_var_none());
  OK(weir_grad(t, x, weir_var_none(), 1, &v, &g, true));
  assert_int_equal(
      weir_grad(t, g, weir_var_none(), 1, &v, &gg, false), WEIR_E_UNSUPPORTED);
  assert_non_null(strstr(weir_error(), "second derivatives"));
  free(y);
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unrolled),
      cmocka_unit_test(differences),
      cmocka_unit_test(bits),
      cmocka_unit_test(second_derivatives),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
