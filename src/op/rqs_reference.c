/* The spline from softmax, running sums and comparisons: every bin is computed, a 0/1
 * mask [n, m, bins] picks the one that holds x. */
#include "op/rqs.h"

#define LEAST 1e-3

typedef struct picked {
  weir_var x, w, y, h, d0, d1; /* [n, m] */
} picked;

static weir_var constant(weir_tape *t, double value) {
  return weir_fill(t, weir_shape_0(), value);
}

/* Sizes of the bins [n, m, k] from logits. */
static weir_var sizes(weir_tape *t, const weiri_rqs *s, weir_var logits) {
  const double range = s->hi - s->lo;
  return weir_affine(t, weir_softmax(t, weir_scale(t, logits, s->scale)),
      range * (1.0 - LEAST * (double)s->bins), range * LEAST);
}

/* Left knots [n, m, k]: running sums without the own size. */
static weir_var knots(weir_tape *t, const weiri_rqs *s, weir_var size) {
  return weir_shift(t, weir_sub(t, weir_cumsum(t, size, false), size), s->lo);
}

/* Slopes at all knots [n, m, k + 1]. */
static weir_var slopes(weir_tape *t, const weiri_rqs *s, weir_var theta) {
  const int64_t k = s->bins, n = s->params - 2 * k;
  const weir_var free =
      weir_shift(t, weir_softplus(t, weir_slice(t, theta, 2, 2 * k, n)), LEAST);
  if (s->tails == WEIRI_RQS_BOUNDED) {
    return free;
  }
  if (s->tails == WEIRI_RQS_CIRCULAR) {
    const weir_var both[2] = {free, weir_slice(t, free, 2, 0, 1)};
    return weir_concat(t, 2, both, 2);
  }
  weir_shape one = weir_var_shape(t, free);
  one.dim[2] = 1;
  const weir_var end = weir_fill(t, one, 1.0);
  const weir_var all[3] = {end, free, end};
  return weir_concat(t, 3, all, 2);
}

/* 1 for the bin that holds v [n, m, 1]: v has passed its left knot and not the next. */
static weir_var mask_of(weir_tape *t, const weiri_rqs *s, weir_var along, weir_var v) {
  const int64_t k = s->bins;
  const weir_var passed = weir_lesseq(t, along, v);
  weir_shape one = weir_var_shape(t, passed);
  one.dim[2] = 1;
  const weir_var first[2] = {
      weir_fill(t, one, 1.0), weir_slice(t, passed, 2, 1, k - 1)};
  const weir_var from = k == 1 ? first[0] : weir_concat(t, 2, first, 2);
  const weir_var next[2] = {weir_slice(t, passed, 2, 1, k - 1), weir_fill(t, one, 0.0)};
  return weir_sub(t, from, k == 1 ? next[1] : weir_concat(t, 2, next, 2));
}

static weir_var pick(weir_tape *t, weir_var mask, weir_var values) {
  return weir_sum_last(t, weir_mul(t, mask, values));
}

static picked find(weir_tape *t, const weiri_rqs *s, weir_var v, weir_var theta) {
  const int64_t k = s->bins;
  const weir_var wide = sizes(t, s, weir_slice(t, theta, 2, 0, k));
  const weir_var high = sizes(t, s, weir_slice(t, theta, 2, k, k));
  const weir_var left = knots(t, s, wide), low = knots(t, s, high);
  const weir_var slope = slopes(t, s, theta);
  weir_shape column = weir_var_shape(t, v);
  column.dim[column.rank++] = 1;
  const weir_var mask =
      mask_of(t, s, s->inverse ? low : left, weir_reshape(t, v, column));
  return (picked){pick(t, mask, left), pick(t, mask, wide), pick(t, mask, low),
      pick(t, mask, high), pick(t, mask, weir_slice(t, slope, 2, 0, k)),
      pick(t, mask, weir_slice(t, slope, 2, 1, k))};
}

/* d0 + d1 - 2 s */
static weir_var bend(weir_tape *t, const picked *p, weir_var s) {
  return weir_sub(t, weir_add(t, p->d0, p->d1), weir_scale(t, s, 2.0));
}

static weir_var root(weir_tape *t, const picked *p, weir_var s, weir_var v) {
  const weir_var rise = weir_sub(t, v, p->y), q = bend(t, p, s);
  const weir_var rq = weir_mul(t, rise, q);
  const weir_var a = weir_add(t, weir_mul(t, p->h, weir_sub(t, s, p->d0)), rq);
  const weir_var b = weir_sub(t, weir_mul(t, p->h, p->d0), rq);
  const weir_var c = weir_neg(t, weir_mul(t, s, rise));
  const weir_var under =
      weir_sub(t, weir_square(t, b), weir_scale(t, weir_mul(t, a, c), 4.0));
  const weir_var safe = weir_max(t, under, constant(t, 1e-300));
  return weir_div(
      t, weir_scale(t, c, 2.0), weir_neg(t, weir_add(t, b, weir_sqrt(t, safe))));
}

/* On a circle, numbers less than once round outside of [lo, hi) come into it. */
static weir_var wrap(weir_tape *t, const weiri_rqs *o, weir_var x) {
  if (o->tails != WEIRI_RQS_CIRCULAR) {
    return x;
  }
  const weir_var below = weir_less(t, x, constant(t, o->lo));
  const weir_var above = weir_lesseq(t, constant(t, o->hi), x);
  return weir_add(t, x, weir_scale(t, weir_sub(t, below, above), o->hi - o->lo));
}

weir_var weiri_rqs_reference(
    weir_tape *t, const weiri_rqs *o, weir_var x, weir_var theta) {
  x = wrap(t, o, x);
  const weir_var v = weir_clamp(t, x, o->lo, o->hi);
  const picked p = find(t, o, v, theta);
  const weir_var s = weir_div(t, p.h, p.w);
  const weir_var at =
      o->inverse ? root(t, &p, s, v) : weir_div(t, weir_sub(t, v, p.x), p.w);
  const weir_var rest = weir_affine(t, at, -1.0, 1.0), u = weir_mul(t, at, rest);
  const weir_var d = weir_add(t, s, weir_mul(t, bend(t, &p, s), u));
  const weir_var at2 = weir_square(t, at);
  const weir_var m = weir_add(t, weir_mul(t, p.d1, at2),
      weir_add(t, weir_scale(t, weir_mul(t, s, u), 2.0),
          weir_mul(t, p.d0, weir_square(t, rest))));
  const weir_var log_slope =
      weir_sub(t, weir_add(t, weir_scale(t, weir_log(t, s), 2.0), weir_log(t, m)),
          weir_scale(t, weir_log(t, d), 2.0));
  const weir_var top = weir_add(t, weir_mul(t, s, at2), weir_mul(t, p.d0, u));
  const weir_var value = o->inverse
                             ? weir_add(t, p.x, weir_mul(t, at, p.w))
                             : weir_add(t, p.y, weir_div(t, weir_mul(t, p.h, top), d));
  const weir_var inside = weir_mul(
      t, weir_lesseq(t, constant(t, o->lo), x), weir_lesseq(t, x, constant(t, o->hi)));
  weir_shape one = weir_var_shape(t, x);
  one = weir_shape_3(1, one.dim[0], one.dim[1]);
  const weir_var both[2] = {weir_reshape(t, weir_where(t, inside, value, x), one),
      weir_reshape(t,
          weir_where(t, inside, o->inverse ? weir_neg(t, log_slope) : log_slope,
              constant(t, 0.0)),
          one)};
  return weir_concat(t, 2, both, 0);
}
