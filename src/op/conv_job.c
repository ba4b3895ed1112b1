/* What a convolution and its transpose have in common. */
#include "op/conv.h"

weiri_conv_job weiri_conv_job_of(weir_tape *t, const weir_node *y) {
  return (weiri_conv_job){.kern = weiri_tape_kern(t),
      .g = y->attr,
      .dtype = weir_tape_dtype(t),
      .x = y->in[0]->data,
      .w = y->in[1]->data,
      .bias = y->n_in > 2 ? y->in[2]->data : NULL,
      .y = y->data};
}

void weiri_conv_run(weir_tape *t, weiri_conv_job *j, int64_t chunks,
    const weiri_gemm *most, void (*chunk)(void *job, int64_t i, void *scratch)) {
  const weiri_conv *g = j->g;
  const int64_t numbers = j->block * g->ow * weiri_conv_patch(g);
  j->patches = ((size_t)numbers * weir_dtype_size(j->dtype) + 63) / 64 * 64;
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), chunks, weiri_conv_work(g),
                         j->patches + j->kern->gemm_scratch[j->dtype](most), chunk, j));
}

void weiri_conv_gradients(weir_tape *t, const weir_node *y, weir_var gy,
    const bool *want, weir_var *gx,
    weir_var (*back)(weir_tape *, const weiri_conv *, weir_var, weir_var, weir_var),
    bool transposed) {
  const weiri_conv *g = y->attr;
  const weir_var x = weir_node_var(t, y->in[0]), w = weir_node_var(t, y->in[1]);
  if (want[0]) {
    gx[0] = back(t, g, gy, w, weir_var_none());
  }
  if (want[1]) {
    gx[1] = weiri_conv_weight(t, g, transposed ? gy : x, transposed ? x : gy);
  }
  if (y->n_in > 2 && want[2]) {
    gx[2] = weiri_conv_bias(t, gy);
  }
}

weir_var weiri_conv_bias(weir_tape *t, weir_var y) {
  const weir_shape s = weir_var_shape(t, y);
  const int64_t c = s.dim[s.rank - 1];
  const int64_t rows = c == 0 ? 0 : weir_shape_size(&s) / c;
  return weir_sum(t, weir_reshape(t, y, weir_shape_2(rows, c)), 0);
}
