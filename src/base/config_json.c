/* Configuration texts in a build without libyaml: JSON, or one plain scalar, so that
 * `--set layer.bins=8` and `--set layer.map=rqs` work alike. */
#include "base/config.h"

#include <string.h>

bool weiri_config_has_yaml(void) {
  return false;
}

weir_status weiri_config_read(const weir_ctx *ctx, const char *text, size_t len,
    const char *where, json_t **out) {
  (void)ctx;
  const size_t indent = strspn(text, " \t\r\n");
  const bool tree = indent < len && strchr("{[\"", text[indent]) != NULL;
  if (tree) {
    return weiri_json_read(text, len, where, out);
  }
  if (memchr(text, '\n', len) != NULL) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: is not JSON, and this weir was built without libyaml, which reads YAML",
        where);
  }
  while (len > indent && strchr(" \t\r", text[len - 1]) != NULL) {
    len--;
  }
  const weir_status status =
      weiri_scalar_read(text + indent, len > indent ? len - indent : 0, out);
  return status == WEIR_OK ? status : weiri_where(status, "%s", where);
}
