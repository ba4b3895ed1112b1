/* Small plots as inline SVG. Colours and widths are the style sheet's. */
#include <math.h>

#include "report/svg.h"

void weiri_svg_open(weiri_page *p, double width, double height, const char *label) {
  weiri_putf(p, "<svg viewBox=\"0 0 %f %f\" role=\"img\" aria-label=\"%s\">", width,
      height, label);
}

void weiri_svg_close(weiri_page *p) {
  weiri_put(p, "</svg>");
}

void weiri_svg_text(
    weiri_page *p, double x, double y, const char *cls, const char *text) {
  weiri_putf(p, "<text class=\"%s\" x=\"%f\" y=\"%f\">%s</text>", cls, x, y, text);
}

static double between(double a, double b, double at, double from, double to) {
  return b > a ? from + (at - a) / (b - a) * (to - from) : 0.5 * (from + to);
}

double weiri_plot_x(const weiri_plot *f, double x) {
  return between(f->x0, f->x1, x, f->left, f->right);
}

double weiri_plot_y(const weiri_plot *f, double y) {
  return between(f->y0, f->y1, y, f->bottom, f->top);
}

double weiri_tick_step(double range, int ticks) {
  const double raw = range / (double)ticks;
  if (!(raw > 0.0) || !isfinite(raw)) {
    return 1.0;
  }
  const double power = pow(10.0, floor(log10(raw)));
  const double lead = raw / power;
  return power * (lead > 7.0 ? 10.0 : lead > 3.5 ? 5.0 : lead > 1.5 ? 2.0 : 1.0);
}

static void label(const weiri_plot *f, const char *cls, double x, double y, double at) {
  weiri_putf(f->page, "<text class=\"%s\" x=\"%f\" y=\"%f\">", cls, x, y);
  weiri_put_real(f->page, at, 6);
  weiri_put(f->page, "</text>");
}

static void grid_line(const weiri_plot *f, double x, double y, double u, double v) {
  weiri_putf(f->page, "<path class=\"grid\" d=\"M%f %fL%f %f\"/>", x, y, u, v);
}

/* Multiples of the step inside the sides; a value near 0 is 0. */
static double tick_at(double step, int64_t k) {
  return step * (double)k;
}

void weiri_plot_x_axis(const weiri_plot *f, int ticks) {
  const double step = weiri_tick_step(f->x1 - f->x0, ticks);
  const int64_t last = (int64_t)floor(fmin(f->x1 / step + 1e-9, 1e15));
  int64_t k = (int64_t)ceil(fmax(f->x0 / step - 1e-9, -1e15));
  for (int i = 0; k <= last && i < 3 * ticks; k++, i++) {
    const double x = weiri_plot_x(f, tick_at(step, k));
    grid_line(f, x, f->top, x, f->bottom);
    label(f, "t mid", x, f->bottom + 14.0, tick_at(step, k));
  }
}

void weiri_plot_y_axis(const weiri_plot *f, int ticks) {
  const double step = weiri_tick_step(f->y1 - f->y0, ticks);
  const int64_t last = (int64_t)floor(fmin(f->y1 / step + 1e-9, 1e15));
  int64_t k = (int64_t)ceil(fmax(f->y0 / step - 1e-9, -1e15));
  for (int i = 0; k <= last && i < 3 * ticks; k++, i++) {
    const double y = weiri_plot_y(f, tick_at(step, k));
    grid_line(f, f->left, y, f->right, y);
    label(f, "t end", f->left - 4.0, y + 4.0, tick_at(step, k));
  }
}

void weiri_plot_line(
    const weiri_plot *f, const char *cls, int64_t n, const double *x, const double *y) {
  bool open = false;
  weiri_putf(f->page, "<path class=\"%s\" d=\"", cls);
  for (int64_t i = 0; i < n; i++) {
    const bool good = isfinite(x[i]) && isfinite(y[i]);
    if (good) {
      weiri_put(f->page, open ? "L" : "M");
      weiri_putf(f->page, "%f %f", weiri_plot_x(f, x[i]), weiri_plot_y(f, y[i]));
    }
    open = good;
  }
  weiri_put(f->page, "\"/>");
}

void weiri_plot_dots(const weiri_plot *f, const char *cls, int64_t n, int64_t stride,
    const double *x, int64_t i, int64_t j) {
  weiri_putf(f->page, "<path class=\"%s\" d=\"", cls);
  for (int64_t r = 0; r < n; r++) {
    const double u = x[r * stride + i], v = x[r * stride + j];
    if (u >= f->x0 && u <= f->x1 && v >= f->y0 && v <= f->y1) {
      weiri_putf(f->page, "M%f %fh0", weiri_plot_x(f, u), weiri_plot_y(f, v));
    }
  }
  weiri_put(f->page, "\"/>");
}

void weiri_plot_steps(const weiri_plot *f, const char *cls, int64_t k,
    const double *height, bool closed) {
  const double width = (f->right - f->left) / (double)k;
  const double floor_y = weiri_plot_y(f, f->y0);
  weiri_putf(f->page, "<path class=\"%s\" d=\"M%f %f", cls, f->left, floor_y);
  for (int64_t i = 0; i < k; i++) {
    weiri_putf(f->page, "V%fH%f", weiri_plot_y(f, height[i]),
        f->left + width * (double)(i + 1));
  }
  weiri_putf(f->page, "V%f", floor_y);
  weiri_put(f->page, closed ? "Z\"/>" : "\"/>");
}

void weiri_plot_rule(
    const weiri_plot *f, const char *cls, double x, double y, double u, double v) {
  weiri_putf(f->page, "<path class=\"%s\" d=\"M%f %fL%f %f\"/>", cls,
      weiri_plot_x(f, x), weiri_plot_y(f, y), weiri_plot_x(f, u), weiri_plot_y(f, v));
}
