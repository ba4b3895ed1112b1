/* z = lo + log(1 + exp(x)) */
#include "elem/elem.h"

const weir_elem_class weir_elem_softplus = {
    .is = {"softplus", "the line onto a half line, linear far up", NULL,
        sizeof(weiri_half_line), weiri_half_line_opts},
    .setup = weiri_half_line_latent,
    .to_latent = weiri_softplus_from,
    .to_data = weiri_unsoftplus_from,
};
