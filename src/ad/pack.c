/* Best fit over the gaps of a block that grows at its end. */
#include "ad/pack.h"

#include <string.h>

#define ALIGN ((size_t)64)

static size_t up(size_t size) {
  return size == 0 ? ALIGN : (size + ALIGN - 1) & ~(ALIGN - 1);
}

weir_status weiri_pack_create(weiri_pack *p, const weir_ctx *ctx) {
  *p = (weiri_pack){.ctx = ctx};
  return WEIR_OK;
}

void weiri_pack_destroy(weiri_pack *p) {
  weiri_free(p->ctx, p->gap);
  *p = (weiri_pack){0};
}

static void drop_gap(weiri_pack *p, size_t i) {
  p->n--;
  memmove(&p->gap[i], &p->gap[i + 1], (p->n - i) * sizeof *p->gap);
}

weir_status weiri_pack_take(weiri_pack *p, size_t size, size_t *at) {
  size = up(size);
  size_t best = p->n;
  for (size_t i = 0; i < p->n; i++) {
    if (p->gap[i].size >= size &&
        (best == p->n || p->gap[i].size < p->gap[best].size)) {
      best = i;
    }
  }
  if (best < p->n) {
    weiri_gap *g = &p->gap[best];
    *at = g->at;
    g->at += size;
    g->size -= size;
    if (g->size == 0) {
      drop_gap(p, best);
    }
    return WEIR_OK;
  }
  /* A gap at the end grows with the block. */
  const bool open = p->n > 0 && p->gap[p->n - 1].at + p->gap[p->n - 1].size == p->size;
  *at = open ? p->gap[p->n - 1].at : p->size;
  p->n -= open;
  p->size = *at + size;
  return WEIR_OK;
}

static weir_status insert_gap(weiri_pack *p, size_t i, weiri_gap gap) {
  if (p->n == p->room) {
    const size_t room = p->room == 0 ? 32 : 2 * p->room;
    weiri_gap *more = weiri_realloc(p->ctx, p->gap, room * sizeof *more);
    if (more == NULL) {
      return WEIR_E_MEMORY;
    }
    p->gap = more;
    p->room = room;
  }
  memmove(&p->gap[i + 1], &p->gap[i], (p->n - i) * sizeof *p->gap);
  p->gap[i] = gap;
  p->n++;
  return WEIR_OK;
}

weir_status weiri_pack_give(weiri_pack *p, size_t at, size_t size) {
  size = up(size);
  size_t i = 0;
  while (i < p->n && p->gap[i].at < at) {
    i++;
  }
  const bool before = i > 0 && p->gap[i - 1].at + p->gap[i - 1].size == at;
  const bool after = i < p->n && at + size == p->gap[i].at;
  if (before && after) {
    p->gap[i - 1].size += size + p->gap[i].size;
    drop_gap(p, i);
  } else if (before) {
    p->gap[i - 1].size += size;
  } else if (after) {
    p->gap[i].at = at;
    p->gap[i].size += size;
  } else {
    return insert_gap(p, i, (weiri_gap){at, size});
  }
  return WEIR_OK;
}
