/* Tensors of a model in two blocks; initial values from Philox streams named after
 * them, so that adding a tensor does not change the others. */
#include "tensor/params.h"

#include <string.h>

#include "base/rng.h"

#define ALIGN 16 /* numbers: 64 bytes of float */
#define GAP 48   /* numbers: shorter gaps do not end a run */

struct weir_params {
  weir_ctx *ctx;
  weir_dtype dtype;
  weiri_tensor_info *info;
  int32_t count, room;
  int64_t size[2]; /* statistics, trained */
  void *raw[2];
  void *block[2];
  uint64_t version;
};

weir_status weiri_params_create(weir_params **out, weir_ctx *ctx, weir_dtype dtype) {
  weir_params *p = weiri_calloc(ctx, 1, sizeof *p);
  if (p == NULL) {
    return WEIR_E_MEMORY;
  }
  p->ctx = ctx;
  p->dtype = dtype;
  *out = p;
  return WEIR_OK;
}

void weiri_params_destroy(weir_params **params) {
  weir_params *p = *params;
  if (p == NULL) {
    return;
  }
  for (int32_t i = 0; i < p->count; i++) {
    weiri_free(p->ctx, p->info[i].name);
    weiri_free(p->ctx, p->info[i].keep);
  }
  weiri_free(p->ctx, p->info);
  weiri_free(p->ctx, p->raw[0]);
  weiri_free(p->ctx, p->raw[1]);
  weiri_free(p->ctx, p);
  *params = NULL;
}

static weir_status make_room(weir_params *p) {
  if (p->count < p->room) {
    return WEIR_OK;
  }
  const int32_t room = p->room == 0 ? 64 : 2 * p->room;
  weiri_tensor_info *info = weiri_realloc(p->ctx, p->info, (size_t)room * sizeof *info);
  if (info == NULL) {
    return WEIR_E_MEMORY;
  }
  p->info = info;
  p->room = room;
  return WEIR_OK;
}

weir_status weiri_params_add(weir_params *p, int32_t *index, const char *name,
    weir_shape shape, bool trained, weiri_tensor_init init, const unsigned char *keep) {
  if (weiri_params_find(p, name) >= 0) {
    return weiri_fail(WEIR_E_CONFIG, "%s: two parameters have this name", name);
  }
  WEIR_TRY(make_room(p));
  const int64_t size = weir_shape_size(&shape);
  weiri_tensor_info info = {
      weiri_strdup(p->ctx, name), shape, p->size[trained], trained, NULL, init};
  if (info.name == NULL) {
    return WEIR_E_MEMORY;
  }
  if (keep != NULL) {
    unsigned char *copy = weiri_alloc(p->ctx, (size_t)size + 1);
    if (copy == NULL) {
      weiri_free(p->ctx, info.name);
      return WEIR_E_MEMORY;
    }
    memcpy(copy, keep, (size_t)size);
    info.keep = copy;
  }
  p->size[trained] += (size + ALIGN - 1) / ALIGN * ALIGN;
  *index = p->count;
  p->info[p->count++] = info;
  return WEIR_OK;
}

enum { PIECE = 512 }; /* values made at a time */

/* Values first .. first + n - 1 of a tensor at the start. */
static void initial(
    const weiri_tensor_info *info, weiri_rng rng, int64_t first, int64_t n, double *y) {
  const double a = info->init.a;
  const int64_t columns =
      info->shape.rank > 0 ? info->shape.dim[info->shape.rank - 1] : 1;
  switch (info->init.kind) {
  case WEIRI_INIT_UNIFORM:
    weiri_fill_uniform(rng, (uint64_t)first, n, WEIR_F64, y);
    for (int64_t i = 0; i < n; i++) {
      y[i] = a * (2.0 * y[i] - 1.0);
    }
    break;
  case WEIRI_INIT_NORMAL:
    weiri_fill_normal(rng, (uint64_t)first, n, WEIR_F64, y);
    for (int64_t i = 0; i < n; i++) {
      y[i] *= a;
    }
    break;
  case WEIRI_INIT_IDENTITY:
    for (int64_t i = 0; i < n; i++) {
      y[i] = (first + i) % (columns + 1) == 0 ? a : 0.0;
    }
    break;
  case WEIRI_INIT_CONSTANT:
    for (int64_t i = 0; i < n; i++) {
      y[i] = a;
    }
    break;
  }
}

static void store(const weir_params *p, int32_t index, int64_t i, double value) {
  if (p->dtype == WEIR_F32) {
    ((float *)weiri_params_data(p, index))[i] = (float)value;
  } else {
    ((double *)weiri_params_data(p, index))[i] = value;
  }
}

static weir_status allocate(weir_params *p, int which) {
  const size_t bytes = (size_t)p->size[which] * weir_dtype_size(p->dtype) + 64;
  weiri_free(p->ctx, p->raw[which]);
  p->raw[which] = weiri_calloc(p->ctx, 1, bytes);
  p->block[which] = (void *)(((uintptr_t)p->raw[which] + 63) & ~(uintptr_t)63);
  return p->raw[which] == NULL ? WEIR_E_MEMORY : WEIR_OK;
}

