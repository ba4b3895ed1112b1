/* How the library was built, and digests of files. */
#include "weir/about.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/sha256.h"

#if defined(__has_include)
#if __has_include("weir_build.h")
#include "weir_build.h"
#endif
#endif
#ifndef WEIR_BUILD_VERSION
#define WEIR_BUILD_VERSION "0.1.0"
#endif
#ifndef WEIR_BUILD_COMMIT
#define WEIR_BUILD_COMMIT "unknown"
#endif
#ifndef WEIR_BUILD_TYPE
#define WEIR_BUILD_TYPE "unknown"
#endif
#ifndef WEIR_BUILD_FLAGS
#define WEIR_BUILD_FLAGS ""
#endif

#ifdef __clang__
#define COMPILER "Clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "GCC " __VERSION__
#else
#define COMPILER "unknown"
#endif

#if defined(WEIR_HAVE_YAML) && WEIR_HAVE_YAML
#define HAS_YAML ", yaml"
#define NO_YAML ""
#else
#define HAS_YAML ""
#define NO_YAML ", yaml"
#endif
#if defined(WEIR_HAVE_ZLIB) && WEIR_HAVE_ZLIB
#define HAS_ZLIB ", zlib"
#define NO_ZLIB ""
#else
#define HAS_ZLIB ""
#define NO_ZLIB ", zlib"
#endif

#if defined(WEIR_HAVE_PNG) && WEIR_HAVE_PNG
#define HAS_PNG ", png"
#define NO_PNG ""
#else
#define HAS_PNG ""
#define NO_PNG ", png"
#endif
#if defined(WEIR_HAVE_JPEG) && WEIR_HAVE_JPEG
#define HAS_JPEG ", jpeg"
#define NO_JPEG ""
#else
#define HAS_JPEG ""
#define NO_JPEG ", jpeg"
#endif

/* A list without its first ", ". */
static const char *listed(const char *s) {
  return *s == '\0' ? "none" : s + 2;
}

const char *weir_version(void) {
  return WEIR_BUILD_VERSION;
}

weir_about weir_about_build(void) {
  return (weir_about){.version = weir_version(),
      .commit = WEIR_BUILD_COMMIT,
      .compiler = COMPILER,
      .flags = WEIR_BUILD_FLAGS,
      .build_type = WEIR_BUILD_TYPE,
      .features = listed(HAS_YAML HAS_ZLIB HAS_PNG HAS_JPEG),
      .missing = listed(NO_YAML NO_ZLIB NO_PNG NO_JPEG)};
}

weir_status weir_file_digest(weir_ctx *ctx, const char *path, char out[65]) {
  (void)ctx;
  FILE *f = fopen(path, "rb");
  if (f == NULL) {
    return weiri_fail(WEIR_E_IO, "%s: %s", path, strerror(errno));
  }
  weiri_sha256 sha;
  weiri_sha256_init(&sha);
  unsigned char block[16384], digest[32];
  size_t got;
  while ((got = fread(block, 1, sizeof block, f)) > 0) {
    weiri_sha256_update(&sha, block, got);
  }
  const int bad = ferror(f);
  const int reason = errno;
  fclose(f);
  if (bad) {
    return weiri_fail(WEIR_E_IO, "%s: %s", path, strerror(reason));
  }
  weiri_sha256_final(&sha, digest);
  weiri_sha256_print(digest, out);
  return WEIR_OK;
}
