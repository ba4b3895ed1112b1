/* z = lo + (hi - lo) (sigmoid(x) - eps) / (1 - 2 eps) */
#include "elem/elem.h"

const weir_elem_class weir_elem_sigmoid = {
    .is = {"sigmoid", "the line onto an interval", NULL, sizeof(weiri_interval),
        weiri_interval_opts},
    .setup = weiri_interval_latent,
    .to_latent = weiri_expit,
    .to_data = weiri_logit,
};
