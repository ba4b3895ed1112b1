/* Places in one block: pieces are taken and given back, and the block grows only when
 * no gap is large enough. */
#ifndef WEIRI_PACK_H
#define WEIRI_PACK_H

#include "base/base.h"

typedef struct weiri_gap {
  size_t at, size;
} weiri_gap;

typedef struct weiri_pack {
  const weir_ctx *ctx;
  weiri_gap *gap; /* [n], by place, no two touching */
  size_t n, room;
  size_t size; /* of the block so far */
} weiri_pack;

weir_status weiri_pack_create(weiri_pack *p, const weir_ctx *ctx);
void weiri_pack_destroy(weiri_pack *p);
/* The smallest gap that holds size bytes, rounded up to 64, or the end of the block. */
weir_status weiri_pack_take(weiri_pack *p, size_t size, size_t *at);
weir_status weiri_pack_give(weiri_pack *p, size_t at, size_t size);

#endif
