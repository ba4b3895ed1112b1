/* Files that the program writes itself. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>

#include "cli/args.h"

/* Writes text under the final name at once, or not at all. 0 or an exit code. */
int cli_write_text(const char *path, const char *text);
/* Whether a file can be made at path, before work is spent on it. 0 or an exit code. */
int cli_can_write(const char *path);
/* What follows the last dot of a file name, in small letters, into buf; "" where
 * nothing does, the name begins with the dot, or a digit follows it. */
void cli_extension(const char *path, char buf[16]);
/* Bytes of path before a suffix that it may have. */
int cli_stem(const char *path, const char *suffix);
/* That the extension of path, where it has one, is one of kinds, "csv|npy". 0 or an
 * exit code. */
int cli_extension_among(const char *path, const char *kinds);
/* The same of --output and the choices of --format, unless --format is given. */
int cli_output_named(const cli_args *args);
/* Whether both are names of one regular file. */
bool cli_same_file(const char *a, const char *b);
/* That --output is no file that the verb reads. 0 or an exit code. */
int cli_output_apart(const cli_args *args);
/* That what will be written is not the input read as what ("--config"); says is what
 * is written there, "the settings of this run". 0 or an exit code. */
int cli_apart(
    const char *written, const char *says, const char *input, const char *what);
/* printf into new memory, or NULL. */
char *cli_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A word as a shell takes it; new, or NULL. */
char *cli_quote(const char *word);
/* "1.2 MiB" into buf of at least 32 bytes. */
const char *cli_bytes(double n, char *buf);

#endif
