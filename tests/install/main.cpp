// The same from C++.
#include <iostream>
#include <weir/weir.h>

int main() {
  weir_ctx *ctx = nullptr;
  if (weir_ctx_create(&ctx, nullptr) != WEIR_OK) {
    std::cerr << weir_error() << '\n';
    return 1;
  }
  weir_ctx_destroy(&ctx);
  std::cout << weir_version() << '\n';
  return ctx == nullptr ? 0 : 1;
}
