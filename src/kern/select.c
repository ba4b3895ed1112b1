/* Which table this machine runs: x86-64-v4 (AVX-512), x86-64-v3 (AVX2, FMA) or base. */
#include <string.h>

#include "kern/cpu/levels.h"

#if defined(__x86_64__)
static bool has_v3(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi2");
}

static bool has_v4(void) {
  return has_v3() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

const weiri_kern *weiri_kern_select(const char *isa) {
#if defined(__x86_64__)
  if ((isa == NULL || strcmp(isa, "v4") == 0) && has_v4()) {
    return &weiri_kern_v4;
  }
  if ((isa == NULL || strcmp(isa, "v3") == 0) && has_v3()) {
    return &weiri_kern_v3;
  }
#endif
  return isa == NULL || strcmp(isa, "base") == 0 ? &weiri_kern_base : NULL;
}
