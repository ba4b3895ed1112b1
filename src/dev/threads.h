/* Splitting work over threads: the only parallel construct. */
#ifndef WEIRI_THREADS_H
#define WEIRI_THREADS_H

#include "base/base.h"

/* A context's threads with scratch memory for each; owned by a tape or a loop. */
typedef struct weiri_team weiri_team;

weir_status weiri_team_create(weiri_team **out, const weir_ctx *ctx);
void weiri_team_destroy(weiri_team **team);

/* Runs fn(arg, i, scratch) for 0 <= i < chunks. What a chunk computes may not depend on
 * the thread. work estimates the whole in floating-point operations: little work stays
 * on the calling thread. scratch is 64-byte aligned, of scratch_bytes, one per thread.
 * Errors: E_MEMORY (nothing has run). */
weir_status weiri_parallel(weiri_team *team, int64_t chunks, double work,
    size_t scratch_bytes, void (*fn)(void *arg, int64_t chunk, void *scratch),
    void *arg);

/* From here on the team is its caller alone. */
void weiri_team_alone(weiri_team *team);

/* Threads that weiri_parallel would use for this much work. */
int weiri_team_threads(const weiri_team *team, double work);

/* Bytes of scratch that the threads hold by now. */
size_t weiri_team_scratch(const weiri_team *team);

/* Jobs that were offered to other threads so far. */
int64_t weiri_team_offered(const weiri_team *team);
/* For tests: other threads never come, as where the system does not run them. */
void weiri_team_stall(weiri_team *team, bool stalled);

#endif
