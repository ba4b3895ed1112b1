/* Metrics as JSON lines, one per evaluation. A resumed run first drops the lines beyond
 * its checkpoint, so that the file is that of a run which never stopped. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "train/train.h"

struct weiri_metrics {
  const weir_ctx *ctx;
  FILE *file;
};

/* Bytes of the whole lines of steps up to step. */
static size_t kept_bytes(const char *text, size_t size, int64_t step) {
  size_t at = 0;
  while (at < size) {
    const char *end = memchr(text + at, '\n', size - at);
    json_t *line =
        end == NULL ? NULL : json_loadb(text + at, (size_t)(end - text) - at, 0, NULL);
    const json_t *n = json_object_get(line, "step");
    const bool keep = json_is_integer(n) && json_integer_value(n) <= step;
    json_decref(line);
    if (!keep) {
      break;
    }
    at = (size_t)(end - text) + 1;
  }
  return at;
}

static weir_status drop_later(const weir_ctx *ctx, const char *path, int64_t step) {
  void *text = NULL;
  size_t size = 0;
  if (access(path, F_OK) != 0) {
    return WEIR_OK;
  }
  WEIR_TRY(weiri_file_read_all(ctx, path, &text, &size));
  const size_t keep = kept_bytes(text, size, step);
  weiri_free(ctx, text);
  if (keep < size && truncate(path, (off_t)keep) != 0) {
    return weiri_fail(
        WEIR_E_IO, "%s: cannot truncate: %s", path, weiri_strerror(errno));
  }
  return WEIR_OK;
}

weir_status weiri_metrics_open(
    struct weiri_metrics **out, const weir_ctx *ctx, const char *path, int64_t step) {
  if (step >= 0) {
    WEIR_TRY(drop_later(ctx, path, step));
  }
  struct weiri_metrics *m = weiri_calloc(ctx, 1, sizeof *m);
  if (m == NULL) {
    return WEIR_E_MEMORY;
  }
  m->ctx = ctx;
  m->file = fopen(path, step >= 0 ? "ab" : "wb");
  if (m->file == NULL) {
    const weir_status status = weiri_fail(
        WEIR_E_IO, "%s: cannot write metrics: %s", path, weiri_strerror(errno));
    weiri_free(ctx, m);
    return status;
  }
  *out = m;
  return WEIR_OK;
}

static void number(char *buf, double x) {
  if (isfinite(x)) {
    weiri_print_real(buf, x, false);
  } else {
    memcpy(buf, "null", 5);
  }
}

/* Parts of the bound of the validation rows: reconstruction and KL, or nothing. */
static void print_parts(struct weiri_metrics *m, const weiri_loop *l) {
  const weiri_scorer *s = l->scorer;
  if (l->valid.n > 0 && s->part_weight > 0.0) {
    char reconstruction[32], kl[32];
    number(reconstruction, s->part[0] / s->part_weight);
    number(kl, -s->part[1] / s->part_weight);
    fprintf(m->file, ", \"reconstruction\": %s, \"kl\": %s", reconstruction, kl);
  }
}

weir_status weiri_metrics_line(struct weiri_metrics *m, const weiri_loop *l) {
  const weiri_state *s = &l->state;
  char seconds[32], train[32], valid[32], rate[32], norm[32];
  number(seconds, round(weiri_loop_seconds(l) * 1000.0) / 1000.0);
  number(train, s->last_train);
  number(valid, s->last_score);
  number(rate, l->rate);
  number(norm, s->norm_count > 0.0 ? s->norm_sum / s->norm_count : NAN);
  errno = 0;
  fprintf(m->file,
      "{\"step\": %lld, \"epoch\": %lld, \"seconds\": %s, \"train\": %s, \"valid\": "
      "%s, "
      "\"lr\": %s, \"grad_norm\": %s",
      (long long)s->step, (long long)(s->step / l->per_epoch), seconds, train, valid,
      rate, norm);
  print_parts(m, l);
  fputs("}\n", m->file);
  return fflush(m->file) == 0 && !ferror(m->file)
             ? WEIR_OK
             : weiri_fail(WEIR_E_IO, "%s: cannot write metrics: %s", l->opts.metrics,
                   weiri_strerror(errno));
}

void weiri_metrics_close(struct weiri_metrics **metrics) {
  struct weiri_metrics *m = *metrics;
  if (m != NULL) {
    fclose(m->file);
    weiri_free(m->ctx, m);
    *metrics = NULL;
  }
}
