/* Kernels at level base. */
#define LEVEL weiri_kern_base
#define LEVEL_NAME "base"
#define BYTES 16
#define TABLE WEIRI_TABLE_BASE
#define TILE_ROWS 6
#include "kern/cpu/levels.h"

#include "kern/cpu/level.inl"
