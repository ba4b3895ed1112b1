/* A network of blocks over images: an encoder (image to numbers), a decoder (numbers to
 * image) or both (image to image). Rows are flat, channel by channel, each row by row
 * ([channels, height, width]); inside, channels are last. */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/option.h"
#include "nn/block.h"

enum { FEATURES, IMAGE };

typedef struct conv_net {
  weir_net base;
  weir_ints image;
  int64_t channels;
  int from, to;
  double last_scale;
  const weir_spec *list;
  weiri_extent in; /* of the first block, planes of further columns included */
  int64_t more;    /* columns that are no pixels, context counted */
  int n;
  weiri_block **block; /* [n] */
} conv_net;

static const weir_opt opts[] = {
    {"image", WEIR_OPT_INTS, offsetof(conv_net, image), NULL, 1, 65536, NULL,
        "height and width of the images"},
    {"channels", WEIR_OPT_INT, offsetof(conv_net, channels), "0", 0, 65536, NULL,
        "channels of the images read; 0: as many as the columns give"},
    {"input", WEIR_OPT_CHOICE, offsetof(conv_net, from), "\"image\"", 0, 0,
        "features|image", "what the rows are that the network reads"},
    {"output", WEIR_OPT_CHOICE, offsetof(conv_net, to), "\"features\"", 0, 0,
        "features|image", "what the rows are that it gives"},
    {"blocks", WEIR_OPT_SPEC, offsetof(conv_net, list), NULL, 0, 0, NULL,
        "the layers in order: `weir list blocks`"},
    {"last_scale", WEIR_OPT_REAL, offsetof(conv_net, last_scale), "1", 0, 100, NULL,
        "initial weights of the last layer, relative to the usual ones"},
    {0}};

/* What the first block reads. */
static weir_status find_input(conv_net *k, const weir_build *b, const weir_net_io *io) {
  const int64_t pixels = k->image.v[0] * k->image.v[1];
  if (k->from == FEATURES) {
    k->in = (weiri_extent){0, 0, io->in + io->context};
    return WEIR_OK;
  }
  const int64_t c = k->channels > 0 ? k->channels : io->in / pixels;
  if (c < 1 || c * pixels > io->in || (k->channels == 0 && io->in % pixels != 0)) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: images of %lld x %lld x %lld are %lld numbers, but its input has %lld",
        b->path, (long long)k->image.v[0], (long long)k->image.v[1],
        (long long)(c < 1 ? 1 : c), (long long)((c < 1 ? 1 : c) * pixels),
        (long long)io->in);
  }
  k->channels = c;
  k->more = io->in - c * pixels + io->context;
  k->in = (weiri_extent){k->image.v[0], k->image.v[1], c + k->more};
  return WEIR_OK;
}

/* What the last block gives: channels or numbers. */
static weir_status find_output(
    const conv_net *k, const weir_build *b, const weir_net_io *io, int64_t *wanted) {
  const int64_t pixels = k->image.v[0] * k->image.v[1];
  *wanted = k->to == IMAGE ? io->out / pixels : io->out;
  return k->to == FEATURES || io->out % pixels == 0
             ? WEIR_OK
             : weiri_fail(WEIR_E_CONFIG,
                   "%s: its output of %lld numbers is no number of images of %lld x "
                   "%lld",
                   b->path, (long long)io->out, (long long)k->image.v[0],
                   (long long)k->image.v[1]);
}

static weir_status add_block(conv_net *k, const weir_build *b, const weir_spec *spec,
    weiri_extent in, int64_t wanted) {
  char child[32];
  snprintf(child, sizeof child, "blocks[%d]", k->n);
  WEIR_TRY(
      weiri_block_make(&k->block[k->n], b, child, spec, in, wanted, k->last_scale));
  k->n++;
  return WEIR_OK;
}

/* Whether the blocks end in what is wanted. */
static bool ends(const conv_net *k, weiri_extent out, int64_t wanted) {
  return k->to == IMAGE
             ? out.h == k->image.v[0] && out.w == k->image.v[1] && out.c == wanted
             : !weiri_is_image(out) && out.c == wanted;
}

static weir_status refuse_output(
    const conv_net *k, const weir_build *b, weiri_extent out) {
  char text[80];
  return weiri_fail(WEIR_E_CONFIG,
      "%s: its blocks end in %s, expected an image of %lld x "
      "%lld",
      b->path, weiri_extent_text(out, text), (long long)k->image.v[0],
      (long long)k->image.v[1]);
}

/* A linear layer to the outputs, where the last block has a size of its own. */
static weir_status add_last(
    conv_net *k, const weir_build *b, weiri_extent out, int64_t wanted) {
  if (k->to == IMAGE && (out.h != k->image.v[0] || out.w != k->image.v[1])) {
    return refuse_output(k, b, out);
  }
  json_t *spec = json_string(k->to == IMAGE ? "conv" : "dense");
  const weir_status status = spec == NULL ? weiri_fail(WEIR_E_MEMORY, "out of memory")
                                          : add_block(k, b, spec, out, wanted);
  json_decref(spec);
  return status;
}

