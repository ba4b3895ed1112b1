/* Kernels at level v4. */
#define LEVEL weiri_kern_v4
#define LEVEL_NAME "v4"
#define BYTES 64
#define TABLE WEIRI_TABLE_V4
#define TILE_ROWS 12
#include "kern/cpu/levels.h"

#include "kern/cpu/level.inl"
