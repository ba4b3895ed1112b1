/* Draws as files: CSV as CmdStan writes it (CmdStan User's Guide, "Stan CSV file
 * format"), NPY of shape [chains, draws, outputs] with a JSON file beside it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "infer/infer.h"

static weir_status put(weiri_out *out, const char *text) {
  return weiri_out_write(out, text, strlen(text));
}

static weir_status put_real(weiri_out *out, double x, const char *after) {
  char buf[40];
  const int n = weiri_print_real(buf, x, false);
  snprintf(buf + n, sizeof buf - (size_t)n, "%s", after);
  return put(out, buf);
}

/* "theta[1,2]" as CmdStan's header has it: "theta.1.2". */
static weir_status put_name(weiri_out *out, const char *name) {
  for (const char *s = name; *s != '\0'; s++) {
    const char c = *s == '[' || *s == ',' ? '.' : *s;
    if (c != ']') {
      WEIR_TRY(weiri_out_write(out, &c, 1));
    }
  }
  return WEIR_OK;
}

/* ---- CSV ---- */

static int64_t setting(const weir_posterior *p, const char *key) {
  json_t *record = json_loads(p->record, 0, NULL);
  const int64_t value =
      json_integer_value(json_object_get(json_object_get(record, "infer"), key));
  json_decref(record);
  return value;
}

static weir_status put_head(weiri_out *out, const weir_posterior *p, int64_t chain) {
  char text[512];
  const int64_t thin = setting(p, "thin");
  snprintf(text, sizeof text,
      "# model = %s\n# method = sample (Default)\n#   sample\n#     num_samples = "
      "%" PRId64 "\n#     num_warmup = %" PRId64
      "\n#     save_warmup = 0\n#     thin = %" PRId64
      "\n#     algorithm = hmc (Default)\n#       hmc\n#         engine = %s\n# id = "
      "%" PRId64 "\n# weir_version = %s\n",
      "weir", p->draws * (thin > 0 ? thin : 1), setting(p, "warmup"), thin, p->method,
      chain + 1, weir_version());
  WEIR_TRY(put(out, text));
  for (int64_t k = 0; k < p->stats; k++) {
    WEIR_TRY(put(out, k == 0 ? "" : ","));
    WEIR_TRY(put(out, p->stat_name[k]));
  }
  for (int64_t j = 0; j < p->outputs; j++) {
    WEIR_TRY(put(out, ","));
    WEIR_TRY(put_name(out, p->name[j]));
  }
  return put(out, "\n");
}

/* Step size and metric as comments, where the method has them. */
static weir_status put_adaptation(
    weiri_out *out, const weir_posterior *p, int64_t chain) {
  const json_t *c = json_array_get(json_object_get(p->facts, "chains"), (size_t)chain);
  const json_t *metric = json_object_get(c, "inverse_metric");
  const int64_t n = (int64_t)json_array_size(metric);
  if (c == NULL) {
    return WEIR_OK;
  }
  WEIR_TRY(put(out, "# Adaptation terminated\n# Step size = "));
  WEIR_TRY(put_real(out, json_real_value(json_object_get(c, "step_size")), "\n"));
  WEIR_TRY(put(out, n > p->dim ? "# Elements of inverse mass matrix:\n"
                               : "# Diagonal elements of inverse mass matrix:\n"));
  for (int64_t i = 0; i < n; i++) {
    const bool ends = (i + 1) % p->dim == 0;
    WEIR_TRY(put(out, i % p->dim == 0 ? "# " : ""));
    WEIR_TRY(put_real(
        out, json_real_value(json_array_get(metric, (size_t)i)), ends ? "\n" : ", "));
  }
  return WEIR_OK;
}

static weir_status put_rows(weiri_out *out, const weir_posterior *p, int64_t chain) {
  for (int64_t i = chain * p->draws; i < (chain + 1) * p->draws; i++) {
    for (int64_t k = 0; k < p->stats; k++) {
      WEIR_TRY(put_real(out, p->stat[i * p->stats + k], ","));
    }
    for (int64_t j = 0; j < p->outputs; j++) {
      WEIR_TRY(put_real(
          out, p->values[i * p->outputs + j], j + 1 == p->outputs ? "\n" : ","));
    }
  }
  return WEIR_OK;
}

static weir_status write_chain(
    const weir_posterior *p, const char *path, int64_t chain) {
  weiri_out *out = NULL;
  WEIR_TRY(weiri_out_open(&out, p->ctx, path));
  weir_status status = put_head(out, p, chain);
  if (status == WEIR_OK) {
    status = put_adaptation(out, p, chain);
  }
  if (status == WEIR_OK) {
    status = put_rows(out, p, chain);
  }
  if (status != WEIR_OK) {
    weiri_out_abort(&out);
    return status;
  }
  return weiri_out_commit(&out);
}

/* Length of path without a suffix. */
static int stem(const char *path, const char *suffix) {
  const size_t n = strlen(path), m = strlen(suffix);
  return (int)(n > m && strcmp(path + n - m, suffix) == 0 ? n - m : n);
}