static bool sized(const json_t *spec) {
  static const char *const names[] = {"conv", "conv_transpose", "dense"};
  static const char *const sizes[] = {"channels", "features", "image"};
  const char *name = json_is_string(spec)
                         ? json_string_value(spec)
                         : json_string_value(json_object_get(spec, "name"));
  bool weighs = false, given = false;
  for (int i = 0; i < 3; i++) {
    weighs = weighs || (name != NULL && strcmp(name, names[i]) == 0);
    const json_t *value = json_object_get(spec, sizes[i]);
    given = given || (json_is_array(value) ? json_array_size(value) > 0
                                           : json_integer_value(value) > 0);
  }
  return !weighs || given;
}

static weir_status setup_blocks(conv_net *k, const weir_build *b, int64_t wanted) {
  const size_t n = json_array_size(k->list);
  weiri_extent out = k->in;
  for (size_t i = 0; i < n; i++) {
    const json_t *spec = json_array_get(k->list, i);
    const bool last = i + 1 == n && !sized(spec);
    WEIR_TRY(add_block(k, b, spec, out, last ? wanted : 0));
    out = k->block[k->n - 1]->out;
    if (last) {
      return ends(k, out, wanted) ? WEIR_OK : refuse_output(k, b, out);
    }
    k->base.hidden = out.c;
  }
  return add_last(k, b, out, wanted);
}

static weir_status setup(weir_net *net, weir_build *b, const weir_net_io *io) {
  conv_net *k = (conv_net *)net;
  if (io->masked) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: a 'conv' network cannot be masked; use mlp or resnet", b->path);
  }
  if (k->image.n != 2) {
    return weiri_fail(WEIR_E_CONFIG, "%s.image: expected [height, width]", b->path);
  }
  if (!json_is_array(k->list)) {
    return weiri_fail(WEIR_E_CONFIG, "%s.blocks: expected a list of blocks", b->path);
  }
  int64_t wanted;
  WEIR_TRY(find_input(k, b, io));
  WEIR_TRY(find_output(k, b, io, &wanted));
  net->hidden = io->out;
  k->block = weiri_calloc(b->ctx, json_array_size(k->list) + 2, sizeof(weiri_block *));
  return k->block == NULL ? WEIR_E_MEMORY : setup_blocks(k, b, wanted);
}

static void teardown(weir_net *net) {
  conv_net *k = (conv_net *)net;
  for (int i = 0; k->block != NULL && i < k->n; i++) {
    weiri_block_destroy(&k->block[i]);
  }
  weiri_free(net->ctx, k->block);
}

/* Rows [n, c h w] as images with channels last, and back. */
static weir_var to_image(weir_tape *t, weir_var x, int64_t h, int64_t w, int64_t c) {
  const int64_t n = weir_var_dim(t, x, 0);
  const weir_var planes = weir_reshape(t, x, weir_shape_3(n, c, h * w));
  const weir_var pixels =
      c == 1 ? planes : weir_transpose(t, planes, (const int[]){0, 2, 1});
  return weir_reshape(t, pixels, (weir_shape){4, {n, h, w, c}});
}

static weir_var to_rows(weir_tape *t, weir_var x) {
  const weir_shape s = weir_var_shape(t, x);
  if (s.rank != 4) {
    return x;
  }
  const int64_t n = s.dim[0], pixels = s.dim[1] * s.dim[2], c = s.dim[3];
  const weir_var flat = weir_reshape(t, x, weir_shape_3(n, pixels, c));
  const weir_var planes =
      c == 1 ? flat : weir_transpose(t, flat, (const int[]){0, 2, 1});
  return weir_reshape(t, planes, weir_shape_2(n, c * pixels));
}

static weir_var beside(weir_tape *t, weir_var a, weir_var b, int axis) {
  const weir_var both[2] = {a, b};
  return !weir_var_ok(b) ? a : !weir_var_ok(a) ? b : weir_concat(t, 2, both, axis);
}

/* Columns that are no pixels become planes of equal numbers. */
static weir_var read_image(const conv_net *k, weir_tape *t, weir_var x, weir_var more) {
  const int64_t h = k->image.v[0], w = k->image.v[1], pixels = k->channels * h * w;
  const int64_t n = weir_var_dim(t, x, 0), rest = weir_var_dim(t, x, 1) - pixels;
  if (k->more == 0) {
    return to_image(t, x, h, w, k->channels);
  }
  const weir_var columns =
      rest > 0 ? beside(t, weir_slice(t, x, 1, pixels, rest), more, 1) : more;
  const weir_var planes =
      weir_broadcast(t, weir_reshape(t, columns, (weir_shape){4, {n, 1, 1, k->more}}),
          (weir_shape){4, {n, h, w, k->more}});
  return beside(
      t, to_image(t, weir_slice(t, x, 1, 0, pixels), h, w, k->channels), planes, 3);
}

static weir_var apply(
    const weir_net *net, weir_run *run, weir_var x, weir_var context) {
  const conv_net *k = (const conv_net *)net;
  weir_tape *t = weir_run_tape(run);
  const weir_var more = net->context > 0 ? context : weir_var_none();
  x = k->from == IMAGE ? read_image(k, t, x, more) : beside(t, x, more, 1);
  for (int i = 0; i < k->n; i++) {
    x = k->block[i]->cls->apply(k->block[i], run, x);
  }
  return to_rows(t, x);
}

const weir_net_class weir_net_conv = {
    .is = {"conv", "convolution network: blocks from image to numbers, back, or both",
        NULL, sizeof(conv_net), opts},
    .setup = setup,
    .teardown = teardown,
    .apply = apply,
};
