/* The page and its sections. */
#ifndef WEIRI_HTML_H
#define WEIRI_HTML_H

#include "report/facts.h"
#include "report/svg.h"

/* Head with the style sheet, title, contents; and the end. */
void weiri_html_open(weiri_page *p, const char *title);
void weiri_html_close(weiri_page *p);
void weiri_section_open(weiri_page *p, const char *id, const char *title);
void weiri_section_close(weiri_page *p);
/* A table that scrolls by itself where it is too wide; heads separated by '|', those
 * that begin with '#' over numbers. */
void weiri_table_open(weiri_page *p, const char *heads);
void weiri_table_close(weiri_page *p);
/* <td> of a text, a number, a number with its interval. */
void weiri_cell_text(weiri_page *p, const char *text);
void weiri_cell_real(weiri_page *p, double x);
void weiri_cell_int(weiri_page *p, int64_t x);
void weiri_cell_effect(weiri_page *p, weiri_effect e);
/* Leaves of a JSON value as rows "a.b.c | value". */
void weiri_json_rows(weiri_page *p, const char *path, const json_t *value);
/* Data and draws, as the legend of a plot. */
void weiri_legend(weiri_page *p, const char *first, const char *second);

/* Sections; what they say is in weiri_facts. */
void weiri_section_summary(weiri_page *p, const weiri_facts *f);
void weiri_section_data(weiri_page *p, const weiri_facts *f);
void weiri_section_model(weiri_page *p, const weiri_facts *f);
/* Nothing where the rows are no images. */
void weiri_section_images(weiri_page *p, const weiri_facts *f);
void weiri_section_curves(weiri_page *p, const weiri_facts *f);
void weiri_section_scores(weiri_page *p, const weiri_facts *f);
void weiri_section_marginals(weiri_page *p, const weiri_facts *f);
void weiri_section_corner(weiri_page *p, const weiri_facts *f);
void weiri_section_latent(weiri_page *p, const weiri_facts *f);
void weiri_section_transform(weiri_page *p, const weiri_facts *f);
void weiri_section_energy(weiri_page *p, const weiri_facts *f);
void weiri_section_lowest(weiri_page *p, const weiri_facts *f);
void weiri_section_selftest(weiri_page *p, const weiri_facts *f);
void weiri_section_repeat(weiri_page *p, const weiri_facts *f);

#endif
