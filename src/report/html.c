/* The frame of the page: style sheet, sections, tables. */
#include <stdio.h>
#include <string.h>

#include "report/html.h"

static const char *const style[] = {
    ":root{--data:#1f6fb2;--draw:#d1650b;--ink:#1c2430;--soft:#5a6675;--line:#dfe4ea;"
    "--bad:#b3261e;--good:#1b7f4b}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:#fff;color:var(--ink);"
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
    "main,header{max-width:1060px;margin:0 auto;padding:0 16px}"
    "h1{font-size:1.6rem;line-height:1.25;margin:24px 0 4px;overflow-wrap:anywhere}"
    "h2{font-size:1.2rem;margin:0 0 8px;padding-top:16px;border-top:2px solid "
    "var(--line)}"
    "h3{font-size:1rem;margin:16px 0 4px}"
    "p{margin:4px 0 10px;max-width:74ch}"
    "nav{display:flex;flex-wrap:wrap;gap:4px 14px;font-size:.9rem;margin:8px 0}"
    "a{color:var(--data)}section{margin:20px 0}",
    ".soft,.note{color:var(--soft)}.note{font-size:.88rem}"
    ".warn{border-left:4px solid var(--draw);background:#fff6ec;padding:6px "
    "10px;max-width:none}"
    ".failed{color:var(--bad);font-weight:600}.passed{color:var(--good)}"
    ".unchecked{color:var(--soft)}td.passed,td.unchecked,.t{white-space:nowrap}"
    ".scroll{overflow-x:auto;margin:6px 0 12px}"
    "table{border-collapse:collapse;font-size:.86rem;font-variant-numeric:tabular-nums}"
    "th,td{padding:3px 12px 3px 0;text-align:left;vertical-align:top;border-bottom:1px "
    "solid var(--line)}"
    "th{font-weight:600;white-space:nowrap}.n{text-align:right;white-space:nowrap}"
    "td:first-child{white-space:nowrap}.o:not(:last-child)::after{content:\";\"}"
    "td.k{white-space:normal;overflow-wrap:anywhere;min-width:9ch}td.w{overflow-wrap:"
    "anywhere;min-width:"
    "18ch}"
    "code,pre{font:.84rem/1.45 ui-monospace,Menlo,Consolas,monospace}"
    "pre{background:#f5f7f9;padding:8px "
    "10px;white-space:pre-wrap;overflow-wrap:anywhere}"
    "details{margin:8px 0}summary{cursor:pointer;color:var(--data)}",
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:"
    "10px;margin:12px 0}"
    ".tile{border:1px solid var(--line);border-radius:6px;padding:8px 10px}"
    ".tile b{display:block;font-size:1.15rem;overflow-wrap:anywhere}"
    ".tile span{font-size:.82rem;color:var(--soft)}"
    ".grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:"
    "10px 16px}"
    "figure{margin:0}figcaption{font-size:.86rem;overflow-wrap:anywhere}"
    ".wide{max-width:560px}.corner{max-width:640px}"
    "svg{display:block;width:100%;height:auto}",
    "svg text{font:11px system-ui,sans-serif;fill:var(--soft)}svg "
    ".name{fill:var(--ink)}"
    ".wide text{font-size:13px}.corner text{font-size:16px}"
    "svg .mid{text-anchor:middle}svg .end{text-anchor:end}"
    "svg path{fill:none;stroke-linejoin:round}"
    "svg .grid{stroke:var(--line);stroke-width:1}"
    "svg .frame{stroke:#aab4c0;stroke-width:1}"
    "svg .fill{fill:var(--data);fill-opacity:.25;stroke:var(--data);stroke-width:1}"
    "svg .data{stroke:var(--data);stroke-width:1.8}"
    "svg .draw{stroke:var(--draw);stroke-width:1.8}"
    "svg .mark{stroke:var(--bad);stroke-width:2}"
    "svg .chain{stroke-width:.9;stroke-opacity:.8}svg .c0{stroke:var(--data)}"
    "svg .c1{stroke:var(--draw)}svg .c2{stroke:var(--good)}svg .c3{stroke:#7a4fa3}"
    "svg .ref{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:4 3}"
    "svg .dd,svg .dm{stroke-width:2.2;stroke-linecap:round;stroke-opacity:.35}"
    "svg .dd{stroke:var(--data)}svg .dm{stroke:var(--draw)}"
    ".pixels{display:block;width:100%;max-width:620px;height:auto;image-rendering:"
    "pixelated;margin:4px 0 12px}"
    "svg .l{stroke-width:3.4;stroke-linecap:round;stroke-opacity:.6;stroke:#9aa3ad}"
    ".l0{--k:#1f6fb2}.l1{--k:#d1650b}.l2{--k:#1b7f4b}.l3{--k:#b3261e}.l4{--k:#7b4fb3}"
    ".l5{--k:#8a5a3b}.l6{--k:#d24f9b}.l7{--k:#5f6b00}.l8{--k:#009aa8}.l9{--k:#c9a200}"
    "svg .l0,svg .l1,svg .l2,svg .l3,svg .l4,svg .l5,svg .l6,svg .l7,svg .l8,svg .l9"
    "{stroke:var(--k)}",
    ".key{display:inline-block;width:14px;height:4px;margin:0 5px 3px "
    "0;background:var(--k)}"
    ".key.a{background:var(--data)}.key.b{background:var(--draw)}"
    ".note .t{display:inline-block;margin-right:14px}"
    "@media(max-width:480px){body{font-size:15px}th,td{padding-right:9px}.tiles{grid-"
    "template-columns:1fr 1fr}#selftest .n{display:none}#selftest "
    "td:first-child{white-space:"
    "normal}td.k{min-width:17ch}}"
    "@media print{nav{display:none}section{break-inside:avoid-page}}"};

