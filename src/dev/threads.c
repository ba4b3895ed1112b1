/* A small pool per team. The calling thread takes chunks like any other, and waits at
 * the end only for chunks that a worker has begun: a worker that the system does not
 * run costs little, so on a busy machine two threads are not much slower than one.
 * Workers look for work for a moment after each job and then sleep.
 *
 * Where workers do not help, because other processes have the cores, jobs are not
 * offered to them: after a trial of TRIAL jobs of which none was helped, or which took
 * longer together than they would have alone, or once the caller has waited for two
 * longer than the work was worth, jobs of REST operations in all are done alone, and of
 * twice as many after every further trial like it. So until REST_MOST is reached, of n
 * operations some TRIAL log2(n / REST) jobs are offered in vain. */
#include "dev/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "base/ctx.h"

/* Below this many operations one thread will do: waking a worker takes some
 * microseconds.
 */
#define WORK_MIN 4.0e5
/* Turns of a waiting loop before it sleeps: some tens of microseconds. */
#define SPINS 4000
/* Jobs of a trial, and the least and most operations that are done alone after one:
 * milliseconds, and some tenths of a second. */
#define TRIAL 8
#define REST 2.0e8
#define REST_MOST 3.2e10
/* Waiting at the end of a job costs too much beyond this, and beyond a chunk's time. */
#define WAIT_FREE 50e-6

typedef struct job {
  void (*fn)(void *arg, int64_t chunk, void *scratch);
  void *arg;
  int64_t chunks;
  atomic_llong next;
  atomic_int helped; /* chunks that workers took */
} job;

typedef struct worker {
  struct weiri_team *team;
  int index; /* of its scratch */
  pthread_t thread;
} worker;

struct weiri_team {
  const weir_ctx *ctx;
  int threads, started; /* started: workers that run, besides the caller */
  worker *workers;      /* [threads - 1] */
  void **scratch;       /* [threads], each aligned to 64 */
  size_t bytes;
  pthread_mutex_t lock;
  pthread_cond_t wake, done;
  job *open;         /* under lock: what workers may join */
  atomic_int joined; /* workers at it; changed under lock */
  bool quit;
  atomic_uint calls; /* jobs so far; what spinning workers watch */
  /* of the caller: */
  int trial;          /* jobs left of the trial */
  int good, bad;      /* of its jobs: helped by workers, waited for too long */
  double took, alone; /* seconds of its jobs, and what they take without workers */
  double rest, left;  /* operations to be done alone after a trial in vain, and now */
  int64_t offered;    /* jobs that were offered to workers */
  bool stalled;       /* for tests: workers do not come */
};

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void *aligned(void *p) {
  return p == NULL ? NULL : (void *)(((uintptr_t)p + 63) & ~(uintptr_t)63);
}

/* Returns how many chunks were done. */
static int64_t work_on(job *j, void *scratch) {
  for (int64_t done = 0;; done++) {
    const int64_t i = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed);
    if (i >= j->chunks) {
      return done;
    }
    j->fn(j->arg, i, scratch);
  }
}

/* Waits for a job after the last one seen; NULL: the team ends. On return the worker
 * has joined, and the job stays until it leaves. */
static job *join_next(weiri_team *team, unsigned *seen) {
  for (int i = 0; i < SPINS && atomic_load(&team->calls) == *seen; i++) {
    pause_briefly();
  }
  pthread_mutex_lock(&team->lock);
  while (!team->quit && (team->open == NULL || atomic_load(&team->calls) == *seen)) {
    *seen = team->open == NULL ? atomic_load(&team->calls) : *seen;
    pthread_cond_wait(&team->wake, &team->lock);
  }
  *seen = atomic_load(&team->calls);
  job *j = team->quit ? NULL : team->open;
  atomic_fetch_add(&team->joined, j != NULL ? 1 : 0);
  pthread_mutex_unlock(&team->lock);
  return j;
}

static void leave(weiri_team *team) {
  pthread_mutex_lock(&team->lock);
  if (atomic_fetch_sub(&team->joined, 1) == 1) {
    pthread_cond_signal(&team->done);
  }
  pthread_mutex_unlock(&team->lock);
}

static void *serve(void *arg) {
  const worker *w = arg;
  unsigned seen = 0;
  job *j;
  while ((j = join_next(w->team, &seen)) != NULL) {
    const int64_t done = work_on(j, aligned(w->team->scratch[w->index]));
    atomic_fetch_add(&j->helped, done > 0);
    leave(w->team);
  }
  return NULL;
}

