/* Writing PNG (ISO/IEC 15948): signature, IHDR, one IDAT, IEND; every line with the Sub
 * filter. Without zlib the lines are stored (RFC 1950, 1951). So pictures can be
 * written by every build. */
#include "data/picture.h"

#include <string.h>

#ifdef WEIR_HAVE_ZLIB
#include <zlib.h>
#endif

enum { STORED = 65535 };

static void put_32(unsigned char *to, uint32_t x) {
  to[0] = (unsigned char)(x >> 24);
  to[1] = (unsigned char)(x >> 16);
  to[2] = (unsigned char)(x >> 8);
  to[3] = (unsigned char)x;
}

/* CRC-32 of the chunk's type and data (ISO/IEC 15948, annex D). */
static uint32_t checksum(const unsigned char *p, size_t n) {
  uint32_t table[256], c = 0xffffffffu;
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t x = i;
    for (int k = 0; k < 8; k++) {
      x = (x & 1u) != 0 ? 0xedb88320u ^ x >> 1 : x >> 1;
    }
    table[i] = x;
  }
  for (size_t i = 0; i < n; i++) {
    c = table[(c ^ p[i]) & 0xffu] ^ c >> 8;
  }
  return ~c;
}

/* Length, type, data (already at to + 8), checksum; returns the end. */
static unsigned char *chunk(unsigned char *to, const char *type, size_t n) {
  put_32(to, (uint32_t)n);
  memcpy(to + 4, type, 4);
  put_32(to + 8 + n, checksum(to + 4, n + 4));
  return to + 12 + n;
}

static void filter_line(
    const unsigned char *from, size_t row, size_t pixel, unsigned char *to) {
  to[0] = 1; /* Sub */
  for (size_t i = 0; i < row; i++) {
    to[1 + i] = (unsigned char)(from[i] - (i < pixel ? 0 : from[i - pixel]));
  }
}

#ifdef WEIR_HAVE_ZLIB
static size_t packed_bound(size_t n) {
  return compressBound((uLong)n);
}

static size_t pack(const unsigned char *from, size_t n, unsigned char *to) {
  uLongf size = compressBound((uLong)n);
  return compress2(to, &size, from, (uLong)n, 6) == Z_OK ? (size_t)size : 0;
}
#else
static size_t packed_bound(size_t n) {
  return n + 5 * (n / STORED + 1) + 6;
}

static size_t pack(const unsigned char *from, size_t n, unsigned char *to) {
  unsigned char *at = to;
  uint32_t a = 1, b = 0; /* Adler-32 */
  *at++ = 0x78;
  *at++ = 0x01;
  for (size_t i = 0; i < n || i == 0; i += STORED) {
    const size_t count = n - i < STORED ? n - i : STORED;
    at[0] = i + count == n;
    at[1] = (unsigned char)(count & 255);
    at[2] = (unsigned char)(count >> 8);
    at[3] = (unsigned char)~at[1];
    at[4] = (unsigned char)~at[2];
    memcpy(at + 5, from + i, count);
    at += 5 + count;
  }
  for (size_t i = 0; i < n; i++) {
    a = (a + from[i]) % 65521u;
    b = (b + a) % 65521u;
  }
  put_32(at, b << 16 | a);
  return (size_t)(at + 4 - to);
}
#endif

weir_status weiri_png_encode(
    weir_ctx *ctx, const weiri_picture *p, unsigned char **out, size_t *n) {
  static const unsigned char magic[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  const size_t pixel = (size_t)p->c, row = (size_t)p->w * pixel;
  const size_t lines = (size_t)p->h * (row + 1);
  unsigned char *raw = weiri_alloc(ctx, lines);
  *out = weiri_alloc(ctx, sizeof magic + 25 + 12 + packed_bound(lines) + 12);
  if (raw == NULL || *out == NULL) {
    weiri_free(ctx, raw);
    weiri_free(ctx, *out);
    *out = NULL;
    return WEIR_E_MEMORY;
  }
  for (int64_t y = 0; y < p->h; y++) {
    filter_line(p->pixel + (size_t)y * row, row, pixel, raw + (size_t)y * (row + 1));
  }
  unsigned char *at = *out;
  memcpy(at, magic, sizeof magic);
  at += sizeof magic;
  put_32(at + 8, (uint32_t)p->w);
  put_32(at + 12, (uint32_t)p->h);
  memcpy(at + 16, p->c == 3 ? "\x08\x02\0\0" : "\x08\0\0\0", 5);
  at = chunk(at, "IHDR", 13);
  const size_t packed = pack(raw, lines, at + 8);
  at = chunk(at, "IDAT", packed);
  at = chunk(at, "IEND", 0);
  *n = (size_t)(at - *out);
  weiri_free(ctx, raw);
  if (packed == 0) {
    weiri_free(ctx, *out);
    *out = NULL;
    return WEIR_E_MEMORY;
  }
  return WEIR_OK;
}
