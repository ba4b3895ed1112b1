/* Blocks without weights that change an image's size by a whole factor. */
#ifndef WEIRI_RESIZE_H
#define WEIRI_RESIZE_H

#include "nn/block.h"

typedef struct weiri_resize {
  weiri_block base;
  int64_t size;
} weiri_resize;

extern const weir_opt weiri_resize_opts[];

/* Sizes divided (shrinks) or multiplied. */
weir_status weiri_resize_setup(weiri_block *b, weir_build *build, bool shrinks);

#endif
