/* A run: what its method asks for on the way: telling the caller, saving, going on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/identity.h"
#include "base/sha256.h"
#include "infer/infer.h"
#include "model/safetensors.h"

#define FORMAT "1"
enum { BLOCKS_MAX = 16 };

double weiri_job_seconds(const weiri_job *job) {
  return job->before + weiri_clock() - job->begun;
}

weir_status weiri_job_tick(weiri_job *job, weir_infer_progress *p) {
  if (job->opts.progress == NULL) {
    return WEIR_OK;
  }
  p->seconds = weiri_job_seconds(job);
  const int64_t here = p->done - job->first;
  p->seconds_left = here > 0 ? (p->seconds - job->before) / (double)here *
                                   (double)(p->total - p->done)
                             : NAN;
  return job->opts.progress(job->opts.user, p)
             ? WEIR_OK
             : weiri_fail(WEIR_E_CANCELLED, "cancelled");
}

bool weiri_job_due(const weiri_job *job) {
  return job->opts.checkpoint != NULL &&
         weiri_clock() - job->saved > job->config.checkpoint_seconds;
}

/* ---- checkpoints: a safetensors file with the blocks ---- */

/* Settings on which the result depends. */
static weir_status identity(const weiri_job *job, json_t **out) {
  json_t *section = json_deep_copy(job->resolved);
  json_object_del(section, "checkpoint_seconds");
  *out = json_pack("{s:s, s:I, s:o, s:I}", "target",
      job->opts.identity == NULL ? weir_target_kind(job->target) : job->opts.identity,
      "dim", (json_int_t)job->d, "infer", section, "seed", (json_int_t)job->opts.seed);
  if (*out != NULL && job->init != NULL) {
    char hex[65];
    weiri_sha256_hex(job->init, (size_t)(job->inits * job->d) * sizeof *job->init, hex);
    json_object_set_new(*out, "init", json_string(hex));
  }
  return *out != NULL ? WEIR_OK : weiri_fail(WEIR_E_MEMORY, "out of memory");
}

static weir_status metadata(const weiri_job *job, int64_t done, json_t **out) {
  json_t *same = NULL;
  char seconds[32], units[32];
  WEIR_TRY(identity(job, &same));
  char *text = json_dumps(same, JSON_COMPACT | JSON_SORT_KEYS);
  json_decref(same);
  weiri_print_real(seconds, weiri_job_seconds(job), false);
  weiri_print_real(units, (double)done, false);
  *out = text == NULL
             ? NULL
             : json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "weir.inference", FORMAT,
                   "weir.version", weir_version(), "weir.isa", weir_ctx_isa(job->ctx),
                   "identity", text, "done", units, "seconds", seconds);
  free(text);
  return *out != NULL ? WEIR_OK : weiri_fail(WEIR_E_MEMORY, "out of memory");
}

weir_status weiri_job_save(
    weiri_job *job, int64_t done, int n, const weiri_kept *blocks) {
  weiri_st_tensor t[BLOCKS_MAX];
  json_t *meta = NULL;
  if (job->opts.checkpoint == NULL) {
    return WEIR_OK;
  }
  WEIR_TRY(metadata(job, done, &meta));
  for (int i = 0; i < n; i++) {
    t[i] = (weiri_st_tensor){
        blocks[i].name, WEIRI_ST_F64, weir_shape_1(blocks[i].n), blocks[i].data};
  }
  const weir_status status = weiri_st_write(job->ctx, job->opts.checkpoint, n, t, meta);
  json_decref(meta);
  job->saved = weiri_clock();
  return status;
}

weir_status weiri_job_step(
    weiri_job *job, weir_infer_progress *p, int n, const weiri_kept *blocks) {
  const weir_status told = weiri_job_tick(job, p);
  if (told == WEIR_OK && !weiri_job_due(job)) {
    return WEIR_OK;
  }
  WEIR_TRY(weiri_job_save(job, p->done, n, blocks));
  return told == WEIR_OK ? WEIR_OK : weiri_fail(told, "cancelled");
}

