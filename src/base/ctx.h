/* What a context holds, for the rooms that make and use it, and the classes that users
 * registered in it. */
#ifndef WEIRI_CTX_H
#define WEIRI_CTX_H

#include "base/base.h"

struct weiri_kern;

/* A class from outside the tree; name and cls are borrowed from it. */
typedef struct weiri_entry {
  int kind;
  const char *name;
  const void *cls;
} weiri_entry;

struct weir_ctx {
  weir_alloc_fn alloc;
  void *alloc_user;
  weir_log_fn log; /* NULL: silent */
  void *log_user;
  int threads;
  const char *isa;
  const struct weiri_kern *kern;
  weiri_entry *entries;
  int n_entries, entries_cap;
  struct weiri_bulk *bulk; /* base/bulk.h */
};

/* Adds a class. Errors: E_ARGUMENT when the kind has one of that name, E_MEMORY. */
weir_status weiri_ctx_register(
    weir_ctx *ctx, int kind, const char *name, const void *cls);
/* The class of that name, or NULL. */
const void *weiri_ctx_registered(const weir_ctx *ctx, int kind, const char *name);
/* The entry of the kind after prev (NULL: the first), in order of registration; NULL at
 * the end. */
const weiri_entry *weiri_ctx_next(
    const weir_ctx *ctx, int kind, const weiri_entry *prev);
/* Frees the list of classes. */
void weiri_ctx_forget(weir_ctx *ctx);

#endif
