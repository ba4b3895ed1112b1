/* Elementary functions without branches, so that loops over them vectorise. Each comes
 * for float and double. Errors in units in the last place, over the whole range,
 * subnormal results included (tests/test_vmath.c holds every level to them): exp 1.1,
 * expm1 1.8, log 0.9, log1p 1.6, tanh 2.5, sigmoid 2.2, softplus 1.9, sin and cos 1.5,
 * erf 1.2, atan 1.9. */
#ifndef WEIRI_VMATH_H
#define WEIRI_VMATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define VM static inline __attribute__((always_inline))

VM float bits_f32(int32_t i) {
  float x;
  memcpy(&x, &i, sizeof x);
  return x;
}
VM int32_t int_f32(float x) {
  int32_t i;
  memcpy(&i, &x, sizeof i);
  return i;
}
VM double bits_f64(int64_t i) {
  double x;
  memcpy(&x, &i, sizeof x);
  return x;
}
VM int64_t int_f64(double x) {
  int64_t i;
  memcpy(&i, &x, sizeof i);
  return i;
}

/* ---- float ---- */

/* x = n ln 2 + r, |r| <= ln 2 / 2. The magic number rounds to an integer. */
VM float reduce_f32(float x, int32_t *n) {
  const float magic = 12582912.0f; /* 1.5 * 2^23 */
  const float shifted = x * 1.44269504088896341f + magic;
  *n = int_f32(shifted) - int_f32(magic);
  const float k = shifted - magic;
  return (x - k * 0.693359375f) + k * 2.12194440e-4f;
}

/* exp(r) - 1 - r over r^2, interpolated at Chebyshev nodes of |r| <= ln 2 / 2. */
VM float exp_tail_f32(float r) {
  float p = 1.9891080464e-4f;
  p = p * r + 1.3933730716e-3f;
  p = p * r + 8.3331108446e-3f;
  p = p * r + 4.1666464197e-2f;
  p = p * r + 1.6666666682e-1f;
  return p * r + 5.0000000135e-1f;
}

/* x 2^n in two steps, so that results below the normal range round once. */
VM float scale_f32(float x, int32_t n) {
  const int32_t half = n >> 1;
  return x * bits_f32((half + 127) << 23) * bits_f32((n - half + 127) << 23);
}

VM float vexp_f32(float x) {
  const float lo = -104.0f, hi = 89.0f;
  const float at_least = x > lo ? x : lo; /* NaN: lo */
  const float c = at_least < hi ? at_least : hi;
  int32_t n;
  const float r = reduce_f32(c, &n);
  const float y = scale_f32(1.0f + (r + r * r * exp_tail_f32(r)), n);
  return x != x ? x : y;
}

VM float vexpm1_f32(float x) {
  const float lo = -30.0f, hi = 89.0f;
  const float at_least = x > lo ? x : lo; /* NaN: lo */
  const float c = at_least < hi ? at_least : hi;
  int32_t n;
  const float r = reduce_f32(c, &n);
  const float e = r + r * r * exp_tail_f32(r); /* exp(r) - 1 */
  const int32_t m = n > 127 ? 127 : n;         /* 2^128 is not a float */
  const float p = bits_f32((m + 127) << 23);
  const float y = (p * e + (p - 1.0f)) * (n > 127 ? 2.0f : 1.0f);
  return x != x ? x : y;
}

VM float vlog_f32(float x) {
  const int tiny = x < 1.17549435e-38f;
  const float s = tiny ? x * 8388608.0f : x;
  const int32_t i = int_f32(s);
  /* mantissa in [sqrt 1/2, sqrt 2); unsigned, for the bits of negative numbers */
  const int32_t e = (int32_t)((uint32_t)i - 0x3f3504f3u) >> 23;
  const float f = bits_f32((int32_t)((uint32_t)i - ((uint32_t)e << 23))) - 1.0f;
  const float k = (float)(e - (tiny ? 23 : 0));
  const float z = f * f;
  /* (log(1 + f) - f + f^2 / 2) / f^3, interpolated at Chebyshev nodes */
  float p = 6.9716114715e-2f;
  p = p * f - 1.1479733847e-1f;
  p = p * f + 1.1685419923e-1f;
  p = p * f - 1.2425687331e-1f;
  p = p * f + 1.4249057646e-1f;
  p = p * f - 1.6667802319e-1f;
  p = p * f + 2.0000715749e-1f;
  p = p * f - 2.4999996958e-1f;
  p = p * f + 3.3333331180e-1f;
  float y = f * z * p + k * -2.12194440e-4f;
  y = f + (y - 0.5f * z) + k * 0.693359375f;
  y = x == 0.0f ? -INFINITY : y;
  y = x < 0.0f ? NAN : y;
  return x == INFINITY || x != x ? x : y;
}

/* ---- double ---- */

