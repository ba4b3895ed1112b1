/* Calling parts: the checks, once, and the summing of what nested parts push. */
#include "part/part.h"
#include "weir/sys/op.h"

/* Columns of x and rows of context as the part expects them; poisons the tape if not.
 */
static bool fits(weir_run *run, const char *path, weir_var x, int64_t features,
    weir_var context, int64_t width) {
  weir_tape *t = run->tape;
  const weir_shape s = weir_var_shape(t, x), c = weir_var_shape(t, context);
  if (!weir_var_ok(x)) {
    return false;
  }
  if (s.rank != 2 || s.dim[1] != features) {
    weir_op_fail(t, WEIR_E_SHAPE, "%s: expected [n, %lld], found %lld columns", path,
        (long long)features, (long long)(s.rank == 2 ? s.dim[1] : 0));
    return false;
  }
  const bool given = weir_var_ok(context);
  if (width == 0 ||
      (given && c.rank == 2 && c.dim[1] == width && c.dim[0] == s.dim[0])) {
    return true;
  }
  weir_op_fail(t, WEIR_E_SHAPE, "%s: expected a context of [%lld, %lld], found %s%lld",
      path, (long long)s.dim[0], (long long)width,
      given ? "width " : "none: ", (long long)(given && c.rank == 2 ? c.dim[1] : 0));
  return false;
}

/* The context for as many rows as x has, where each row stands several times. */
static weir_var follow(weir_run *run, weir_var x, weir_var context) {
  return weiri_run_match(run, context, weir_var_dim(run->tape, x, 0));
}

weir_var weir_layer_to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  context = follow(run, x, context);
  if (!fits(run, l->path, x, l->data.features, context, l->context)) {
    return weir_var_none();
  }
  if (run->watched == l) {
    run->seen = x;
    return x;
  }
  const char *before = weir_tape_scope(run->tape, l->path);
  const weir_var z = l->cls->to_latent(l, run, x, context);
  weir_tape_scope(run->tape, before);
  return z;
}

void weir_layer_to_base(const weir_layer *l, weir_run *run, weir_var x,
    weir_var context, const weir_dist *base) {
  context = follow(run, x, context);
  if (l->cls->to_base == NULL || run->watched == l) {
    const weir_var z = weir_layer_to_latent(l, run, x, context);
    if (!weir_var_ok(run->seen)) {
      weir_run_part(run, WEIR_PART_BASE, base->path,
          weiri_dist_grouped(base, run, z, context), weir_var_none());
    }
    return;
  }
  if (fits(run, l->path, x, l->data.features, context, l->context)) {
    const char *before = weir_tape_scope(run->tape, l->path);
    l->cls->to_base(l, run, x, context, base);
    weir_tape_scope(run->tape, before);
  }
}

weir_var weir_layer_to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  context = follow(run, z, context);
  if (!fits(run, l->path, z, l->latent.features, context, l->context)) {
    return weir_var_none();
  }
  if (l->cls->to_data == NULL) {
    return weir_op_fail(run->tape, WEIR_E_UNSUPPORTED,
        "%s: '%s' has no way from the latent to the data", l->path, l->cls->is.name);
  }
  const char *before = weir_tape_scope(run->tape, l->path);
  const weir_var x = l->cls->to_data(l, run, z, context);
  weir_tape_scope(run->tape, before);
  return x;
}

void weir_dist_parts(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  context = follow(run, x, context);
  if (!fits(run, d->path, x, d->event.features, context, d->context)) {
    return;
  }
  const char *before = weir_tape_scope(run->tape, d->path);
  d->cls->log_prob(d, run, x, context);
  weir_tape_scope(run->tape, before);
}

weir_var weir_dist_log_prob(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  const int first = run->n_parts;
  weir_dist_parts(d, run, x, context);
  const weir_var total = weiri_run_total(run, first);
  run->n_parts = first;
  return total;
}

weir_var weiri_dist_grouped(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  const int first = run->n_parts;
  weir_dist_parts(d, run, x, context);
  const weir_var value = weiri_run_grouped(run, first);
  run->n_parts = first;
  return value;
}

