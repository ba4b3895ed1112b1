/* A dense layer over all numbers of an image or row; its result may be an image. */
#include "nn/block.h"

#include "base/base.h"

typedef struct dense {
  weiri_block base;
  int64_t features;
  weir_ints image;
  weiri_after after;
  weiri_unit unit;
} dense;

static const weir_opt opts[] = {
    {"features", WEIR_OPT_INT, offsetof(dense, features), "0", 0, 16777216, NULL,
        "numbers of the result; 0 in the last block: as many as are needed, linear"},
    {"image", WEIR_OPT_INTS, offsetof(dense, image), "[]", 1, 65536, NULL,
        "height, width and channels of the result, in place of features"},
    WEIRI_OPT_AFTER(dense), {0}};

static weir_status setup(weiri_block *b, weir_build *build) {
  dense *d = (dense *)b;
  bool last = false;
  if (d->image.n == 3 && d->features == 0) {
    b->out = (weiri_extent){d->image.v[0], d->image.v[1], d->image.v[2]};
  } else if (d->image.n == 0) {
    WEIR_TRY(weiri_block_size(b, build->path, d->features, &b->out.c, &last));
  } else {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: expected features, or image: [height, width, channels]", build->path);
  }
  d->unit = (weiri_unit){.kind = WEIRI_DENSE,
      .in = weiri_extent_size(b->in),
      .out = weiri_extent_size(b->out)};
  if (!last) {
    d->unit.after = d->after;
  }
  return weiri_unit_setup(&d->unit, build, "", last ? b->last_scale : 1.0);
}

static weir_var apply(const weiri_block *b, weir_run *run, weir_var x) {
  const dense *d = (const dense *)b;
  weir_tape *t = weir_run_tape(run);
  const int64_t n = weir_var_dim(t, x, 0);
  const weir_var rows = weir_reshape(t, x, weir_shape_2(n, d->unit.in));
  const weir_var y = weiri_unit_apply(&d->unit, run, rows);
  const weir_shape image = {4, {n, b->out.h, b->out.w, b->out.c}};
  return weiri_is_image(b->out) ? weir_reshape(t, y, image) : y;
}

extern const weiri_block_class weiri_block_dense;
const weiri_block_class weiri_block_dense = {
    .is = {"dense", "dense layer; its result may be an image", NULL, sizeof(dense),
        opts},
    .setup = setup,
    .apply = apply,
};
