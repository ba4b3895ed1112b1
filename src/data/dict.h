/* A set of texts with numbers 0, 1, 2 ... in the order of their arrival. */
#ifndef WEIRI_DICT_H
#define WEIRI_DICT_H

#include "base/base.h"

typedef struct weiri_dict {
  const weir_ctx *ctx;
  int64_t n, cap; /* texts; room in at */
  size_t *at;     /* [n] offsets into pool */
  char *pool;     /* NUL-terminated texts */
  size_t used, size;
  int64_t slots; /* power of two */
  int64_t *slot; /* [slots] index, -1 empty */
} weiri_dict;

void weiri_dict_init(weiri_dict *d, const weir_ctx *ctx);
void weiri_dict_free(weiri_dict *d);
/* Index of text, added when new (then *is_new). */
weir_status weiri_dict_add(
    weiri_dict *d, const char *text, size_t len, int64_t *index, bool *is_new);
const char *weiri_dict_text(const weiri_dict *d, int64_t index);

/* Whether len bytes are well-formed UTF-8 without NUL (Unicode 15, table 3-7). */
bool weiri_is_utf8(const char *s, size_t len);

#endif
