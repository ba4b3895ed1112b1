/* The elementary functions of every level over the whole range: every 4093rd float by
 * its bits, so all exponents, both signs, subnormals, infinities and NaN, against libm
 * in double; and doubles by their bits against long double. Errors in units in the last
 * place of the result, subnormal results included. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kern/cpu/levels.h"

static const char *const levels[] = {"base", "v3", "v4"};

static long double sigmoid(long double x) {
  return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}
static long double softplus(long double x) {
  return (x > 0 ? x : 0) + log1pl(expl(-fabsl(x)));
}
static long double logsigmoid(long double x) {
  return -softplus(-x);
}
static long double recip(long double x) {
  return 1 / x;
}
static long double elu(long double x) {
  return x > 0 ? x : expm1l(x);
}
static double sigmoid_d(double x) {
  return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}
static double softplus_d(double x) {
  return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}
static double logsigmoid_d(double x) {
  return -softplus_d(-x);
}
static double recip_d(double x) {
  return 1 / x;
}
static double elu_d(double x) {
  return x > 0 ? x : expm1(x);
}

typedef struct function {
  const char *name;
  size_t slot;
  double (*exact)(double);
  long double (*exacter)(long double);
  double ulps[2]; /* largest error, float and double */
} function;

#define AT(name) offsetof(weiri_kern, name)
static const function functions[] = {
    {"exp", AT(exp), exp, expl, {1.1, 1.1}},
    {"expm1", AT(expm1), expm1, expm1l, {1.8, 1.8}},
    {"log", AT(log), log, logl, {0.9, 0.9}},
    {"log1p", AT(log1p), log1p, log1pl, {1.6, 1.6}},
    {"tanh", AT(tanh), tanh, tanhl, {2.5, 2.5}},
    {"sigmoid", AT(sigmoid), sigmoid_d, sigmoid, {2.2, 2.2}},
    {"softplus", AT(softplus), softplus_d, softplus, {1.9, 1.9}},
    {"logsigmoid", AT(logsigmoid), logsigmoid_d, logsigmoid, {1.9, 1.9}},
    {"sqrt", AT(sqrt), sqrt, sqrtl, {1.01, 1.01}},
    {"recip", AT(recip), recip_d, recip, {1.01, 1.01}},
    {"elu", AT(elu), elu_d, elu, {1.2, 1.2}},
    {"sin", AT(sin), sin, sinl, {1.5, 1.5}},
    {"cos", AT(cos), cos, cosl, {1.5, 1.5}},
    {"erf", AT(erf), erf, erfl, {1.2, 1.2}},
    {"atan", AT(atan), atan, atanl, {1.9, 1.9}},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions, BLOCK = 4096 };

static weiri_unary_fn *kernel(const char *level, const function *f, weir_dtype t) {
  const weiri_kern *k = weiri_kern_select(level);
  weiri_unary_fn *fn = NULL;
  if (k != NULL) {
    memcpy(&fn, (const char *)k + f->slot + (size_t)t * sizeof fn, sizeof fn);
  }
  return fn;
}

/* Error of y in units in the last place; 0 where both are NaN or both infinite. */
static double ulps_f32(float y, double exact) {
  if (isnan(exact) || isnan(y)) {
    return isnan(exact) && isnan(y) ? 0.0 : INFINITY;
  }
  const float near = fabsf((float)exact);
  if (isinf(near) && isinf(y)) {
    return (y > 0) == (exact > 0) ? 0.0 : INFINITY;
  }
  const float below = isinf(near) ? FLT_MAX : near; /* rounded up to infinity: 2^128 */
  const double ulp = (double)below - (double)nextafterf(below, -1.0f);
  const double value = isinf(y) ? copysign(0x1p128, (double)y) : (double)y;
  const double wanted = isinf(exact) ? copysign(0x1p128, exact) : exact;
  return fabs(value - wanted) / (below == 0.0f ? 0x1p-149 : ulp);
}

