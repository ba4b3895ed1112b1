/* A transposed convolution: the adjoint of one with these options. Its result has
 * stride times the height and width where kernel and pad allow it, else the smallest
 * size. */
#include "nn/block.h"

#include "base/base.h"

typedef struct conv_transpose {
  weiri_block base;
  int64_t channels, kernel, stride, pad;
  weir_ints size;
  weiri_after after;
  weiri_unit unit;
} conv_transpose;

static const weir_opt opts[] = {
    {"channels", WEIR_OPT_INT, offsetof(conv_transpose, channels), "0", 0, 65536, NULL,
        "channels of the result; 0 in the last block: as many as are needed, linear"},
    {"kernel", WEIR_OPT_INT, offsetof(conv_transpose, kernel), "4", 1, 1024, NULL,
        "pixels of the kernel's side"},
    {"stride", WEIR_OPT_INT, offsetof(conv_transpose, stride), "2", 1, 1024, NULL,
        "pixels of the result from one place to the next"},
    {"pad", WEIR_OPT_INT, offsetof(conv_transpose, pad), "-1", -1, 1024, NULL,
        "pixels cut off around the result; -1: (kernel - 1) / 2"},
    {"size", WEIR_OPT_INTS, offsetof(conv_transpose, size), "[]", 1, 65536, NULL,
        "height and width of the result; []: stride times those of the image"},
    WEIRI_OPT_AFTER(conv_transpose), {0}};

/* One side of the result. */
static weir_status side(const conv_transpose *k, const char *path, int64_t in,
    int64_t pad, int axis, int64_t *out) {
  const int64_t least = (in - 1) * k->stride + k->kernel - 2 * pad;
  const int64_t most = least + k->stride - 1, usual = in * k->stride;
  *out = k->size.n == 2                    ? k->size.v[axis]
         : usual >= least && usual <= most ? usual
                                           : least;
  return least >= 1 && *out >= least && *out <= most
             ? WEIR_OK
             : weiri_fail(WEIR_E_CONFIG,
                   "%s: expected a size within [%lld, %lld] from %lld pixels, found "
                   "%lld",
                   path, (long long)least, (long long)most, (long long)in,
                   (long long)*out);
}

static weir_status setup(weiri_block *b, weir_build *build) {
  conv_transpose *k = (conv_transpose *)b;
  bool last;
  int64_t channels;
  WEIR_TRY(weiri_block_needs_image(b, build->path));
  WEIR_TRY(weiri_block_size(b, build->path, k->channels, &channels, &last));
  if (k->size.n != 0 && k->size.n != 2) {
    return weiri_fail(WEIR_E_CONFIG, "%s.size: expected [height, width]", build->path);
  }
  const int64_t pad = k->pad < 0 ? (k->kernel - 1) / 2 : k->pad;
  b->out.c = channels;
  WEIR_TRY(side(k, build->path, b->in.h, pad, 0, &b->out.h));
  WEIR_TRY(side(k, build->path, b->in.w, pad, 1, &b->out.w));
  k->unit = (weiri_unit){.kind = WEIRI_CONV_TRANSPOSE,
      .in = b->in.c,
      .out = channels,
      .kernel = k->kernel,
      .opts = {k->stride, pad, b->out.h, b->out.w}};
  if (!last) {
    k->unit.after = k->after;
  }
  return weiri_unit_setup(&k->unit, build, "", last ? b->last_scale : 1.0);
}

static weir_var apply(const weiri_block *b, weir_run *run, weir_var x) {
  return weiri_unit_apply(&((const conv_transpose *)b)->unit, run, x);
}

extern const weiri_block_class weiri_block_conv_transpose;
const weiri_block_class weiri_block_conv_transpose = {
    .is = {"conv_transpose", "transposed convolution", NULL, sizeof(conv_transpose),
        opts},
    .setup = setup,
    .apply = apply,
};
