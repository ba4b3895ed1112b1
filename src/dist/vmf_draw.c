/* Draws of w = mu . z of a von Mises-Fisher distribution (Ulrich 1984, Wood 1994): with
 *     c = sqrt(4 kappa^2 + (m - 1)^2),  b = (m - 1) / (2 kappa + c),
 * repeat e ~ Beta((m - 1) / 2, (m - 1) / 2), w = (1 - (1 + b) e) / (1 - (1 - b) e),
 * t = 2 a b / (1 - (1 - b) e) until (m - 1) log t - t + d >= log u, where
 *     a = (m - 1 + 2 kappa + c) / 4,  d = 4 a b / (1 + b) - (m - 1) log(m - 1).
 * The beta number is a coordinate of a uniform point on the sphere of R^m, moved to
 * (0, 1), in closed form (Devroye 1986, IX.3.1). Handed back is 1 - w, which keeps its
 * digits when draws crowd around mu. With e held fixed dw/dkappa = (1 - w^2) / c.
 *
 * official: the released code of Davidson et al. 2018 has b -> (m - 1) / (4 kappa) for
 * kappa > 10, blended in from 10 to 11, with the exact a and d. Its draws have the
 * concentration a (1 - b), far from kappa where kappa is not large against m. */
#include <math.h>

#include "base/rng.h"
#include "dist/vmf.h"
#include "op/op.h"

#define TWO_PI 6.28318530717958647693
#define MOST 1e8
enum { TRIES = 1000, CHUNK = 16 };

typedef struct attr {
  int64_t m;
  int64_t how; /* weiri_vmf_sampler */
} attr;

static double width(double kappa, double n) {
  return sqrt(4.0 * kappa * kappa + n * n);
}

static double official_b(double kappa, double n, double b) {
  const double share = kappa < 10.0 ? 0.0 : kappa > 11.0 ? 1.0 : kappa - 10.0;
  return b + share * (n / (4.0 * kappa) - b);
}

static double symmetric_beta(weiri_rng rng, uint64_t i, double n) {
  const double u = weiri_uniform(rng, i), angle = TWO_PI * weiri_uniform(rng, i + 1);
  const double square = n > 1.0 ? -expm1(2.0 / (n - 1.0) * log(u)) : 1.0;
  return 0.5 * (1.0 + sqrt(square) * cos(angle));
}

/* NaN when no proposal is accepted. */
static double by_rejection(weiri_rng rng, double kappa, const attr *p) {
  const double n = (double)p->m - 1.0, c = width(kappa, n);
  const double exact = n / (2.0 * kappa + c), a = 0.25 * (n + 2.0 * kappa + c);
  const double b = p->how == WEIRI_VMF_EXACT ? exact : official_b(kappa, n, exact);
  const double d = 4.0 * a * b / (1.0 + b) - n * log(n);
  for (uint64_t k = 0; k < TRIES; k++) {
    const double e = symmetric_beta(rng, 4 * k, n), below = 1.0 - (1.0 - b) * e;
    const double t = 2.0 * a * b / below;
    if (n * log(t) - t + d >= log(weiri_uniform(rng, 4 * k + 2))) {
      return 2.0 * b * e / below;
    }
  }
  return NAN;
}

/* m = 3: w = 1 + log(u + (1 - u) exp(-2 kappa)) / kappa. */
static double by_inversion(weiri_rng rng, double kappa) {
  return -log1p(weiri_uniform(rng, 0) * expm1(-2.0 * kappa)) / kappa;
}

typedef struct job {
  weir_dtype dtype;
  const attr *p;
  int64_t n;
  const void *kappa, *noise;
  void *y;
} job;

static double get(weir_dtype dtype, const void *x, int64_t i) {
  return dtype == WEIR_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

/* The leading 23 bits of a uniform number, which both number types have: a row draws
 * the same in either. */
static uint64_t bits(const job *j, int64_t i) {
  return (uint64_t)(get(j->dtype, j->noise, i) * 8388608.0);
}

static void chunk(void *arg, int64_t i, void *scratch) {
  (void)scratch;
  const job *j = arg;
  const int64_t last = (i + 1) * CHUNK < j->n ? (i + 1) * CHUNK : j->n;
  for (int64_t k = i * CHUNK; k < last; k++) {
    const double kappa = get(j->dtype, j->kappa, k);
    const weiri_rng rng = {
        bits(j, 3 * k) << 23 | bits(j, 3 * k + 1), bits(j, 3 * k + 2)};
    const bool sound = kappa > 0.0 && kappa <= MOST;
    const double gap = !sound         ? NAN
                       : j->p->m == 3 ? by_inversion(rng, kappa)
                                      : by_rejection(rng, kappa, j->p);
    if (j->dtype == WEIR_F32) {
      ((float *)j->y)[k] = (float)gap;
    } else {
      ((double *)j->y)[k] = gap;
    }
  }
}

static void eval(weir_tape *t, const weir_node *y) {
  job j = {weir_tape_dtype(t), y->attr, y->shape.dim[0], y->in[0]->data, y->in[1]->data,
      y->data};
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), (j.n + CHUNK - 1) / CHUNK,
                         500.0 * (double)j.n, 0, chunk, &j));
  for (int64_t k = 0; k < j.n && weir_tape_status(t) == WEIR_OK; k++) {
    if (isnan(get(j.dtype, j.y, k))) {
      weir_op_fail(t, WEIR_E_NUMERIC,
          "vmf: the concentration kappa of row %lld of %lld is %g; it must be positive "
          "and below 1e8 (it has run away: lower the learning rate, or clip gradients)",
          (long long)k + 1, (long long)j.n, get(j.dtype, j.kappa, k));
    }
  }
}

