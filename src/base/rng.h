/* Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, Random123).
 * A draw is a function of (seed, stream, counter) and of nothing else. */
#ifndef WEIRI_RNG_H
#define WEIRI_RNG_H

#include <stdint.h>

#include "weir/dtype.h"

typedef struct weiri_rng {
  uint64_t seed;
  uint64_t stream; /* purpose and step: weiri_stream("dropout", step) */
} weiri_rng;

/* Stream id of a purpose at a step: FNV-1a of the name, mixed with the step. */
uint64_t weiri_stream(const char *purpose, uint64_t step);
/* The same in two parts: weiri_stream_at(weiri_purpose(p), step). */
uint64_t weiri_purpose(const char *purpose);
uint64_t weiri_stream_at(uint64_t purpose, uint64_t step);
/* 128 random bits at a counter. */
void weiri_philox(weiri_rng rng, uint64_t counter, uint32_t out[4]);
/* Number i of the stream: uniform in the open interval (0, 1) (53 bits; 24 as float).
 */
double weiri_uniform(weiri_rng rng, uint64_t i);
/* Number i of the stream: standard normal (Box-Muller; pair i/2). */
double weiri_normal(weiri_rng rng, uint64_t i);
/* Integer in [0, n), unbiased enough for n < 2^32 (64-bit multiply). */
int64_t weiri_below(weiri_rng rng, uint64_t i, int64_t n);
/* Numbers first .. first + n - 1 of the stream. Same values as the calls above. */
void weiri_fill_uniform(
    weiri_rng rng, uint64_t first, int64_t n, weir_dtype t, void *y);
void weiri_fill_normal(weiri_rng rng, uint64_t first, int64_t n, weir_dtype t, void *y);
/* Permutation of 0 .. n-1 (Fisher-Yates). */
void weiri_permutation(weiri_rng rng, int64_t n, int64_t *out);
/* Place i of a pseudo-random permutation of 0 .. n-1 that takes no memory: a Feistel
 * network over the next power of four, applied until it falls below n (Black & Rogaway
 * 2002). */
int64_t weiri_permuted(weiri_rng rng, int64_t n, int64_t i);

#endif
