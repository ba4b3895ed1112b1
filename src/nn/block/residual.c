/* y = act(s(x) + norm(W2 act(norm(W1 x)))) with convolutions W1 and W2 (He et al. 2016,
 * figure 2). Down: W1 and s go by strides of 2; up: both see every pixel twice, each
 * way. s is x itself where sizes and channels stay, else a 1x1 convolution. */
#include "nn/block.h"

#include "base/base.h"

enum { KEEP, DOWN, UP };

typedef struct residual {
  weiri_block base;
  int64_t channels, kernel;
  int resample;
  weiri_after after;
  weiri_unit first, second, around;
  bool projects;
} residual;

static const weir_opt opts[] = {
    {"channels", WEIR_OPT_INT, offsetof(residual, channels), "0", 0, 65536, NULL,
        "channels of the result; 0: those of the image"},
    {"kernel", WEIR_OPT_INT, offsetof(residual, kernel), "3", 1, 1023, NULL,
        "pixels of the kernels' side, odd"},
    {"resample", WEIR_OPT_CHOICE, offsetof(residual, resample), "\"none\"", 0, 0,
        "none|down|up", "halve or double height and width"},
    WEIRI_OPT_AFTER(residual), {0}};

static weir_status setup(weiri_block *b, weir_build *build) {
  residual *r = (residual *)b;
  WEIR_TRY(weiri_block_needs_image(b, build->path));
  if (r->kernel % 2 == 0) {
    return weiri_fail(WEIR_E_CONFIG, "%s.kernel: expected an odd number, found %lld",
        build->path, (long long)r->kernel);
  }
  const int64_t channels = r->channels == 0 ? b->in.c : r->channels;
  const int64_t stride = r->resample == DOWN ? 2 : 1, up = r->resample == UP ? 2 : 1;
  b->out = (weiri_extent){(b->in.h * up + stride - 1) / stride,
      (b->in.w * up + stride - 1) / stride, channels};
  r->projects = r->resample != KEEP || channels != b->in.c;
  r->first = (weiri_unit){.kind = WEIRI_CONV,
      .in = b->in.c,
      .out = channels,
      .kernel = r->kernel,
      .opts = {.stride = stride, .pad = (r->kernel - 1) / 2},
      .after = r->after};
  r->second = r->first;
  r->second.in = channels;
  r->second.opts.stride = 1;
  r->second.after.activation = 0;
  WEIR_TRY(weiri_unit_setup(&r->first, build, "first.", 1.0));
  WEIR_TRY(weiri_unit_setup(&r->second, build, "second.", 1.0));
  r->around = (weiri_unit){.kind = WEIRI_CONV,
      .in = b->in.c,
      .out = channels,
      .kernel = 1,
      .opts = {.stride = stride},
      .after = {.norm = r->after.norm}};
  return r->projects ? weiri_unit_setup(&r->around, build, "around.", 1.0) : WEIR_OK;
}

static weir_var apply(const weiri_block *b, weir_run *run, weir_var x) {
  const residual *r = (const residual *)b;
  weir_tape *t = weir_run_tape(run);
  x = r->resample == UP ? weir_upsample(t, x, 2) : x;
  const weir_var change =
      weiri_unit_apply(&r->second, run, weiri_unit_apply(&r->first, run, x));
  const weir_var same = r->projects ? weiri_unit_apply(&r->around, run, x) : x;
  return weiri_after_activate(t, r->after.activation, weir_add(t, same, change));
}

extern const weiri_block_class weiri_block_residual;
const weiri_block_class weiri_block_residual = {
    .is = {"residual", "residual block of two convolutions", "He et al. 2016",
        sizeof(residual), opts},
    .setup = setup,
    .apply = apply,
};
