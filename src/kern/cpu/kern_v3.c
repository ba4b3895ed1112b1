/* Kernels at level v3. */
#define LEVEL weiri_kern_v3
#define LEVEL_NAME "v3"
#define BYTES 32
#define TABLE WEIRI_TABLE_V3
#define TILE_ROWS 6
#include "kern/cpu/levels.h"

#include "kern/cpu/level.inl"
