/* The report of an inference: verdict, table, traces and ranks, pairs, energies or the
 * tail of the weights, settings. */
#include "report/inference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static void tile(weiri_page *page, const char *name, double value) {
  weiri_putf(page, "<div class=\"tile\"><b>%g</b><span>%s</span></div>", value, name);
}

static void verdict(weiri_page *page, const weiri_inference *f) {
  const weir_judgement *j = &f->judgement;
  weiri_putf(page, "<p class=\"%s\">%s</p>\n<div class=\"tiles\">",
      j->good ? "passed" : "warn", j->text);
  if (j->khat.n > 0) {
    tile(page, "Pareto k-hat", j->khat.khat);
    tile(page, "its threshold", j->khat.threshold);
    tile(page, "draws (S)", (double)j->khat.n);
    tile(page, "ELBO", j->khat.mean_log);
    tile(page, "its standard error", j->khat.mean_log_error);
    tile(page, "log evidence", j->khat.log_mean);
    tile(page, "its standard error", j->khat.log_mean_error);
  } else {
    tile(page, "largest R-hat", j->rhat);
    tile(page, "least ESS, bulk", j->ess_bulk);
    tile(page, "least ESS, tails", j->ess_tail);
    tile(page, "divergent", (double)j->divergent);
    tile(page, "least E-BFMI", j->ebfmi);
    tile(page, "mean acceptance", j->accept);
  }
  tile(page, "gradients", (double)f->p->gradients);
  weiri_put(page, "</div>\n");
}

static void modes(weiri_page *page, const weir_mode_check *m) {
  if (m == NULL) {
    return;
  }
  weiri_section_open(page, "modes", "Missed modes");
  weiri_putf(page, "<p class=\"%s\">%s</p>\n<div class=\"tiles\">",
      m->good ? "passed" : "warn", m->text);
  tile(page, "short chains", (double)m->chains);
  tile(page, "where the draws are", (double)m->same);
  tile(page, "where next to no mass is", (double)m->minor);
  tile(page, "where draws are missing", (double)m->missed);
  tile(page, "came to nothing", (double)m->lost);
  tile(page, "share of mass missed", m->mass);
  weiri_put(page, "</div>\n");
  weiri_section_close(page);
}

static void table(weiri_page *page, const weiri_inference *f) {
  weiri_section_open(page, "table", "Parameters");
  weiri_table_open(
      page, "|#mean|#mcse|#sd|#5 %|#50 %|#95 %|#R-hat|#ESS bulk|#ESS tail");
  for (int64_t i = 0; i < f->p->outputs; i++) {
    const weir_summary *s = &f->summary[i];
    const double row[] = {s->mean, s->mcse_mean, s->sd, s->q5, s->q50, s->q95, s->rhat,
        s->ess_bulk, s->ess_tail};
    weiri_putf(page, "<tr><td>%s</td>", f->p->name[i]);
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
      weiri_putf(page, "<td class=\"n\">%g</td>", row[k]);
    }
    weiri_put(page, "</tr>\n");
  }
  weiri_table_close(page);
  weiri_section_close(page);
}

static void settings(
    weiri_page *page, const weiri_inference *f, const weir_inference_report_opts *o) {
  json_t *record = json_loads(f->p->record, 0, NULL);
  weiri_section_open(page, "repeat", "To repeat it");
  if (o->command != NULL) {
    weiri_putf(page, "<pre>%s</pre>\n", o->command);
  }
  json_object_del(record, "facts");
  weiri_table_open(page, "setting|value");
  weiri_json_rows(page, "", record);
  weiri_table_close(page);
  weiri_section_close(page);
  json_decref(record);
}

/* Worst first; R-hats that are not numbers last. */
static void order_outputs(weiri_inference *f) {
  for (int64_t i = 0; i < f->p->outputs; i++) {
    int64_t at = i;
    const double r = f->summary[i].rhat;
    while (at > 0 && r > (isnan(f->summary[f->order[at - 1]].rhat)
                                 ? 0.0
                                 : f->summary[f->order[at - 1]].rhat)) {
      f->order[at] = f->order[at - 1];
      at--;
    }
    f->order[at] = i;
  }
  f->shown = f->p->outputs < WEIRI_OUTPUTS_SHOWN ? f->p->outputs : WEIRI_OUTPUTS_SHOWN;
}

static void write_page(
    weiri_page *page, const weiri_inference *f, const weir_inference_report_opts *o) {
  weiri_html_open(page, o->title != NULL ? o->title : "weir inference");
  weiri_putf(page, "<p class=\"soft\">%s, %d chains of %d draws</p>\n", f->p->method,
      f->p->chains, f->p->draws);
  verdict(page, f);
  modes(page, o->modes);
  table(page, f);
  weiri_section_traces(page, f);
  weiri_section_pairs(page, f);
  if (f->p->log_weight != NULL) {
    weiri_section_tail(page, f);
  } else {
    weiri_section_energies(page, f);
  }
  settings(page, f, o);
  weiri_html_close(page);
}

static weir_status make(
    weiri_inference *f, weir_summary *summary, const weir_inference_report_opts *o) {
  WEIR_TRY(weir_judge(&f->judgement, f->p, summary));
  order_outputs(f);
  weiri_page page;
  weiri_page_open(&page, f->p->ctx);
  write_page(&page, f, o);
  weir_status status = page.status;
  if (status == WEIR_OK) {
    status = weiri_file_write_atomic(f->p->ctx, o->path, page.text, page.size);
  }
  weiri_page_close(&page);
  return status;
}

weir_status weir_report_inference(
    const weir_posterior *posterior, const weir_inference_report_opts *opts) {
  if (posterior == NULL || opts == NULL || opts->path == NULL) {
    return weiri_fail(WEIR_E_ARGUMENT, "a report needs a posterior and a path");
  }
  const weir_ctx *ctx = posterior->ctx;
  const size_t n = (size_t)posterior->outputs;
  weir_summary *summary = weiri_calloc(ctx, n, sizeof *summary);
  int64_t *order = weiri_calloc(ctx, n, sizeof *order);
  weiri_inference f = {.p = posterior, .summary = summary, .order = order};
  const weir_status status =
      summary == NULL || order == NULL ? WEIR_E_MEMORY : make(&f, summary, opts);
  weiri_free(ctx, summary);
  weiri_free(ctx, order);
  return status;
}
