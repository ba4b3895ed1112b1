/* gz streams (RFC 1952) through zlib's inflate: members one after another, checksums
 * checked by zlib, zero padding at the end allowed. */
#include "data/source.h"

#include <string.h>

#ifdef WEIR_HAVE_ZLIB

#include <zlib.h>

enum { IN = 1 << 16 };

struct weiri_gz {
  const weir_ctx *ctx;
  const char *name;
  weiri_fetch fetch;
  void *user;
  z_stream z;
  bool started, inside, ended; /* inside: a member has begun and not ended */
  unsigned char in[IN];
};

static voidpf z_alloc(voidpf opaque, uInt items, uInt size) {
  const weiri_gz *gz = opaque;
  return weiri_calloc(gz->ctx, items, size);
}

static void z_free(voidpf opaque, voidpf p) {
  const weiri_gz *gz = opaque;
  weiri_free(gz->ctx, p);
}

weir_status weiri_gz_create(weiri_gz **out, const weir_ctx *ctx, const char *name,
    weiri_fetch fetch, void *user) {
  *out = NULL;
  weiri_gz *gz = weiri_calloc(ctx, 1, sizeof *gz);
  if (gz == NULL) {
    return WEIR_E_MEMORY;
  }
  gz->ctx = ctx;
  gz->name = name;
  gz->fetch = fetch;
  gz->user = user;
  gz->z.zalloc = z_alloc;
  gz->z.zfree = z_free;
  gz->z.opaque = gz;
  if (inflateInit2(&gz->z, 15 + 16) != Z_OK) {
    weiri_free(ctx, gz);
    return weiri_fail(WEIR_E_MEMORY, "%s: out of memory in zlib", name);
  }
  gz->started = true;
  gz->inside = true;
  *out = gz;
  return WEIR_OK;
}

void weiri_gz_destroy(weiri_gz **gz) {
  if (*gz == NULL) {
    return;
  }
  if ((*gz)->started) {
    (void)inflateEnd(&(*gz)->z);
  }
  weiri_free((*gz)->ctx, *gz);
  *gz = NULL;
}

static weir_status refill(weiri_gz *gz, bool *end) {
  size_t got = 0;
  WEIR_TRY(gz->fetch(gz->user, gz->in, IN, &got));
  gz->z.next_in = gz->in;
  gz->z.avail_in = (uInt)got;
  *end = got == 0;
  return WEIR_OK;
}

/* Between members: another one, padding, or the end. */
static weir_status next_member(weiri_gz *gz) {
  for (;;) {
    bool end = false;
    if (gz->z.avail_in == 0) {
      WEIR_TRY(refill(gz, &end));
    }
    if (end) {
      gz->ended = true;
      return WEIR_OK;
    }
    if (*gz->z.next_in != 0) {
      break;
    }
    gz->z.next_in++;
    gz->z.avail_in--;
  }
  if (*gz->z.next_in != 0x1f || inflateReset(&gz->z) != Z_OK) {
    return weiri_fail(
        WEIR_E_FORMAT, "%s: has bytes after the end of its gz data", gz->name);
  }
  gz->inside = true;
  return WEIR_OK;
}

static weir_status step(weiri_gz *gz) {
  bool end = false;
  if (gz->z.avail_in == 0) {
    WEIR_TRY(refill(gz, &end));
  }
  if (end) {
    return weiri_fail(WEIR_E_FORMAT,
        "%s: truncated: its gz data end after %llu decompressed bytes, in the middle",
        gz->name, (unsigned long long)gz->z.total_out);
  }
  const int rc = inflate(&gz->z, Z_NO_FLUSH);
  if (rc == Z_STREAM_END) {
    gz->inside = false;
    return WEIR_OK;
  }
  if (rc == Z_MEM_ERROR) {
    return weiri_fail(WEIR_E_MEMORY, "%s: out of memory in zlib", gz->name);
  }
  if (rc != Z_OK && rc != Z_BUF_ERROR) {
    return weiri_fail(WEIR_E_FORMAT, "%s: damaged gz data after %llu bytes: %s",
        gz->name, (unsigned long long)gz->z.total_out,
        gz->z.msg != NULL ? gz->z.msg : "not deflate");
  }
  return WEIR_OK;
}

weir_status weiri_gz_read(weiri_gz *gz, void *buf, size_t size, size_t *got) {
  *got = 0;
  unsigned char *to = buf;
  while (*got < size && !gz->ended) {
    if (!gz->inside) {
      WEIR_TRY(next_member(gz));
      continue;
    }
    const size_t want = size - *got < (1u << 30) ? size - *got : 1u << 30;
    gz->z.next_out = to + *got;
    gz->z.avail_out = (uInt)want;
    WEIR_TRY(step(gz));
    *got += want - gz->z.avail_out;
  }
  return WEIR_OK;
}

#else

struct weiri_gz {
  int unused;
};

weir_status weiri_gz_create(weiri_gz **out, const weir_ctx *ctx, const char *name,
    weiri_fetch fetch, void *user) {
  (void)ctx;
  (void)fetch;
  (void)user;
  *out = NULL;
  return weiri_fail(WEIR_E_UNSUPPORTED,
      "%s: is compressed and this weir was built without zlib: gunzip it first", name);
}

weir_status weiri_gz_read(weiri_gz *gz, void *buf, size_t size, size_t *got) {
  (void)gz;
  (void)buf;
  (void)size;
  *got = 0;
  return weiri_fail(WEIR_E_UNSUPPORTED, "built without zlib");
}

void weiri_gz_destroy(weiri_gz **gz) {
  *gz = NULL;
}

#endif