static weir_status not_one(const weiri_job *job) {
  return weiri_fail(
      WEIR_E_FORMAT, "%s: not a checkpoint of an inference", job->opts.checkpoint);
}

static weir_status check(const weiri_job *job, const weiri_st_file *f) {
  const char *format = weiri_st_metadata(f, "weir.inference");
  const char *text = weiri_st_metadata(f, "identity");
  const char *version = weiri_st_metadata(f, "weir.version");
  const char *isa = weiri_st_metadata(f, "weir.isa");
  if (format == NULL || text == NULL || version == NULL || isa == NULL) {
    return not_one(job);
  }
  if (strcmp(format, FORMAT) != 0) {
    return weiri_fail(WEIR_E_VERSION, "%s: a checkpoint of version %.20s, format %.8s",
        job->opts.checkpoint, version, format);
  }
  if (strcmp(version, weir_version()) != 0 ||
      strcmp(isa, weir_ctx_isa(job->ctx)) != 0) {
    weiri_log(job->ctx, WEIR_LOG_WARN,
        "%s was written by version %.20s on instruction set %.8s: the result may "
        "differ "
        "in its last bits from that of an uninterrupted run",
        job->opts.checkpoint, version, isa);
  }
  json_t *now = NULL, *saved = json_loads(text, 0, NULL);
  weir_status status = saved == NULL ? not_one(job) : identity(job, &now);
  if (status == WEIR_OK) { /* through text, as the saved one went */
    char *same = json_dumps(now, JSON_COMPACT | JSON_SORT_KEYS);
    json_t *read = same == NULL ? NULL : json_loads(same, 0, NULL);
    free(same);
    status = read == NULL ? weiri_fail(WEIR_E_MEMORY, "out of memory")
                          : weiri_identity_compare(saved, read, job->opts.checkpoint);
    json_decref(read);
  }
  json_decref(saved);
  json_decref(now);
  return status;
}

static weir_status number(
    const weiri_job *job, const weiri_st_file *f, const char *key, double *out) {
  const char *text = weiri_st_metadata(f, key);
  return text != NULL && weiri_parse_real(text, strlen(text), out) ? WEIR_OK
                                                                   : not_one(job);
}

/* All blocks are checked before the first number is taken. */
static weir_status take(
    const weiri_job *job, const weiri_st_file *f, int n, const weiri_kept *blocks) {
  for (int i = 0; i < n; i++) {
    const weiri_st_tensor *t = weiri_st_find(f, blocks[i].name);
    if (t == NULL || t->type != WEIRI_ST_F64 || t->shape.rank != 1 ||
        t->shape.dim[0] != blocks[i].n) {
      return weiri_fail(WEIR_E_MISMATCH, "resume: '%s' of %s does not fit the run",
          blocks[i].name, job->opts.checkpoint);
    }
  }
  for (int i = 0; i < n; i++) {
    memcpy(blocks[i].data, weiri_st_find(f, blocks[i].name)->data,
        (size_t)blocks[i].n * sizeof(double));
  }
  return WEIR_OK;
}

weir_status weiri_job_restore(
    weiri_job *job, int64_t *done, int n, const weiri_kept *blocks) {
  const char *path = job->opts.checkpoint;
  *done = 0;
  if (!job->opts.resume || path == NULL) {
    return WEIR_OK;
  }
  if (access(path, F_OK) != 0) {
    weiri_log(job->ctx, WEIR_LOG_INFO,
        "nothing to resume: no checkpoint %s: starting from the beginning", path);
    return WEIR_OK;
  }
  weiri_st_file *f = NULL;
  double units = 0.0;
  WEIR_TRY(weiri_st_read(&f, job->ctx, path));
  weir_status status = check(job, f);
  if (status == WEIR_OK) {
    status = number(job, f, "seconds", &job->before);
  }
  if (status == WEIR_OK) {
    status = number(job, f, "done", &units);
  }
  if (status == WEIR_OK) {
    status = take(job, f, n, blocks);
  }
  weiri_st_close(&f);
  if (status == WEIR_OK) {
    *done = job->first = (int64_t)units;
  }
  return status;
}
