/* Coupling (Dinh et al. 2015, section 3; Durkan et al. 2019, section 2.1): the columns
 * are split in two, a and b;
 *     z_b = f(x_b; net(x_a, context)),  z_a = x_a or g(x_a) with free parameters,
 * log-determinant the sum of the maps' log-derivatives. Both directions cost one pass.
 */
#include <string.h>

#include "layer/encode.h"
#include "layer/maps.h"

typedef struct coupling {
  weir_layer base;
  const weir_spec *mask, *map, *circle_map, *net_spec, *identity;
  weir_ints kept, moved; /* columns of a and b, ascending */
  int64_t *place;        /* [d]: where a column stands in (a, b) */
  weiri_maps maps, kept_maps;
  weir_slot theta; /* parameters of g */
  weiri_encoding encoding;
  weir_net *net;
} coupling;

static const weir_opt opts[] = {
    {"mask", WEIR_OPT_SPEC, offsetof(coupling, mask), "\"alternate-even\"", 0, 0, NULL,
        "columns that are transformed: alternate-even, alternate-odd, half-first, "
        "half-last, or a list of columns from 0"},
    {"map", WEIR_OPT_SPEC, offsetof(coupling, map), "\"affine\"", 0, 0, NULL,
        "elementwise map"},
    {"circle_map", WEIR_OPT_SPEC, offsetof(coupling, circle_map),
        "{\"name\": \"rqs\", \"tails\": \"circular\"}", 0, 0, NULL,
        "elementwise map of circular columns"},
    {"net", WEIR_OPT_SPEC, offsetof(coupling, net_spec), "\"mlp\"", 0, 0, NULL,
        "network that steers the map"},
    {"identity_map", WEIR_OPT_SPEC, offsetof(coupling, identity), "null", 0, 0, NULL,
        "map with free parameters for the other columns; null: none"},
    {0}};

static const char *const words[] = {
    "alternate-even", "alternate-odd", "half-first", "half-last"};

static bool word_moves(int word, int64_t j, int64_t d) {
  const int64_t half = (d + 1) / 2;
  const bool moves[] = {j % 2 == 0, j % 2 == 1, j < half, j >= half};
  return moves[word];
}

/* moves[j]: column j is transformed. */
static weir_status read_word(const coupling *c, bool *moves) {
  const char *text = json_string_value(c->mask);
  for (int w = 0; text != NULL && w < 4; w++) {
    if (strcmp(text, words[w]) == 0) {
      for (int64_t j = 0; j < c->base.data.features; j++) {
        moves[j] = word_moves(w, j, c->base.data.features);
      }
      return WEIR_OK;
    }
  }
  return weiri_fail(WEIR_E_CONFIG,
      "%s.mask: expected alternate-even, alternate-odd, half-first, half-last or a "
      "list of columns",
      c->base.path);
}

static weir_status read_list(const coupling *c, bool *moves) {
  const int64_t d = c->base.data.features;
  for (size_t i = 0; i < json_array_size(c->mask); i++) {
    const json_t *item = json_array_get(c->mask, i);
    const int64_t j = json_is_integer(item) ? (int64_t)json_integer_value(item) : -1;
    if (j < 0 || j >= d || moves[j]) {
      return weiri_fail(WEIR_E_CONFIG,
          "%s.mask: entry %lld is not a new column of 0 .. %lld", c->base.path,
          (long long)i + 1, (long long)d - 1);
    }
    moves[j] = true;
  }
  return WEIR_OK;
}

static weir_status split(coupling *c, weir_ctx *ctx, const bool *moves) {
  const int64_t d = c->base.data.features;
  c->kept.v = weiri_alloc(ctx, (size_t)(d + 1) * sizeof(int64_t));
  c->moved.v = weiri_alloc(ctx, (size_t)(d + 1) * sizeof(int64_t));
  c->place = weiri_alloc(ctx, (size_t)(d + 1) * sizeof(int64_t));
  if (c->kept.v == NULL || c->moved.v == NULL || c->place == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < d; j++) {
    weir_ints *part = moves[j] ? &c->moved : &c->kept;
    part->v[part->n++] = j;
  }
  for (int64_t i = 0; i < d; i++) {
    c->place[i < c->kept.n ? c->kept.v[i] : c->moved.v[i - c->kept.n]] = i;
  }
  return c->moved.n > 0
             ? WEIR_OK
             : weiri_fail(WEIR_E_CONFIG, "%s.mask: transforms none of the %lld columns",
                   c->base.path, (long long)d);
}

