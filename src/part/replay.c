/* A step is recorded several times without computing, at other steps and with other
 * rows: when the recordings are the same, so will be those of all later steps, and the
 * last becomes a plan. Otherwise (a layer looked at values, or put something that
 * changes into an attribute) the steps are recorded every time. */
#include "part/replay.h"

#include <string.h>

#include "base/ctx.h"

/* Plans at a time; the one longest unused makes room. */
#define PLANS 4

typedef struct entry {
  int64_t n; /* rows; 0: free */
  weiri_plan *plan;
  bool tried;   /* without a plan: steps of n rows cannot be one */
  int64_t used; /* step of the last use */
} entry;

struct weiri_replay {
  weir_ctx *ctx;
  weir_run *run;
  weiri_repeat repeat;
  weiri_results results;
  entry plans[PLANS];
  void *raw, *block; /* what the plans work in */
  size_t bytes;
  const weiri_plan *last; /* of the last step; NULL: it was taped */
  int64_t steps, replays;
  bool forbidden;
};

void weiri_results_add(weiri_results *r, weir_var var, void *place) {
  if (r->n < r->room) {
    r->var[r->n] = var;
    r->place[r->n++] = place;
  }
}

weir_status weiri_replay_create(
    weiri_replay **out, weir_run *run, const weiri_repeat *repeat) {
  weiri_replay *r = weiri_calloc(run->ctx, 1, sizeof *r);
  if (r == NULL) {
    return WEIR_E_MEMORY;
  }
  r->ctx = run->ctx;
  r->run = run;
  r->repeat = *repeat;
  r->results.room = repeat->room;
  r->results.var =
      weiri_calloc(run->ctx, (size_t)repeat->room + 1, sizeof *r->results.var);
  r->results.place =
      weiri_calloc(run->ctx, (size_t)repeat->room + 1, sizeof *r->results.place);
  if (r->results.var == NULL || r->results.place == NULL) {
    weiri_replay_destroy(&r);
    return WEIR_E_MEMORY;
  }
  *out = r;
  return WEIR_OK;
}

void weiri_replay_destroy(weiri_replay **replay) {
  weiri_replay *r = *replay;
  if (r == NULL) {
    return;
  }
  for (int i = 0; i < PLANS; i++) {
    weiri_plan_destroy(&r->plans[i].plan);
  }
  weiri_free(r->ctx, r->results.var);
  weiri_free(r->ctx, r->results.place);
  weiri_free(r->ctx, r->raw);
  weiri_free(r->ctx, r);
  *replay = NULL;
}

/* ---- recording ---- */

static void record(weiri_replay *r, int64_t n) {
  r->results.n = 0;
  r->repeat.record(r->repeat.self, r->run, n, &r->results);
}

/* Attributes may have padding, whose bytes are what the stack held before: the same in
 * every recording. */
static void level_stack(void) {
  volatile char page[16384];
  for (size_t i = 0; i < sizeof page; i++) {
    page[i] = 0;
  }
}

/* Records without computing, as if at another step. */
static weir_status rehearse(
    weiri_replay *r, int64_t n, uint64_t step, uint64_t *signature) {
  const uint64_t now = r->run->step;
  weiri_run_reset(r->run);
  weiri_tape_capture(r->run->tape);
  r->run->step = step;
  level_stack();
  record(r, n);
  r->run->step = now;
  *signature = weiri_tape_signature(r->run->tape);
  return weir_tape_status(r->run->tape);
}

static void vary(weiri_replay *r) {
  if (r->repeat.vary != NULL) {
    r->repeat.vary(r->repeat.self);
  }
}

/* The first recording gives the arena its size, so that attributes of the others lie at
 * the same addresses. *same: the step is one that repeats. */
static weir_status compare(weiri_replay *r, int64_t n, bool *same) {
  static const uint64_t ahead[] = {0, 1, 1000003};
  const uint64_t now = r->run->step;
  uint64_t first, other = 0;
  *same = true;
  weir_status status = rehearse(r, n, now, &first);
  vary(r);
  for (int i = 0; status == WEIR_OK && i < 3; i++) {
    status = rehearse(r, n, now + ahead[i], &other);
    first = i == 0 ? other : first;
    *same = *same && other == first;
  }
  vary(r);
  if (status == WEIR_OK) {
    status = rehearse(r, n, now, &other);
  }
  *same = *same && other == first;
  return status;
}

/* Memory for the largest plan, under all of them. */
static weir_status make_room(weiri_replay *r, size_t bytes) {
  if (bytes > r->bytes) {
    void *raw = weiri_alloc(r->ctx, bytes + 64);
    if (raw == NULL) {
      return WEIR_E_MEMORY;
    }
    weiri_free(r->ctx, r->raw);
    r->raw = raw;
    r->block = (void *)(((uintptr_t)raw + 63) & ~(uintptr_t)63);
    r->bytes = bytes;
  }
  for (int i = 0; i < PLANS; i++) {
    if (r->plans[i].plan != NULL) {
      weiri_plan_bind(r->plans[i].plan, r->block);
    }
  }
  return WEIR_OK;
}

