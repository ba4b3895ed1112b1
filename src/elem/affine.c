/* z = s(u) x + shift, theta = (u, shift); log-derivative log s(u).
 *   exp:      s = exp(u)                    Real NVP (Dinh et al. 2017), MAF
 *   tanh-exp: s = exp(b tanh(u / b))        scales kept within exp(-b) .. exp(b)
 *   sigmoid:  s = sigmoid(u + 2) + 1e-3     the affine baseline of Durkan et al. 2019
 *   softplus: s = softplus(u) + 1e-3        nflows' masked affine */
#include "elem/elem.h"

typedef enum scale_kind { EXP, TANH_EXP, SIGMOID, SOFTPLUS } scale_kind;

typedef struct affine {
  weir_elem base;
  int scale;
  double bound;
} affine;

static const weir_opt opts[] = {
    {"scale", WEIR_OPT_CHOICE, offsetof(affine, scale), "\"exp\"", 0, 0,
        "exp|tanh-exp|sigmoid|softplus", "how the scale is kept positive"},
    {"bound", WEIR_OPT_REAL, offsetof(affine, bound), "3", 1e-3, 50, NULL,
        "tanh-exp: largest absolute log scale"},
    {0}};

#define LEAST 1e-3

static weir_status setup(weir_elem *e, weir_build *b, int64_t hidden) {
  (void)b;
  (void)hidden;
  e->params = 2;
  return WEIR_OK;
}

/* s and log s */
static weir_var scale_of(
    const weir_elem *e, weir_tape *t, weir_var theta, weir_var *log_s) {
  const affine *a = (const affine *)e;
  const weir_var u = weiri_theta(t, theta, 0);
  weir_var s;
  switch ((scale_kind)a->scale) {
  case EXP:
    *log_s = u;
    return weir_exp(t, u);
  case TANH_EXP:
    *log_s = weir_scale(t, weir_tanh(t, weir_scale(t, u, 1.0 / a->bound)), a->bound);
    return weir_exp(t, *log_s);
  case SIGMOID:
    s = weir_shift(t, weir_sigmoid(t, weir_shift(t, u, 2.0)), LEAST);
    break;
  case SOFTPLUS:
  default:
    s = weir_shift(t, weir_softplus(t, u), LEAST);
    break;
  }
  *log_s = weir_log(t, s);
  return s;
}

static weir_var to_latent(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det) {
  const weir_var s = scale_of(e, t, theta, log_det);
  return weir_add(t, weir_mul(t, s, x), weiri_theta(t, theta, 1));
}

static weir_var to_data(
    const weir_elem *e, weir_tape *t, weir_var z, weir_var theta, weir_var *log_det) {
  weir_var log_s;
  const weir_var s = scale_of(e, t, theta, &log_s);
  *log_det = weir_neg(t, log_s);
  return weir_div(t, weir_sub(t, z, weiri_theta(t, theta, 1)), s);
}

const weir_elem_class weir_elem_affine = {
    .is = {"affine", "scale and shift", "Dinh et al. 2017, eq. 7", sizeof(affine),
        opts},
    .setup = setup,
    .to_latent = to_latent,
    .to_data = to_data,
};

extern const weir_elem_class weir_elem_additive;

bool weiri_elem_couple(const weir_elem *e, weir_couple_opts *o) {
  static const weir_scale_kind kinds[] = {
      WEIR_SCALE_EXP, WEIR_SCALE_TANH_EXP, WEIR_SCALE_SIGMOID, WEIR_SCALE_SOFTPLUS};
  o->bound = 1.0;
  o->scale = WEIR_SCALE_NONE;
  if (e->cls == &weir_elem_affine) {
    o->bound = ((const affine *)e)->bound;
    o->scale = kinds[((const affine *)e)->scale];
  }
  return e->cls == &weir_elem_affine || e->cls == &weir_elem_additive;
}
