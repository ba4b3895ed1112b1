/* What the sections of the report of an inference share. */
#ifndef WEIRI_INFERENCE_H
#define WEIRI_INFERENCE_H

#include "infer/infer.h"
#include "report/html.h"
#include "weir/report.h"

enum { WEIRI_CHAINS_SHOWN = 4, WEIRI_OUTPUTS_SHOWN = 12, WEIRI_PAIRS_SHOWN = 6 };

typedef struct weiri_inference {
  const weir_posterior *p;
  const weir_summary *summary; /* [outputs] */
  weir_judgement judgement;
  int64_t shown,
      *order; /* outputs by R-hat, worst first; the first `shown` are drawn */
} weiri_inference;

void weiri_section_traces(weiri_page *page, const weiri_inference *f);
void weiri_section_pairs(weiri_page *page, const weiri_inference *f);
void weiri_section_energies(weiri_page *page, const weiri_inference *f);
void weiri_section_tail(weiri_page *page, const weiri_inference *f);

#endif
