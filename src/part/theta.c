/* theta(c) = free + W c, or free + net(c) */
#include "part/theta.h"

#include <math.h>

weir_status weiri_context_net(weir_net **net, int64_t *given, const weir_build *b,
    const weir_spec *spec, int64_t out) {
  *given = b->given > 0 && b->given < b->context ? b->given : b->context;
  const weir_net_io io = {.in = *given, .out = out, .context = b->context - *given};
  weir_build of_net = *b;
  of_net.context = io.context;
  of_net.given = 0;
  return weir_net_make(net, &of_net, "net", spec, &io);
}

weir_var weiri_context_net_pieces(const weir_net *net, int64_t given, weir_run *run,
    weir_var context, weir_pieces *pieces) {
  weir_tape *t = run->tape;
  const int64_t width = weir_var_dim(t, context, 1);
  weir_var x = context, rest = weir_var_none();
  if (width > given) {
    x = weir_slice(t, context, 1, 0, given);
    rest = weir_slice(t, context, 1, given, width - given);
  }
  return pieces == NULL ? weir_net_apply(net, run, x, rest)
                        : weir_net_pieces(net, run, x, rest, pieces);
}

weir_var weiri_context_net_apply(
    const weir_net *net, int64_t given, weir_run *run, weir_var context) {
  return weiri_context_net_pieces(net, given, run, context, NULL);
}

weir_status weiri_theta_setup(
    weiri_theta *theta, weir_build *b, const weiri_theta_opts *opts, int64_t size) {
  theta->size = size;
  theta->weight.index = -1;
  theta->conditional = opts->conditional && b->context > 0;
  if (!theta->conditional) {
    return WEIR_OK;
  }
  if (opts->net != NULL && !json_is_null(opts->net)) {
    return weiri_context_net(&theta->net, &theta->given, b, opts->net, size);
  }
  const double bound = opts->head_scale / sqrt((double)b->context);
  const weir_init init = {bound > 0.0 ? WEIR_INIT_UNIFORM : WEIR_INIT_CONSTANT, bound};
  return weir_build_param(
      b, &theta->weight, "weight", weir_shape_2(size, b->context), init, NULL);
}

void weiri_theta_teardown(weiri_theta *theta) {
  weir_net_destroy(&theta->net);
}

weir_var weiri_theta_apply(const weiri_theta *theta, weir_run *run, weir_var context) {
  if (!theta->conditional) {
    return weir_var_none();
  }
  weir_var value = weiri_run_recall(run, theta, context);
  if (weir_var_ok(value)) {
    return value;
  }
  if (theta->net != NULL) {
    value = weiri_context_net_apply(theta->net, theta->given, run, context);
  } else {
    const weir_linear_opts dense = {WEIR_ACT_NONE, NULL};
    value = weir_linear(
        run->tape, context, weir_run_param(run, theta->weight), weir_var_none(), dense);
  }
  weiri_run_remember(run, theta, context, value);
  return value;
}

weir_var weiri_theta_pieces(const weiri_theta *theta, weir_run *run, weir_var context,
    int64_t first, int64_t count, weir_pieces *pieces) {
  if (!theta->conditional) {
    weir_pieces_give_up(pieces); /* nothing to differentiate */
    return weir_var_none();
  }
  weir_var value;
  if (theta->net == NULL) {
    weir_pieces_push(pieces, weir_run_param(run, theta->weight));
    value = weiri_theta_apply(theta, run, context);
  } else {
    value = weiri_context_net_pieces(theta->net, theta->given, run, context, pieces);
  }
  if (pieces->n > 0) {
    weir_var *last = &pieces->weight[pieces->n - 1];
    *last = weir_slice(run->tape, *last, 0, first, count);
  }
  return value;
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
