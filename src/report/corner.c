/* The corner plot: pairs of columns, data and draws over each other. With more columns
 * than fit, those are shown whose marginals and correlations differ most between data
 * and draws. */
#include <stdio.h>

#include "report/html.h"
#include "report/view.h"

enum { SHOWN = 6, DOTS = 500, LETTERS = 9 };

typedef struct corner {
  const weiri_facts *f;
  weiri_page *p;
  int64_t k, column[SHOWN];
  weiri_span span[SHOWN];
  double side, left, top;
  double *a; /* [2 n] */
} corner;

static weiri_plot cell(const corner *c, int64_t row, int64_t col) {
  const double gap = 6.0, x = c->left + (double)col * c->side,
               y = c->top + (double)row * c->side;
  return (weiri_plot){c->p, x, x + c->side - gap, y, y + c->side - gap, c->span[col].lo,
      c->span[col].hi, c->span[row].lo, c->span[row].hi};
}

static void frame(const weiri_plot *f) {
  weiri_putf(f->page, "<path class=\"frame\" d=\"M%f %fH%fV%fH%fZ\"/>", f->left, f->top,
      f->right, f->bottom, f->left);
}

static void pair(const corner *c, int64_t row, int64_t col) {
  const weiri_facts *f = c->f;
  const weiri_plot plot = cell(c, row, col);
  const int64_t n = f->n < DOTS ? f->n : DOTS;
  frame(&plot);
  weiri_plot_dots(&plot, "dd", n, f->d, f->compared, c->column[col], c->column[row]);
  weiri_plot_dots(&plot, "dm", n, f->d, f->draws, c->column[col], c->column[row]);
}

static void diagonal(const corner *c, int64_t i) {
  const weiri_facts *f = c->f;
  const weiri_plot plot = cell(c, i, i);
  const int64_t bins = c->span[i].bins > 24 ? 24 : c->span[i].bins;
  weiri_facts_column(f->compared, f->n, f->d, c->column[i], false, c->a);
  weiri_facts_column(f->draws, f->n, f->d, c->column[i], false, c->a + f->n);
  frame(&plot);
  weiri_marginal(f, &plot, bins, c->a, c->a + f->n);
}

/* As much of a column's name as a cell has room for, whole UTF-8 letters. */
static const char *short_name(
    const weiri_facts *f, int64_t column, char *buf, size_t room) {
  const char *name = weiri_facts_name(f, column);
  size_t n = 0, letters = 0;
  while (name[n] != '\0' && n + 8 < room && letters < LETTERS) {
    n++;
    while (((unsigned char)name[n] & 0xc0) == 0x80 && n + 8 < room) {
      n++;
    }
    letters++;
  }
  snprintf(buf, room, "%.*s%s", (int)n, name, name[n] == '\0' ? "" : "\xe2\x80\xa6");
  return buf;
}

static void names(const corner *c, int64_t i) {
  char name[64];
  short_name(c->f, c->column[i], name, sizeof name);
  const weiri_plot plot = cell(c, i, i);
  const double middle = 0.5 * (plot.left + plot.right);
  weiri_svg_text(
      c->p, middle, c->top + (double)c->k * c->side + 12.0, "name mid", name);
  if (i > 0) {
    const double y = 0.5 * (plot.top + plot.bottom), x = c->left - 6.0;
    weiri_putf(c->p,
        "<text class=\"name mid\" transform=\"translate(%f %f) rotate(-90)\">%s</text>",
        x, y, name);
  }
}

static void draw(corner *c) {
  weiri_put(c->p, "<figure class=\"corner\">");
  weiri_svg_open(c->p, 560.0, 560.0, "Pairs of columns, data and draws");
  for (int64_t row = 0; row < c->k; row++) {
    for (int64_t col = 0; col < row; col++) {
      pair(c, row, col);
    }
    diagonal(c, row);
    names(c, row);
  }
  weiri_svg_close(c->p);
  weiri_put(c->p, "</figure>\n");
}

void weiri_section_corner(weiri_page *p, const weiri_facts *f) {
  corner c = {.f = f, .p = p, .left = 24.0, .top = 4.0};
  c.k = f->d < SHOWN ? f->d : SHOWN;
  c.side = 532.0 / (double)c.k;
  c.a = weiri_calloc(f->ctx, (size_t)(2 * f->n), sizeof *c.a);
  if (c.a == NULL) {
    p->status = WEIR_E_MEMORY;
    return;
  }
  weiri_facts_worst(f, c.k, c.column);
  for (int64_t i = 0; i < c.k; i++) {
    weiri_facts_column(f->compared, f->n, f->d, c.column[i], true, c.a);
    c.span[i] = weiri_span_of(f, c.column[i], c.a);
  }
  weiri_section_open(p, "corner", "Data against draws: pairs");
  weiri_putf(p,
      "<p>%d rows and as many draws, within the middle 99&nbsp;%% of the data.",
      f->n < DOTS ? f->n : (int64_t)DOTS);
  if (c.k < f->d) {
    weiri_putf(p,
        " Of %d columns, the %d whose marginals and correlations differ most "
        "between data and draws.",
        f->d, c.k);
  }
  weiri_putf(p, "%s</p>\n", weiri_facts_likeness(f));
  weiri_legend(p, "data", "draws");
  draw(&c);
  weiri_section_close(p);
  weiri_free(f->ctx, c.a);
}