/* db/dkappa over b of the official rule, by parts. */
static weir_var official_rate(weir_tape *t, weir_var kappa, double n, weir_var c) {
  const weir_var exact =
      weir_scale(t, weir_recip(t, weir_add(t, weir_scale(t, kappa, 2.0), c)), n);
  const weir_var rough = weir_scale(t, weir_recip(t, kappa), 0.25 * n);
  const weir_var share = weir_clamp(t, weir_shift(t, kappa, -10.0), 0.0, 1.0);
  const weir_var rest = weir_affine(t, share, -1.0, 1.0);
  const weir_var blending = weir_mul(t, weir_step(t, share), weir_step(t, rest));
  const weir_var b = weir_add(t, weir_mul(t, rest, exact), weir_mul(t, share, rough));
  const weir_var slope =
      weir_add(t, weir_mul(t, rest, weir_scale(t, weir_div(t, exact, c), -2.0)),
          weir_neg(t, weir_mul(t, share, weir_div(t, rough, kappa))));
  const weir_var jump = weir_mul(t, blending, weir_sub(t, rough, exact));
  return weir_div(t, weir_add(t, slope, jump), b);
}

/* With the uniform number held fixed, from u = (1 - exp(-kappa g)) / (1 - exp(-2
 * kappa)) and 1 - exp(-2 x) = 2 tanh x / (1 + tanh x): dg/dkappa = (2 u exp(-(2 - g)
 * kappa) - g) / kappa. */
static weir_var inverse_slope(weir_tape *t, weir_var kappa, weir_var gap) {
  const weir_var h = weir_tanh(t, weir_scale(t, weir_mul(t, kappa, gap), 0.5));
  const weir_var f = weir_tanh(t, kappa);
  const weir_var u = weir_div(
      t, weir_mul(t, h, weir_shift(t, f, 1.0)), weir_mul(t, f, weir_shift(t, h, 1.0)));
  const weir_var decay = weir_exp(t, weir_mul(t, kappa, weir_shift(t, gap, -2.0)));
  return weir_div(
      t, weir_sub(t, weir_scale(t, weir_mul(t, u, decay), 2.0), gap), kappa);
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const attr *p = y->attr;
  const double n = (double)p->m - 1.0;
  const weir_var kappa = weir_node_var(t, y->in[0]), gap = weir_node_var(t, y);
  if (p->m == 3) {
    gx[0] = weir_mul(t, gy, inverse_slope(t, kappa, gap));
    return;
  }
  const weir_var c = weir_sqrt(t, weir_affine(t, weir_square(t, kappa), 4.0, n * n));
  const weir_var square = weir_mul(t, gap, weir_affine(t, gap, -1.0, 2.0));
  /* dw/db = -(1 - w^2) / (2 b), and of the exact rule db/dkappa = -2 b / c */
  const weir_var rate = p->how == WEIRI_VMF_EXACT
                            ? weir_scale(t, weir_recip(t, c), -1.0)
                            : weir_scale(t, official_rate(t, kappa, n, c), 0.5);
  gx[0] = weir_mul(t, gy, weir_mul(t, square, rate));
}

static const weir_op_class draw_class = {"vmf_draw", eval, vjp, NULL, NULL};

weir_var weiri_vmf_draw(
    weir_tape *t, weir_var kappa, weir_var noise, int64_t m, weiri_vmf_sampler how) {
  if (!weir_var_ok(kappa) || !weir_var_ok(noise)) {
    return weir_var_none();
  }
  const weir_var in[2] = {kappa, noise};
  const attr p = {m, how};
  return weir_op_apply(t, &draw_class, weir_var_shape(t, kappa), 2, in, &p, sizeof p);
}
