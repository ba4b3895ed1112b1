/** Status codes and the one-line message that goes with them. */
#ifndef WEIR_STATUS_H
#define WEIR_STATUS_H

#if defined(__GNUC__)
#define WEIR_API __attribute__((visibility("default")))
#define WEIR_MUST_USE __attribute__((warn_unused_result))
#else
#define WEIR_API
#define WEIR_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** X(name, text): the one list of outcomes. Text is what weir_status_text returns. */
#define WEIR_STATUS_LIST(X)                                                            \
  X(OK, "ok")                                                                          \
  X(E_MEMORY, "out of memory")                                                         \
  X(E_ARGUMENT, "invalid argument")                                                    \
  X(E_SHAPE, "shapes do not fit")                                                      \
  X(E_STALE, "a variable outlived its step")                                           \
  X(E_IO, "input or output failed")                                                    \
  X(E_FORMAT, "malformed file")                                                        \
  X(E_CONFIG, "invalid configuration")                                                 \
  X(E_DATA, "invalid data")                                                            \
  X(E_SUPPORT, "supports do not meet")                                                 \
  X(E_UNSUPPORTED, "not supported")                                                    \
  X(E_NUMERIC, "numerical failure")                                                    \
  X(E_DIVERGED, "training diverged")                                                   \
  X(E_CANCELLED, "cancelled")                                                          \
  X(E_VERSION, "written by a newer version")                                           \
  X(E_MISMATCH, "does not match what was saved")                                       \
  X(E_INTERNAL, "internal error")

typedef enum weir_status {
#define X(name, text) WEIR_##name,
  WEIR_STATUS_LIST(X)
#undef X
} weir_status;

/** Fixed text of a status, "ok" for WEIR_OK. Never NULL. */
WEIR_API const char *weir_status_text(weir_status status);

/** Message of the last failure on the calling thread: one line that says what was
 * expected, what was found and where (file, row, column, layer). Borrowed; valid until
 * the next failure on this thread. "" before the first. */
WEIR_API const char *weir_error(void);

#ifdef __cplusplus
}
#endif
#endif
