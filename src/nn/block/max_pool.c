/* The largest of squares of pixels. */
#include "nn/block/resize.h"

static weir_status setup(weiri_block *b, weir_build *build) {
  return weiri_resize_setup(b, build, true);
}

static weir_var apply(const weiri_block *b, weir_run *run, weir_var x) {
  return weir_max_pool(weir_run_tape(run), x, ((const weiri_resize *)b)->size);
}

extern const weiri_block_class weiri_block_max_pool;
const weiri_block_class weiri_block_max_pool = {
    .is = {"max_pool", "largest of squares of pixels", NULL, sizeof(weiri_resize),
        weiri_resize_opts},
    .setup = setup,
    .apply = apply,
};
