/* The inverse of an autoregressive pass column by column, each with a whole pass of the
 * network: for networks that do not spell out their steps, and for the tests of those
 * that do. */
#include <string.h>

#include "ad/tape.h"
#include "layer/serial.h"

/* The columns found so far beside zeros: [n, d]. */
static weir_var with_zeros(
    weir_tape *t, const weir_var *found, int64_t count, int64_t n, int64_t d) {
  const weir_var rest = weir_fill(t, weir_shape_2(n, d - count), 0.0);
  if (count == 0) {
    return rest;
  }
  const weir_var both[2] = {weir_concat(t, (int)count, found, 1), rest};
  return weir_concat(t, 2, both, 1);
}

/* Parameters of column i. */
static weir_var parameters(const weiri_serial *s, weir_run *run, weir_var context,
    const weir_var *found, int64_t i, int64_t n) {
  const int64_t *first = s->maps.first;
  const weir_var x = with_zeros(run->tape, found, i, n, s->maps.columns);
  const weir_var all =
      weir_net_apply(s->net, run, weiri_encode(&s->encoding, run->tape, x), context);
  return weir_slice(run->tape, all, 1, first[i], first[i + 1] - first[i]);
}

weir_var weiri_serial_unrolled(const weiri_serial *s, weir_run *run, weir_var y,
    weir_var context, weir_var *log_det) {
  weir_tape *t = run->tape;
  const int64_t n = weir_var_dim(t, y, 0), d = s->maps.columns;
  weir_var *found = weiri_tape_take(t, (size_t)(2 * d + 1) * sizeof *found);
  if (found == NULL) {
    return weir_var_none();
  }
  memset(found, 0, (size_t)(2 * d) * sizeof *found);
  for (int64_t i = 0; i < d && weir_tape_status(t) == WEIR_OK; i++) {
    const weir_var theta = parameters(s, run, context, found, i, n);
    found[i] = weiri_maps_column(
        &s->maps, t, true, i, weir_slice(t, y, 1, i, 1), theta, &found[d + i]);
  }
  *log_det = weir_sum_last(t, weir_concat(t, (int)d, found + d, 1));
  return weir_concat(t, (int)d, found, 1);
}
