/* Delimited text (RFC 4180, and what is found in the wild): fields end at the
 * delimiter, records at \n, \r\n or \r; a field that begins with a quote ends with the
 * next single quote, "" inside it is a quote; blanks around fields do not count. */
#include "data/csv_scan.h"

#include <math.h>
#include <string.h>

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

static bool add_field(weiri_record *r, weiri_field f) {
  if (r->keep > 0 && r->n >= r->keep) {
    r->n++;
    return true;
  }
  if (r->n == r->cap) {
    const int64_t cap = r->cap == 0 ? 32 : 2 * r->cap;
    weiri_field *field = weiri_realloc(r->ctx, r->field, (size_t)cap * sizeof *field);
    if (field == NULL) {
      return false;
    }
    r->field = field;
    r->cap = cap;
  }
  r->field[r->n++] = f;
  return true;
}

/* From the opening quote at s[*at] to behind the closing one; false: not in the buffer.
 */
static bool quoted_field(
    weiri_record *r, const char *s, size_t len, size_t *at, weiri_field *f) {
  size_t i = *at + 1;
  const size_t from = i;
  f->quoted = true;
  for (; i < len; i++) {
    if (s[i] == '\n') {
      r->lines++;
    }
    if (s[i] != '"') {
      continue;
    }
    if (i + 1 < len && s[i + 1] == '"') {
      f->escaped = true;
      i++;
      continue;
    }
    f->s = s + from;
    f->len = i - from;
    *at = i + 1;
    return true;
  }
  return false;
}

static bool ends_field(char c, char delimiter) {
  return c == '\n' || c == '\r' || c == delimiter || (delimiter == ' ' && c == '\t');
}

/* Unquoted text up to the end of the field, trailing blanks cut off. */
static void plain_field(
    const char *s, size_t len, char delimiter, size_t *at, weiri_field *f) {
  size_t i = *at;
  while (i < len && !ends_field(s[i], delimiter)) {
    i++;
  }
  size_t end = i;
  while (end > *at && is_blank(s[end - 1])) {
    end--;
  }
  f->s = s + *at;
  f->len = end - *at;
  *at = i;
}

static size_t skip_blanks(const char *s, size_t len, size_t at, char delimiter) {
  while (at < len && is_blank(s[at]) && (delimiter == ' ' || s[at] != delimiter)) {
    at++;
  }
  return at;
}

/* One field from *at; *at is left at the delimiter, the line end or len. */
static weiri_scan scan_field(
    weiri_record *r, const char *s, size_t len, bool last, char delimiter, size_t *at) {
  weiri_field f = {0};
  *at = skip_blanks(s, len, *at, delimiter);
  if (*at < len && s[*at] == '"') {
    if (!quoted_field(r, s, len, at, &f)) {
      return last ? WEIRI_SCAN_QUOTE : WEIRI_SCAN_MORE;
    }
    if (*at == len && !last) {
      return WEIRI_SCAN_MORE; /* the next byte may be a second quote */
    }
    weiri_field rest = {0};
    plain_field(s, len, delimiter, at, &rest);
    if (rest.len > 0) { /* "a"b: text with its quotes */
      f.len = (size_t)(rest.s + rest.len - f.s) + 1;
      f.s--;
      f.escaped = false;
    }
  } else {
    plain_field(s, len, delimiter, at, &f);
  }
  if (*at == len && !last) {
    return WEIRI_SCAN_MORE;
  }
  return add_field(r, f) ? WEIRI_SCAN_RECORD : WEIRI_SCAN_MEMORY;
}

/* Behind the line end at *at. */
static weiri_scan end_record(
    weiri_record *r, const char *s, size_t len, bool last, size_t at, size_t *used) {
  if (at < len && s[at] == '\r') {
    if (at + 1 == len && !last) {
      return WEIRI_SCAN_MORE;
    }
    at += at + 1 < len && s[at + 1] == '\n';
  }
  *used = at + (at < len);
  r->lines++;
  return WEIRI_SCAN_RECORD;
}

weiri_scan weiri_csv_scan(weiri_record *r, const char *s, size_t len, bool last,
    char delimiter, size_t *used) {
  r->n = 0;
  r->lines = 0;
  size_t at = skip_blanks(s, len, 0, ' ');
  if (at < len && (s[at] == '\n' || s[at] == '\r')) {
    return end_record(r, s, len, last, at, used);
  }
  if (at == len) {
    *used = len;
    return last ? WEIRI_SCAN_RECORD : WEIRI_SCAN_MORE;
  }
  at = 0;
  for (;;) {
    const weiri_scan result = scan_field(r, s, len, last, delimiter, &at);
    if (result != WEIRI_SCAN_RECORD) {
      return result;
    }
    if (delimiter == ' ') {
      at = skip_blanks(s, len, at, ' ');
    }
    if (at == len && !last) {
      return WEIRI_SCAN_MORE;
    }
    if (at == len || s[at] == '\n' || s[at] == '\r') {
      return end_record(r, s, len, last, at, used);
    }
    at += delimiter != ' ';
  }
}

/* Which share of the first lines has as many fields as the first, which has *fields. */
static weir_status agreement(weiri_record *r, const char *s, size_t len, bool last,
    char delimiter, int64_t *fields, double *share) {
  enum { LINES = 100 };
  int lines = 0, same = 0;
  *fields = 0;
  for (size_t at = 0, used; at < len && lines < LINES; at += used) {
    const weiri_scan result =
        weiri_csv_scan(r, s + at, len - at, last, delimiter, &used);
    if (result == WEIRI_SCAN_MEMORY) {
      return WEIR_E_MEMORY;
    }
    if (result != WEIRI_SCAN_RECORD) {
      break;
    }
    if (r->n == 0) {
      continue;
    }
    if (lines == 0) {
      *fields = r->n;
    }
    lines++;
    same += r->n == *fields;
  }
  *share = lines > 0 ? (double)same / lines : 0.0;
  return WEIR_OK;
}

weir_status weiri_csv_delimiter(
    const weir_ctx *ctx, const char *s, size_t len, bool last, char *out) {
  static const char candidate[] = "\t;, ";
  weiri_record r = {.ctx = ctx, .keep = 1};
  weir_status status = WEIR_OK;
  double best = 0.0;
  *out = ',';
  for (int i = 0; status == WEIR_OK && candidate[i] != '\0'; i++) {
    int64_t fields = 0;
    double share = 0.0;
    status = agreement(&r, s, len, last, candidate[i], &fields, &share);
    if (fields > 1 && share > best + (candidate[i] == ' ' ? 0.5 : 0.0)) {
      best = share;
      *out = candidate[i];
    }
  }
  weiri_free(ctx, r.field);
  return status;
}

bool weiri_csv_missing(const weiri_field *f) {
  static const char *const words[] = {
      "NA", "N/A", "NaN", "nan", "NAN", "null", "NULL", "None", "none", "?"};
  if (f->len == 0) {
    return true;
  }
  for (size_t i = 0; !f->quoted && i < sizeof words / sizeof words[0]; i++) {
    if (f->len == strlen(words[i]) && memcmp(f->s, words[i], f->len) == 0) {
      return true;
    }
  }
  return false;
}

bool weiri_csv_number(const weiri_field *f, double *out) {
  return weiri_parse_real(f->s, f->len, out) && !isnan(*out);
}
