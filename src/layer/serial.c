/* Autoregressive maps (Kingma et al. 2016; Papamakarios et al. 2017):
 *     y_i = f(x_i; net(x_1 .. x_{i-1}, context)),
 * log-determinant the sum of the log-derivatives: the Jacobian is triangular. */
#include "layer/serial.h"

#include <string.h>

#include "ad/tape.h"
#include "base/rng.h"

const weir_opt weiri_serial_opts[] = {
    {"order", WEIR_OPT_SPEC, offsetof(weiri_serial, order), "\"natural\"", 0, 0, NULL,
        "order of the columns: natural, reverse, {random: SEED}, or a list from 0"},
    {"map", WEIR_OPT_SPEC, offsetof(weiri_serial, map), "\"affine\"", 0, 0, NULL,
        "elementwise map"},
    {"circle_map", WEIR_OPT_SPEC, offsetof(weiri_serial, circle_map),
        "{\"name\": \"rqs\", \"tails\": \"circular\"}", 0, 0, NULL,
        "elementwise map of circular columns"},
    {"net", WEIR_OPT_SPEC, offsetof(weiri_serial, net_spec), "\"mlp\"", 0, 0, NULL,
        "masked network that steers the map"},
    {0}};

static weir_status bad_order(const weiri_serial *s) {
  return weiri_fail(WEIR_E_CONFIG,
      "%s.order: expected natural, reverse, {random: SEED}, or each of the columns 0 "
      ".. "
      "%lld once",
      s->base.path, (long long)s->base.data.features - 1);
}

static weir_status read_list(weiri_serial *s) {
  const int64_t d = s->base.data.features;
  if ((int64_t)json_array_size(s->order) != d) {
    return bad_order(s);
  }
  for (int64_t i = 0; i < d; i++) {
    const json_t *item = json_array_get(s->order, (size_t)i);
    s->column[i] = json_is_integer(item) ? (int64_t)json_integer_value(item) : -1;
  }
  return WEIR_OK;
}

static weir_status read_order(weiri_serial *s) {
  const int64_t d = s->base.data.features;
  const char *word = json_string_value(s->order);
  const json_t *seed = json_object_get(s->order, "random");
  for (int64_t i = 0; i < d; i++) {
    s->column[i] = word != NULL && strcmp(word, "reverse") == 0 ? d - 1 - i : i;
    s->place[i] = -1;
  }
  if (json_is_array(s->order)) {
    WEIR_TRY(read_list(s));
  } else if (json_is_integer(seed)) {
    const weiri_rng rng = {
        (uint64_t)json_integer_value(seed), weiri_stream("permutation", 0)};
    weiri_permutation(rng, d, s->column);
  } else if (word == NULL ||
             (strcmp(word, "natural") != 0 && strcmp(word, "reverse") != 0)) {
    return bad_order(s);
  }
  for (int64_t i = 0; i < d; i++) {
    const int64_t j = s->column[i];
    if (j < 0 || j >= d || s->place[j] >= 0) {
      return bad_order(s);
    }
    s->place[j] = i;
  }
  return WEIR_OK;
}

static weir_net_io net_io(const weiri_serial *s, int64_t context) {
  return (weir_net_io){
      s->encoding.width, s->maps.outputs, context, true, s->encoding.degree, s->degree};
}

static weir_status make_net(weiri_serial *s, weir_build *b) {
  if (s->maps.outputs == 0) {
    return WEIR_OK;
  }
  s->degree = weiri_alloc(b->ctx, (size_t)(s->maps.outputs + 1) * sizeof *s->degree);
  if (s->degree == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < s->maps.columns; i++) {
    for (int64_t k = s->maps.first[i]; k < s->maps.first[i + 1]; k++) {
      s->degree[k] = i + 1;
    }
  }
  const weir_net_io io = net_io(s, b->context);
  WEIR_TRY(weir_net_make(&s->net, b, "net", s->net_spec, &io));
  weiri_maps_set_hidden(&s->maps, s->net->hidden);
  return WEIR_OK;
}

weir_status weiri_serial_setup(weir_layer *l, weir_build *b, bool turned) {
  weiri_serial *s = (weiri_serial *)l;
  const size_t d = (size_t)l->data.features + 1;
  s->column = weiri_alloc(b->ctx, d * sizeof *s->column);
  s->place = weiri_alloc(b->ctx, d * sizeof *s->place);
  if (s->column == NULL || s->place == NULL) {
    return WEIR_E_MEMORY;
  }
  WEIR_TRY(read_order(s));
  WEIR_TRY(weir_event_copy(b->ctx, &l->latent, &l->data));
  const weiri_maps_spec spec = {
      s->map, s->circle_map, turned, l->data.features, s->column};
  WEIR_TRY(weiri_maps_create(&s->maps, b, l, "", &spec));
  WEIR_TRY(weiri_encoding_create(&s->encoding, b->ctx, turned ? &l->latent : &l->data,
      l->data.features, s->column));
  return make_net(s, b);
}