/* A free entry, or the one that has not been used for longest. */
static entry *oldest(weiri_replay *r) {
  entry *e = &r->plans[0];
  for (int i = 1; i < PLANS && e->n > 0; i++) {
    e = r->plans[i].n == 0 || r->plans[i].used < e->used ? &r->plans[i] : e;
  }
  return e;
}

static weir_status make_plan(weiri_replay *r, entry *e) {
  bool same;
  e->tried = true;
  weir_status status = compare(r, e->n, &same);
  if (status == WEIR_OK && same) {
    const weiri_plan_opts opts = {r->repeat.hold ? r->run->params : NULL,
        r->repeat.panels && r->ctx->threads > 1 ? e->n : 0};
    status = weiri_plan_create(&e->plan, r->run->tape, r->results.n, r->results.var,
        (void *const *)r->results.place, &opts);
  }
  weiri_run_reset(r->run);
  if (status == WEIR_E_MEMORY) {
    e->n = 0;
    return status;
  }
  return e->plan == NULL ? WEIR_OK : make_room(r, weiri_plan_bytes(e->plan));
}

/* The entry of n rows, with its plan unless it waits for n to come again. */
static weir_status find(weiri_replay *r, int64_t n, bool settle, entry **out) {
  entry *e = NULL;
  for (int i = 0; i < PLANS; i++) {
    e = r->plans[i].n == n ? &r->plans[i] : e;
  }
  const bool known = e != NULL;
  if (!known) {
    e = oldest(r);
    weiri_plan_destroy(&e->plan);
    *e = (entry){.n = n};
  }
  e->used = r->steps;
  *out = e;
  return e->tried || (settle && !known) ? WEIR_OK : make_plan(r, e);
}

weir_status weiri_replay_prepare(weiri_replay *r, int64_t n) {
  entry *e;
  return n > 0 && !r->forbidden ? find(r, n, false, &e) : WEIR_OK;
}

const weiri_plan *weiri_replay_plan(const weiri_replay *r, int64_t n) {
  for (int i = 0; i < PLANS; i++) {
    if (r->plans[i].n == n) {
      return r->plans[i].plan;
    }
  }
  return NULL;
}

/* ---- running ---- */

static weir_status copy_out(weiri_replay *r) {
  const size_t size = weir_dtype_size(weir_tape_dtype(r->run->tape));
  for (int i = 0; i < r->results.n; i++) {
    const weir_var v = r->results.var[i];
    const weir_shape s = weir_var_shape(r->run->tape, v);
    const void *data = weir_var_data(r->run->tape, v);
    if (data == NULL) {
      WEIR_TRY(weir_tape_status(r->run->tape));
      return weiri_fail(WEIR_E_ARGUMENT, "step: result %d is poisoned", i);
    }
    if (r->results.place[i] != NULL) {
      memcpy(r->results.place[i], data, (size_t)weir_shape_size(&s) * size);
    }
  }
  return WEIR_OK;
}

weir_status weiri_replay_taped(weiri_replay *r, int64_t n) {
  weiri_run_reset(r->run);
  r->last = NULL;
  record(r, n);
  WEIR_TRY(weir_tape_status(r->run->tape));
  return copy_out(r);
}

weir_status weiri_replay_step(weiri_replay *r, int64_t n) {
  entry *e = NULL;
  r->steps++;
  if (!r->forbidden && n > 0) {
    WEIR_TRY(find(r, n, r->repeat.settle, &e));
  }
  if (e == NULL || e->plan == NULL) {
    return weiri_replay_taped(r, n);
  }
  r->last = e->plan;
  r->replays++;
  return weiri_plan_run(e->plan, r->run->tape);
}

const void *weiri_replay_data(const weiri_replay *r, int i) {
  return r->last != NULL ? weiri_plan_data(r->last, i)
                         : weir_var_data(r->run->tape, r->results.var[i]);
}

int weiri_replay_results(const weiri_replay *r) {
  return r->last != NULL ? weiri_plan_outputs(r->last) : r->results.n;
}

void weiri_replay_read(const weiri_replay *r, int i, int64_t n, double *out) {
  const void *data = weiri_replay_data(r, i);
  const bool single = weir_tape_dtype(r->run->tape) == WEIR_F32;
  for (int64_t k = 0; data != NULL && k < n; k++) {
    out[k] = single ? (double)((const float *)data)[k] : ((const double *)data)[k];
  }
}

int64_t weiri_replay_count(const weiri_replay *r) {
  return r->replays;
}

void weiri_replay_forbid(weiri_replay *r) {
  r->forbidden = true;
}

size_t weiri_replay_bytes(const weiri_replay *r) {
  size_t bytes = r->bytes;
  for (int i = 0; i < PLANS; i++) {
    bytes += r->plans[i].plan == NULL ? 0 : weiri_plan_own_bytes(r->plans[i].plan);
  }
  return bytes;
}
