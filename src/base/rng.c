/* Philox4x32-10 streams (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as
 * easy as 1, 2, 3"): key = seed, counter words = (counter, stream).
 *
 * Block c of a stream is two 64-bit words and serves numbers 2c and 2c + 1. A uniform
 * number is (k + 1/2) 2^-52 with the 52 upper bits k (2^-23 and 23 bits as float), so 0
 * and 1 cannot come. Normals are Box-Muller pairs (1958): sqrt(-2 log u) (cos, sin)(2
 * pi v). log, cos and sin are series of plain operations on their reduced ranges: loops
 * over them become vector code, and the bits do not depend on a mathematical library.
 */
#include "base/rng.h"

#include <math.h>
#include <string.h>

#include <Random123/philox.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

enum { PAIRS = 64 }; /* blocks made at a time */

static uint64_t mix(uint64_t x) { /* splitmix64 finaliser */
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

uint64_t weiri_purpose(const char *purpose) {
  uint64_t h = UINT64_C(0xcbf29ce484222325);
  for (; *purpose != '\0'; purpose++) {
    h = (h ^ (unsigned char)*purpose) * UINT64_C(0x100000001b3);
  }
  return h;
}

uint64_t weiri_stream_at(uint64_t purpose, uint64_t step) {
  return mix(purpose ^ mix(step + UINT64_C(0x9e3779b97f4a7c15)));
}

uint64_t weiri_stream(const char *purpose, uint64_t step) {
  return weiri_stream_at(weiri_purpose(purpose), step);
}

void weiri_philox(weiri_rng rng, uint64_t counter, uint32_t out[4]) {
  const philox4x32_ctr_t c = {{(uint32_t)counter, (uint32_t)(counter >> 32),
      (uint32_t)rng.stream, (uint32_t)(rng.stream >> 32)}};
  const philox4x32_key_t k = {{(uint32_t)rng.seed, (uint32_t)(rng.seed >> 32)}};
  const philox4x32_ctr_t r = philox4x32_R(10, c, k);
  for (int i = 0; i < 4; i++) {
    out[i] = r.v[i];
  }
}

static inline void words(weiri_rng rng, uint64_t counter, uint64_t w[2]) {
  uint32_t r[4];
  weiri_philox(rng, counter, r);
  w[0] = r[0] | (uint64_t)r[1] << 32;
  w[1] = r[2] | (uint64_t)r[3] << 32;
}

static uint64_t word(weiri_rng rng, uint64_t i) {
  uint64_t w[2];
  words(rng, i / 2, w);
  return w[i % 2];
}

static inline double as_double(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline uint64_t as_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* 1 + k 2^-52 less 1 - 2^-53: both steps are exact. */
static inline double unit(uint64_t w) {
  return as_double((w >> 12) | UINT64_C(0x3ff0000000000000)) - (1.0 - 0x1p-53);
}

static inline float unit_single(uint64_t w) {
  const uint32_t bits = (uint32_t)(w >> 41) | UINT32_C(0x3f800000);
  float x;
  memcpy(&x, &bits, sizeof x);
  return x - (1.0f - 0x1p-24f);
}

/* log u for normal u > 0: u = 2^e m, m in [sqrt(1/2), sqrt(2)),
 * log m = 2 atanh(s), s = (m - 1) / (m + 1). Error below 2 ulp. */
static inline double log_unit(double u) {
  const uint64_t bits = as_bits(u) - UINT64_C(0x3fe6a09e667f3bcd); /* sqrt(1/2) */
  const uint64_t e = (bits + UINT64_C(0x4000000000000000)) >> 52;  /* exponent + 1024 */
  const double ex = as_double(e | UINT64_C(0x4330000000000000)) - (0x1p52 + 1024.0);
  const double m =
      as_double((bits & UINT64_C(0x000fffffffffffff)) + UINT64_C(0x3fe6a09e667f3bcd));
  const double s = (m - 1.0) / (m + 1.0);
  const double q = s * s;
  double p = 1.0 / 23.0;
  p = p * q + 1.0 / 21.0;
  p = p * q + 1.0 / 19.0;
  p = p * q + 1.0 / 17.0;
  p = p * q + 1.0 / 15.0;
  p = p * q + 1.0 / 13.0;
  p = p * q + 1.0 / 11.0;
  p = p * q + 1.0 / 9.0;
  p = p * q + 1.0 / 7.0;
  p = p * q + 1.0 / 5.0;
  p = p * q + 1.0 / 3.0;
  const double log2_hi = 0x1.62e42fefa38p-1;
  const double log2_lo = 0x1.ef35793c7673p-45;
  return ex * log2_hi + (2.0 * s + (2.0 * s * q * p + ex * log2_lo));
}

/* x - x^3/3! + ... on [-pi/4, pi/4], q = x^2 */
static inline double sin_series(double x, double q) {
  double p = 1.0 / 355687428096000.0;
  p = p * q - 1.0 / 1307674368000.0;
  p = p * q + 1.0 / 6227020800.0;
  p = p * q - 1.0 / 39916800.0;
  p = p * q + 1.0 / 362880.0;
  p = p * q - 1.0 / 5040.0;
  p = p * q + 1.0 / 120.0;
  p = p * q - 1.0 / 6.0;
  return x + x * q * p;
}

static inline double cos_series(double q) {
  double p = 1.0 / 20922789888000.0;
  p = p * q - 1.0 / 87178291200.0;
  p = p * q + 1.0 / 479001600.0;
  p = p * q - 1.0 / 3628800.0;
  p = p * q + 1.0 / 40320.0;
  p = p * q - 1.0 / 720.0;
  p = p * q + 1.0 / 24.0;
  p = p * q - 0.5;
  return 1.0 + q * p;
}

/* The pair of a block. v = quarter / 4 + r, |r| <= 1/8; adding 2^52 rounds 4 v. */
static inline void normal_pair(uint64_t w0, uint64_t w1, double z[2]) {
  const double radius = sqrt(-2.0 * log_unit(unit(w0)));
  const double v = unit(w1);
  const double rounded = 4.0 * v + 0x1p52;
  const uint64_t quarter = as_bits(rounded);
  const double x = (v - 0.25 * (rounded - 0x1p52)) * 6.283185307179586;
  const double q = x * x;
  const double s = sin_series(x, q);
  const double c = cos_series(q);
  const uint64_t swap = (uint64_t)0 - (quarter & 1);
  const uint64_t sb = as_bits(s);
  const uint64_t cb = as_bits(c);
  const uint64_t cos_sign = ((quarter ^ (quarter >> 1)) & 1) << 63;
  const uint64_t sin_sign = ((quarter >> 1) & 1) << 63;
  z[0] = radius * as_double(((cb & ~swap) | (sb & swap)) ^ cos_sign);
  z[1] = radius * as_double(((sb & ~swap) | (cb & swap)) ^ sin_sign);
}

double weiri_uniform(weiri_rng rng, uint64_t i) {
  return unit(word(rng, i));
}

double weiri_normal(weiri_rng rng, uint64_t i) {
  uint64_t w[2];
  double z[2];
  words(rng, i / 2, w);
  normal_pair(w[0], w[1], z);
  return z[i % 2];
}

/* Upper half of the 128-bit product. */
static uint64_t mul_high(uint64_t a, uint64_t b) {
  const uint64_t a0 = (uint32_t)a;
  const uint64_t a1 = a >> 32;
  const uint64_t b0 = (uint32_t)b;
  const uint64_t b1 = b >> 32;
  const uint64_t mid = a1 * b0 + (a0 * b0 >> 32);
  const uint64_t low = a0 * b1 + (uint32_t)mid;
  return a1 * b1 + (mid >> 32) + (low >> 32);
}

int64_t weiri_below(weiri_rng rng, uint64_t i, int64_t n) {
  return n <= 0 ? 0 : (int64_t)mul_high(word(rng, i), (uint64_t)n);
}

/* Blocks counter .. counter + PAIRS - 1 as 64-bit words. */
static void many_words(weiri_rng rng, uint64_t counter, uint64_t w[2 * PAIRS]) {
  for (uint64_t j = 0; j < PAIRS; j++) {
    words(rng, counter + j, w + 2 * j);
  }
}

static void many_uniform(const uint64_t *w, weir_dtype t, void *y) {
  if (t == WEIR_F32) {
    for (int j = 0; j < 2 * PAIRS; j++) {
      ((float *)y)[j] = unit_single(w[j]);
    }
  } else {
    for (int j = 0; j < 2 * PAIRS; j++) {
      ((double *)y)[j] = unit(w[j]);
    }
  }
}

static void many_normal(const uint64_t *w, weir_dtype t, void *y) {
  double z[2 * PAIRS];
  for (int j = 0; j < PAIRS; j++) {
    normal_pair(w[2 * j], w[2 * j + 1], z + 2 * j);
  }
  if (t == WEIR_F32) {
    for (int j = 0; j < 2 * PAIRS; j++) {
      ((float *)y)[j] = (float)z[j];
    }
  } else {
    memcpy(y, z, sizeof z);
  }
}

/* Groups of 2 PAIRS numbers from whole blocks; the ends are cut out of a buffer. */
static void fill(weiri_rng rng, uint64_t first, int64_t n, weir_dtype t, void *y,
    void (*many)(const uint64_t *w, weir_dtype t, void *y)) {
  const size_t size = weir_dtype_size(t);
  uint64_t w[2 * PAIRS];
  double buf[2 * PAIRS];
  int64_t done = 0;
  while (done < n) {
    const uint64_t at = first + (uint64_t)done;
    const int64_t skip = (int64_t)(at % 2);
    int64_t count = 2 * PAIRS - skip;
    count = count < n - done ? count : n - done;
    char *to = (char *)y + (size_t)done * size;
    many_words(rng, at / 2, w);
    if (count == 2 * PAIRS) {
      many(w, t, to);
    } else {
      many(w, t, buf);
      memcpy(to, (char *)buf + (size_t)skip * size, (size_t)count * size);
    }
    done += count;
  }
}

void weiri_fill_uniform(
    weiri_rng rng, uint64_t first, int64_t n, weir_dtype t, void *y) {
  fill(rng, first, n, t, y, many_uniform);
}

void weiri_fill_normal(
    weiri_rng rng, uint64_t first, int64_t n, weir_dtype t, void *y) {
  fill(rng, first, n, t, y, many_normal);
}

void weiri_permutation(weiri_rng rng, int64_t n, int64_t *out) {
  for (int64_t i = 0; i < n; i++) {
    const int64_t j = weiri_below(rng, (uint64_t)i, i + 1);
    out[i] = out[j];
    out[j] = i;
  }
}

enum { FEISTEL_ROUNDS = 6 };

int64_t weiri_permuted(weiri_rng rng, int64_t n, int64_t i) {
  int half = 1;
  while (half < 31 && ((int64_t)1 << (2 * half)) < n) {
    half++;
  }
  const uint64_t mask = ((uint64_t)1 << half) - 1;
  uint64_t x = (uint64_t)i;
  do {
    uint64_t left = x >> half, right = x & mask;
    for (uint64_t round = 0; round < FEISTEL_ROUNDS; round++) {
      uint32_t bits[4];
      weiri_philox(rng, round << 32 | right, bits);
      const uint64_t next = left ^ (bits[0] & mask);
      left = right;
      right = next;
    }
    x = left << half | right;
  } while (x >= (uint64_t)n);
  return (int64_t)x;
}
