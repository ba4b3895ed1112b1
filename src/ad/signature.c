/* A digest of what a tape has recorded, for telling whether two recordings are the same
 * step: multiply and xor-shift over operations, shapes, inputs, attributes and given
 * numbers. */
#include <string.h>

#include "ad/tape.h"

/* Eight bytes at a time; the rest, and the length, as one more word. */
static uint64_t digest(uint64_t h, const void *p, size_t n) {
  const char *c = p;
  uint64_t word = n;
  for (; n >= sizeof word; n -= sizeof word, c += sizeof word) {
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 29;
    memcpy(&word, c, sizeof word);
  }
  h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
  h ^= h >> 29;
  word = 0;
  if (n > 0) {
    memcpy(&word, c, n);
  }
  return (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
}

/* A borrowed leaf stands for whatever lies there, a given one for its numbers. */
static uint64_t digest_leaf(const weir_tape *t, uint64_t h, const weir_node *node) {
  if (node->borrowed) {
    return digest(h, &node->data, sizeof node->data);
  }
  const size_t n = (size_t)weir_shape_size(&node->shape);
  return digest(h, node->data, n * weir_dtype_size(weir_tape_dtype(t)));
}

uint64_t weiri_tape_signature(const weir_tape *t) {
  uint64_t h = UINT64_C(0xcbf29ce484222325);
  for (uint32_t id = 1; id <= weiri_tape_count(t); id++) {
    const weir_node *node = weiri_tape_node(t, id);
    h = digest(h, &node->op, sizeof node->op);
    h = digest(h, node->shape.dim, (size_t)node->shape.rank * sizeof *node->shape.dim);
    h = digest(h, &node->offset, sizeof node->offset);
    for (int i = 0; i < node->n_in; i++) {
      h = digest(h, &node->in[i]->id, sizeof node->in[i]->id);
    }
    h = node->op == NULL ? digest_leaf(t, h, node)
                         : digest(h, node->attr, node->attr_size);
  }
  return h;
}
