/* Lists of columns in layer options. */
#include "layer/columns.h"

weir_status weiri_columns_check(
    const weir_ints *columns, int64_t features, const char *path) {
  for (int64_t i = 0; i < columns->n; i++) {
    if (columns->v[i] < 0 || columns->v[i] >= features) {
      return weiri_fail(WEIR_E_CONFIG, "%s.columns: %lld is outside [0, %lld]", path,
          (long long)columns->v[i], (long long)features - 1);
    }
    for (int64_t j = 0; j < i; j++) {
      if (columns->v[j] == columns->v[i]) {
        return weiri_fail(WEIR_E_CONFIG, "%s.columns: %lld stands twice", path,
            (long long)columns->v[i]);
      }
    }
  }
  return WEIR_OK;
}
