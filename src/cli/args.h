/* Options of verbs as tables. A row drives parsing, --help, the man page, the reference
 * docs and shell completion. (Names of the program carry cli_: it exports nothing.) */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum cli_type {
  CLI_FLAG, /* no value */
  CLI_TEXT,
  CLI_FILE, /* a text, completed as a file name */
  CLI_INT,  /* whole number within [lo, hi] */
  CLI_REAL  /* finite number within [lo, hi] */
} cli_type;

typedef struct cli_opt {
  const char *name; /* without dashes */
  char letter;      /* 'o' for -o; 0: none */
  cli_type type;
  const char *word;    /* what stands for the value in help */
  const char *help;    /* one line */
  double lo, hi;       /* bounds; lo == hi: none */
  const char *choices; /* "f32|f64", or NULL */
  const char *sets;    /* key of the configuration that the option sets, or NULL */
} cli_opt;

struct cli_args;

typedef struct cli_verb {
  const char *name, *summary;
  const char *words; /* positional arguments, "MODEL DATA" */
  int min_words, max_words;
  const cli_opt *const *options; /* NULL-terminated list of tables */
  const char *text;              /* paragraphs for the manual */
  const char *const *examples;   /* NULL-terminated */
  int (*run)(const struct cli_args *args);
  bool hidden; /* not in the list of verbs */
} cli_verb;

typedef struct cli_value {
  const cli_opt *opt;
  const char *text;
  int64_t integer;
  double real;
} cli_value;

typedef struct cli_args {
  const cli_verb *verb;
  int n_values, n_words;
  cli_value *values;  /* in the order given */
  const char **words; /* positional arguments */
  bool help;
} cli_args;

/* Parses the words after the verb. Returns 0, or an exit code with the message said. */
int cli_args_parse(cli_args *args, const cli_verb *verb, int argc, char **argv);
void cli_args_free(cli_args *args);

/* The last value given for an option, or NULL. */
const cli_value *cli_find(const cli_args *args, const char *name);
bool cli_has(const cli_args *args, const char *name);
const char *cli_text(const cli_args *args, const char *name, const char *otherwise);
int64_t cli_int(const cli_args *args, const char *name, int64_t otherwise);
double cli_real(const cli_args *args, const char *name, double otherwise);

/* Option row of that name or letter, or NULL. */
const cli_opt *cli_opt_named(const cli_verb *verb, const char *name, size_t length);
/* Row i of all tables of a verb, NULL past the last. */
const cli_opt *cli_opt_at(const cli_verb *verb, int i);

/* Whether a text is one of "f32|f64". */
bool cli_among(const char *choices, const char *text);

/* Nearest of names [n] to a word by edits, or NULL when none is near. */
const char *cli_nearest(const char *word, const char *const *names, int n);

/* All verbs, NULL past the last; the verb of that name or NULL. */
const cli_verb *cli_verb_at(int i);
const cli_verb *cli_verb_named(const char *name);
/* Says that there is no such verb, and which one was meant. The exit code. */
int cli_verb_unknown(const char *name);

#endif
