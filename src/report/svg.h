/* Small plots as inline SVG. */
#ifndef WEIRI_SVG_H
#define WEIRI_SVG_H

#include "report/page.h"

/* A frame from (left, top) to (right, bottom), in units of the viewBox, whose sides
 * stand for [x0, x1] and [y0, y1]. */
typedef struct weiri_plot {
  weiri_page *page;
  double left, right, top, bottom;
  double x0, x1, y0, y1;
} weiri_plot;

/* Opens an image of width by height with a text for those who do not see it. */
void weiri_svg_open(weiri_page *p, double width, double height, const char *label);
void weiri_svg_close(weiri_page *p);
/* A text at (x, y) of a CSS class; escaped. */
void weiri_svg_text(
    weiri_page *p, double x, double y, const char *cls, const char *text);

double weiri_plot_x(const weiri_plot *f, double x);
double weiri_plot_y(const weiri_plot *f, double y);
/* Grid lines with numbers below and at the left, about so many; 0: none. */
void weiri_plot_x_axis(const weiri_plot *f, int ticks);
void weiri_plot_y_axis(const weiri_plot *f, int ticks);
/* A line through points; a new one starts after a point that is not finite. */
void weiri_plot_line(
    const weiri_plot *f, const char *cls, int64_t n, const double *x, const double *y);
/* Points of x [n, stride] columns i and j, those inside the frame, as dots. */
void weiri_plot_dots(const weiri_plot *f, const char *cls, int64_t n, int64_t stride,
    const double *x, int64_t i, int64_t j);
/* Heights of k bins over [x0, x1] as an outline on the bottom; closed: filled. */
void weiri_plot_steps(
    const weiri_plot *f, const char *cls, int64_t k, const double *height, bool closed);
/* A line from (x, y) to (u, v) in the plot's units. */
void weiri_plot_rule(
    const weiri_plot *f, const char *cls, double x, double y, double u, double v);
/* A distance between tick marks, 1, 2 or 5 times a power of ten. */
double weiri_tick_step(double range, int ticks);

#endif