const weir_dist *weir_dist_settle(
    const weir_dist *d, weir_run *run, weir_var *context) {
  while (d->cls->settle != NULL) {
    const char *before = weir_tape_scope(run->tape, d->path);
    d = d->cls->settle(d, run, context);
    weir_tape_scope(run->tape, before);
  }
  return d;
}

weir_var weir_dist_mean(
    const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  d = weir_dist_settle(d, run, &context);
  if (d->cls->mean == NULL) {
    return weir_op_fail(run->tape, WEIR_E_UNSUPPORTED,
        "%s: '%s' does not know its mean", d->path, d->cls->is.name);
  }
  const char *before = weir_tape_scope(run->tape, d->path);
  const weir_var x = d->cls->mean(d, run, n, context);
  weir_tape_scope(run->tape, before);
  return x;
}

weir_var weir_dist_encode(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  if (d->cls->encode == NULL) {
    return weir_op_fail(run->tape, WEIR_E_UNSUPPORTED, "%s: '%s' has no latent",
        d->path, d->cls->is.name);
  }
  return fits(run, d->path, x, d->event.features, context, d->context)
             ? d->cls->encode(d, run, x, context)
             : weir_var_none();
}

weir_var weir_dist_decode(
    const weir_dist *d, weir_run *run, weir_var z, weir_var context) {
  if (d->cls->decode == NULL) {
    return weir_op_fail(run->tape, WEIR_E_UNSUPPORTED, "%s: '%s' has no latent",
        d->path, d->cls->is.name);
  }
  return fits(run, d->path, z, d->latent, context, d->context)
             ? d->cls->decode(d, run, z, context)
             : weir_var_none();
}

/* Scores of the parts from first on, added up; none when there are none. */
static weir_var scores(weir_run *run, int first) {
  weir_var total = weir_var_none();
  for (int i = first; i < run->n_parts; i++) {
    const weir_var s = run->parts[i].score;
    total = !weir_var_ok(total) ? s
            : weir_var_ok(s)    ? weir_add(run->tape, total, s)
                                : total;
  }
  return total;
}

weir_var weir_dist_sample(const weir_dist *d, weir_run *run, int64_t n,
    weir_var context, weir_var *log_prob) {
  if (d->cls->sample == NULL) {
    return weir_op_fail(run->tape, WEIR_E_UNSUPPORTED, "%s: '%s' cannot be drawn from",
        d->path, d->cls->is.name);
  }
  const int first = run->n_parts;
  const char *before = weir_tape_scope(run->tape, d->path);
  const weir_var x = d->cls->sample(d, run, n, context);
  weir_tape_scope(run->tape, before);
  run->score = scores(run, first);
  if (log_prob != NULL) {
    *log_prob =
        run->wants.groups ? weiri_run_grouped(run, first) : weiri_run_total(run, first);
  }
  run->n_parts = first;
  return x;
}

weir_var weir_elem_to_latent(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det) {
  *log_det = weir_var_none();
  return e->cls->to_latent(e, t, x, theta, log_det);
}

weir_var weir_elem_to_data(
    const weir_elem *e, weir_tape *t, weir_var z, weir_var theta, weir_var *log_det) {
  *log_det = weir_var_none();
  return e->cls->to_data(e, t, z, theta, log_det);
}

weir_var weir_net_pieces(const weir_net *net, weir_run *run, weir_var x,
    weir_var context, weir_pieces *pieces) {
  if (net->cls->pieces != NULL && pieces->n >= 0) {
    return net->cls->pieces(net, run, x, context, pieces);
  }
  weir_pieces_give_up(pieces);
  return weir_net_apply(net, run, x, context);
}

bool weir_dist_local(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context, weir_local *out) {
  if (d->cls->local == NULL) {
    return false;
  }
  const char *before = weir_tape_scope(run->tape, d->path);
  const bool known = d->cls->local(d, run, x, context, out);
  weir_tape_scope(run->tape, before);
  return known;
}

weir_var weir_net_apply(
    const weir_net *net, weir_run *run, weir_var x, weir_var context) {
  return net->cls->apply(net, run, x, context);
}
