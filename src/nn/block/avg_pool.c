/* Means over squares of pixels. */
#include "nn/block/resize.h"

#include "base/base.h"

const weir_opt weiri_resize_opts[] = {
    {"size", WEIR_OPT_INT, offsetof(weiri_resize, size), "2", 1, 1024, NULL,
        "pixels of a square's side"},
    {0}};

weir_status weiri_resize_setup(weiri_block *b, weir_build *build, bool shrinks) {
  const int64_t size = ((const weiri_resize *)b)->size;
  WEIR_TRY(weiri_block_needs_image(b, build->path));
  if (shrinks && (b->in.h < size || b->in.w < size)) {
    char text[80];
    return weiri_fail(WEIR_E_CONFIG, "%s: squares of %lld pixels do not fit %s",
        build->path, (long long)size, weiri_extent_text(b->in, text));
  }
  b->out = shrinks ? (weiri_extent){b->in.h / size, b->in.w / size, b->in.c}
                   : (weiri_extent){b->in.h * size, b->in.w * size, b->in.c};
  return WEIR_OK;
}

static weir_status setup(weiri_block *b, weir_build *build) {
  return weiri_resize_setup(b, build, true);
}

static weir_var apply(const weiri_block *b, weir_run *run, weir_var x) {
  return weir_avg_pool(weir_run_tape(run), x, ((const weiri_resize *)b)->size);
}

extern const weiri_block_class weiri_block_avg_pool;
const weiri_block_class weiri_block_avg_pool = {
    .is = {"avg_pool", "means over squares of pixels", NULL, sizeof(weiri_resize),
        weiri_resize_opts},
    .setup = setup,
    .apply = apply,
};
