/* Masked autoregressive layer (Papamakarios et al. 2017): densities in one pass, draws
 * column by column. */
#include "layer/serial.h"

static weir_status setup(weir_layer *l, weir_build *b) {
  return weiri_serial_setup(l, b, false);
}

const weir_layer_class weir_layer_autoregressive = {
    .is = {"autoregressive", "each column steered by those before it; fast densities",
        "Papamakarios et al. 2017; Germain et al. 2015", sizeof(weiri_serial),
        weiri_serial_opts},
    .setup = setup,
    .teardown = weiri_serial_teardown,
    .to_latent = weiri_serial_pass,
    .to_data = weiri_serial_solve,
};