static weir_status read_mask(coupling *c, weir_ctx *ctx) {
  bool *moves = weiri_calloc(ctx, (size_t)c->base.data.features + 1, sizeof *moves);
  if (moves == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_status status =
      json_is_array(c->mask) ? read_list(c, moves) : read_word(c, moves);
  if (status == WEIR_OK) {
    status = split(c, ctx, moves);
  }
  weiri_free(ctx, moves);
  return status;
}

static weir_status make_kept_maps(coupling *c, weir_build *b) {
  if (c->identity == NULL || json_is_null(c->identity) || c->kept.n == 0) {
    return WEIR_OK;
  }
  const weiri_maps_spec spec = {
      c->identity, c->circle_map, false, c->kept.n, c->kept.v};
  WEIR_TRY(weiri_maps_create(&c->kept_maps, b, &c->base, "identity_", &spec));
  return weir_build_param(b, &c->theta, "identity_theta",
      weir_shape_1(c->kept_maps.outputs), (weir_init){WEIR_INIT_CONSTANT, 0.0}, NULL);
}

static weir_status setup(weir_layer *l, weir_build *b) {
  coupling *c = (coupling *)l;
  c->theta.index = -1;
  WEIR_TRY(read_mask(c, b->ctx));
  WEIR_TRY(weir_event_copy(b->ctx, &l->latent, &l->data));
  const weiri_maps_spec spec = {c->map, c->circle_map, false, c->moved.n, c->moved.v};
  WEIR_TRY(weiri_maps_create(&c->maps, b, l, "", &spec));
  WEIR_TRY(make_kept_maps(c, b));
  WEIR_TRY(weiri_encoding_create(&c->encoding, b->ctx, &l->data, c->kept.n, c->kept.v));
  if (c->maps.outputs == 0) {
    return WEIR_OK;
  }
  const weir_net_io io = {
      c->encoding.width, c->maps.outputs, b->context, false, NULL, NULL};
  WEIR_TRY(weir_net_make(&c->net, b, "net", c->net_spec, &io));
  weiri_maps_set_hidden(&c->maps, c->net->hidden);
  return WEIR_OK;
}

static void teardown(weir_layer *l) {
  coupling *c = (coupling *)l;
  weir_net_destroy(&c->net);
  weiri_maps_destroy(&c->maps);
  weiri_maps_destroy(&c->kept_maps);
  weiri_encoding_destroy(l->ctx, &c->encoding);
  weiri_free(l->ctx, c->kept.v);
  weiri_free(l->ctx, c->moved.v);
  weiri_free(l->ctx, c->place);
}

/* The columns that pass, through g when there is one. */
static weir_var keep(
    const coupling *c, weir_run *run, bool back, weir_var a, weir_var *log_det) {
  weir_tape *t = weir_run_tape(run);
  if (c->kept_maps.columns == 0) {
    *log_det = weir_var_none();
    return a;
  }
  const weir_var theta = weir_broadcast(t, weir_run_param(run, c->theta),
      weir_shape_2(weir_var_dim(t, a, 0), c->kept_maps.outputs));
  return weiri_maps_apply(&c->kept_maps, t, back, a, theta, log_det);
}

/* A scale and a shift of the moved columns, in one pass over x. */
static weir_var scale_and_shift(const coupling *c, weir_run *run, weir_couple_opts o,
    weir_var x, weir_var context) {
  weir_tape *t = weir_run_tape(run);
  const weir_var a = weir_gather(t, x, c->kept.n, c->kept.v);
  weir_var log_det;
  o.n = c->moved.n;
  o.index = c->moved.v;
  const weir_var theta =
      weir_net_apply(c->net, run, weiri_encode(&c->encoding, t, a), context);
  const weir_var z = weir_couple(t, x, theta, o, &log_det);
  weir_run_part(run, WEIR_PART_LOG_DET, c->base.path, log_det, weir_var_none());
  return z;
}

static weir_var either(
    const weir_layer *l, weir_run *run, bool back, weir_var x, weir_var context) {
  const coupling *c = (const coupling *)l;
  weir_tape *t = weir_run_tape(run);
  weir_couple_opts affine = {.inverse = back};
  if (c->kept_maps.columns == 0 && c->net != NULL &&
      weiri_maps_couple(&c->maps, &affine)) {
    return scale_and_shift(c, run, affine, x, context);
  }
  const weir_var a = weir_gather(t, x, c->kept.n, c->kept.v);
  const weir_var b = weir_gather(t, x, c->moved.n, c->moved.v);
  weir_var side_log_det, log_det, theta = weir_var_none(), part[2];
  part[0] = keep(c, run, back, a, &side_log_det);
  if (c->net != NULL) {
    const weir_var seen = weiri_encode(&c->encoding, t, back ? part[0] : a);
    theta = weir_net_apply(c->net, run, seen, context);
  }
  part[1] = weiri_maps_apply(&c->maps, t, back, b, theta, &log_det);
  if (weir_var_ok(side_log_det)) {
    log_det = weir_add(t, log_det, side_log_det);
  }
  weir_run_part(run, WEIR_PART_LOG_DET, l->path, log_det, weir_var_none());
  return weir_gather(t, weir_concat(t, 2, part, 1), l->data.features, c->place);
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  return either(l, run, false, x, context);
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  return either(l, run, true, z, context);
}

const weir_layer_class weir_layer_coupling = {
    .is = {"coupling", "half of the columns steer a map of the others",
        "Dinh et al. 2015; Dinh et al. 2017; Durkan et al. 2019", sizeof(coupling),
        opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
};
