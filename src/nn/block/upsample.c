/* Every pixel as a square of equal ones. */
#include "nn/block/resize.h"

static weir_status setup(weiri_block *b, weir_build *build) {
  return weiri_resize_setup(b, build, false);
}

static weir_var apply(const weiri_block *b, weir_run *run, weir_var x) {
  return weir_upsample(weir_run_tape(run), x, ((const weiri_resize *)b)->size);
}

extern const weiri_block_class weiri_block_upsample;
const weiri_block_class weiri_block_upsample = {
    .is = {"upsample", "every pixel repeated as a square", NULL, sizeof(weiri_resize),
        weiri_resize_opts},
    .setup = setup,
    .apply = apply,
};
