/* A layer that acts on some of its columns. */
#ifndef WEIRI_LAYER_COLUMNS_H
#define WEIRI_LAYER_COLUMNS_H

#include "part/part.h"

/* Checks that columns are distinct and within [0, features). E_CONFIG names path. */
weir_status weiri_columns_check(
    const weir_ints *columns, int64_t features, const char *path);

#endif
