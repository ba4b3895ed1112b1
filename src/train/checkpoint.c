/* Checkpoints: a safetensors file with every block of numbers and, as JSON, the state
 * of the run and what it belongs to. Written to a temporary file, synced and renamed,
 * so that whatever happens one whole checkpoint is there. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ctx.h"
#include "model/safetensors.h"
#include "train/train.h"

#define FORMAT "1"
enum { BLOCKS = 8 };

/* A block of numbers and its name in the file. */
typedef struct named {
  const char *name;
  void *data;
  int64_t n;
  bool real64;
} named;

static int blocks_of(weiri_loop *l, named *b) {
  const weir_params *p = l->model->params;
  const int64_t n = weiri_params_block_size(p), stats = weiri_params_stats_size(p);
  static const char *const moments[] = {"moment0", "moment1"};
  int k = 0;
  b[k++] = (named){"weights", l->weights, n, false};
  b[k++] = (named){"stats", l->stats, stats, false};
  b[k++] = (named){"best", l->best, n, false};
  b[k++] = (named){"best_stats", l->best_stats, stats, false};
  b[k++] = (named){"origin", l->model->origin, weir_model_features(l->model), true};
  for (int i = 0; i < l->optim->cls->blocks; i++) {
    b[k++] = (named){moments[i], l->optim->state[i], n, false};
  }
  if (l->ema != NULL) {
    b[k++] = (named){"ema", l->ema, n, false};
  }
  return k;
}

static weiri_st_type type_of(const weiri_loop *l, const named *b) {
  return b->real64 || weiri_params_dtype(l->model->params) == WEIR_F64 ? WEIRI_ST_F64
                                                                       : WEIRI_ST_F32;
}

/* ---- state as JSON; reals as text, for they may be infinite ---- */

static int put_real(json_t *o, const char *key, double x) {
  char text[32];
  weiri_print_real(text, x, false);
  return json_object_set_new(o, key, json_string(text));
}

static json_t *plan_to_json(const weiri_state *s) {
  json_t *list = json_array();
  for (int64_t i = 0; i < 3 * s->plans; i++) {
    json_array_append_new(list, json_integer(s->plan[i]));
  }
  return list;
}

static bool plan_from_json(const json_t *list, weiri_state *s) {
  const size_t n = json_array_size(list);
  bool ok = json_is_array(list) && n % 3 == 0 && n <= 3 * WEIR_FIT_PLANS;
  for (size_t i = 0; ok && i < n; i++) {
    s->plan[i] = json_integer_value(json_array_get(list, i));
    ok = s->plan[i] > 0;
  }
  s->plans = (int64_t)n / 3;
  return ok;
}

static json_t *state_to_json(const weiri_state *s) {
  json_t *o = json_object();
  int bad = o == NULL;
#define X(name) bad |= json_object_set_new(o, #name, json_integer(s->name));
  WEIRI_STATE_INTS(X)
#undef X
#define X(name) bad |= put_real(o, #name, s->name);
  WEIRI_STATE_REALS(X)
#undef X
  bad |= json_object_set_new(o, "plan", plan_to_json(s));
  if (bad) {
    json_decref(o);
    return NULL;
  }
  return o;
}

static bool get_int(const json_t *o, const char *key, int64_t *out) {
  const json_t *v = json_object_get(o, key);
  *out = json_integer_value(v);
  return json_is_integer(v);
}

static bool get_real(const json_t *o, const char *key, double *out) {
  const char *text = json_string_value(json_object_get(o, key));
  return text != NULL && weiri_parse_real(text, strlen(text), out);
}

static bool state_from_json(const json_t *o, weiri_state *s) {
  bool ok = true;
#define X(name) ok = ok && get_int(o, #name, &s->name);
  WEIRI_STATE_INTS(X)
#undef X
#define X(name) ok = ok && get_real(o, #name, &s->name);
  WEIRI_STATE_REALS(X)
#undef X
  return ok && plan_from_json(json_object_get(o, "plan"), s) && s->step >= 0 &&
         s->steps >= 0 && s->eval_every > 0;
}

/* ---- writing ---- */

static int put_dump(json_t *meta, const char *key, json_t *value) {
  char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);
  const int bad =
      text == NULL || json_object_set_new(meta, key, json_string(text)) != 0;
  free(text);
  json_decref(value);
  return bad;
}

/* Made once: the digest of much data takes its time. */
static weir_status know_identity(weiri_loop *l) {
  return l->identity != NULL ? WEIR_OK : weiri_identity(l, &l->identity);
}

