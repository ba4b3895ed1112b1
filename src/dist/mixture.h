/* What mixtures share: weights and the choice of a component. */
#ifndef WEIRI_MIXTURE_H
#define WEIRI_MIXTURE_H

#include "part/part.h"

/* log softmax over the last axis. */
weir_var weiri_log_weights(weir_tape *t, weir_var logits);
/* One component per leading index, 1 where it is and 0 elsewhere, shaped as log_w
 * [.., k]: the inverse distribution function at u [..] in (0, 1). No gradient. */
weir_var weiri_choose(weir_tape *t, weir_var log_w, weir_var u);
/* x with an axis of size 1 inserted before position axis. */
weir_var weiri_unsqueeze(weir_tape *t, weir_var x, int axis);

#endif
