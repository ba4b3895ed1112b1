/* SHA-256 as FIPS 180-4 writes it. */
#include "base/sha256.h"

#include <string.h>

static const uint32_t round_k[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
    0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152,
    0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e,
    0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624,
    0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3,
    0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t x, int n) {
  return x >> n | x << (32 - n);
}

static void schedule(uint32_t w[64], const unsigned char *p) {
  for (int i = 0; i < 16; i++, p += 4) {
    w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
  }
  for (int i = 16; i < 64; i++) {
    const uint32_t a = w[i - 15];
    const uint32_t b = w[i - 2];
    w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[i - 7] +
           (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
  }
}

static void compress(uint32_t h[8], const unsigned char *block) {
  uint32_t w[64];
  uint32_t v[8];
  schedule(w, block);
  memcpy(v, h, sizeof v);
  for (int i = 0; i < 64; i++) {
    const uint32_t e = v[4];
    const uint32_t a = v[0];
    const uint32_t t1 = v[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
                        ((e & v[5]) ^ (~e & v[6])) + round_k[i] + w[i];
    const uint32_t t2 = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) +
                        ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof v[0]);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) {
    h[i] += v[i];
  }
}

void weiri_sha256_init(weiri_sha256 *s) {
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(s->h, start, sizeof s->h);
  s->bytes = 0;
}

void weiri_sha256_update(weiri_sha256 *s, const void *data, size_t size) {
  const unsigned char *p = data;
  size_t held = (size_t)(s->bytes % 64);
  s->bytes += size;
  while (size > 0) {
    if (held == 0 && size >= 64) {
      compress(s->h, p);
      p += 64;
      size -= 64;
      continue;
    }
    const size_t n = size < 64 - held ? size : 64 - held;
    memcpy(s->block + held, p, n);
    held += n;
    p += n;
    size -= n;
    if (held == 64) {
      compress(s->h, s->block);
      held = 0;
    }
  }
}

void weiri_sha256_final(weiri_sha256 *s, unsigned char digest[32]) {
  static const unsigned char pad[64] = {0x80};
  const uint64_t bits = 8 * s->bytes;
  unsigned char length[8];
  for (int i = 0; i < 8; i++) {
    length[i] = (unsigned char)(bits >> (56 - 8 * i));
  }
  weiri_sha256_update(s, pad, 1 + (size_t)((119 - s->bytes % 64) % 64));
  weiri_sha256_update(s, length, 8);
  for (int i = 0; i < 32; i++) {
    digest[i] = (unsigned char)(s->h[i / 4] >> (24 - 8 * (i % 4)));
  }
}

void weiri_sha256_print(const unsigned char digest[32], char hex[65]) {
  for (int i = 0; i < 32; i++) {
    hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  hex[64] = '\0';
}

void weiri_sha256_hex(const void *data, size_t size, char hex[65]) {
  weiri_sha256 s;
  unsigned char digest[32];
  weiri_sha256_init(&s);
  weiri_sha256_update(&s, data, size);
  weiri_sha256_final(&s, digest);
  weiri_sha256_print(digest, hex);
}
