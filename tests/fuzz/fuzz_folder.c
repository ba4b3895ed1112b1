/* Fuzz target of the reader folder: clang -fsanitize=fuzzer,address,undefined. */
#include "fuzz_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_reader(data, size, "folder");
}
