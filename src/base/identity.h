/* What a checkpoint must agree with: trees of settings, compared key by key. */
#ifndef WEIRI_IDENTITY_H
#define WEIRI_IDENTITY_H

#include <jansson.h>

#include "base/base.h"

/* E_MISMATCH naming the first key in which two identities differ; file is the saved
 * one's. Texts of 64 characters are digests of data. */
weir_status weiri_identity_compare(
    const json_t *saved, const json_t *now, const char *file);

#endif
