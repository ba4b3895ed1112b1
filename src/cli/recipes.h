/* Recipes: configurations of published experiments, found on disk. */
#ifndef CLI_RECIPES_H
#define CLI_RECIPES_H

#include <jansson.h>

/* Folder of the recipes: WEIR_RECIPES, else the folder of the source tree or of the
 * installation, whichever holds recipes; NULL: none. */
const char *cli_recipes_folder(void);
/* Path of a recipe by its name; NULL where there is none. New. */
char *cli_recipe_path(const char *name);
/* Names of all recipes, sorted: an array of texts, new. */
json_t *cli_recipe_names(void);
/* Name and about line of all of them. */
void cli_recipes_print(void);
json_t *cli_recipes_json(void);

#endif
