/* The frame of the verbs that take rows through a model and write rows. */
#include "cli/pass.h"

#include "cli/out.h"

weir_status cli_pass_write(
    cli_pass *pass, int64_t columns, const weir_column *column, int64_t rows) {
  return weir_writer_open(&pass->writer, pass->env.ctx, pass->output,
      cli_text(pass->args, "format", NULL), columns, column, rows);
}

bool cli_pass_goes_on(const cli_pass *pass) {
  return cli_signal() == 0 &&
         (pass->writer == NULL || !weir_writer_closed(pass->writer));
}

weir_status cli_pass_rows(cli_pass *pass, void *user,
    weir_status (*begin)(void *user, const cli_rows *in),
    weir_status (*take)(void *user, const cli_rows *in)) {
  cli_rows in;
  weir_status status = cli_rows_open(&in, &pass->env, weir_model_schema(pass->model),
      pass->args->words[1], pass->args, WEIR_FRAME_X | WEIR_FRAME_CONTEXT);
  bool more = status == WEIR_OK;
  while (more) {
    status = cli_rows_next(&in, &more);
    if (status == WEIR_OK && more && pass->done == 0) {
      status = begin(user, &in);
    }
    if (status == WEIR_OK && more) {
      status = take(user, &in);
      pass->done += in.n;
    }
    more = more && status == WEIR_OK && cli_pass_goes_on(pass);
  }
  cli_rows_close(&in);
  return status;
}

static int finish(cli_pass *pass, double begun) {
  if (cli_signal() != 0) {
    return cli_signal_code();
  }
  /* a reader of standard output that has enough is no error */
  const bool gone = pass->writer != NULL && weir_writer_closed(pass->writer);
  const int code = gone ? 0 : cli_fail(weir_writer_close(&pass->writer));
  return code != 0
             ? code
             : cli_summary(&pass->env, pass->output, pass->done, cli_seconds() - begun);
}

int cli_pass_run(const cli_args *args, int (*body)(cli_pass *pass)) {
  cli_pass pass = {.args = args, .output = cli_text(args, "output", "-")};
  int code = cli_output_named(args);
  if (code == 0) {
    code = cli_env_open(&pass.env, args);
  }
  const double begun = cli_seconds();
  if (code == 0) {
    code = cli_model(&pass.model, &pass.env, args, args->words[0]);
  }
  if (code == 0) {
    code = body(&pass);
  }
  if (code == 0) {
    code = finish(&pass, begun);
  }
  weir_writer_destroy(&pass.writer);
  weir_model_destroy(&pass.model);
  cli_env_close(&pass.env);
  return code;
}
