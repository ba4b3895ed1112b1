/* theta(c) = free + W c, or free + net(c) */
#include "part/theta.h"

weir_status weiri_theta_setup(
    weiri_theta *theta, weir_build *b, const weiri_theta_opts *opts, int64_t size) {
  theta->size = size;
  theta->weight.index = -1;
  theta->conditional = opts->conditional && b->context > 0;
  if (!theta->conditional) {
    return WEIR_OK;
  }
  if (opts->net != NULL && !json_is_null(opts->net)) {
    const weir_net_io io = {.in = b->context, .out = size};
    weir_build without = *b;
    without.context = 0;
    return weir_net_make(&theta->net, &without, "net", opts->net, &io);
  }
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0};
  return weir_build_param(
      b, &theta->weight, "weight", weir_shape_2(size, b->context), zero, NULL);
}

void weiri_theta_teardown(weiri_theta *theta) {
  weir_net_destroy(&theta->net);
}

weir_var weiri_theta_apply(const weiri_theta *theta, weir_run *run, weir_var context) {
  if (!theta->conditional) {
    return weir_var_none();
  }
  if (theta->net != NULL) {
    return weir_net_apply(theta->net, run, context, weir_var_none());
  }
  const weir_linear_opts dense = {WEIR_ACT_NONE, NULL};
  return weir_linear(
      run->tape, context, weir_run_param(run, theta->weight), weir_var_none(), dense);
}

weir_var weiri_theta_part(
    weir_run *run, weir_slot slot, weir_var theta, int64_t first, int64_t count) {
  weir_tape *t = run->tape;
  const weir_var free =
      weir_reshape(t, weir_run_param(run, slot), weir_shape_2(1, count));
  return weir_var_ok(theta) ? weir_add(t, free, weir_slice(t, theta, 1, first, count))
                            : free;
}

weir_var weiri_beside(weir_run *run, weir_var given, weir_var context) {
  const weir_var both[2] = {given, context};
  return weir_var_ok(context) ? weir_concat(run->tape, 2, both, 1) : given;
}
