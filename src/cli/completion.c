/* weir completion: scripts that complete verbs and options in bash and zsh. */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/say.h"

static void print_verbs(const char *separator) {
  const cli_verb *v;
  const char *before = "";
  for (int i = 0; (v = cli_verb_at(i)) != NULL; i++) {
    if (!v->hidden) {
      printf("%s%s", before, v->name);
      before = separator;
    }
  }
}

/* "list|show|run" with spaces between, up to the end or a blank. */
static void print_choices(const char *choices) {
  for (const char *c = choices; *c != '\0' && *c != ' '; c++) {
    putchar(*c == '|' ? ' ' : *c);
  }
}

/* What names a list of the program: the words at this depth of its output. */
#define NAMES(what, indent)                                                            \
  "$(\"${COMP_WORDS[0]}\" " what " 2>/dev/null | sed -n 's/^" indent                   \
  "\\([a-z][a-z0-9_-]*\\)\\( .*\\)\\{0,1\\}$/\\1/p')"

/* Values of an option that takes one of a few. */
static void bash_values(const cli_verb *verb) {
  const cli_opt *o;
  printf("    case $prev in\n");
  for (int i = 0; (o = cli_opt_at(verb, i)) != NULL; i++) {
    if (o->choices != NULL) {
      printf("    --%s) words='", o->name);
      print_choices(o->choices);
      printf("' ;;\n");
    } else if (strcmp(o->name, "model") == 0) {
      printf("    --model | -m) words=" NAMES("list presets", "  ") " ;;\n");
    } else if (o->type != CLI_FLAG) {
      printf("    --%s) value=1 ;;\n", o->name);
    }
  }
  printf("    esac\n");
}

/* The first word after the verb, where it is one of a few. */
static void bash_words(const cli_verb *verb) {
  const char *words = verb->words == NULL ? "" : verb->words;
  if (strcspn(words, "|") < strcspn(words, " ")) {
    printf("    [ \"$COMP_CWORD\" -eq 2 ] && words='");
    print_choices(words);
    printf("'\n");
  } else if (strcmp(verb->name, "list") == 0) {
    printf("    [ \"$COMP_CWORD\" -eq 2 ] && words=" NAMES("list", "") "\n");
  } else if (strcmp(verb->name, "help") == 0) {
    printf("    [ \"$COMP_CWORD\" -eq 2 ] && words=$verbs\n");
  }
  if (strcmp(verb->name, "recipe") == 0) {
    printf("    [ \"$COMP_CWORD\" -eq 3 ] && words=" NAMES("recipe list", "  ") "\n");
  }
}

static void bash_verb(const cli_verb *verb) {
  const cli_opt *o;
  printf("  %s) opts='--help", verb->name);
  for (int i = 0; (o = cli_opt_at(verb, i)) != NULL; i++) {
    printf(" --%s", o->name);
  }
  printf("'\n");
  bash_words(verb);
  bash_values(verb);
  printf("    ;;\n");
}

static void print_bash(void) {
  const cli_verb *v;
  printf("# bash completion for weir\n_weir() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
         "  local verb=${COMP_WORDS[1]} opts= words= value= verbs='");
  print_verbs(" ");
  printf("'\n  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W \"$verbs\" -- \"$cur\"))\n    return\n  fi\n"
         "  case $verb in\n");
  for (int i = 0; (v = cli_verb_at(i)) != NULL; i++) {
    bash_verb(v);
  }
  printf("  esac\n  if [ \"${cur#-}\" != \"$cur\" ] && [ -z \"$value\" ]; then\n"
         "    COMPREPLY=($(compgen -W \"$opts\" -- \"$cur\"))\n"
         "  elif [ -n \"$words\" ]; then\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n  else\n"
         "    COMPREPLY=($(compgen -f -- \"$cur\"))\n  fi\n}\n"
         "complete -o filenames -F _weir weir\n");
}

/* Text within single quotes and an option's brackets. */
static void zsh_text(const char *text) {
  for (; *text != '\0'; text++) {
    if (*text == '\'') {
      printf("'\\''");
    } else if (strchr("[]:\\", *text) != NULL) {
      printf("\\%c", *text);
    } else {
      putchar(*text);
    }
  }
}

static void zsh_verb(const cli_verb *verb) {
  const cli_opt *o;
  printf("  %s) _arguments -S", verb->name);
  for (int i = 0; (o = cli_opt_at(verb, i)) != NULL; i++) {
    printf(" \\\n    '*--%s%s[", o->name, o->type == CLI_FLAG ? "" : "=");
    zsh_text(o->help);
    putchar(']');
    if (o->choices != NULL) {
      printf(":%s:(", o->word);
      print_choices(o->choices);
      putchar(')');
    } else if (o->type != CLI_FLAG) {
      printf(":%s:%s", o->word, o->type == CLI_FILE ? "_files" : "");
    }
    putchar('\'');
  }
  printf(" \\\n    '*:file:_files' ;;\n");
}

static void print_zsh(void) {
  const cli_verb *v;
  printf("#compdef weir\n_weir() {\n  if (( CURRENT == 2 )); then\n"
         "    compadd ");
  print_verbs(" ");
  printf("\n    return\n  fi\n  local verb=$words[2]\n  shift words\n"
         "  (( CURRENT-- ))\n  case $verb in\n");
  for (int i = 0; (v = cli_verb_at(i)) != NULL; i++) {
    zsh_verb(v);
  }
  printf("  esac\n}\n_weir \"$@\"\n");
}

static int run(const cli_args *args) {
  if (strcmp(args->words[0], "bash") == 0) {
    print_bash();
  } else if (strcmp(args->words[0], "zsh") == 0) {
    print_zsh();
  } else {
    return cli_usage("expected bash or zsh, found '%s'", args->words[0]);
  }
  return CLI_DONE;
}

static const cli_opt options[] = {{0}};

extern const cli_verb cli_verb_completion;
const cli_verb cli_verb_completion = {
    .name = "completion",
    .summary = "print a completion script for bash or zsh",
    .words = "bash|zsh",
    .min_words = 1,
    .max_words = 1,
    .options = (const cli_opt *const[]){options, NULL},
    .examples = (const char *const[]){"weir completion bash", NULL},
    .run = run,
    .hidden = true,
};
