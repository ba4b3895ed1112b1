/* z = log(x - lo) */
#include "elem/elem.h"

const weir_elem_class weir_elem_log = {
    .is = {"log", "a half line onto the line", NULL, sizeof(weiri_half_line),
        weiri_half_line_opts},
    .setup = weiri_half_line_data,
    .to_latent = weiri_log_from,
    .to_data = weiri_exp_from,
};
