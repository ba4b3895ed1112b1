/* Fuzz target of the configuration reader: no input crashes or leaks, and what was read
 * is written and read back as the same tree. */
#include <stdlib.h>

#include "base/config.h"
#include "base/ctx.h"
#include "base/option.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *plain_alloc(void *user, void *ptr, size_t old_size, size_t new_size) {
  (void)user;
  (void)old_size;
  if (new_size == 0) {
    free(ptr);
    return NULL;
  }
  return realloc(ptr, new_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weir_ctx ctx = {.alloc = plain_alloc};
  json_t *tree = NULL;
  json_t *back = NULL;
  char *text = NULL;
  size_t len = 0;
  if (weiri_config_parse(&ctx, (const char *)data, size, "f.yaml", &tree) != WEIR_OK) {
    return 0;
  }
  text = weiri_config_yaml(&ctx, tree);
  for (len = 0; text != NULL && text[len] != '\0';) {
    len++;
  }
  if (text == NULL || weiri_config_parse(&ctx, text, len, "f.yaml", &back) != WEIR_OK ||
      !json_equal(tree, back)) {
    abort();
  }
  weiri_free(&ctx, text);
  json_decref(tree);
  json_decref(back);
  return 0;
}
