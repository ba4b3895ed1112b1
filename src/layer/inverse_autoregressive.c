/* Inverse autoregressive layer (Kingma et al. 2016): the autoregressive layer turned
 * round, draws in one pass, densities column by column. */
#include "layer/serial.h"

static weir_status setup(weir_layer *l, weir_build *b) {
  return weiri_serial_setup(l, b, true);
}

const weir_layer_class weir_layer_inverse_autoregressive = {
    .is = {"inverse_autoregressive",
        "each column steered by the latents before it; fast draws",
        "Kingma et al. 2016", sizeof(weiri_serial), weiri_serial_opts},
    .setup = setup,
    .teardown = weiri_serial_teardown,
    .to_latent = weiri_serial_solve,
    .to_data = weiri_serial_pass,
};
