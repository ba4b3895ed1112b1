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

static weir_status make_net(weiri_serial *s, weir_build *b) {
  if (s->maps.outputs == 0) {
    return WEIR_OK;
  }
  int64_t *degree = weiri_alloc(b->ctx, (size_t)(s->maps.outputs + 1) * sizeof *degree);
  if (degree == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < s->maps.columns; i++) {
    for (int64_t k = s->maps.first[i]; k < s->maps.first[i + 1]; k++) {
      degree[k] = i + 1;
    }
  }
  const weir_net_io io = {
      s->encoding.width, s->maps.outputs, b->context, true, s->encoding.degree, degree};
  const weir_status status = weir_net_make(&s->net, b, "net", s->net_spec, &io);
  weiri_free(b->ctx, degree);
  if (status == WEIR_OK) {
    weiri_maps_set_hidden(&s->maps, s->net->hidden);
  }
  return status;
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
  weiri_free(l->ctx, s->column);
  weiri_free(l->ctx, s->place);
}

weir_var weiri_serial_pass(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  const weiri_serial *s = (const weiri_serial *)l;
  weir_tape *t = run->tape;
  const int64_t d = l->data.features;
  const weir_var in = weir_gather(t, x, d, s->column);
  weir_var theta = weir_var_none(), log_det;
  if (s->net != NULL) {
    theta = weir_net_apply(s->net, run, weiri_encode(&s->encoding, t, in), context);
  }
  const weir_var y = weiri_maps_apply(&s->maps, t, false, in, theta, &log_det);
  weir_run_part(run, WEIR_PART_LOG_DET, l->path, log_det, weir_var_none());
  return weir_gather(t, y, d, s->place);
}

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

/* Parameters of column i by a whole pass of the network: differentiable. */
static weir_var theta_taped(const weiri_serial *s, weir_run *run, weir_var context,
    const weir_var *found, int64_t i, int64_t n) {
  const int64_t *first = s->maps.first;
  const weir_var x = with_zeros(run->tape, found, i, n, s->maps.columns);
  const weir_var all =
      weir_net_apply(s->net, run, weiri_encode(&s->encoding, run->tape, x), context);
  return weir_slice(run->tape, all, 1, first[i], first[i + 1] - first[i]);
}

/* The network degree by degree: its inputs so far, and its state. */
typedef struct quick {
  void *state, *inputs; /* inputs [n, width] */
  int64_t n;
} quick;

static bool quick_begin(
    const weiri_serial *s, weir_run *run, int64_t n, weir_var context, quick *q) {
  if (!run->no_grad || run->mode == WEIR_TRAIN || s->net == NULL ||
      s->net->cls->begin == NULL) { /* in training there is dropout */
    return false;
  }
  const size_t bytes =
      (size_t)(n * s->encoding.width) * weir_dtype_size(weir_tape_dtype(run->tape));
  q->n = n;
  q->inputs = weiri_tape_take(run->tape, bytes + 1);
  if (q->inputs == NULL) {
    return false;
  }
  memset(q->inputs, 0, bytes);
  q->state = s->net->cls->begin(s->net, run, n, context);
  return q->state != NULL;
}

static weir_var theta_quick(
    const weiri_serial *s, weir_run *run, const quick *q, int64_t i) {
  const int64_t count = s->maps.first[i + 1] - s->maps.first[i];
  void *theta = weiri_tape_take(run->tape,
      (size_t)(q->n * count + 1) * weir_dtype_size(weir_tape_dtype(run->tape)));
  if (theta == NULL) {
    return weir_var_none();
  }
  s->net->cls->advance(s->net, run, q->state, i + 1, q->inputs, theta);
  return weir_leaf_borrow(run->tape, weir_shape_2(q->n, count), theta);
}

/* Maps column by column; found [d] and log_det [d] are filled, each [n, 1]. */
static void solve(const weiri_serial *s, weir_run *run, weir_var in, weir_var context,
    weir_var *found, weir_var *log_det) {
  weir_tape *t = run->tape;
  const int64_t n = weir_var_dim(t, in, 0), d = s->maps.columns;
  quick q = {0};
  const bool fast = quick_begin(s, run, n, context, &q);
  for (int64_t i = 0; i < d && weir_tape_status(t) == WEIR_OK; i++) {
    const weir_var theta = s->net == NULL ? weir_var_none()
                           : fast         ? theta_quick(s, run, &q, i)
                                          : theta_taped(s, run, context, found, i, n);
    found[i] = weiri_maps_column(
        &s->maps, t, true, i, weir_slice(t, in, 1, i, 1), theta, &log_det[i]);
    const void *data = fast ? weir_var_data(t, found[i]) : NULL;
    if (data != NULL) {
      weiri_encode_column(&s->encoding, weir_tape_dtype(t), n, i, data, q.inputs);
    }
  }
}

weir_var weiri_serial_solve(
    const weir_layer *l, weir_run *run, weir_var y, weir_var context) {
  const weiri_serial *s = (const weiri_serial *)l;
  weir_tape *t = run->tape;
  const int64_t d = l->data.features;
  weir_var *found = weiri_tape_take(t, (size_t)(2 * d + 1) * sizeof *found);
  if (found == NULL) {
    return weir_var_none();
  }
  memset(found, 0, (size_t)(2 * d) * sizeof *found);
  solve(s, run, weir_gather(t, y, d, s->column), context, found, found + d);
  const weir_var each = weir_concat(t, (int)d, found + d, 1);
  weir_run_part(
      run, WEIR_PART_LOG_DET, l->path, weir_sum_last(t, each), weir_var_none());
  return weir_gather(t, weir_concat(t, (int)d, found, 1), d, s->place);
}
