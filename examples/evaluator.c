/* One row at a time without allocation, and one model shared by many threads, each with
 * its own evaluator. Usage: evaluator MODEL.safetensors (of two columns) */
#include <pthread.h>

#include "example.h"

typedef struct job {
  const weir_model *model;
  double x[2], total;
} job;

static void *work(void *arg) {
  job *j = arg;
  weir_evaluator *e = NULL;
  CHECK(weir_evaluator_create(&e, j->model));
  for (int i = 0; i < 1000; i++) {
    double lp;
    j->x[0] = i / 1000.0;
    CHECK(weir_evaluator_log_prob(e, 1, j->x, NULL, &lp, NULL));
    j->total += lp;
  }
  weir_evaluator_destroy(&e);
  return NULL;
}

int main(int argc, char **argv) {
  weir_ctx_opts opts = WEIR_CTX_OPTS_INIT;
  opts.threads = 1; /* each of our threads computes alone */
  weir_ctx *ctx = NULL;
  weir_model *model = NULL;
  CHECK(weir_ctx_create(&ctx, &opts));
  CHECK(weir_model_load(&model, ctx, argc > 1 ? argv[1] : "crescent.safetensors"));
  pthread_t thread[4];
  job jobs[4];
  for (int i = 0; i < 4; i++) {
    jobs[i] = (job){model, {0.0, -1.0}, 0.0};
    if (pthread_create(&thread[i], NULL, work, &jobs[i]) != 0) {
      return 1;
    }
  }
  for (int i = 0; i < 4; i++) {
    pthread_join(thread[i], NULL);
    printf("thread %d: mean log p %.6f\n", i, jobs[i].total / 1000.0);
  }
  weir_model_destroy(&model);
  weir_ctx_destroy(&ctx);
  return 0;
}