void weiri_serial_teardown(weir_layer *l) {
  weiri_serial *s = (weiri_serial *)l;
  weir_net_destroy(&s->net);
  weiri_maps_destroy(&s->maps);
  weiri_encoding_destroy(l->ctx, &s->encoding);
  weiri_free(l->ctx, s->degree);
  weiri_free(l->ctx, s->column);
  weiri_free(l->ctx, s->place);
}

/* Columns in their order through the network and the maps. */
static weir_var pass(const weiri_serial *s, weir_run *run, weir_var x, weir_var context,
    weir_var *theta, weir_var *log_det) {
  weir_tape *t = run->tape;
  *theta = weir_var_none();
  if (s->net != NULL) {
    *theta = weir_net_apply(s->net, run, weiri_encode(&s->encoding, t, x), context);
  }
  return weiri_maps_apply(&s->maps, t, false, x, *theta, log_det);
}

weir_var weiri_serial_pass(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  const weiri_serial *s = (const weiri_serial *)l;
  weir_tape *t = run->tape;
  const int64_t d = l->data.features;
  weir_var theta, log_det;
  const weir_var in = weir_gather(t, x, d, s->column);
  const weir_var y = pass(s, run, in, context, &theta, &log_det);
  weir_run_part(run, WEIR_PART_LOG_DET, l->path, log_det, weir_var_none());
  return weir_gather(t, y, d, s->place);
}

/* ---- the other direction ---- */

typedef struct implicit {
  const weiri_serial *s;
  weir_run *run;
  const weir_net_steps *steps;
} implicit;

/* x that solves pass(x) = y, as a function of y and of all that pass depends on:
 *     dx = J^-1 (dy - d pass),  J = d pass / dx,
 * so the gradient g of x sends u with J' u = g to y and -u to the pass (implicit
 * function theorem). Inputs: the solution, y, the pass at the solution, its parameters.
 */
static void implicit_eval(weir_tape *t, const weir_node *x) {
  memcpy(x->data, x->in[0]->data,
      (size_t)weir_shape_size(&x->shape) * weir_dtype_size(weir_tape_dtype(t)));
}

static void implicit_vjp(
    weir_tape *t, const weir_node *x, weir_var g, const bool *want, weir_var *gx) {
  const implicit *a = x->attr;
  const weir_var at[2] = {weir_stop(t, weir_node_var(t, x->in[0])),
      weir_stop(t, weir_node_var(t, x->in[3]))};
  weir_var log_det, by[2];
  const weir_var y = weiri_maps_apply(&a->s->maps, t, false, at[0], at[1], &log_det);
  if (weir_grad(t, y, weir_var_none(), 2, at, by, false) != WEIR_OK) {
    return;
  }
  const weir_var u = weiri_serial_back(
      a->s, a->run, a->steps, g, at[0], by[0], by[1], weir_node_var(t, x->in[1]));
  gx[1] = u;
  gx[2] = want[2] ? weir_neg(t, u) : gx[2];
}

static const weir_op_class implicit_class = {
    "implicit", implicit_eval, implicit_vjp, NULL, NULL};

/* The solution made differentiable; *log_det from one more pass, at it. */
static weir_var differentiable(const weiri_serial *s, weir_run *run,
    const weir_net_steps *steps, weir_var solution, weir_var y, weir_var context,
    weir_var *log_det) {
  weir_tape *t = run->tape;
  weir_var theta;
  const weir_var back = pass(s, run, solution, context, &theta, log_det);
  const weir_var in[4] = {solution, y, back, theta};
  const implicit a = {s, run, steps};
  const weir_var x =
      weir_op_apply(t, &implicit_class, weir_var_shape(t, y), 4, in, &a, sizeof a);
  pass(s, run, x, context, &theta, log_det);
  *log_det = weir_neg(t, *log_det);
  return x;
}

static weir_var solve(const weiri_serial *s, weir_run *run, weir_var y,
    weir_var context, weir_var *log_det) {
  weir_tape *t = run->tape;
  if (s->net == NULL) {
    return weiri_maps_apply(&s->maps, t, true, y, weir_var_none(), log_det);
  }
  if (s->net->cls->steps == NULL) {
    return weiri_serial_unrolled(s, run, y, context, log_det);
  }
  const weir_net_io io = net_io(s, s->base.context);
  const weir_net_steps *steps =
      s->net->cls->steps(s->net, run, &io, weir_var_dim(t, y, 0), context);
  if (steps == NULL || weir_tape_status(t) != WEIR_OK) {
    return weir_var_none();
  }
  const weir_var x = weiri_serial_quick(s, run, steps, y, log_det);
  return run->no_grad ? x : differentiable(s, run, steps, x, y, context, log_det);
}

weir_var weiri_serial_solve(
    const weir_layer *l, weir_run *run, weir_var y, weir_var context) {
  const weiri_serial *s = (const weiri_serial *)l;
  weir_tape *t = run->tape;
  const int64_t d = l->data.features;
  weir_var log_det = weir_var_none();
  const weir_var x = solve(s, run, weir_gather(t, y, d, s->column), context, &log_det);
  weir_run_part(run, WEIR_PART_LOG_DET, l->path, log_det, weir_var_none());
  return weir_gather(t, x, d, s->place);
}
