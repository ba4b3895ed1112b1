/* log N(e; 0, I) = -(|e|^2 + d log 2 pi) / 2 */
#include "dist/gauss.h"

#define LOG_2PI 1.8378770664093454836

weir_var weiri_gauss_log(weir_tape *t, weir_var e) {
  const double d = (double)weir_var_dim(t, e, -1);
  return weir_affine(t, weir_sum_last(t, weir_square(t, e)), -0.5, -0.5 * d * LOG_2PI);
}

weir_var weiri_gauss_log_columns(weir_tape *t, weir_var e) {
  return weir_affine(t, weir_square(t, e), -0.5, -0.5 * LOG_2PI);
}

weir_var weiri_gauss_draw(weir_run *run, const char *path, int64_t n, int64_t d) {
  const weir_var e = weir_run_normal(run, path, n, d);
  const double temperature = weir_run_temperature(run);
  return temperature == 1.0 ? e : weir_scale(run->tape, e, temperature);
}

unsigned char *weiri_strictly_lower(const weir_ctx *ctx, int64_t copies, int64_t d) {
  unsigned char *keep = weiri_calloc(ctx, (size_t)(copies * d * d) + 1, 1);
  for (int64_t i = 0; keep != NULL && i < copies * d; i++) {
    for (int64_t j = 0; j < i % d; j++) {
      keep[i * d + j] = 1;
    }
  }
  return keep;
}

double *weiri_eye(const weir_ctx *ctx, int64_t d) {
  double *eye = weiri_calloc(ctx, (size_t)(d * d) + 1, sizeof *eye);
  for (int64_t i = 0; eye != NULL && i < d; i++) {
    eye[i * d + i] = 1.0;
  }
  return eye;
}

int64_t *weiri_prefix_strict(const weir_ctx *ctx, int64_t d) {
  int64_t *prefix = weiri_alloc(ctx, (size_t)(d + 1) * sizeof *prefix);
  for (int64_t j = 0; prefix != NULL && j < d; j++) {
    prefix[j] = j;
  }
  return prefix;
}
