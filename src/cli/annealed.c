/* Annealed importance sampling for `weir eval`: --ais, --simulated. */
#define _POSIX_C_SOURCE 200809L
#include "cli/annealed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/progress.h"

#define BAR_SECONDS 0.1
#define LINE_SECONDS 5.0

int cli_annealed_check(const cli_args *args, const weir_frame *frame) {
  static const char *const names[] = {
      "ais-rows", "chains", "leapfrogs", "schedule", "ais-from", "simulated"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (cli_has(args, names[i]) && !cli_has(args, "ais")) {
      return cli_usage("--%s: needs --ais, the number of temperatures", names[i]);
    }
  }
  const int64_t all = weir_frame_rows(frame);
  return cli_int(args, "simulated", 0) > all
             ? cli_error("--simulated: at most as many rows as the table has, %" PRId64
                         " (each takes the context of one)",
                   all)
             : 0;
}

/* ---- progress ---- */

typedef struct watch {
  const char *what;
  bool quiet, terminal;
  double begun, shown, done;
} watch;

static void show(watch *w) {
  char cells[16], left[32];
  const double used = cli_seconds() - w->begun;
  const double rest = w->done > 0.0 ? used / w->done * (1.0 - w->done) : -1.0;
  if (!w->terminal) {
    cli_json_print(stderr,
        json_pack("{s:s, s:f, s:f, s:o}", "task", w->what, "done", w->done, "seconds",
            used, "seconds_left", rest < 0.0 ? json_null() : json_real(rest)));
    return;
  }
  fprintf(stderr, "\r[%s] %3.0f%%  %s  left %s    ", cli_bar(w->done, cells),
      100.0 * w->done, w->what, cli_duration(rest, left, sizeof left));
  fflush(stderr);
  cli_say_over_bar(true);
}

static bool step(void *user, double done) {
  watch *w = user;
  const double now = cli_seconds();
  w->done = done;
  if (!w->quiet && now - w->shown >= (w->terminal ? BAR_SECONDS : LINE_SECONDS)) {
    w->shown = now;
    show(w);
  }
  return cli_signal() == 0;
}

static void end(watch *w) {
  if (!w->quiet && w->terminal) {
    show(w);
    fputc('\n', stderr);
    cli_say_over_bar(false);
  }
}

static watch begin(const cli_env *env, const char *what) {
  const double now = cli_seconds();
  return (watch){what, env->quiet, isatty(STDERR_FILENO) == 1, now, now, 0.0};
}

/* ---- the two runs ---- */

static weir_ais_opts options(const cli_args *args, const cli_env *env, watch *w) {
  weir_ais_opts o = WEIR_AIS_OPTS_INIT;
  o.temperatures = cli_int(args, "ais", o.temperatures);
  o.chains = cli_int(args, "chains", o.chains);
  o.leapfrogs = cli_int(args, "leapfrogs", o.leapfrogs);
  o.schedule = strcmp(cli_text(args, "schedule", "sigmoid"), "linear") == 0
                   ? WEIR_AIS_LINEAR
                   : WEIR_AIS_SIGMOID;
  o.from_posterior = strcmp(cli_text(args, "ais-from", "prior"), "posterior") == 0;
  o.seed = env->seed;
  o.progress = step;
  o.user = w;
  return o;
}

static json_t *options_json(const weir_ais_opts *o) {
  return json_pack("{s:I, s:I, s:I, s:s, s:s}", "temperatures",
      (json_int_t)o->temperatures, "chains", (json_int_t)o->chains, "leapfrogs",
      (json_int_t)o->leapfrogs, "schedule",
      o->schedule == WEIR_AIS_LINEAR ? "linear" : "sigmoid", "from",
      o->from_posterior ? "posterior" : "prior");
}

/* The message after a signal, or of a failure. */
static int ended(weir_status status, int64_t done, int64_t rows) {
  if (status != WEIR_E_CANCELLED) {
    return cli_fail(status);
  }
  cli_error("stopped after %" PRId64 " of %" PRId64 " rows", done, rows);
  return cli_signal_code();
}

static int forward(const cli_env *env, const cli_args *args, const weir_model *model,
    weir_row_set rows, json_t *out) {
  watch w = begin(env, "annealed importance sampling");
  const weir_ais_opts o = options(args, env, &w);
  weir_ais_score s;
  const weir_status status = weir_model_ais(model, rows, &o, &s, NULL);
  end(&w);
  const int code = ended(status, s.n, rows.n);
  if (s.n > 0 && out != NULL) {
    json_t *own = options_json(&o);
    json_object_set_new(own, "n", json_integer((json_int_t)s.n));
    json_object_set_new(own, "mean_log_prob", cli_json_real(s.log_likelihood));
    json_object_set_new(own, "standard_error", cli_json_real(s.standard_error));
    json_object_set_new(own, "effective_chains", cli_json_real(s.effective_chains));
    json_object_set_new(own, "acceptance", cli_json_real(s.acceptance));
    json_object_set_new(out, "ais", own);
  } else if (s.n > 0) {
    printf("annealed log-likelihood  %.4f +- %.4f (%" PRId64 " rows, %" PRId64
           " temperatures, %" PRId64 " chains; below log p(x) in expectation)\n",
        s.log_likelihood, s.standard_error, s.n, o.temperatures, o.chains);
    printf("  effective chains       %.1f of %" PRId64 ", %.0f%% of moves accepted\n",
        s.effective_chains, o.chains, 100.0 * s.acceptance);
  }
  return code;
}

static int both_ways(const cli_env *env, const cli_args *args, const weir_model *model,
    weir_row_set rows, json_t *out) {
  watch w = begin(env, "bracket on simulated rows");
  const weir_ais_opts o = options(args, env, &w);
  weir_bdmc_score s;
  const weir_status status = weir_model_bdmc(model, rows, &o, &s, NULL);
  end(&w);
  const int code = ended(status, s.n, rows.n);
  if (s.n > 0 && out != NULL) {
    json_t *own = options_json(&o);
    json_object_set_new(own, "n", json_integer((json_int_t)s.n));
    json_object_set_new(own, "lower", cli_json_real(s.lower));
    json_object_set_new(own, "lower_standard_error", cli_json_real(s.lower_error));
    json_object_set_new(own, "upper", cli_json_real(s.upper));
    json_object_set_new(own, "upper_standard_error", cli_json_real(s.upper_error));
    json_object_set_new(own, "gap", cli_json_real(s.gap));
    json_object_set_new(own, "gap_standard_error", cli_json_real(s.gap_error));
    json_object_set_new(own, "acceptance", cli_json_real(s.acceptance));
    json_object_set_new(out, "simulated", own);
  } else if (s.n > 0) {
    printf("bracket on %" PRId64
           " simulated rows: %.4f to %.4f, gap %.4f +- %.4f nats per row\n",
        s.n, s.lower, s.upper, s.gap, s.gap_error);
  }
  return code;
}

int cli_annealed(const cli_env *env, const cli_args *args, const weir_model *model,
    const weir_frame *frame, json_t *out) {
  if (!cli_has(args, "ais")) {
    return 0;
  }
  const int64_t all = weir_frame_rows(frame);
  int64_t n = cli_int(args, "ais-rows", 100);
  n = n == 0 || n > all ? all : n;
  int code = forward(env, args, model, (weir_row_set){frame, NULL, n}, out);
  const int64_t simulated = cli_int(args, "simulated", 0);
  return code == 0 && simulated > 0
             ? both_ways(env, args, model, (weir_row_set){frame, NULL, simulated}, out)
             : code;
}