static weir_status write_csv(const weir_posterior *p, const char *path) {
  for (int64_t k = 0; k < p->chains; k++) {
    char *name = p->chains == 1 ? weiri_strdup(p->ctx, path)
                                : weiri_format(p->ctx, "%.*s_%" PRId64 ".csv",
                                      stem(path, ".csv"), path, k + 1);
    if (name == NULL) {
      return WEIR_E_MEMORY;
    }
    const weir_status status = write_chain(p, name, k);
    weiri_free(p->ctx, name);
    WEIR_TRY(status);
  }
  return WEIR_OK;
}

/* ---- one plain table ---- */

weir_status weiri_put_csv_name(weiri_out *out, const char *name, bool first) {
  const char *mark = strchr(name, ',') == NULL ? "" : "\"";
  WEIR_TRY(put(out, first ? "" : ","));
  WEIR_TRY(put(out, mark));
  WEIR_TRY(put(out, name));
  return put(out, mark);
}

static weir_status put_table(weiri_out *out, const weir_posterior *p) {
  for (int64_t j = 0; j < p->outputs; j++) {
    WEIR_TRY(weiri_put_csv_name(out, p->name[j], j == 0));
  }
  WEIR_TRY(put(out, "\n"));
  for (int64_t i = 0; i < p->chains * p->draws * p->outputs; i++) {
    WEIR_TRY(put_real(out, p->values[i], (i + 1) % p->outputs == 0 ? "\n" : ","));
  }
  return WEIR_OK;
}

static weir_status write_table(const weir_posterior *p, const char *path) {
  weiri_out *out = NULL;
  WEIR_TRY(weiri_out_open(&out, p->ctx, path));
  const weir_status status = put_table(out, p);
  if (status != WEIR_OK) {
    weiri_out_abort(&out);
    return status;
  }
  return weiri_out_commit(&out);
}

/* ---- NPY ---- */

/* Version 1.0 of the format: the header fills up to a multiple of 64 bytes. */
static weir_status put_npy(weiri_out *out, const weir_posterior *p) {
  char head[192], text[256];
  const unsigned one = 1;
  unsigned char order;
  memcpy(&order, &one, 1);
  const int n = snprintf(head, sizeof head,
      "{'descr': '%cf8', 'fortran_order': False, 'shape': (%" PRId64 ", %" PRId64
      ", %" PRId64 "), }",
      order == 1 ? '<' : '>', p->chains, p->draws, p->outputs);
  const int total = (10 + n + 1 + 63) / 64 * 64, body = total - 10;
  memcpy(text, "\x93NUMPY\x01\x00", 8);
  text[8] = (char)(body & 255);
  text[9] = (char)(body >> 8);
  snprintf(text + 10, sizeof text - 10, "%-*s\n", body - 1, head);
  WEIR_TRY(weiri_out_write(out, text, (size_t)total));
  return weiri_out_write(
      out, p->values, (size_t)(p->chains * p->draws * p->outputs) * sizeof *p->values);
}

static weir_status write_beside(const weir_posterior *p, const char *path) {
  json_t *names = json_array(), *record = json_loads(p->record, 0, NULL);
  for (int64_t i = 0; i < p->outputs; i++) {
    json_array_append_new(names, json_string(p->name[i]));
  }
  json_t *all = json_pack("{s:o, s:o}", "names", names, "record", record);
  char *text = all == NULL ? NULL : json_dumps(all, JSON_INDENT(2));
  char *name = weiri_format(p->ctx, "%.*s.json", stem(path, ".npy"), path);
  const weir_status status =
      text == NULL || name == NULL
          ? weiri_fail(WEIR_E_MEMORY, "out of memory")
          : weiri_file_write_atomic(p->ctx, name, text, strlen(text));
  json_decref(all);
  free(text);
  weiri_free(p->ctx, name);
  return status;
}

static weir_status write_npy(const weir_posterior *p, const char *path) {
  weiri_out *out = NULL;
  WEIR_TRY(weiri_out_open(&out, p->ctx, path));
  const weir_status status = put_npy(out, p);
  if (status != WEIR_OK) {
    weiri_out_abort(&out);
    return status;
  }
  WEIR_TRY(weiri_out_commit(&out));
  return write_beside(p, path);
}

weir_status weir_posterior_write(
    const weir_posterior *p, const char *path, const char *format) {
  const char *extension = weiri_extension(path);
  const char *word = format != NULL ? format : extension != NULL ? extension : "csv";
  if (strcasecmp(word, "csv") == 0) {
    return write_csv(p, path);
  }
  if (strcasecmp(word, "npy") == 0) {
    return write_npy(p, path);
  }
  if (format != NULL && strcasecmp(format, "table") == 0) {
    return write_table(p, path);
  }
  return format != NULL
             ? weiri_fail(WEIR_E_CONFIG,
                   "format of draws: expected csv, npy or table, found '%s'", format)
             : weiri_fail(WEIR_E_CONFIG,
                   "%s: no draws are written as '.%.32s': expected a name that ends "
                   "in .csv or .npy, or one of them as the format",
                   path, word);
}