static double ulps_f64(double y, long double exact) {
  if (isnan(exact) || isnan(y)) {
    return isnan(exact) && isnan(y) ? 0.0 : INFINITY;
  }
  const double near = fabs((double)exact);
  if (isinf(near) && isinf(y)) {
    return (y > 0) == (exact > 0) ? 0.0 : INFINITY;
  }
  const double below = isinf(near) ? DBL_MAX : near;
  const double ulp = below == 0.0 ? 0x1p-1074 : below - nextafter(below, -1.0);
  const long double value = isinf(y) ? copysignl(0x1p1024L, y) : y;
  const long double wanted = isinf(exact) ? copysignl(0x1p1024L, exact) : exact;
  return (double)(fabsl(value - wanted) / ulp);
}

typedef struct worst {
  double ulps, at;
} worst;

static void judge(const function *f, weir_dtype t, const char *level, worst w) {
  if (!(w.ulps <= f->ulps[t])) {
    fail_msg("%s of level %s, %s: %.3f ulp at %.17g, stated %.2f", f->name, level,
        t == WEIR_F32 ? "float" : "double", w.ulps, w.at, f->ulps[t]);
  }
}

static void every_float(const function *f) {
  worst w[3] = {{0, 0}, {0, 0}, {0, 0}};
  float x[BLOCK], y[BLOCK];
  double exact[BLOCK];
  uint64_t bits = 17;
  while (bits < (uint64_t)1 << 32) {
    int n = 0;
    for (; n < BLOCK && bits < (uint64_t)1 << 32; n++, bits += 4093) {
      const uint32_t b = (uint32_t)bits;
      memcpy(&x[n], &b, sizeof b);
      exact[n] = f->exact((double)x[n]);
    }
    for (int l = 0; l < 3; l++) {
      weiri_unary_fn *fn = kernel(levels[l], f, WEIR_F32);
      if (fn == NULL) {
        continue;
      }
      fn(n, x, y);
      for (int i = 0; i < n; i++) {
        const double u = ulps_f32(y[i], exact[i]);
        w[l] = u > w[l].ulps ? (worst){u, (double)x[i]} : w[l];
      }
    }
  }
  for (int l = 0; l < 3; l++) {
    judge(f, WEIR_F32, levels[l], w[l]);
  }
}

static void floats(void **state) {
  (void)state;
  for (int i = 0; i < FUNCTIONS; i++) {
    every_float(&functions[i]);
  }
}

/* Doubles spread over all bit patterns, over [-50, 50], and beside every power of two.
 */
static double spread(int64_t i) {
  const uint64_t golden = (uint64_t)i * 0x9e3779b97f4a7c15u;
  if (i % 3 == 0) {
    double x;
    memcpy(&x, &golden, sizeof x);
    return x;
  }
  if (i % 3 == 1) {
    return ((double)(golden >> 11) * 0x1p-53 - 0.5) * 100.0;
  }
  const double power = ldexp(i % 2 == 0 ? 1.0 : -1.0, (int)(i / 12 % 2100) - 1074);
  return i / 3 % 4 == 0   ? power
         : i / 3 % 4 == 1 ? nextafter(power, 0.0)
         : i / 3 % 4 == 2 ? nextafter(power, INFINITY)
                          : power * 1.4142135623730951;
}

static void every_double(const function *f) {
  worst w[3] = {{0, 0}, {0, 0}, {0, 0}};
  double x[BLOCK], y[BLOCK];
  long double exact[BLOCK];
  for (int64_t at = 0; at < 30 * BLOCK; at += BLOCK) {
    for (int64_t i = 0; i < BLOCK; i++) {
      x[i] = spread(at + i);
      exact[i] = f->exacter((long double)x[i]);
    }
    for (int l = 0; l < 3; l++) {
      weiri_unary_fn *fn = kernel(levels[l], f, WEIR_F64);
      if (fn == NULL) {
        continue;
      }
      fn(BLOCK, x, y);
      for (int i = 0; i < BLOCK; i++) {
        const double u = ulps_f64(y[i], exact[i]);
        w[l] = u > w[l].ulps ? (worst){u, x[i]} : w[l];
      }
    }
  }
  for (int l = 0; l < 3; l++) {
    judge(f, WEIR_F64, levels[l], w[l]);
  }
}

static void doubles(void **state) {
  (void)state;
  if (LDBL_MANT_DIG < 64) {
    return; /* long double is double here: nothing to compare with */
  }
  for (int i = 0; i < FUNCTIONS; i++) {
    every_double(&functions[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(floats),
      cmocka_unit_test(doubles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
