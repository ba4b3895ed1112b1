/* z = log(exp(x - lo) - 1) */
#include "elem/elem.h"

const weir_elem_class weir_elem_inverse_softplus = {
    .is = {"inverse_softplus", "a half line onto the line, linear far up", NULL,
        sizeof(weiri_half_line), weiri_half_line_opts},
    .setup = weiri_half_line_data,
    .to_latent = weiri_unsoftplus_from,
    .to_data = weiri_softplus_from,
};
