/* Whether a run that was saved and one that wants to go on are the same. */
#include "base/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A value in few words. */
static void describe(const json_t *value, char *buf, size_t size) {
  char *text =
      value == NULL
          ? NULL
          : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(12));
  snprintf(buf, size, "%.60s", text == NULL ? "nothing" : text);
  free(text);
}

static bool is_digest(const json_t *value) {
  return json_string_length(value) == 64;
}

static weir_status differ(
    const json_t *saved, const json_t *now, const char *key, const char *file) {
  char was[64], is[64];
  if (is_digest(saved) && is_digest(now)) {
    return weiri_fail(WEIR_E_MISMATCH,
        "resume: %s: the data are not those that %s was written for; remove the "
        "checkpoint or give the same data",
        key, file);
  }
  describe(saved, was, sizeof was);
  describe(now, is, sizeof is);
  return weiri_fail(WEIR_E_MISMATCH,
      "resume: %s is %s, but %s was written with %s; give the same value or remove the "
      "checkpoint",
      key, is, file, was);
}

static weir_status compare(const json_t *saved, const json_t *now, const char *path,
    const char *file, int depth) {
  if (!json_is_object(saved) || !json_is_object(now) || depth > 16) {
    return json_equal(saved, now) ? WEIR_OK : differ(saved, now, path, file);
  }
  const json_t *both[2] = {saved, now};
  for (int side = 0; side < 2; side++) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)both[side], key, value) {
      char name[256];
      snprintf(
          name, sizeof name, "%.180s%s%.70s", path, path[0] == '\0' ? "" : ".", key);
      WEIR_TRY(compare(json_object_get(saved, key), json_object_get(now, key), name,
          file, depth + 1));
    }
  }
  return WEIR_OK;
}

weir_status weiri_identity_compare(
    const json_t *saved, const json_t *now, const char *file) {
  return compare(saved, now, "", file, 0);
}