static void begin(weir_params *p, int32_t k, uint64_t seed) {
  const weiri_tensor_info *info = &p->info[k];
  const weiri_rng rng = {seed, weiri_stream(info->name, 0)};
  const int64_t size = weir_shape_size(&info->shape);
  double y[PIECE];
  for (int64_t first = 0; first < size; first += PIECE) {
    const int64_t n = size - first < PIECE ? size - first : PIECE;
    initial(info, rng, first, n, y);
    for (int64_t i = 0; i < n; i++) {
      store(p, k, first + i, info->keep != NULL && !info->keep[first + i] ? 0.0 : y[i]);
    }
  }
}

weir_status weiri_params_init(weir_params *p, uint64_t seed) {
  WEIR_TRY(allocate(p, 0));
  WEIR_TRY(allocate(p, 1));
  for (int32_t k = 0; k < p->count; k++) {
    begin(p, k, seed);
  }
  return WEIR_OK;
}

weir_dtype weiri_params_dtype(const weir_params *p) {
  return p->dtype;
}

int32_t weiri_params_count(const weir_params *p) {
  return p->count;
}

const weiri_tensor_info *weiri_params_info(const weir_params *p, int32_t index) {
  return &p->info[index];
}

int32_t weiri_params_find(const weir_params *p, const char *name) {
  for (int32_t i = 0; i < p->count; i++) {
    if (strcmp(p->info[i].name, name) == 0) {
      return i;
    }
  }
  return -1;
}

void *weiri_params_data(const weir_params *p, int32_t index) {
  const weiri_tensor_info *info = &p->info[index];
  return (char *)p->block[info->trained] +
         (size_t)info->offset * weir_dtype_size(p->dtype);
}

void *weiri_params_block(const weir_params *p) {
  return p->block[1];
}

int64_t weiri_params_block_size(const weir_params *p) {
  return p->size[1];
}

void *weiri_params_stats(const weir_params *p) {
  return p->block[0];
}

int64_t weiri_params_stats_size(const weir_params *p) {
  return p->size[0];
}

uint64_t weiri_params_version(const weir_params *p) {
  return p->version;
}

void weiri_params_touch(weir_params *p) {
  p->version++;
}

bool weiri_params_own(const weir_params *p, const void *at) {
  for (int i = 0; i < 2; i++) {
    const uintptr_t begin = (uintptr_t)p->block[i], here = (uintptr_t)at;
    if (begin != 0 && here >= begin &&
        here < begin + (size_t)p->size[i] * weir_dtype_size(p->dtype)) {
      return true;
    }
  }
  return false;
}

int64_t weiri_params_free(const weir_params *p) {
  int64_t n = 0;
  for (int32_t k = 0; k < p->count; k++) {
    const weiri_tensor_info *info = &p->info[k];
    const int64_t size = weir_shape_size(&info->shape);
    for (int64_t i = 0; info->trained && i < size; i++) {
      n += info->keep == NULL || info->keep[i];
    }
  }
  return n;
}

/* Whether one of the ALIGN numbers from i on is not masked out. */
static bool any_kept(const weiri_tensor_info *info, int64_t i, int64_t size) {
  for (int64_t j = i; j < size && j < i + ALIGN; j++) {
    if (info->keep == NULL || info->keep[j]) {
      return true;
    }
  }
  return false;
}

/* Writes the runs unless NULL; returns how many there are. Tensors begin at multiples
 * of ALIGN. */
static int64_t find_runs(const weir_params *p, int64_t *runs) {
  int64_t n = 0, end = -2 * GAP;
  for (int32_t k = 0; k < p->count; k++) {
    const weiri_tensor_info *info = &p->info[k];
    const int64_t size = info->trained ? weir_shape_size(&info->shape) : 0;
    for (int64_t i = 0; i < size; i += ALIGN) {
      if (!any_kept(info, i, size)) {
        continue;
      }
      const int64_t at = info->offset + i;
      n += at > end + GAP;
      if (runs != NULL && at > end + GAP) {
        runs[2 * n - 2] = at;
      }
      end = at + ALIGN;
      if (runs != NULL) {
        runs[2 * n - 1] = end;
      }
    }
  }
  return n;
}

weir_status weiri_params_runs(const weir_params *p, int64_t *n, int64_t **runs) {
  *n = find_runs(p, NULL);
  *runs = weiri_calloc(p->ctx, (size_t)*n + 1, 2 * sizeof **runs);
  if (*runs == NULL) {
    return WEIR_E_MEMORY;
  }
  (void)find_runs(p, *runs);
  return WEIR_OK;
}

void weiri_params_set(weir_params *p, int32_t index, const double *values) {
  const int64_t n = weir_shape_size(&p->info[index].shape);
  for (int64_t i = 0; i < n; i++) {
    store(p, index, i, values[i]);
  }
  weiri_params_touch(p);
}

void weiri_params_get(const weir_params *p, int32_t index, double *values) {
  const int64_t n = weir_shape_size(&p->info[index].shape);
  const void *data = weiri_params_data(p, index);
  for (int64_t i = 0; i < n; i++) {
    values[i] = p->dtype == WEIR_F32 ? (double)((const float *)data)[i]
                                     : ((const double *)data)[i];
  }
}
