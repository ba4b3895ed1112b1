/* z = lo + exp(x) */
#include "elem/elem.h"

const weir_elem_class weir_elem_exp = {
    .is = {"exp", "the line onto a half line", NULL, sizeof(weiri_half_line),
        weiri_half_line_opts},
    .setup = weiri_half_line_latent,
    .to_latent = weiri_exp_from,
    .to_data = weiri_log_from,
};
