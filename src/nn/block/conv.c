/* A convolution: [n, h, w, c] to [n, (h + 2 pad - kernel) / stride + 1, .., channels].
 */
#include "nn/block.h"

#include "base/base.h"

typedef struct conv {
  weiri_block base;
  int64_t channels, kernel, stride, pad;
  weiri_after after;
  weiri_unit unit;
} conv;

static const weir_opt opts[] = {
    {"channels", WEIR_OPT_INT, offsetof(conv, channels), "0", 0, 65536, NULL,
        "channels of the result; 0 in the last block: as many as are needed, linear"},
    {"kernel", WEIR_OPT_INT, offsetof(conv, kernel), "3", 1, 1024, NULL,
        "pixels of the kernel's side"},
    {"stride", WEIR_OPT_INT, offsetof(conv, stride), "1", 1, 1024, NULL,
        "pixels from one place to the next"},
    {"pad", WEIR_OPT_INT, offsetof(conv, pad), "-1", -1, 1024, NULL,
        "zeros around the image; -1: (kernel - 1) / 2"},
    WEIRI_OPT_AFTER(conv), {0}};

static weir_status setup(weiri_block *b, weir_build *build) {
  conv *k = (conv *)b;
  bool last;
  int64_t channels;
  WEIR_TRY(weiri_block_needs_image(b, build->path));
  WEIR_TRY(weiri_block_size(b, build->path, k->channels, &channels, &last));
  const int64_t pad = k->pad < 0 ? (k->kernel - 1) / 2 : k->pad;
  const int64_t h = b->in.h + 2 * pad, w = b->in.w + 2 * pad;
  if (h < k->kernel || w < k->kernel) {
    char text[80];
    return weiri_fail(WEIR_E_CONFIG,
        "%s: a kernel of %lld does not fit %s, padded by %lld", build->path,
        (long long)k->kernel, weiri_extent_text(b->in, text), (long long)pad);
  }
  b->out = (weiri_extent){
      (h - k->kernel) / k->stride + 1, (w - k->kernel) / k->stride + 1, channels};
  k->unit = (weiri_unit){.kind = WEIRI_CONV,
      .in = b->in.c,
      .out = channels,
      .kernel = k->kernel,
      .opts = {.stride = k->stride, .pad = pad}};
  if (!last) {
    k->unit.after = k->after;
  }
  return weiri_unit_setup(&k->unit, build, "", last ? b->last_scale : 1.0);
}

static weir_var apply(const weiri_block *b, weir_run *run, weir_var x) {
  return weiri_unit_apply(&((const conv *)b)->unit, run, x);
}

extern const weiri_block_class weiri_block_conv;
const weiri_block_class weiri_block_conv = {
    .is = {"conv", "convolution", NULL, sizeof(conv), opts},
    .setup = setup,
    .apply = apply,
};
