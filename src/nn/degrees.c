/* Degrees of a masked network's units (MADE, Germain et al. 2015, section 4; sequential
 * degrees as in MAF's code). Units are sorted by degree, so that what a unit sees is a
 * prefix of its inputs. */
#include "base/base.h"
#include "nn/nn.h"

static int64_t highest(const weir_net_io *io) {
  const int64_t in = io->in > 0 ? io->in_degree[io->in - 1] : 1;
  const int64_t out = io->out > 0 ? io->out_degree[io->out - 1] : 1;
  return in > out ? in : out;
}

int64_t *weiri_hidden_degrees(weir_ctx *ctx, const weir_net_io *io, int64_t h) {
  const int64_t top = highest(io);
  const int64_t first = io->context > 0 || top == 1 ? 0 : 1;
  const int64_t kinds = top - first; /* degrees first .. top - 1 */
  int64_t *degree = weiri_alloc(ctx, (size_t)(h + 1) * sizeof *degree);
  for (int64_t j = 0; degree != NULL && j < h; j++) {
    if (h < kinds) {
      degree[j] = first + (j + 1) * kinds / h - 1;
    } else {
      /* sorted (k mod kinds): the first h mod kinds degrees have one unit more */
      const int64_t each = h / kinds, more = h % kinds;
      degree[j] = first + (j < more * (each + 1) ? j / (each + 1) : (j - more) / each);
    }
  }
  return degree;
}

int64_t *weiri_degree_prefix(weir_ctx *ctx, int64_t n_out, const int64_t *out_degree,
    int64_t n_in, const int64_t *in_degree, bool strict) {
  int64_t *prefix = weiri_alloc(ctx, (size_t)(n_out + 1) * sizeof *prefix);
  int64_t k = 0;
  for (int64_t j = 0; prefix != NULL && j < n_out; j++) {
    const int64_t end = out_degree[j] + (strict ? 0 : 1);
    while (k < n_in && in_degree[k] < end) {
      k++;
    }
    prefix[j] = k;
  }
  return prefix;
}
