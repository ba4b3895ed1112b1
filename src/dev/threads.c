/* Fork-join over OpenMP, or one thread without it. A region is entered only when the
 * work pays for waking the team. */
#include "dev/threads.h"

#include "base/ctx.h"

/* Below this many operations one thread will do: a fork-join takes about 1 us when both
 * cores are free, and far longer when another process holds one of them. */
#define WORK_MIN 4.0e5

struct weiri_team {
  const weir_ctx *ctx;
  int threads;
  void **scratch; /* [threads], each aligned to 64 */
  size_t bytes;
};

weir_status weiri_team_create(weiri_team **out, const weir_ctx *ctx) {
  weiri_team *team = weiri_calloc(ctx, 1, sizeof *team);
  if (team == NULL) {
    return WEIR_E_MEMORY;
  }
  team->ctx = ctx;
#ifdef _OPENMP
  team->threads = ctx->threads;
#else
  team->threads = 1;
#endif
  team->scratch = weiri_calloc(ctx, (size_t)team->threads, sizeof *team->scratch);
  if (team->scratch == NULL) {
    weiri_free(ctx, team);
    return WEIR_E_MEMORY;
  }
  *out = team;
  return WEIR_OK;
}

static void drop_scratch(weiri_team *team) {
  for (int i = 0; i < team->threads; i++) {
    weiri_free(team->ctx, team->scratch[i]);
    team->scratch[i] = NULL;
  }
  team->bytes = 0;
}

void weiri_team_destroy(weiri_team **team) {
  if (*team == NULL) {
    return;
  }
  drop_scratch(*team);
  weiri_free((*team)->ctx, (*team)->scratch);
  weiri_free((*team)->ctx, *team);
  *team = NULL;
}

static weir_status reserve(weiri_team *team, size_t bytes) {
  if (bytes <= team->bytes) {
    return WEIR_OK;
  }
  drop_scratch(team);
  for (int i = 0; i < team->threads; i++) {
    team->scratch[i] = weiri_alloc(team->ctx, bytes + 64);
    if (team->scratch[i] == NULL) {
      drop_scratch(team);
      return WEIR_E_MEMORY;
    }
  }
  team->bytes = bytes;
  return WEIR_OK;
}

static void *aligned(void *p) {
  return p == NULL ? NULL : (void *)(((uintptr_t)p + 63) & ~(uintptr_t)63);
}

int weiri_team_threads(const weiri_team *team, double work) {
  return work < WORK_MIN ? 1 : team->threads;
}

weir_status weiri_parallel(weiri_team *team, int64_t chunks, double work,
    size_t scratch_bytes, void (*fn)(void *arg, int64_t chunk, void *scratch),
    void *arg) {
  WEIR_TRY(reserve(team, scratch_bytes));
  int threads = weiri_team_threads(team, work);
  if (chunks < threads) {
    threads = (int)chunks;
  }
  if (threads <= 1) {
    for (int64_t i = 0; i < chunks; i++) {
      fn(arg, i, aligned(team->scratch[0]));
    }
    return WEIR_OK;
  }
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int t = 0; t < threads; t++) {
    for (int64_t i = t; i < chunks; i += threads) {
      fn(arg, i, aligned(team->scratch[t]));
    }
  }
#endif
  return WEIR_OK;
}
