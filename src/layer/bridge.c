#include "layer/bridge.h"

#include <math.h>

weir_status weiri_bridge_setup(weiri_bridge *b, weir_layer *l, weir_build *build) {
  WEIR_TRY(weir_event_require_real(&l->data, l->path));
  WEIR_TRY(weir_event_copy(build->ctx, &l->latent, &l->data));
  if (b->spec != NULL && !json_is_null(b->spec)) {
    WEIR_TRY(weiri_target_make(&b->own, build->ctx, b->spec, NULL));
  }
  b->target = b->own != NULL        ? b->own
              : build->site != NULL ? build->site->target
                                    : NULL;
  if (b->target == NULL) {
    return weiri_fail(WEIR_E_CONFIG, "%s.target: a target is needed", l->path);
  }
  if (b->target->dim != l->data.features) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s.target: the target has %lld coordinates, the layer %lld columns", l->path,
        (long long)b->target->dim, (long long)l->data.features);
  }
  return weir_build_param(build, &b->log_step, "log_step", weir_shape_1(1),
      (weir_init){WEIR_INIT_CONSTANT, log(b->step)}, NULL);
}

void weiri_bridge_teardown(weiri_bridge *b) {
  weir_target_destroy(&b->own);
}

weir_var weiri_bridge_at(const weiri_bridge *b, weir_tape *t, weir_var x) {
  return weiri_bridge_score(t, b->target, b->power, x);
}
