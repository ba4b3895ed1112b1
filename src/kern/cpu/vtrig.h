/* sin, cos, atan and erf without branches. Polynomials interpolate at Chebyshev nodes
 * (40-digit arithmetic); each is named with its range. */
#ifndef WEIRI_VTRIG_H
#define WEIRI_VTRIG_H

#include "kern/cpu/vmath.h"

/* pi / 2 in three parts: the first two have 33 bits, so that multiples are exact. */
#define PIO2_A 1.5707963267341256142
#define PIO2_B 6.0771005063039659766e-11
#define PIO2_C 2.0222662487959507324e-21

/* Beyond this, callers turn to libm. */
#define TRIG_MAX 1048576.0

/* x = k pi / 2 + r, |r| <= pi / 4; the low bits of *q are those of k. */
VM double quarter(double x, int64_t *q) {
  const double magic = 6755399441055744.0; /* 1.5 * 2^52 */
  const double shifted = x * 0.63661977236758134308 + magic;
  *q = int_f64(shifted);
  const double k = shifted - magic;
  const double near = x - k * PIO2_A, w = k * PIO2_B, r = near - w;
  return r + (((near - r) - w) - k * PIO2_C);
}

VM float sin_part_f32(float r, float z) {
  float p = -1.9587840520896e-4f;
  p = p * z + 8.3327480375139887e-3f;
  p = p * z - 1.6666664661114790e-1f;
  return r + r * z * p;
}
VM float cos_part_f32(float z) {
  float p = 2.4547887519884532e-5f;
  p = p * z - 1.3888302770682259e-3f;
  p = p * z + 4.1666664657812363e-2f;
  const float w = 1.0f - 0.5f * z;
  return w + (((1.0f - w) - 0.5f * z) + z * z * p);
}

VM double sin_part_f64(double r, double z) {
  double p = -7.5866850699935296491e-13;
  p = p * z + 1.6058531414587050892e-10;
  p = p * z - 2.5052106231157890371e-8;
  p = p * z + 2.7557319219335453373e-6;
  p = p * z - 1.9841269841269845060e-4;
  p = p * z + 8.3333333333333314899e-3;
  p = p * z - 1.6666666666666666666e-1;
  return r + r * z * p;
}
VM double cos_part_f64(double z) {
  double p = 4.7458646604337045811e-14;
  p = p * z - 1.1470460763073773807e-11;
  p = p * z + 2.0876755790279363846e-9;
  p = p * z - 2.7557319221400448923e-7;
  p = p * z + 2.4801587301584643215e-5;
  p = p * z - 1.3888888888888887864e-3;
  p = p * z + 4.1666666666666666666e-2;
  const double w = 1.0 - 0.5 * z;
  return w + (((1.0 - w) - 0.5 * z) + z * z * p);
}

/* sin(x + turn pi / 2), |x| <= TRIG_MAX; error below 1.5 ulp. The argument is reduced
 * in double: one rounding of r is all that float loses. */
VM float turned_f32(float x, int turn) {
  int64_t quarters;
  const float r = (float)quarter((double)x, &quarters);
  const int32_t q = (int32_t)quarters + turn;
  const float z = r * r, s = sin_part_f32(r, z), c = cos_part_f32(z);
  const float y = (q & 1) != 0 ? c : s;
  return bits_f32(int_f32(y) ^ (int32_t)((uint32_t)(q & 2) << 30));
}
VM double turned_f64(double x, int turn) {
  int64_t q;
  const double r = quarter(x, &q);
  q += turn;
  const double z = r * r, s = sin_part_f64(r, z), c = cos_part_f64(z);
  const double y = (q & 1) != 0 ? c : s;
  return bits_f64(int_f64(y) ^ (int64_t)((uint64_t)(q & 2) << 62));
}

/* (atan(t) / t - 1) / t^2 in z = t^2 <= 0.1716 */
VM float atan_part_f32(float z) {
  float p = -6.4515972589399227e-2f;
  p = p * z + 1.0743631627139510e-1f;
  p = p * z - 1.4263946357911688e-1f;
  p = p * z + 1.9999540216937403e-1f;
  return p * z - 3.3333331760008041e-1f;
}
VM double atan_part_f64(double z) {
  double p = 1.6283572356395895252e-2;
  p = p * z - 3.4568590668521221967e-2;
  p = p * z + 4.5515165635866285140e-2;
  p = p * z - 5.2304374642507849255e-2;
  p = p * z + 5.8789267157565869586e-2;
  p = p * z - 6.6664246872464855724e-2;
  p = p * z + 7.6922963639799500421e-2;
  p = p * z - 9.0909087531185938368e-2;
  p = p * z + 1.1111111105147763690e-1;
  p = p * z - 1.4285714285659748778e-1;
  p = p * z + 1.9999999999999804212e-1;
  return p * z - 3.3333333333333333217e-1;
}

