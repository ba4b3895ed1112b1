/* Files that the program writes itself. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>

#include "cli/args.h"

/* Writes text under the final name at once, or not at all. 0 or an exit code. */
int cli_write_text(const char *path, const char *text);
/* Whether a file can be made at path, before work is spent on it. 0 or an exit code. */
int cli_can_write(const char *path);
/* Whether both are names of one regular file. */
bool cli_same_file(const char *a, const char *b);
/* That --output is no file that the verb reads. 0 or an exit code. */
int cli_output_apart(const cli_args *args);
/* printf into new memory, or NULL. */
char *cli_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A word as a shell takes it; new, or NULL. */
char *cli_quote(const char *word);
/* "1.2 MiB" into buf of at least 32 bytes. */
const char *cli_bytes(double n, char *buf);

#endif
