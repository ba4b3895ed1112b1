/* The parameters of a model: every trained tensor in one block, every statistic in a
 * second, so that an optimiser, a moving average and a checkpoint are single sweeps. */
#ifndef WEIRI_PARAMS_H
#define WEIRI_PARAMS_H

#include "base/base.h"
#include "weir/tape.h"

typedef struct weir_params weir_params;

/* Values of a tensor when it is made. */
typedef struct weiri_tensor_init {
  enum weiri_init_kind {
    WEIRI_INIT_CONSTANT,
    WEIRI_INIT_UNIFORM,
    WEIRI_INIT_NORMAL,
    WEIRI_INIT_IDENTITY
  } kind;
  double a;
} weiri_tensor_init;

typedef struct weiri_tensor_info {
  const char *name;
  weir_shape shape;
  int64_t offset; /* numbers from the start of its block; a multiple of 16 */
  bool trained;
  const unsigned char *keep; /* [size] or NULL: entries that may differ from zero */
  weiri_tensor_init init;
} weiri_tensor_info;

weir_status weiri_params_create(weir_params **out, weir_ctx *ctx, weir_dtype dtype);
void weiri_params_destroy(weir_params **p);
/* Adds a tensor; keep is copied. *index counts from 0. Errors: E_MEMORY, and E_CONFIG
 * when the name is taken. Blocks may move until weiri_params_init. */
weir_status weiri_params_add(weir_params *p, int32_t *index, const char *name,
    weir_shape shape, bool trained, weiri_tensor_init init, const unsigned char *keep);
/* Allocates the blocks and draws initial values: tensor i from stream (name, seed). */
weir_status weiri_params_init(weir_params *p, uint64_t seed);

weir_dtype weiri_params_dtype(const weir_params *p);
int32_t weiri_params_count(const weir_params *p);
const weiri_tensor_info *weiri_params_info(const weir_params *p, int32_t index);
int32_t weiri_params_find(const weir_params *p, const char *name); /* -1: none */
/* Numbers of tensor i in its block. */
void *weiri_params_data(const weir_params *p, int32_t index);
/* The block of all trained tensors (padding is zero) and its length in numbers. */
void *weiri_params_block(const weir_params *p);
int64_t weiri_params_block_size(const weir_params *p);
/* The block of statistics. */
void *weiri_params_stats(const weir_params *p);
int64_t weiri_params_stats_size(const weir_params *p);
/* Numbers that training may change (masks counted). */
int64_t weiri_params_free(const weir_params *p);
/* Runs of the block that training may change, in whole lines of 16 numbers, [n, 2]
 * first and end, ascending; short gaps are part of a run. The caller's to free. */
weir_status weiri_params_runs(const weir_params *p, int64_t *n, int64_t **runs);
/* Counts changes of values: whoever writes into a block says so afterwards. */
uint64_t weiri_params_version(const weir_params *p);
void weiri_params_touch(weir_params *p);
/* Whether at lies inside of one of the blocks. */
bool weiri_params_own(const weir_params *p, const void *at);
/* Copies float64 numbers into tensor i, rounding to the block's type. */
void weiri_params_set(weir_params *p, int32_t index, const double *values);
void weiri_params_get(const weir_params *p, int32_t index, double *values);

#endif
