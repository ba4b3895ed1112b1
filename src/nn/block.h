/* Networks made of blocks: a block takes rows of images [n, h, w, c] or of numbers [n,
 * c] to rows of another extent. A class per line of blocks.def, in src/nn/block/. */
#ifndef WEIRI_BLOCK_H
#define WEIRI_BLOCK_H

#include "nn/nn.h"

/* h = w = 0: c numbers that have no places. */
typedef struct weiri_extent {
  int64_t h, w, c;
} weiri_extent;

static inline bool weiri_is_image(weiri_extent e) {
  return e.h > 0;
}
static inline int64_t weiri_extent_size(weiri_extent e) {
  return weiri_is_image(e) ? e.h * e.w * e.c : e.c;
}
/* "28 x 28 x 1" or "40 numbers" into buf of at least 80 bytes; returns buf. */
const char *weiri_extent_text(weiri_extent e, char *buf);

typedef struct weiri_block weiri_block;

typedef struct weiri_block_class {
  weir_class is; /* the instance's first member is a weiri_block */
  /* Reads b->in, fills b->out, reserves parameters. */
  weir_status (*setup)(weiri_block *b, weir_build *build);
  void (*teardown)(weiri_block *b); /* optional */
  weir_var (*apply)(const weiri_block *b, weir_run *run, weir_var x);
} weiri_block_class;

struct weiri_block {
  const weiri_block_class *cls;
  weir_ctx *ctx;
  weiri_extent in, out;
  int64_t wanted;    /* of a network's last block: channels or numbers where its options
                        leave them out; 0: they may not */
  double last_scale; /* initial weights then, relative to the usual ones */
};

const weiri_block_class *weiri_block_at(int i); /* NULL past the last */
/* Makes a block from its spec, a name or {name: conv, channels: 32}. */
weir_status weiri_block_make(weiri_block **out, const weir_build *b, const char *child,
    const weir_spec *spec, weiri_extent in, int64_t wanted, double last_scale);
void weiri_block_destroy(weiri_block **block);
/* Channels from an option: given, or the wanted ones. *last tells which. */
weir_status weiri_block_size(
    const weiri_block *b, const char *path, int64_t given, int64_t *size, bool *last);
/* WEIR_OK where the block reads images. */
weir_status weiri_block_needs_image(const weiri_block *b, const char *path);

/* ---- a layer of weights with what comes after it ---- */

typedef enum weiri_norm {
  WEIRI_NORM_NONE,
  WEIRI_NORM_BATCH,
  WEIRI_NORM_WEIGHT
} weiri_norm;
#define WEIRI_NORM_NAMES "none|batch|weight"
/* Index 0 is none, then as weiri_activation. */
#define WEIRI_AFTER_NAMES "none|" WEIRI_ACTIVATION_NAMES

typedef struct weiri_after {
  int norm, activation;
  bool gated;
} weiri_after;

/* Rows of an option table for a struct S whose member after is a weiri_after. */
#define WEIRI_OPT_AFTER(S)                                                             \
  {"activation", WEIR_OPT_CHOICE, offsetof(S, after.activation), "\"relu\"", 0, 0,     \
      WEIRI_AFTER_NAMES, "nonlinearity"},                                              \
      {"norm", WEIR_OPT_CHOICE, offsetof(S, after.norm), "\"none\"", 0, 0,             \
          WEIRI_NORM_NAMES,                                                            \
          "batch normalisation, or weight normalisation started from a batch"},        \
  {                                                                                    \
    "gated", WEIR_OPT_BOOL, offsetof(S, after.gated), "false", 0, 0, NULL,             \
        "act(h) sigmoid(g) with a second set of weights for g"                         \
  }

typedef enum weiri_unit_kind {
  WEIRI_DENSE,
  WEIRI_CONV,
  WEIRI_CONV_TRANSPOSE
} weiri_unit_kind;

/* Weights (dense, convolution, or its adjoint), a norm, a gate, a nonlinearity. */
typedef struct weiri_unit {
  weiri_unit_kind kind;
  int64_t in, out; /* channels, before a gate halves them */
  int64_t kernel;
  weir_conv_opts opts;
  weiri_after after;
  weir_slot weight, bias, gain, mean, variance;
} weiri_unit;

/* Reserves "<name>weight" and so on under build's path; u->kind, in, kernel, opts and
 * after are given, out counts what comes out of the gate. scale: initial weights
 * relative to the usual ones. */
weir_status weiri_unit_setup(
    weiri_unit *u, weir_build *build, const char *name, double scale);
/* x [n, in] or [n, h, w, in]. */
weir_var weiri_unit_apply(const weiri_unit *u, weir_run *run, weir_var x);
/* The nonlinearity of an `activation` option that may be none. */
weir_var weiri_after_activate(weir_tape *t, int activation, weir_var x);

#endif
