/* The classes registered in a context: a short list, searched from the front. */
#include "base/ctx.h"

#include <string.h>

weir_status weiri_ctx_register(
    weir_ctx *ctx, int kind, const char *name, const void *cls) {
  if (weiri_ctx_registered(ctx, kind, name) != NULL) {
    return weiri_fail(WEIR_E_ARGUMENT, "'%s' is registered already", name);
  }
  if (ctx->n_entries == ctx->entries_cap) {
    const int cap = ctx->entries_cap == 0 ? 8 : 2 * ctx->entries_cap;
    weiri_entry *more = weiri_realloc(ctx, ctx->entries, (size_t)cap * sizeof *more);
    if (more == NULL) {
      return WEIR_E_MEMORY;
    }
    ctx->entries = more;
    ctx->entries_cap = cap;
  }
  ctx->entries[ctx->n_entries++] = (weiri_entry){kind, name, cls};
  return WEIR_OK;
}

const void *weiri_ctx_registered(const weir_ctx *ctx, int kind, const char *name) {
  for (int i = 0; i < ctx->n_entries; i++) {
    const weiri_entry *e = &ctx->entries[i];
    if (e->kind == kind && strcmp(e->name, name) == 0) {
      return e->cls;
    }
  }
  return NULL;
}

const weiri_entry *weiri_ctx_next(
    const weir_ctx *ctx, int kind, const weiri_entry *prev) {
  for (int i = prev == NULL ? 0 : (int)(prev - ctx->entries) + 1; i < ctx->n_entries;
       i++) {
    if (ctx->entries[i].kind == kind) {
      return &ctx->entries[i];
    }
  }
  return NULL;
}

void weiri_ctx_forget(weir_ctx *ctx) {
  weiri_free(ctx, ctx->entries);
  ctx->entries = NULL;
  ctx->n_entries = ctx->entries_cap = 0;
}
