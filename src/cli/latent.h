/* Names of latent columns, and categories under another table's numbers. */
#ifndef CLI_LATENT_H
#define CLI_LATENT_H

#include "cli/env.h"

/* "z1" ... "zk" in one block of memory, freed with free; NULL when it ran out. */
typedef char (*cli_latent_names)[24];
cli_latent_names cli_latent_names_make(int64_t k);

/* A value of column `have` as an index into the categories of `want`; NaN where it has
 * none, the value itself where want is a number. */
double cli_category_as(const weir_column *have, const weir_column *want, double value);

#endif
