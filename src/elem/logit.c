/* z = log u - log(1 - u), u = eps + (1 - 2 eps) (x - lo) / (hi - lo) */
#include "elem/elem.h"

const weir_elem_class weir_elem_logit = {
    .is = {"logit", "an interval onto the line", NULL, sizeof(weiri_interval),
        weiri_interval_opts},
    .setup = weiri_interval_data,
    .to_latent = weiri_logit,
    .to_data = weiri_expit,
};