static weir_status metadata(weiri_loop *l, json_t **out) {
  WEIR_TRY(know_identity(l));
  *out = json_pack("{s:s, s:s, s:s}", "weir.checkpoint", FORMAT, "weir.version",
      weir_version(), "weir.isa", weir_ctx_isa(l->ctx));
  int bad = *out == NULL;
  bad |= put_dump(*out, "identity", json_incref(l->identity));
  bad |= put_dump(*out, "state", state_to_json(&l->state));
  if (bad) {
    json_decref(*out);
    return weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  return WEIR_OK;
}

weir_status weiri_checkpoint_write(weiri_loop *l) {
  named b[BLOCKS];
  weiri_st_tensor t[BLOCKS];
  const int n = blocks_of(l, b);
  json_t *meta = NULL;
  l->state.seconds = weiri_loop_seconds(l);
  l->state.schedule_scale = l->schedule.scale;
  l->state.schedule_best = l->schedule.best;
  l->state.waited = l->schedule.waited;
  for (int i = 0; i < n; i++) {
    t[i] = (weiri_st_tensor){
        b[i].name, type_of(l, &b[i]), weir_shape_1(b[i].n), b[i].data};
  }
  WEIR_TRY(metadata(l, &meta));
  const weir_status status = weiri_st_write(l->ctx, l->opts.checkpoint, n, t, meta);
  json_decref(meta);
  return status;
}

/* ---- reading ---- */

static weir_status read_json(
    const weiri_loop *l, const weiri_st_file *f, const char *key, json_t **out) {
  const char *text = weiri_st_metadata(f, key);
  *out = text == NULL ? NULL : json_loads(text, 0, NULL);
  return *out != NULL ? WEIR_OK
                      : weiri_fail(WEIR_E_FORMAT, "%s: not a checkpoint: no %s",
                            l->opts.checkpoint, key);
}

static weir_status check_format(const weiri_loop *l, const weiri_st_file *f) {
  const char *format = weiri_st_metadata(f, "weir.checkpoint");
  const char *version = weiri_st_metadata(f, "weir.version");
  const char *isa = weiri_st_metadata(f, "weir.isa");
  if (format == NULL || version == NULL || isa == NULL) {
    return weiri_fail(WEIR_E_FORMAT, "%s: not a checkpoint", l->opts.checkpoint);
  }
  if (strcmp(format, FORMAT) != 0) {
    return weiri_fail(WEIR_E_VERSION,
        "%s: a checkpoint of version %.20s (format %.8s), this is version %s (format "
        "%s)",
        l->opts.checkpoint, version, format, weir_version(), FORMAT);
  }
  if (strcmp(version, weir_version()) != 0 || strcmp(isa, weir_ctx_isa(l->ctx)) != 0) {
    weiri_log(l->ctx, WEIR_LOG_WARN,
        "%s was written by version %.20s on instruction set %.8s, resumed by %s on %s: "
        "the result may differ in its last bits from that of an uninterrupted run",
        l->opts.checkpoint, version, isa, weir_version(), weir_ctx_isa(l->ctx));
  }
  return WEIR_OK;
}

static weir_status check_identity(weiri_loop *l, const weiri_st_file *f) {
  json_t *saved = NULL;
  WEIR_TRY(know_identity(l));
  WEIR_TRY(read_json(l, f, "identity", &saved));
  const weir_status status =
      weiri_identity_compare(saved, l->identity, l->opts.checkpoint);
  json_decref(saved);
  return status;
}

static weir_status read_state(weiri_loop *l, const weiri_st_file *f) {
  json_t *saved = NULL;
  WEIR_TRY(read_json(l, f, "state", &saved));
  const bool ok = state_from_json(saved, &l->state);
  json_decref(saved);
  if (!ok) {
    return weiri_fail(
        WEIR_E_FORMAT, "%s: the state of the run is malformed", l->opts.checkpoint);
  }
  l->schedule.scale = l->state.schedule_scale;
  l->schedule.best = l->state.schedule_best;
  l->schedule.waited = l->state.waited;
  return WEIR_OK;
}

/* All tensors are checked before the first number is taken. */
static weir_status read_blocks(weiri_loop *l, const weiri_st_file *f) {
  named b[BLOCKS];
  const int n = blocks_of(l, b);
  const weiri_st_tensor *t[BLOCKS];
  for (int i = 0; i < n; i++) {
    t[i] = weiri_st_find(f, b[i].name);
    if (t[i] == NULL || t[i]->type != type_of(l, &b[i]) || t[i]->shape.rank != 1 ||
        t[i]->shape.dim[0] != b[i].n) {
      return weiri_fail(WEIR_E_MISMATCH, "resume: '%s' of %s does not fit the model",
          b[i].name, l->opts.checkpoint);
    }
  }
  for (int i = 0; i < n; i++) {
    const size_t size = type_of(l, &b[i]) == WEIRI_ST_F64 ? 8 : 4;
    memcpy(b[i].data, t[i]->data, (size_t)b[i].n * size);
  }
  return WEIR_OK;
}

weir_status weiri_checkpoint_read(weiri_loop *l, bool *found) {
  const char *path = l->opts.checkpoint;
  *found = path != NULL && access(path, F_OK) == 0;
  if (!*found) {
    weiri_log(l->ctx, WEIR_LOG_INFO,
        "nothing to resume%s%s: starting from the beginning",
        path == NULL ? "" : ": no checkpoint ", path == NULL ? "" : path);
    return WEIR_OK;
  }
  weiri_st_file *f = NULL;
  WEIR_TRY(weiri_st_read(&f, l->ctx, path));
  weir_status status = check_format(l, f);
  if (status == WEIR_OK) {
    status = check_identity(l, f);
  }
  if (status == WEIR_OK) {
    status = read_state(l, f);
  }
  if (status == WEIR_OK) {
    status = read_blocks(l, f);
  }
  weiri_st_close(&f);
  return status;
}
