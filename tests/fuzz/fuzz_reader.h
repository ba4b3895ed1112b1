/* Reads bytes with one reader; whatever they are, it ends in a table or in a message.
 */
#ifndef FUZZ_READER_H
#define FUZZ_READER_H

#include <stdint.h>
#include <stdlib.h>

#include "base/ctx.h"
#include "data/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *fuzz_alloc(void *user, void *ptr, size_t old_size, size_t new_size) {
  (void)user;
  (void)old_size;
  if (new_size == 0) {
    free(ptr);
    return NULL;
  }
  return new_size > (size_t)1 << 30 ? NULL : realloc(ptr, new_size);
}

/* As the format says, whole and in blocks; then guesses a schema and applies it. */
static inline int fuzz_reader(const uint8_t *data, size_t size, const char *format) {
  weir_ctx ctx = {.alloc = fuzz_alloc, .threads = 1};
  weir_read_opts opts = WEIR_READ_OPTS_INIT;
  opts.format = format;
  weir_source *source = NULL;
  weir_table *t = NULL;
  weir_reader *r = NULL;
  if (weiri_source_memory(&source, &ctx, "fuzz", data, size, 1 << 22) == WEIR_OK &&
      weiri_reader_open_source(&r, &source, &opts) == WEIR_OK) {
    while (weir_reader_next(r, 3, &t) == WEIR_OK && t != NULL) {
      weir_table_destroy(&t);
    }
  }
  weir_reader_close(&r);
  if (weiri_source_memory(&source, &ctx, "fuzz", data, size, 1 << 22) == WEIR_OK &&
      weiri_table_read_source(&t, &source, &opts) == WEIR_OK) {
    weir_schema *s = NULL;
    weir_frame *f = NULL;
    if (weir_schema_guess(&s, &ctx, t, NULL) == WEIR_OK &&
        weir_frame_create(&f, &ctx, s, t, NULL) == WEIR_OK) {
      weir_frame_destroy(&f);
    }
    weir_schema_destroy(&s);
  }
  weir_table_destroy(&t);
  return 0;
}

#endif