void weiri_html_open(weiri_page *p, const char *title) {
  weiri_put(p, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
               "<meta name=\"color-scheme\" content=\"light\"><title>");
  weiri_put_text(p, title);
  weiri_put(p, "</title><style>");
  for (size_t i = 0; i < sizeof style / sizeof *style; i++) {
    weiri_put(p, style[i]);
  }
  weiri_putf(p, "</style></head>\n<body><header><h1>%s</h1></header><main>\n", title);
}

void weiri_html_close(weiri_page *p) {
  weiri_put(p, "</main></body></html>\n");
}

void weiri_section_open(weiri_page *p, const char *id, const char *title) {
  weiri_putf(p, "<section id=\"%s\"><h2>%s</h2>\n", id, title);
}

void weiri_section_close(weiri_page *p) {
  weiri_put(p, "</section>\n");
}

void weiri_table_open(weiri_page *p, const char *heads) {
  weiri_put(p, "<div class=\"scroll\"><table><thead><tr>");
  for (const char *s = heads; *s != '\0';) {
    char name[128];
    const bool number = *s == '#';
    s += number;
    const size_t n = strcspn(s, "|");
    snprintf(name, sizeof name, "%.*s", (int)n, s);
    weiri_put(p, number ? "<th class=\"n\">" : "<th>");
    weiri_put_text(p, name);
    weiri_put(p, "</th>");
    s += n + (s[n] == '|');
  }
  weiri_put(p, "</tr></thead><tbody>\n");
}

void weiri_table_close(weiri_page *p) {
  weiri_put(p, "</tbody></table></div>\n");
}

void weiri_cell_text(weiri_page *p, const char *text) {
  weiri_putf(p, "<td>%s</td>", text);
}

void weiri_cell_real(weiri_page *p, double x) {
  weiri_put(p, "<td class=\"n\">");
  weiri_put_real(p, x, 5);
  weiri_put(p, "</td>");
}

void weiri_cell_int(weiri_page *p, int64_t x) {
  weiri_putf(p, "<td class=\"n\">%d</td>", x);
}

void weiri_cell_effect(weiri_page *p, weiri_effect e) {
  weiri_put(p, "<td class=\"n\">");
  weiri_put_fixed(p, e.value, 3);
  weiri_put(p, " <span class=\"soft\">[");
  weiri_put_fixed(p, e.lo, 3);
  weiri_put(p, ", ");
  weiri_put_fixed(p, e.hi, 3);
  weiri_put(p, "]</span></td>");
}

void weiri_legend(weiri_page *p, const char *first, const char *second) {
  weiri_putf(p,
      "<p class=\"note\"><span class=\"t\"><i class=\"key a\"></i>%s</span> "
      "<span class=\"t\"><i class=\"key b\"></i>%s</span></p>",
      first, second);
}

static void leaf(weiri_page *p, const char *path, const json_t *value) {
  weiri_putf(p, "<tr><td class=\"k\"><code>%s</code></td><td class=\"w\">", path);
  if (json_is_string(value)) {
    weiri_put_text(p, json_string_value(value));
  } else if (json_is_real(value)) {
    char buf[32];
    weiri_print_real(buf, json_real_value(value), false);
    weiri_put(p, buf);
  } else if (json_is_integer(value)) {
    weiri_put_int(p, (int64_t)json_integer_value(value));
  } else if (json_is_boolean(value)) {
    weiri_put(p, json_is_true(value) ? "true" : "false");
  } else if (json_is_null(value)) {
    weiri_put(p, "&ndash;");
  } else {
    weiri_put(p, json_is_array(value) ? "[]" : "{}");
  }
  weiri_put(p, "</td></tr>\n");
}

void weiri_json_rows(weiri_page *p, const char *path, const json_t *value) {
  char inner[512];
  if (json_is_object(value) && json_object_size(value) > 0) {
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)value, key, v) {
      snprintf(inner, sizeof inner, "%s%s%s", path, *path == '\0' ? "" : ".", key);
      weiri_json_rows(p, inner, v);
    }
  } else if (json_is_array(value) && json_array_size(value) > 0) {
    for (size_t i = 0; i < json_array_size(value); i++) {
      snprintf(inner, sizeof inner, "%s[%zu]", path, i);
      weiri_json_rows(p, inner, json_array_get(value, i));
    }
  } else {
    leaf(p, path, value);
  }
}
