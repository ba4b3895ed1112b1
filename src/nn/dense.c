/* A dense layer w x + b; masked: unit j sees a prefix of its inputs, all other entries
 * of w are zero and stay so. */
#include "nn/nn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

weiri_dense_init weiri_dense_default(int64_t fan_in, double scale) {
  const double bound = scale / sqrt(fan_in > 0 ? (double)fan_in : 1.0);
  return (weiri_dense_init){bound, bound};
}

/* [out, in] with ones where a unit sees an input; NULL for a dense layer. */
static weir_status make_keep(
    weir_ctx *ctx, const weiri_dense *d, unsigned char **keep) {
  *keep = NULL;
  if (d->prefix == NULL) {
    return WEIR_OK;
  }
  *keep = weiri_calloc(ctx, (size_t)(d->out * d->in) + 1, 1);
  if (*keep == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < d->out; j++) {
    memset(*keep + j * d->in, 1, (size_t)d->prefix[j]);
  }
  return WEIR_OK;
}

weir_status weiri_dense_setup(weiri_dense *d, weir_build *b, const char *name,
    int64_t in, int64_t out, weiri_dense_init init, int64_t *prefix) {
  *d = (weiri_dense){{-1}, {-1}, in, out, prefix};
  unsigned char *keep;
  WEIR_TRY(make_keep(b->ctx, d, &keep));
  char full[64];
  snprintf(full, sizeof full, "%s.weight", name);
  weir_status status = weir_build_param(b, &d->weight, full, weir_shape_2(out, in),
      (weir_init){WEIR_INIT_UNIFORM, init.weight}, keep);
  if (status == WEIR_OK && init.bias >= 0.0) {
    snprintf(full, sizeof full, "%s.bias", name);
    status = weir_build_param(b, &d->bias, full, weir_shape_1(out),
        (weir_init){WEIR_INIT_UNIFORM, init.bias}, NULL);
  }
  weiri_free(b->ctx, keep);
  return status;
}

void weiri_dense_teardown(weir_ctx *ctx, weiri_dense *d) {
  weiri_free(ctx, d->prefix);
  d->prefix = NULL;
}

static weir_var apply(const weiri_dense *d, weir_run *run, weir_var x, weir_act act) {
  return weir_linear(weir_run_tape(run), x, weir_run_param(run, d->weight),
      weir_run_param(run, d->bias), (weir_linear_opts){act, d->prefix});
}

weir_var weiri_dense_apply(const weiri_dense *d, weir_run *run, weir_var x) {
  return apply(d, run, x, WEIR_ACT_NONE);
}

weir_var weiri_dense_activate(
    const weiri_dense *d, weir_run *run, weiri_activation a, weir_var x) {
  if (a == WEIRI_RELU || a == WEIRI_TANH) {
    return apply(d, run, x, a == WEIRI_RELU ? WEIR_ACT_RELU : WEIR_ACT_TANH);
  }
  return weiri_activate(weir_run_tape(run), a, apply(d, run, x, WEIR_ACT_NONE));
}
