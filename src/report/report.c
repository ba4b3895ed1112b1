/* The report: what is measured, the sections in order, one file. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "report/html.h"

typedef void (*section_fn)(weiri_page *p, const weiri_facts *f);

static const struct {
  const char *id, *name;
  section_fn write;
} sections[] = {
    {"images", "images", weiri_section_images},
    {"data", "data", weiri_section_data},
    {"model", "model", weiri_section_model},
    {"curves", "learning curves", weiri_section_curves},
    {"scores", "log-likelihood", weiri_section_scores},
    {"marginals", "columns", weiri_section_marginals},
    {"corner", "pairs", weiri_section_corner},
    {"latent", "latents", weiri_section_latent},
    {"transform", "integral transform", weiri_section_transform},
    {"energy", "two-sample test", weiri_section_energy},
    {"lowest", "least likely rows", weiri_section_lowest},
    {"selftest", "selftest", weiri_section_selftest},
    {"repeat", "to repeat it", weiri_section_repeat},
};

/* The title given, else the name of the model's file. */
static void write_title(weiri_page *p, const weir_report_opts *opts) {
  char title[256];
  const char *slash = opts->model == NULL ? NULL : strrchr(opts->model, '/');
  snprintf(title, sizeof title, "weir report%s%.200s", opts->model == NULL ? "" : ": ",
      slash != NULL         ? slash + 1
      : opts->model == NULL ? ""
                            : opts->model);
  weiri_html_open(p, opts->title != NULL ? opts->title : title);
}

static void write_page(weiri_page *p, const weiri_facts *f) {
  const size_t n = sizeof sections / sizeof *sections;
  write_title(p, f->opts);
  weiri_put(p, "<nav>");
  const bool images = weir_schema_image(weir_model_schema(f->model)).height > 0;
  for (size_t i = 0; i < n; i++) {
    if (sections[i].write == weiri_section_images && !images) {
      continue;
    }
    weiri_putf(p, "<a href=\"#%s\">%s</a>", sections[i].id, sections[i].name);
  }
  weiri_put(p, "</nav>\n");
  weiri_section_summary(p, f);
  for (size_t i = 0; i < n; i++) {
    sections[i].write(p, f);
  }
  weiri_html_close(p);
}

weir_status weir_report_write(const weir_model *model, weir_row_set train,
    weir_row_set test, const weir_report_opts *opts) {
  weir_report_opts o = WEIR_REPORT_OPTS_INIT;
  if (model == NULL || opts == NULL) {
    return weiri_fail(WEIR_E_ARGUMENT, "a report needs a model and options");
  }
  if (opts->struct_size == 0 || opts->struct_size > sizeof o) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "weir_report_opts: struct_size is %u, expected %zu", opts->struct_size,
        sizeof o);
  }
  memcpy(&o, opts, opts->struct_size);
  if (o.path == NULL) {
    return weiri_fail(WEIR_E_ARGUMENT, "a report needs a path");
  }
  weiri_facts facts;
  weiri_page page;
  weiri_page_open(&page, model->ctx);
  weir_status status = weiri_facts_open(&facts, model, train, test, &o);
  if (status == WEIR_OK) {
    write_page(&page, &facts);
    status = page.status;
  }
  if (status == WEIR_OK) {
    status = weiri_file_write_atomic(model->ctx, o.path, page.text, page.size);
  }
  weiri_facts_close(&facts);
  weiri_page_close(&page);
  return status;
}
