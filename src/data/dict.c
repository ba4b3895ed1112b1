/* Texts by open addressing on FNV-1a; the texts lie in one pool. */
#include "data/dict.h"

#include <string.h>

void weiri_dict_init(weiri_dict *d, const weir_ctx *ctx) {
  memset(d, 0, sizeof *d);
  d->ctx = ctx;
}

void weiri_dict_free(weiri_dict *d) {
  weiri_free(d->ctx, d->at);
  weiri_free(d->ctx, d->pool);
  weiri_free(d->ctx, d->slot);
  weiri_dict_init(d, d->ctx);
}

const char *weiri_dict_text(const weiri_dict *d, int64_t index) {
  return d->pool + d->at[index];
}

static uint64_t hash(const char *s, size_t len) {
  uint64_t h = 14695981039346656037u;
  for (size_t i = 0; i < len; i++) {
    h = (h ^ (unsigned char)s[i]) * 1099511628211u;
  }
  return h ^ (h >> 32);
}

/* The slot that holds text, or the empty one where it belongs. */
static int64_t find_slot(const weiri_dict *d, const char *text, size_t len) {
  const uint64_t mask = (uint64_t)d->slots - 1;
  uint64_t i = hash(text, len) & mask;
  for (; d->slot[i] >= 0; i = (i + 1) & mask) {
    const char *have = weiri_dict_text(d, d->slot[i]);
    if (strncmp(have, text, len) == 0 && have[len] == '\0') {
      break;
    }
  }
  return (int64_t)i;
}

static weir_status grow_slots(weiri_dict *d) {
  const int64_t slots = d->slots == 0 ? 16 : 2 * d->slots;
  int64_t *slot = weiri_alloc(d->ctx, (size_t)slots * sizeof *slot);
  if (slot == NULL) {
    return WEIR_E_MEMORY;
  }
  weiri_free(d->ctx, d->slot);
  d->slot = slot;
  d->slots = slots;
  for (int64_t i = 0; i < slots; i++) {
    slot[i] = -1;
  }
  for (int64_t i = 0; i < d->n; i++) {
    const char *text = weiri_dict_text(d, i);
    slot[find_slot(d, text, strlen(text))] = i;
  }
  return WEIR_OK;
}

static weir_status grow_pool(weiri_dict *d, size_t more) {
  if (d->n == d->cap) {
    const int64_t cap = d->cap == 0 ? 16 : 2 * d->cap;
    size_t *at = weiri_realloc(d->ctx, d->at, (size_t)cap * sizeof *at);
    if (at == NULL) {
      return WEIR_E_MEMORY;
    }
    d->at = at;
    d->cap = cap;
  }
  if (d->used + more > d->size) {
    const size_t size = 2 * (d->used + more) + 64;
    char *pool = weiri_realloc(d->ctx, d->pool, size);
    if (pool == NULL) {
      return WEIR_E_MEMORY;
    }
    d->pool = pool;
    d->size = size;
  }
  return WEIR_OK;
}

weir_status weiri_dict_add(
    weiri_dict *d, const char *text, size_t len, int64_t *index, bool *is_new) {
  if (2 * (d->n + 1) > d->slots) {
    WEIR_TRY(grow_slots(d));
  }
  const int64_t i = find_slot(d, text, len);
  *is_new = d->slot[i] < 0;
  if (*is_new) {
    WEIR_TRY(grow_pool(d, len + 1));
    memcpy(d->pool + d->used, text, len);
    d->pool[d->used + len] = '\0';
    d->at[d->n] = d->used;
    d->used += len + 1;
    d->slot[i] = d->n++;
  }
  *index = d->slot[i];
  return WEIR_OK;
}

bool weiri_is_utf8(const char *s, size_t len) {
  const unsigned char *p = (const unsigned char *)s;
  for (size_t i = 0; i < len;) {
    const unsigned char c = p[i++];
    if (c > 0 && c < 0x80) {
      continue;
    }
    const int more = c >= 0xc2 && c <= 0xdf   ? 1
                     : (c & 0xf0) == 0xe0     ? 2
                     : c >= 0xf0 && c <= 0xf4 ? 3
                                              : 0;
    if (more == 0 || len - i < (size_t)more) {
      return false;
    }
    const unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (p[i] < low || p[i] > high) {
      return false;
    }
    for (int k = 1; k < more; k++) {
      if ((p[i + (size_t)k] & 0xc0) != 0x80) {
        return false;
      }
    }
    i += (size_t)more;
  }
  return true;
}
