/* Parsing of the command line against option tables. */
#include "cli/args.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/say.h"

const cli_opt *cli_opt_at(const cli_verb *verb, int i) {
  for (const cli_opt *const *table = verb->options; *table != NULL; table++) {
    for (const cli_opt *o = *table; o->name != NULL; o++) {
      if (i-- == 0) {
        return o;
      }
    }
  }
  return NULL;
}

const cli_opt *cli_opt_named(const cli_verb *verb, const char *name, size_t length) {
  const cli_opt *o;
  for (int i = 0; (o = cli_opt_at(verb, i)) != NULL; i++) {
    if (strlen(o->name) == length && strncmp(o->name, name, length) == 0) {
      return o;
    }
  }
  return NULL;
}

static const cli_opt *opt_lettered(const cli_verb *verb, char letter) {
  const cli_opt *o;
  for (int i = 0; (o = cli_opt_at(verb, i)) != NULL; i++) {
    if (o->letter == letter) {
      return o;
    }
  }
  return NULL;
}

static int unknown(const cli_verb *verb, const char *word, size_t length) {
  const char *names[128];
  char name[64];
  int n = 0;
  const cli_opt *o;
  for (; n < 127 && (o = cli_opt_at(verb, n)) != NULL; n++) {
    names[n] = o->name;
  }
  names[n++] = "help";
  length = length < sizeof name - 1 ? length : sizeof name - 1;
  memcpy(name, word, length);
  name[length] = '\0';
  const char *near = cli_nearest(name, names, n);
  return near == NULL
             ? cli_usage("unknown option '--%s'", name)
             : cli_usage("unknown option '--%s'; did you mean '--%s'?", name, near);
}

bool cli_among(const char *choices, const char *text) {
  const size_t length = strlen(text);
  for (const char *c = choices; c != NULL;) {
    const size_t n = strcspn(c, "|");
    if (n == length && strncmp(c, text, n) == 0) {
      return true;
    }
    c = c[n] == '\0' ? NULL : c + n + 1;
  }
  return false;
}

static int in_range(const cli_opt *o, double x, const char *text) {
  if (o->lo == o->hi || (x >= o->lo && x <= o->hi)) {
    return 0;
  }
  if (isinf(o->hi)) {
    return cli_usage("--%s: expected at least %g, found %s", o->name, o->lo, text);
  }
  return cli_usage(
      "--%s: expected a number from %g to %g, found %s", o->name, o->lo, o->hi, text);
}

static int parse_int(cli_value *v) {
  char *end;
  errno = 0;
  const long long x = strtoll(v->text, &end, 10);
  if (end == v->text || *end != '\0' || errno != 0) {
    return cli_usage(
        "--%s: expected a whole number, found '%s'", v->opt->name, v->text);
  }
  v->integer = x;
  return in_range(v->opt, (double)x, v->text);
}

static int parse_real(cli_value *v) {
  char *end;
  v->real = strtod(v->text, &end);
  if (end == v->text || *end != '\0' || !isfinite(v->real)) {
    return cli_usage(
        "--%s: expected a finite number, found '%s'", v->opt->name, v->text);
  }
  return in_range(v->opt, v->real, v->text);
}

static int take(cli_args *args, const cli_opt *o, const char *text) {
  cli_value *v = &args->values[args->n_values++];
  *v = (cli_value){o, text, 0, 0.0};
  if (o->type == CLI_INT) {
    return parse_int(v);
  }
  if (o->type == CLI_REAL) {
    return parse_real(v);
  }
  if (o->type != CLI_FLAG && text[0] == '\0') {
    return cli_usage("--%s: the value is empty", o->name);
  }
  return o->choices == NULL || cli_among(o->choices, text)
             ? 0
             : cli_usage(
                   "--%s: expected one of %s, found '%s'", o->name, o->choices, text);
}

/* --name, --name=value, --name value. *i stands on the option and is moved to its last
 * word. */