/* erf(x) / x - 1 in z = x^2 <= 1 */
VM float erf_part_f32(float z) {
  float p = 7.8758750626820099e-5f;
  p = p * z - 8.0168642871647368e-4f;
  p = p * z + 5.1890874234338320e-3f;
  p = p * z - 2.6854212010626327e-2f;
  p = p * z + 1.1283594715160215e-1f;
  p = p * z - 3.7612626666720331e-1f;
  return p * z + 1.2837916584835095e-1f;
}
VM double erf_part_f64(double z) {
  double p = 2.8067128195797968306e-13;
  p = p * z - 6.1967364287867356699e-12;
  p = p * z + 9.3237235181527130613e-11;
  p = p * z - 1.2277734486795463511e-9;
  p = p * z + 1.4806027146128744025e-8;
  p = p * z - 1.6365768648832071449e-7;
  p = p * z + 1.6462110782018636345e-6;
  p = p * z - 1.4925650236967502e-5;
  p = p * z + 1.2055332978879483867e-4;
  p = p * z - 8.5483270234030006089e-4;
  p = p * z + 5.2239776254416740139e-3;
  p = p * z - 2.6866170645131218518e-2;
  p = p * z + 1.1283791670955125626e-1;
  p = p * z - 3.7612638903183752462e-1;
  return p * z + 1.2837916709551257390e-1;
}

/* exp(x^2) erfc(x) in t = (x - 2) / (x + 2), 1 <= x <= 6 */
VM float erfcx_part_f32(float t) {
  float p = -8.4686088663807125e-4f;
  p = p * t - 8.4676405064899650e-4f;
  p = p * t + 6.9735422841848290e-3f;
  p = p * t + 3.7336068017801271e-3f;
  p = p * t - 7.8977150795403771e-2f;
  p = p * t + 2.4165816708007646e-1f;
  p = p * t - 4.2718587010054583e-1f;
  return p * t + 2.5539567635701709e-1f;
}
VM double erfcx_part_f64(double t) {
  double p = -2.2281295763723501736e-7;
  p = p * t + 4.1463021832684877226e-6;
  p = p * t + 1.8594273874294019752e-6;
  p = p * t - 1.4166339069117108161e-5;
  p = p * t - 2.7640727821912853578e-5;
  p = p * t + 2.7560352756678313228e-5;
  p = p * t + 1.7436477257256736926e-4;
  p = p * t + 4.3552653598178827704e-5;
  p = p * t - 9.8197711147407153110e-4;
  p = p * t - 8.4714312294153334166e-4;
  p = p * t + 6.9974617392005747422e-3;
  p = p * t + 3.7328924016564481496e-3;
  p = p * t - 7.8978581015712692680e-2;
  p = p * t + 2.4165819424248762655e-1;
  p = p * t - 4.2718584741395849238e-1;
  return p * t + 2.5539567631050571616e-1;
}

/* atan over three ranges, cut at tan(pi / 8) and tan(3 pi / 8); LO is what pi / 2
 * lacks. erf: a polynomial below 1, else 1 - exp(-x^2) erfcx(x). Errors below 1.5 ulp.
 */
#define VTRIG_DERIVED(T, S, PIO2, LO)                                                  \
  VM T vatan_##S(T x) {                                                                \
    const T a = x < 0 ? -x : x;                                                        \
    const int far = a > (T)2.414213562373095, mid = a > (T)0.41421356237309503;        \
    const T up = mid ? a - 1 : a, down = mid ? a + 1 : 1;                              \
    const T t = (far ? -1 : up) / (far ? a : down);                                    \
    const T half = mid ? (T)0.5 : 0, turns = far ? 1 : half;                           \
    const T y = turns * PIO2 + (t + (t * t * t * atan_part_##S(t * t) + turns * LO));  \
    const T z = x < 0 ? -y : y;                                                        \
    return x == 0 ? x : z;                                                             \
  }                                                                                    \
  VM T verf_##S(T x) {                                                                 \
    const T a = x < 0 ? -x : x, z = x * x;                                             \
    const T least = a > 1 ? a : 1, b = least < 6 ? least : 6;                          \
    const T t = (b - 2) / (b + 2);                                                     \
    const T tail = 1 - vexp_##S(-b * b) * erfcx_part_##S(t);                           \
    const T outer = x < 0 ? -tail : tail;                                              \
    const T inner = x + x * erf_part_##S(z < 1 ? z : 1);                               \
    const T y = a < 1 ? inner : outer;                                                 \
    return x != x ? x : y;                                                             \
  }

VTRIG_DERIVED(float, f32, 1.57079637f, -4.37113900e-8f)
VTRIG_DERIVED(double, f64, 1.5707963267948966192, 6.1232339957367658861e-17)

#endif