weir_status weiri_team_create(weiri_team **out, const weir_ctx *ctx) {
  weiri_team *team = weiri_calloc(ctx, 1, sizeof *team);
  if (team == NULL) {
    return WEIR_E_MEMORY;
  }
  team->ctx = ctx;
  team->threads = ctx->threads;
  team->trial = TRIAL;
  team->rest = REST;
  team->scratch = weiri_calloc(ctx, (size_t)team->threads, sizeof *team->scratch);
  team->workers = weiri_calloc(ctx, (size_t)team->threads, sizeof *team->workers);
  if (team->scratch == NULL || team->workers == NULL) {
    weiri_free(ctx, team->scratch);
    weiri_free(ctx, team->workers);
    weiri_free(ctx, team);
    return WEIR_E_MEMORY;
  }
  pthread_mutex_init(&team->lock, NULL);
  pthread_cond_init(&team->wake, NULL);
  pthread_cond_init(&team->done, NULL);
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

void weiri_team_destroy(weiri_team **out) {
  weiri_team *team = *out;
  if (team == NULL) {
    return;
  }
  pthread_mutex_lock(&team->lock);
  team->quit = true;
  atomic_fetch_add(&team->calls, 1);
  pthread_cond_broadcast(&team->wake);
  pthread_mutex_unlock(&team->lock);
  for (int i = 0; i < team->started; i++) {
    pthread_join(team->workers[i].thread, NULL);
  }
  pthread_mutex_destroy(&team->lock);
  pthread_cond_destroy(&team->wake);
  pthread_cond_destroy(&team->done);
  drop_scratch(team);
  weiri_free(team->ctx, team->scratch);
  weiri_free(team->ctx, team->workers);
  weiri_free(team->ctx, team);
  *out = NULL;
}

/* Starts the workers on first use. A thread that cannot be had is done without. */
static void start_workers(weiri_team *team) {
  while (team->started < team->threads - 1) {
    worker *w = &team->workers[team->started];
    *w = (worker){.team = team, .index = team->started + 1};
    if (pthread_create(&w->thread, NULL, serve, w) != 0) {
      team->threads = team->started + 1;
      return;
    }
    team->started++;
  }
}

enum { SCRATCH_LEAST = 1 << 18 };

static weir_status reserve(weiri_team *team, size_t bytes) {
  if (bytes <= team->bytes) {
    return WEIR_OK;
  }
  /* How much a product wants depends on whether threads help it at the moment: room for
   * either from the start, so that steps do not allocate. */
  bytes = bytes < SCRATCH_LEAST && team->threads > 1 ? SCRATCH_LEAST : bytes;
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

void weiri_team_alone(weiri_team *team) {
  team->threads = team->started + 1;
}

int weiri_team_threads(const weiri_team *team, double work) {
  return work < WORK_MIN || team->left > 0.0 ? 1 : team->threads;
}

/* Lets workers join. */
static void open_job(weiri_team *team, job *j) {
  pthread_mutex_lock(&team->lock);
  team->open = j;
  atomic_fetch_add(&team->calls, 1);
  pthread_cond_broadcast(&team->wake);
  pthread_mutex_unlock(&team->lock);
}

/* Nobody joins from here on; waits for those who have. */
static void close_job(weiri_team *team) {
  pthread_mutex_lock(&team->lock);
  team->open = NULL;
  pthread_mutex_unlock(&team->lock);
  for (int i = 0; i < SPINS && atomic_load(&team->joined) > 0; i++) {
    pause_briefly();
  }
  pthread_mutex_lock(&team->lock);
  while (atomic_load(&team->joined) > 0) {
    pthread_cond_wait(&team->done, &team->lock);
  }
  pthread_mutex_unlock(&team->lock);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Whether this job is offered to workers. */
static bool offer(weiri_team *team, int64_t chunks, double work) {
  if (work < WORK_MIN || team->threads < 2) {
    return false;
  }
  if (team->left > 0.0) {
    team->left -= work;
    return false;
  }
  team->offered += chunks > 1;
  return chunks > 1;
}

/* What a trial says of the next jobs: workers are worth their while when none is waited
 * for too long more than once, and all in all the jobs took less time than alone. */
static void judge(weiri_team *team, bool helped, bool late, double took, double alone) {
  team->good += helped && !late;
  team->bad += late;
  team->took += took;
  team->alone += alone;
  if (--team->trial > 0 && team->bad < 2) {
    return;
  }
  if (team->good == 0 || team->bad > 1 || team->took > team->alone) {
    team->left = team->rest;
    team->rest = 2.0 * team->rest < REST_MOST ? 2.0 * team->rest : REST_MOST;
  } else {
    team->rest = REST;
  }
  team->trial = TRIAL;
  team->good = team->bad = 0;
  team->took = team->alone = 0.0;
}

static void work_together(weiri_team *team, job *j) {
  if (!team->stalled) {
    start_workers(team);
    open_job(team, j);
  }
  const double begun = now();
  const int64_t done = work_on(j, aligned(team->scratch[0]));
  const double worked = now();
  if (!team->stalled) {
    close_job(team);
  }
  const double ended = now(), took = ended - begun;
  const double each = done > 0 ? (worked - begun) / (double)done : 0.0;
  const double alone = done > 0 ? each * (double)j->chunks : took;
  judge(team, atomic_load(&j->helped) > 0, ended - worked > WAIT_FREE + 2.0 * each,
      took, alone);
}

weir_status weiri_parallel(weiri_team *team, int64_t chunks, double work,
    size_t scratch_bytes, void (*fn)(void *arg, int64_t chunk, void *scratch),
    void *arg) {
  WEIR_TRY(reserve(team, scratch_bytes));
  job j = {.fn = fn, .arg = arg, .chunks = chunks};
  if (offer(team, chunks, work)) {
    work_together(team, &j);
  } else {
    (void)work_on(&j, aligned(team->scratch[0]));
  }
  return WEIR_OK;
}

size_t weiri_team_scratch(const weiri_team *team) {
  return team->bytes * (size_t)team->threads;
}

int64_t weiri_team_offered(const weiri_team *team) {
  return team->offered;
}

void weiri_team_stall(weiri_team *team, bool stalled) {
  team->stalled = stalled;
}
