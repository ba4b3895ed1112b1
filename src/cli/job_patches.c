/* data.patches: the tables of a fit are patches of images, and images are what is
 * split.
 */
#include <stddef.h>
#include <stdio.h>

#include "cli/job.h"

typedef struct patches_section {
  int64_t train, valid, test, size, seed;
  double levels;
  bool noise, centre;
} patches_section;

#define AT(field) offsetof(patches_section, field)
static const weir_opt options[] = {
    {"train", WEIR_OPT_INT, AT(train), "100000", 1, 1e9, NULL,
        "patches to train on, from the images that train"},
    {"valid", WEIR_OPT_INT, AT(valid), "10000", 1, 1e9, NULL,
        "patches for early stopping, from images of their own"},
    {"test", WEIR_OPT_INT, AT(test), "10000", 1, 1e9, NULL,
        "patches held out, from images of their own"},
    {"size", WEIR_OPT_INT, AT(size), "8", 1, 256, NULL,
        "height and width of a patch, pixels"},
    {"levels", WEIR_OPT_REAL, AT(levels), "256", 1e-300, 1e300, NULL,
        "grey values are divided by this"},
    {"noise", WEIR_OPT_BOOL, AT(noise), "true", 0, 0, NULL,
        "add uniform noise on (0, 1) to each grey value first"},
    {"centre", WEIR_OPT_BOOL, AT(centre), "true", 0, 0, NULL,
        "take off the mean of the patch and leave out its last pixel"},
    {"seed", WEIR_OPT_INT, AT(seed), "0", 0, 9007199254740992.0, NULL,
        "of places, noise and the split of images"},
    {0}};
#undef AT

const weir_opt *cli_patches_options(void) {
  return options;
}

/* Patches for part i: of all images of a file of its own, else of its part of the
 * first.
 */
static weir_status cut(const cli_job *job, int i, weir_table **out) {
  static const char *const counts[] = {"train", "valid", "test"};
  const json_t *section = json_object_get(job->config.data, "patches");
  weir_patch_opts opts = WEIR_PATCH_OPTS_INIT;
  opts.n = (int64_t)cli_key_real(section, counts[i]);
  opts.size = (int64_t)cli_key_real(section, "size");
  opts.levels = cli_key_real(section, "levels");
  opts.noise = cli_key_true(section, "noise");
  opts.centre = cli_key_true(section, "centre");
  opts.seed = 3 * (uint64_t)cli_key_real(section, "seed") + (uint64_t)i;
  const bool own = job->table[i] != NULL && (i > 0 || job->split == NULL);
  int64_t n = 0;
  const int64_t *rows = own ? NULL : weir_split_rows(job->split, (weir_split_set)i, &n);
  return weir_table_patches(
      out, job->env->ctx, job->table[own ? i : 0], n, rows, &opts);
}

/* Which images of the first file go where; a part with a file of its own has none. */
static int split_images(cli_job *job) {
  json_t *data = job->config.data;
  const json_t *section = json_object_get(data, "patches");
  static const char *const keys[] = {NULL, "valid_fraction", "test_fraction"};
  double part[3] = {0.0, 0.0, 0.0};
  for (int i = 1; i < 3; i++) {
    const double asked = cli_key_real(data, keys[i]);
    part[i] = job->table[i] != NULL ? 0.0 : asked >= 0.0 ? asked : 0.1;
    if (job->table[i] == NULL && part[i] == 0.0) {
      return cli_usage("data.%s: patches need images for every part", keys[i]);
    }
    json_object_set_new(data, keys[i], json_real(part[i]));
  }
  if (part[1] == 0.0 && part[2] == 0.0) {
    return 0;
  }
  return cli_fail(
      weir_split_fraction(&job->split, job->env->ctx, weir_table_rows(job->table[0]),
          part[1], part[2], (uint64_t)cli_key_real(section, "seed")));
}

int cli_job_patches(cli_job *job) {
  weir_table *made[3] = {NULL, NULL, NULL};
  json_t *section = NULL;
  int code = cli_fail(weir_config_resolve(&section, job->env->ctx, options,
      json_object_get(job->config.data, "patches"), "data.patches"));
  if (code == 0) {
    json_object_set_new(job->config.data, "patches", section);
    code = split_images(job);
  }
  for (int i = 0; code == 0 && i < 3; i++) {
    code = cli_fail(cut(job, i, &made[i]));
  }
  for (int i = 0; i < 3; i++) {
    if (code == 0) {
      weir_table_destroy(&job->table[i]);
      job->table[i] = made[i];
    } else {
      weir_table_destroy(&made[i]);
    }
  }
  weir_split_destroy(&job->split);
  return code;
}
