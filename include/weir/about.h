/** What this build is and what it holds: versions, features, registries, self-check. */
#ifndef WEIR_ABOUT_H
#define WEIR_ABOUT_H

#include "weir/sys/option.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How the library was built. Static texts. */
typedef struct weir_about {
  const char *version, *commit, *compiler, *flags, *build_type;
  const char *features; /**< "yaml, zlib": what was compiled in */
  const char *missing;  /**< what was left out */
} weir_about;
WEIR_API weir_about weir_about_build(void);

/** One entry of a registry. Texts are borrowed. */
typedef struct weir_listed {
  const char *name, *doc, *cite; /**< cite may be NULL */
  const weir_opt *opts;          /**< NULL: none */
} weir_listed;

/** Name of registry i ("layers", "maps", "distributions", "networks", "blocks",
 * "presets", "optimizers", "schedules", "readers", "targets", "methods"), NULL past the
 * last. */
WEIR_API const char *weir_registry(int i);
/** Entry i of a registry, with those registered in the context; false past the last and
 * for an unknown registry. */
WEIR_API bool weir_registry_at(
    const weir_ctx *ctx, const char *registry, int i, weir_listed *out);

/** Compares the kernels in use with the portable definitions, on products and functions
 * of a few sizes in both number types. *worst: the largest relative difference in units
 * of the number type's precision. Errors: E_NUMERIC when it is out of bounds (kernel
 * named), E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_kernel_check(weir_ctx *ctx, double *worst);

/** Which kernel serves which matrix product at the context's instruction-set level:
 * line i of a table measured once and compiled in, into line; false past the last. */
WEIR_API bool weir_kernel_choice(const weir_ctx *ctx, int i, char line[160]);

/** SHA-256 of a file as 64 hexadecimal digits. Errors: E_IO. */
WEIR_API WEIR_MUST_USE weir_status weir_file_digest(
    weir_ctx *ctx, const char *path, char out[65]);

#ifdef __cplusplus
}
#endif
#endif
