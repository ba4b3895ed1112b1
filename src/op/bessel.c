/* I_nu by Debye's uniform expansion at an order v = nu + n (DLMF 10.41.3): with
 * r = sqrt(v^2 + x^2), p = v / r,
 *     exp(-x) x^-v I_v(x) ~ exp(v^2 / (x + r)) (v + r)^-v S / sqrt(2 pi r),
 *     S = sum_k u_k(p) / v^k,
 * and then down to nu by the recurrence of ratios A_v = I_{v+1} / I_v, stable in that
 * direction: A_{v-1} = 1 / (2 v / x + A_v). Kept beside it is g = 1 - A, whose digits a
 * subtraction would lose at large x. A' = 1 - A^2 - (2 nu + 1) A / x. */
#include "op/bessel.h"

#include <math.h>

#define HALF_LOG_2PI 0.91893853320467274178

enum { TERMS = 8, LEAST_STEPS = 8 };
#define LEAST_RADIUS 60.0 /* of (v, x), where eight terms leave an error of 3e-15 */

/* u_k(p) = p^k times a polynomial in p^2 (DLMF 10.41.10). */
static const double debye[TERMS][TERMS + 1] = {
    {1.0 / 8, -5.0 / 24},
    {9.0 / 128, -77.0 / 192, 385.0 / 1152},
    {75.0 / 1024, -4563.0 / 5120, 17017.0 / 9216, -85085.0 / 82944},
    {3675.0 / 32768, -96833.0 / 40960, 144001.0 / 16384, -7436429.0 / 663552,
        37182145.0 / 7962624},
    {59535.0 / 262144, -67608983.0 / 9175040, 250881631.0 / 5898240,
        -108313205.0 / 1179648, 5391411025.0 / 63700992, -5391411025.0 / 191102976},
    {2401245.0 / 4194304, -388895895.0 / 14680064, 1441372804469.0 / 6606028800,
        -33010308331.0 / 47185920, 4445922195.0 / 4194304,
        -1169936192425.0 / 1528823808, 5849680962125.0 / 27518828544},
    {57972915.0 / 33554432, -25388505925.0 / 234881024, 1007390378503.0 / 838860800,
        -1602251736839.0 / 301989888, 10559432785187.0 / 905969664,
        -36927006432745.0 / 2717908992, 1774793203908725.0 / 220150628352,
        -1267709431363375.0 / 660451885056},
    {13043905875.0 / 2147483648, -928090660435.0 / 1879048192,
        667955999804539.0 / 93952409600, -276439228010667.0 / 6710886400,
        3542717254441859.0 / 28991029248, -39803268297948155.0 / 195689447424,
        75358832548684685.0 / 391378894848, -512408152157076175.0 / 5283615080448,
        2562040760785380875.0 / 126806761930752},
};

/* S - 1 */
static double series(double v, double r) {
  const double p = v / r, square = p * p;
  double sum = 0.0, scale = 1.0;
  for (int k = 0; k < TERMS; k++) {
    double u = 0.0;
    for (int j = k + 1; j >= 0; j--) {
      u = u * square + debye[k][j];
    }
    scale /= r; /* p^k / v^k */
    sum += u * scale;
  }
  return sum;
}

/* The logarithm with power of (v + r) instead of v. */
static double debye_log(double v, double x, double power) {
  const double r = hypot(v, x);
  return v * v / (x + r) - power * log(v + r) - HALF_LOG_2PI - 0.5 * log(r) +
         log1p(series(v, r));
}

/* log A_v term by term, so that it keeps its digits where A is near 1. */
static double debye_log_ratio(double v, double x) {
  const double w = v + 1.0, r = hypot(v, x), q = hypot(w, x);
  return w * w / (x + q) - v * v / (x + r) - (w * asinh(w / x) - v * asinh(v / x)) -
         0.25 * log1p((2.0 * v + 1.0) / (r * r)) + log1p(series(w, q)) -
         log1p(series(v, r));
}

/* How far above nu the expansion is taken: where it holds, and where x is small a
 * little further, because steps down shrink the error of a ratio. */
static int steps(double nu, double x) {
  const double order =
      x < LEAST_RADIUS ? sqrt(LEAST_RADIUS * LEAST_RADIUS - x * x) : 0.0;
  const int n = nu < order ? (int)ceil(order - nu) : 0;
  return x < nu + n && n < LEAST_STEPS ? LEAST_STEPS : n;
}

weiri_bessel weiri_bessel_at(double nu, double x) {
  if (!(nu >= 0.0) || !(x >= 0.0) || isinf(x) || isinf(nu)) {
    return (weiri_bessel){NAN, NAN, NAN, NAN};
  }
  const int n = steps(nu, x);
  const double top = nu + n;
  double a, g; /* A_v / x and 1 - A_v */
  if (x > top) {
    g = -expm1(debye_log_ratio(top, x));
    a = (1.0 - g) / x;
  } else {
    a = exp(debye_log(top + 1.0, x, top + 1.0) - debye_log(top, x, top));
    g = 1.0 - x * a;
  }
  /* log I_nu = log I_top - sum log A; of both sums only the product of quotients near 1
   * is taken a logarithm of, so that hundreds do not cancel to 0. */
  const double reach = top + hypot(top, x);
  double product = 1.0;
  for (int k = n; k > 0; k--) {
    const double v = nu + k; /* from A_v to A_{v-1} */
    a = 1.0 / (2.0 * v + x * x * a);
    g = (2.0 * v - x * g) / (2.0 * v + x * (1.0 - g));
    product *= reach * a;
  }
  const double log_i = debye_log(top, x, nu) - log(product);
  const double ratio = x * a;
  const double slope = g < 0.5 ? g * (2.0 - g) - (2.0 * nu + 1.0) * (1.0 - g) / x
                               : 1.0 - ratio * ratio - (2.0 * nu + 1.0) * a;
  return (weiri_bessel){log_i, ratio, g, slope};
}

typedef struct job {
  weir_dtype dtype;
  weiri_bessel_part part;
  double nu;
  int64_t n;
  const void *x;
  void *y;
} job;

enum { CHUNK = 64 };

static void chunk(void *arg, int64_t i, void *scratch) {
  (void)scratch;
  const job *j = arg;
  const int64_t last = (i + 1) * CHUNK < j->n ? (i + 1) * CHUNK : j->n;
  for (int64_t k = i * CHUNK; k < last; k++) {
    const double x = j->dtype == WEIR_F32 ? (double)((const float *)j->x)[k]
                                          : ((const double *)j->x)[k];
    const weiri_bessel b = weiri_bessel_at(j->nu, x);
    const double y = j->part == WEIRI_BESSEL_LOG   ? b.log
                     : j->part == WEIRI_BESSEL_GAP ? b.gap
                                                   : b.slope;
    if (j->dtype == WEIR_F32) {
      ((float *)j->y)[k] = (float)y;
    } else {
      ((double *)j->y)[k] = y;
    }
  }
}

void weiri_bessel_eval(weir_tape *t, const weir_node *y, weiri_bessel_part part) {
  job j = {weir_tape_dtype(t), part, *(const double *)y->attr,
      weir_shape_size(&y->shape), y->in[0]->data, y->data};
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), (j.n + CHUNK - 1) / CHUNK,
                         1000.0 * (double)j.n, 0, chunk, &j));
}
