/* Making blocks from their names and options. */
#include "nn/block.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/option.h"

#define WEIR_BLOCK(name) extern const weiri_block_class weiri_block_##name;
#include "weir/blocks.def"
#undef WEIR_BLOCK

static const weiri_block_class *const classes[] = {
#define WEIR_BLOCK(name) &weiri_block_##name,
#include "weir/blocks.def"
#undef WEIR_BLOCK
    NULL};
enum { CLASSES = sizeof classes / sizeof classes[0] };

const weiri_block_class *weiri_block_at(int i) {
  return i < 0 || i >= CLASSES ? NULL : classes[i];
}

const char *weiri_extent_text(weiri_extent e, char *buf) {
  if (weiri_is_image(e)) {
    snprintf(
        buf, 80, "%lld x %lld x %lld", (long long)e.h, (long long)e.w, (long long)e.c);
  } else {
    snprintf(buf, 80, "%lld numbers", (long long)e.c);
  }
  return buf;
}

static weir_status find_class(
    const char *path, const json_t *spec, const weiri_block_class **out) {
  const char *name = json_is_string(spec)
                         ? json_string_value(spec)
                         : json_string_value(json_object_get(spec, "name"));
  const char *names[CLASSES];
  if (name == NULL) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: expected the name of a block, or {name: ..., options}", path);
  }
  for (int i = 0; i < CLASSES; i++) {
    *out = classes[i];
    names[i] = *out == NULL ? NULL : (*out)->is.name;
    if (*out != NULL && strcmp(names[i], name) == 0) {
      return WEIR_OK;
    }
  }
  const char *near = weiri_nearest(name, names);
  return weiri_fail(WEIR_E_CONFIG, "%s: no block is called '%s'%s%s%s", path, name,
      near == NULL ? "" : "; did you mean '", near == NULL ? "" : near,
      near == NULL ? "" : "'?");
}

weir_status weiri_block_make(weiri_block **out, const weir_build *b, const char *child,
    const weir_spec *spec, weiri_extent in, int64_t wanted, double last_scale) {
  static const weir_opt none[] = {{0}};
  const weiri_block_class *cls = NULL;
  char *path = weiri_format(b->ctx, "%s.%s", b->path, child);
  weir_status status = path == NULL ? WEIR_E_MEMORY : find_class(path, spec, &cls);
  weiri_block *block = status == WEIR_OK ? weiri_calloc(b->ctx, 1, cls->is.size) : NULL;
  if (block == NULL) {
    weiri_free(b->ctx, path);
    return status == WEIR_OK ? WEIR_E_MEMORY : status;
  }
  block->cls = cls;
  block->ctx = b->ctx;
  block->in = in;
  block->wanted = wanted;
  block->last_scale = last_scale;
  weir_build own = *b;
  own.path = path;
  status = weiri_opts_read(b->ctx, cls->is.opts == NULL ? none : cls->is.opts, block,
      json_is_string(spec) ? NULL : spec, path, NULL);
  if (status == WEIR_OK) {
    status = cls->setup(block, &own);
  }
  weiri_free(b->ctx, path);
  if (status != WEIR_OK) {
    weiri_block_destroy(&block);
    return status;
  }
  *out = block;
  return WEIR_OK;
}

void weiri_block_destroy(weiri_block **block) {
  weiri_block *b = *block;
  if (b == NULL) {
    return;
  }
  if (b->cls->teardown != NULL) {
    b->cls->teardown(b);
  }
  if (b->cls->is.opts != NULL) {
    weiri_opts_free(b->ctx, b->cls->is.opts, b);
  }
  weiri_free(b->ctx, b);
  *block = NULL;
}

weir_status weiri_block_size(
    const weiri_block *b, const char *path, int64_t given, int64_t *size, bool *last) {
  *last = given == 0;
  *size = given == 0 ? b->wanted : given;
  return *size > 0 ? WEIR_OK
                   : weiri_fail(WEIR_E_CONFIG,
                         "%s: expected its %s; the last block alone may leave them out",
                         path, weiri_is_image(b->in) ? "channels" : "features");
}

weir_status weiri_block_needs_image(const weiri_block *b, const char *path) {
  return weiri_is_image(b->in)
             ? WEIR_OK
             : weiri_fail(WEIR_E_CONFIG,
                   "%s: '%s' reads an image, but %lld numbers without places reach it; "
                   "put {name: dense, image: [height, width, channels]} before it",
                   path, b->cls->is.name, (long long)b->in.c);
}