VM double reduce_f64(double x, int64_t *n) {
  const double magic = 6755399441055744.0; /* 1.5 * 2^52 */
  const double shifted = x * 1.4426950408889634074 + magic;
  *n = int_f64(shifted) - int_f64(magic);
  const double k = shifted - magic;
  return (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
}

/* The Taylor series to r^13: the next term is below 4e-18 on |r| <= ln 2 / 2. */
VM double exp_tail_f64(double r) {
  double p = 1.6059043836821614599e-10;
  p = p * r + 2.0876756987868098979e-09;
  p = p * r + 2.5052108385441718775e-08;
  p = p * r + 2.7557319223985890653e-07;
  p = p * r + 2.7557319223985890653e-06;
  p = p * r + 2.4801587301587301587e-05;
  p = p * r + 1.9841269841269841270e-04;
  p = p * r + 1.3888888888888888889e-03;
  p = p * r + 8.3333333333333333333e-03;
  p = p * r + 4.1666666666666666667e-02;
  p = p * r + 1.6666666666666666667e-01;
  return p * r + 0.5;
}

VM double scale_f64(double x, int64_t n) {
  const int64_t half =
      (n + 4096) / 2 - 2048; /* no arithmetic shift of 64 bits in AVX2 */
  return x * bits_f64((half + 1023) << 52) * bits_f64((n - half + 1023) << 52);
}

VM double vexp_f64(double x) {
  const double lo = -746.0, hi = 710.0;
  const double at_least = x > lo ? x : lo; /* NaN: lo */
  const double c = at_least < hi ? at_least : hi;
  int64_t n;
  const double r = reduce_f64(c, &n);
  const double y = scale_f64(1.0 + (r + r * r * exp_tail_f64(r)), n);
  return x != x ? x : y;
}

VM double vexpm1_f64(double x) {
  const double lo = -50.0, hi = 710.0;
  const double at_least = x > lo ? x : lo; /* NaN: lo */
  const double c = at_least < hi ? at_least : hi;
  int64_t n;
  const double r = reduce_f64(c, &n);
  const double e = r + r * r * exp_tail_f64(r);
  const int64_t m = n > 1023 ? 1023 : n;
  const double p = bits_f64((m + 1023) << 52);
  const double y = (p * e + (p - 1.0)) * (n > 1023 ? 2.0 : 1.0);
  return x != x ? x : y;
}

/* log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.1716; Taylor to s^23. */
VM double vlog_f64(double x) {
  const int tiny = x < 2.2250738585072014e-308;
  const double s0 = tiny ? x * 4503599627370496.0 : x;
  const int64_t i = int_f64(s0);
  const uint64_t base = 0x3fe6a09e667f3bcd;
  const uint64_t biased = (uint64_t)i - base + ((uint64_t)2048 << 52);
  const int64_t e = (int64_t)(biased >> 52) - 2048;
  const double f = bits_f64((int64_t)((uint64_t)i - ((uint64_t)e << 52))) - 1.0;
  const double k = (double)(e - (tiny ? 52 : 0));
  const double s = f / (2.0 + f), z = s * s;
  double p = 1.0 / 23;
  p = p * z + 1.0 / 21;
  p = p * z + 1.0 / 19;
  p = p * z + 1.0 / 17;
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  /* f - s (f - 2 z p): 2 s = f - s f, so the leading term is exact */
  double y = k * 6.93147180369123816490e-01 -
             ((s * (f - 2.0 * z * p) - k * 1.90821492927058770002e-10) - f);
  y = x == 0.0 ? -(double)INFINITY : y;
  y = x < 0.0 ? (double)NAN : y;
  return x == (double)INFINITY || x != x ? x : y;
}

/* ---- what follows from exp, expm1 and log; T is float or double ---- */

#define VMATH_DERIVED(T, S)                                                            \
  VM T vlog1p_##S(T x) {                                                               \
    const T u = 1 + x;                                                                 \
    const T y = vlog_##S(u) + (x - (u - 1)) / u;                                       \
    return u == 1 || u > (T)1e30 || !(u > 0) ? (u == 1 ? x : vlog_##S(u)) : y;         \
  }                                                                                    \
  VM T vtanh_##S(T x) {                                                                \
    const T a = x < 0 ? -x : x, c = a < 20 ? a : 20;                                   \
    const T e = vexpm1_##S(2 * c), t = e / (e + 2);                                    \
    return x != x ? x : x < 0 ? -t : t;                                                \
  }                                                                                    \
  VM T vsigmoid_##S(T x) {                                                             \
    const T e = vexp_##S(x < 0 ? x : -x);                                              \
    return (x < 0 ? e : 1) / (1 + e);                                                  \
  }                                                                                    \
  VM T vsoftplus_##S(T x) {                                                            \
    const T a = x < 0 ? x : -x;                                                        \
    return (x > 0 ? x : 0) + vlog1p_##S(vexp_##S(a));                                  \
  }

VMATH_DERIVED(float, f32)
VMATH_DERIVED(double, f64)

#endif
