/* SHA-256 (FIPS 180-4), for checksums of files. */
#ifndef WEIRI_SHA256_H
#define WEIRI_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct weiri_sha256 {
  uint32_t h[8];
  uint64_t bytes;
  unsigned char block[64];
} weiri_sha256;

void weiri_sha256_init(weiri_sha256 *s);
void weiri_sha256_update(weiri_sha256 *s, const void *data, size_t size);
void weiri_sha256_final(weiri_sha256 *s, unsigned char digest[32]);
/* Digest of data as 64 hexadecimal digits and a NUL. */
void weiri_sha256_hex(const void *data, size_t size, char hex[65]);
/* Writes a digest in hexadecimal. */
void weiri_sha256_print(const unsigned char digest[32], char hex[65]);

#endif