static int parse_long(cli_args *args, int argc, char **argv, int *i) {
  const char *name = argv[*i] + 2;
  const size_t length = strcspn(name, "=");
  if (strncmp(name, "help", length) == 0 && length == 4) {
    args->help = true;
    return 0;
  }
  const cli_opt *o = cli_opt_named(args->verb, name, length);
  if (o == NULL) {
    return unknown(args->verb, name, length);
  }
  const bool joined = name[length] == '=';
  if (o->type == CLI_FLAG) {
    return joined ? cli_usage("--%s takes no value", o->name) : take(args, o, "");
  }
  if (joined) {
    return take(args, o, name + length + 1);
  }
  if (*i + 1 >= argc) {
    return cli_usage("--%s: expected %s after it", o->name, o->word);
  }
  return take(args, o, argv[++*i]);
}

/* -o value, -ovalue */
static int parse_short(cli_args *args, int argc, char **argv, int *i) {
  const char *word = argv[*i];
  if (word[1] == 'h' && word[2] == '\0') {
    args->help = true;
    return 0;
  }
  const cli_opt *o = opt_lettered(args->verb, word[1]);
  if (o == NULL) {
    return cli_usage("unknown option '%s'", word);
  }
  if (o->type == CLI_FLAG) {
    return word[2] != '\0' ? cli_usage("unknown option '%s'", word) : take(args, o, "");
  }
  if (word[2] != '\0') {
    return take(args, o, word + 2);
  }
  if (*i + 1 >= argc) {
    return cli_usage("-%c: expected %s after it", o->letter, o->word);
  }
  return take(args, o, argv[++*i]);
}

static int check_words(const cli_args *args) {
  const cli_verb *verb = args->verb;
  if (args->n_words < verb->min_words) {
    return cli_usage("expected %s, found %d argument%s", verb->words, args->n_words,
        args->n_words == 1 ? "" : "s");
  }
  if (args->n_words > verb->max_words) {
    return cli_usage("unexpected argument '%s'", args->words[verb->max_words]);
  }
  return 0;
}

int cli_args_parse(cli_args *args, const cli_verb *verb, int argc, char **argv) {
  const size_t room = (size_t)argc + 1;
  *args = (cli_args){.verb = verb,
      .values = calloc(room, sizeof *args->values),
      .words = calloc(room, sizeof *args->words)};
  if (args->values == NULL || args->words == NULL) {
    return cli_no_memory();
  }
  bool options = true;
  for (int i = 0; i < argc; i++) {
    const char *word = argv[i];
    int code = 0;
    if (options && strcmp(word, "--") == 0) {
      options = false;
    } else if (options && strncmp(word, "--", 2) == 0) {
      code = parse_long(args, argc, argv, &i);
    } else if (options && word[0] == '-' && word[1] != '\0') {
      code = parse_short(args, argc, argv, &i);
    } else {
      args->words[args->n_words++] = word;
    }
    if (code != 0 || args->help) {
      return code;
    }
  }
  return check_words(args);
}

void cli_args_free(cli_args *args) {
  free(args->values);
  free(args->words);
  *args = (cli_args){0};
}

const cli_value *cli_find(const cli_args *args, const char *name) {
  for (int i = args->n_values - 1; i >= 0; i--) {
    if (strcmp(args->values[i].opt->name, name) == 0) {
      return &args->values[i];
    }
  }
  return NULL;
}

bool cli_has(const cli_args *args, const char *name) {
  return cli_find(args, name) != NULL;
}

const char *cli_text(const cli_args *args, const char *name, const char *otherwise) {
  const cli_value *v = cli_find(args, name);
  return v == NULL ? otherwise : v->text;
}

int64_t cli_int(const cli_args *args, const char *name, int64_t otherwise) {
  const cli_value *v = cli_find(args, name);
  return v == NULL ? otherwise : v->integer;
}

double cli_real(const cli_args *args, const char *name, double otherwise) {
  const cli_value *v = cli_find(args, name);
  return v == NULL ? otherwise : v->real;
}
