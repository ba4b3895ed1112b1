/* Monotone rational-quadratic spline (Durkan et al. 2019): bins whose widths and
 * heights are softmaxes and slopes softplus(theta) + 1e-3. Logits are divided by the
 * square root of the network's width, as in the paper's code. Linear tails leave what
 * is outside of [lo, hi] as it is; bounded splines map (lo, hi) onto itself; circular
 * ones the circle [lo, hi). */
#include <math.h>

#include "elem/elem.h"

#define PI 3.14159265358979323846

typedef struct rqs {
  weir_elem base;
  int64_t bins;
  double tail_bound, lo, hi;
  int tails;
} rqs;

static const weir_opt opts[] = {
    {"bins", WEIR_OPT_INT, offsetof(rqs, bins), "8", 2, 512, NULL, "bins"},
    {"tail_bound", WEIR_OPT_REAL, offsetof(rqs, tail_bound), "0", 0, 1e6, NULL,
        "lo = -tail_bound and hi = tail_bound; 0: 3, and pi on a circle"},
    {"lo", WEIR_OPT_REAL, offsetof(rqs, lo), "0", -1e6, 1e6, NULL,
        "the spline acts on [lo, hi], lo < hi; both 0: tail_bound says them"},
    {"hi", WEIR_OPT_REAL, offsetof(rqs, hi), "0", -1e6, 1e6, NULL, "see lo"},
    {"tails", WEIR_OPT_CHOICE, offsetof(rqs, tails), "\"linear\"", 0, 0,
        "linear|none|circular",
        "what lies outside: the identity, nothing, or the circle"},
    {0}};

static weir_status setup(weir_elem *e, weir_build *b, int64_t hidden) {
  static const weir_support_kind kinds[] = {WEIR_REAL, WEIR_INTERVAL, WEIR_CIRCLE};
  static const int64_t extra[] = {-1, 1, 0};
  (void)hidden;
  rqs *s = (rqs *)e;
  if (s->lo == 0.0 && s->hi == 0.0) {
    const double usual = s->tails == WEIR_RQS_CIRCULAR ? PI : 3.0;
    s->hi = s->tail_bound > 0.0 ? s->tail_bound : usual;
    s->lo = -s->hi;
  } else if (!(s->lo < s->hi) || s->tail_bound > 0.0) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: expected lo < hi and no tail_bound beside them, found %g, %g and %g",
        b->path, s->lo, s->hi, s->tail_bound);
  }
  e->params = 3 * s->bins + extra[s->tails];
  const bool ends = s->tails != WEIR_RQS_LINEAR;
  e->data = (weir_support){kinds[s->tails], ends ? s->lo : 0.0, ends ? s->hi : 0.0};
  e->latent = e->data;
  return WEIR_OK;
}

static weir_var apply(const weir_elem *e, weir_tape *t, weir_var x, weir_var theta,
    weir_var *log_det, bool inverse) {
  const rqs *s = (const rqs *)e;
  const weir_rqs_opts o = {.bins = s->bins,
      .tails = (weir_rqs_tails)s->tails,
      .lo = s->lo,
      .hi = s->hi,
      .scale = e->hidden > 0 ? 1.0 / sqrt((double)e->hidden) : 1.0,
      .inverse = inverse};
  const weir_shape shape = weir_var_shape(t, x);
  const weir_var both = weir_rqs(t, x, theta, o);
  *log_det = weir_reshape(t, weir_slice(t, both, 0, 1, 1), shape);
  return weir_reshape(t, weir_slice(t, both, 0, 0, 1), shape);
}

static weir_var to_latent(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det) {
  return apply(e, t, x, theta, log_det, false);
}

static weir_var to_data(
    const weir_elem *e, weir_tape *t, weir_var z, weir_var theta, weir_var *log_det) {
  return apply(e, t, z, theta, log_det, true);
}

const weir_elem_class weir_elem_rqs = {
    .is = {"rqs", "rational-quadratic spline", "Durkan et al. 2019, eqs. 4-8",
        sizeof(rqs), opts},
    .setup = setup,
    .to_latent = to_latent,
    .to_data = to_data,
};
