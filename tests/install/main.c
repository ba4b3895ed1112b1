/* Prints the library's version; fails where a context cannot be made and freed. */
#include <stdio.h>
#include <weir/weir.h>

int main(void) {
  weir_ctx *ctx;
  weir_ctx_opts opts = WEIR_CTX_OPTS_INIT;
  opts.threads = 2;
  if (weir_ctx_create(&ctx, &opts) != WEIR_OK) {
    fprintf(stderr, "%s\n", weir_error());
    return 1;
  }
  const int threads = weir_ctx_threads(ctx);
  weir_ctx_destroy(&ctx);
  printf("%s\n", weir_version());
  return threads >= 1 && ctx == NULL ? 0 : 1;
}
