/* Help, manual pages and reference from the tables of a verb. */
#include "cli/manual.h"

#include <stdio.h>
#include <string.h>

#include "weir/ctx.h"

enum { WIDTH = 78, INDENT = 26 };

/* "-o, --output FILE" */
static int opt_label(const cli_opt *o, char *buf, size_t size) {
  const char letter[] = {'-', o->letter, ',', ' ', '\0'};
  return snprintf(buf, size, "%s--%s%s%s", o->letter == 0 ? "" : letter, o->name,
      o->word == NULL ? "" : " ", o->word == NULL ? "" : o->word);
}

/* Words of text, lines no longer than WIDTH, the next lines indented. */
static void wrap(const char *text, int column, int indent) {
  while (*text != '\0') {
    const int n = (int)strcspn(text, " ");
    const bool first = column <= indent;
    const bool fits = first || column + 1 + n <= WIDTH;
    if (!fits) {
      printf("\n%*s", indent, "");
      column = indent;
    }
    printf("%s%.*s", first || !fits ? "" : " ", n, text);
    column += n + (!first && fits);
    text += n;
    text += strspn(text, " ");
  }
  putchar('\n');
}

void cli_print_help(const cli_verb *verb) {
  printf("usage: weir %s %s%s[options]\n\n", verb->name, verb->words,
      *verb->words == '\0' ? "" : " ");
  wrap(verb->summary, 0, 0);
  if (verb->text != NULL) {
    putchar('\n');
    wrap(verb->text, 0, 0);
  }
  printf("\noptions:\n");
  const cli_opt *o;
  for (int i = 0; (o = cli_opt_at(verb, i)) != NULL; i++) {
    char label[80];
    const int n = opt_label(o, label, sizeof label);
    printf("  %-*s", INDENT - 2, label);
    if (n > INDENT - 4) {
      printf("\n%*s", INDENT, "");
    }
    wrap(o->help, INDENT, INDENT);
  }
  printf("  %-*s%s\n", INDENT - 2, "-h, --help", "this text");
  if (verb->examples != NULL && verb->examples[0] != NULL) {
    printf("\nexamples:\n");
    for (const char *const *e = verb->examples; *e != NULL; e++) {
      printf("  %s\n", *e);
    }
  }
}

/* Text for troff: backslashes, and dots and quotes at the start of a line. */
static void troff(const char *text) {
  if (*text == '.' || *text == '\'') {
    printf("\\&");
  }
  for (; *text != '\0'; text++) {
    if (*text == '\\') {
      printf("\\e");
    } else if (*text == '-') {
      printf("\\-");
    } else {
      putchar(*text);
    }
  }
}

static void man_line(const char *text) {
  troff(text);
  putchar('\n');
}

static void man_head(const char *page, const char *what) {
  printf(".TH \"%s\" 1 \"\" \"weir %s\" \"weir\"\n.SH NAME\n%s \\- ", page,
      weir_version(), page);
  man_line(what);
}

static void man_foot(void) {
  printf(
      ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage or configuration, 3 diverged "
      "or a requested\ndiagnostic failed, 130 and 143 after SIGINT and SIGTERM.\n");
}

void cli_print_man(const cli_verb *verb) {
  char page[64];
  snprintf(page, sizeof page, "weir-%s", verb->name);
  man_head(page, verb->summary);
  printf(".SH SYNOPSIS\n.B weir %s\n", verb->name);
  if (*verb->words != '\0') {
    printf(".I ");
    man_line(verb->words);
  }
  printf("[options]\n.SH DESCRIPTION\n");
  man_line(verb->text != NULL ? verb->text : verb->summary);
  printf(".SH OPTIONS\n");
  const cli_opt *o;
  for (int i = 0; (o = cli_opt_at(verb, i)) != NULL; i++) {
    char label[80];
    opt_label(o, label, sizeof label);
    printf(".TP\n.B ");
    man_line(label);
    man_line(o->help);
  }
  if (verb->examples != NULL && verb->examples[0] != NULL) {
    printf(".SH EXAMPLES\n.nf\n");
    for (const char *const *e = verb->examples; *e != NULL; e++) {
      man_line(*e);
    }
    printf(".fi\n");
  }
  man_foot();
}

void cli_print_markdown(const cli_verb *verb) {
  printf("## weir %s\n\n%s.\n\n    weir %s %s%s[options]\n\n", verb->name,
      verb->summary, verb->name, verb->words, *verb->words == '\0' ? "" : " ");
  if (verb->text != NULL) {
    printf("%s\n\n", verb->text);
  }
  printf("| option | what it does |\n|---|---|\n");
  const cli_opt *o;
  for (int i = 0; (o = cli_opt_at(verb, i)) != NULL; i++) {
    char label[80];
    opt_label(o, label, sizeof label);
    printf("| `%s` | %s |\n", label, o->help);
  }
  putchar('\n');
  for (const char *const *e = verb->examples; e != NULL && *e != NULL; e++) {
    printf("    %s\n", *e);
  }
  putchar('\n');
}

void cli_print_overview(void) {
  printf("usage: weir VERB [arguments] [options]\n\n"
         "Densities of tables of numbers: exact, checked, from one command.\n\n");
  const cli_verb *v;
  for (int i = 0; (v = cli_verb_at(i)) != NULL; i++) {
    if (!v->hidden) {
      printf("  %-10s  %s\n", v->name, v->summary);
    }
  }
  printf("\n'weir VERB --help' describes a verb. A first try:\n"
         "  weir fit table.csv -o model.safetensors\n");
}

void cli_print_overview_man(void) {
  man_head("weir", "densities of tables of numbers");
  printf(".SH SYNOPSIS\n.B weir\n.I VERB\n[arguments] [options]\n.SH VERBS\n");
  const cli_verb *v;
  for (int i = 0; (v = cli_verb_at(i)) != NULL; i++) {
    if (!v->hidden) {
      printf(".TP\n.BR weir\\-%s (1)\n", v->name);
      man_line(v->summary);
    }
  }
  man_foot();
}
